"""What the forms of refunds, reviews and differences take."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from marshmallow import Schema, fields, validate

from passes.admin.case_schemas import NoteForm
from passes.admin.money_rules import fen_of
from passes.errors import N_
from passes.http import Text

_CHOOSE = N_("Choose one of the list.")
_FROM_PAGE = N_("Please send the form from this page.")
DESK_REASONS = ("requested", "event_cancelled", "goodwill")
CAUSES = ("holder", "operator")


class Yuan(fields.Field[int]):
    """An amount in yuan as people write it; loaded as fen."""

    default_error_messages = {
        "invalid": N_("Please give an amount in yuan, like 199 or 12.50."),
        "positive": N_("The amount must be more than nothing."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        fen = fen_of(str(value))
        if fen is None:
            raise self.make_error("invalid")
        if fen == 0:
            raise self.make_error("positive")
        return fen


class RefundForm(NoteForm):
    """what: "all", "none" (goodwill that cancels no pass) or a pass's serial. amount: empty = what its terms say.

    cause: holder | operator. compensation: for each pass, on top of what the terms say. seen: what the page showed.
    """

    key = fields.UUID(required=True, error_messages={"required": _FROM_PAGE, "invalid_uuid": _FROM_PAGE})
    what = fields.String(
        required=True,
        validate=validate.Regexp(r"all|none|[1-9][0-9]{0,9}", error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    cause = fields.String(
        load_default="holder",
        validate=validate.OneOf(CAUSES, error=_CHOOSE),
        error_messages={"invalid": _CHOOSE},
    )
    compensation = Yuan(load_default=None)
    seen = fields.String(
        load_default="", validate=validate.Length(max=3_000, error=_FROM_PAGE), error_messages={"invalid": _FROM_PAGE}
    )
    amount = Yuan(load_default=None)
    reason = fields.String(
        required=True,
        validate=validate.OneOf(DESK_REASONS, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    way = fields.String(load_default="original", validate=validate.OneOf(["original", "transfer"], error=_CHOOSE))


class PayAgainForm(NoteForm):
    """All that is left of a payment whose way back failed, once more."""

    key = fields.UUID(required=True, error_messages={"required": _FROM_PAGE, "invalid_uuid": _FROM_PAGE})
    way = fields.String(load_default="original", validate=validate.OneOf(["original", "transfer"], error=_CHOOSE))


class PaidForm(Schema):
    """A transfer made by hand: where it can be found again."""

    evidence = Text(
        required=True,
        max_length=300,
        validate=validate.Length(min=3, error=N_("Say where the transfer can be found: bank, number, day.")),
    )


class MadeForm(NoteForm, PaidForm):
    """The same of one that should not have been made, with the reason why it was."""


def key_of(data: Mapping[str, Any]) -> str:
    """The form's own key, as the refund keeps it."""
    key: UUID = data["key"]
    return f"desk:{key}"
