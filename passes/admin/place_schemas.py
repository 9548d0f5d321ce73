"""What the forms of reservations, closures, counts of people and keys take."""

from marshmallow import Schema, fields, validate

from passes.access.key_rules import SCOPES
from passes.catalogue.closure_rules import KINDS
from passes.errors import N_
from passes.http import LocalMoment, Moment, Text

_CHOOSE = N_("Choose one of the list.")
_NUMBER = N_("This must be a whole number.")


def _number(**kwargs: object) -> fields.Integer:
    """A whole number of at most eight figures, typed."""
    return fields.Integer(
        error_messages={"required": N_("Please fill this in."), "invalid": _NUMBER, "too_large": _NUMBER},
        validate=validate.Range(min=0, max=99_999_999, error=N_("This number is out of range.")),
        **kwargs,  # type: ignore[arg-type]
    )


class SlotForm(Schema):
    """The last step of a reservation: the slot, of a stay the nights. Pass, place and day stand in the address."""

    starts_at = Moment(load_default=None, error_messages={"invalid": _CHOOSE})
    nights = _number(load_default=None)
    party_reference = Text(load_default=None, max_length=80)


class ClosureForm(Schema):
    """What is closed, and where. Without a start it begins now, without an end it lasts until somebody ends it."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS, error=_CHOOSE),
        error_messages={"required": _CHOOSE, "invalid": _CHOOSE},
    )
    venue_ids = fields.List(Text(max_length=100), load_default=list)
    starts_at = LocalMoment(load_default=None)
    ends_at = LocalMoment(load_default=None)
    note = Text(load_default=None, max_length=200)


class CountForm(Schema):
    """How many people somebody counted in a venue."""

    venue_id = Text(required=True, max_length=100, error_messages={"required": _CHOOSE})
    people = _number(required=True)


class KeyForm(Schema):
    """A key of another system."""

    name = Text(required=True, max_length=40)
    scopes = fields.List(fields.String(validate=validate.OneOf(SCOPES, error=_CHOOSE)), load_default=list)
