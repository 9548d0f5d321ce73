"""What the back-office forms take."""

from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.http import Text

_CHOOSE = N_("Choose one of the list.")


class LaneForm(Schema):
    """attended: the box is ticked or absent."""

    name = Text(required=True, max_length=60)
    venue_id = Text(required=True, max_length=100, error_messages={"required": _CHOOSE})
    default_benefit_id = Text(load_default=None, max_length=100)
    attended = fields.String(load_default="", validate=validate.OneOf(["", "yes"], error=_CHOOSE))


class StaffForm(Schema):
    """A new account."""

    login = Text(required=True, max_length=40)
    name = Text(required=True, max_length=80)
    role = Text(required=True, max_length=20, error_messages={"required": _CHOOSE})
