"""What the forms of passes, orders, letters and parked events take."""

from marshmallow import Schema, fields, validate

from passes.admin.rules import DESK_HOLDS
from passes.errors import N_
from passes.http import Text
from passes.sale.schemas import Phone

_CHOOSE = N_("Choose one of the list.")
_SAY_WHY = N_("Say why, in a few words.")


class NoteForm(Schema):
    """Why something is done, for whoever reads the log later."""

    note = Text(required=True, max_length=300, validate=validate.Length(min=3, error=_SAY_WHY))


class HoldForm(NoteForm):
    """days: "" = until somebody releases it."""

    reason = fields.String(
        required=True,
        validate=validate.OneOf(DESK_HOLDS, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    days = fields.String(load_default="", validate=validate.OneOf(["", "1", "3", "7", "30"], error=_CHOOSE))


class MailAgainForm(Schema):
    """recipient: a corrected address; empty = the one the letter has."""

    recipient = Text(
        load_default=None,
        max_length=254,
        validate=validate.Regexp(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z", error=N_("This is no complete e-mail address.")),
    )


class TextAgainForm(Schema):
    """The same of a text message."""

    recipient = Phone(load_default=None, max_length=30)
