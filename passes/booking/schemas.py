"""Reservations as JSON."""

from datetime import date

from marshmallow import Schema, ValidationError, fields, validate

from passes.errors import N_
from passes.http import Count, Moment, Text

MOST_LISTED = 100
_LIMIT = N_("Ask for 1 to 100.")
_DAY = N_("Write a day as 2026-05-01.")
_CHOOSE = N_("Choose one of the list.")
_PLACE = N_("Take `next_before` of the page before.")
STATES = ("booked", "cancelled")


def _of_this_millennium(day: date) -> None:
    if not 2000 < day.year < 3000:
        raise ValidationError(_DAY)


class ReservationIn(Schema):
    """What is to be reserved, and for which pass."""

    pass_number = Text(
        required=True, max_length=20, metadata={"description": N_("The number printed on the pass: XXXX-XXXX.")}
    )
    benefit_id = Text(required=True, max_length=100)
    venue_id = Text(required=True, max_length=100)
    starts_at = Moment(
        required=True,
        metadata={"description": N_("When the slot begins; of a stay, any moment of the day of arrival.")},
    )
    nights = Count(load_default=None, allow_none=True, metadata={"description": N_("Of a stay at a hotel, 1 to 30.")})
    reference = Text(
        load_default=None,
        allow_none=True,
        max_length=80,
        metadata={"description": N_("What you call it. Kept beside it, and not looked at.")},
    )


class ReservationQuery(Schema):
    """Which of the feed's own reservations, the latest made first, a page at a time."""

    pass_number = Text(load_default=None, max_length=20)
    venue_id = Text(load_default=None, max_length=100)
    day = fields.Date(
        load_default=None,
        error_messages={"invalid": _DAY, "format": _DAY},
        validate=_of_this_millennium,
        metadata={"description": N_("A local day that they touch.")},
    )
    state = fields.String(load_default=None, validate=validate.OneOf(STATES, error=_CHOOSE))
    limit = fields.Integer(
        load_default=50,
        error_messages={"invalid": _LIMIT, "too_large": _LIMIT},
        validate=validate.Range(min=1, max=MOST_LISTED, error=_LIMIT),
    )
    before = fields.String(
        load_default=None,
        validate=validate.Regexp(r"\A[0-9]{1,18}\Z", error=_PLACE),
        metadata={"description": N_("`next_before` of the page before.")},
    )


class ReservationOut(Schema):
    """A reservation, from starts_at up to ends_at."""

    id = fields.Integer(required=True)
    pass_number = fields.String(required=True)
    benefit_id = fields.String(required=True)
    venue_id = fields.String(required=True)
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    nights = fields.Integer(required=True, allow_none=True)
    state = fields.String(required=True, validate=validate.OneOf(STATES))
    reference = fields.String(required=True, allow_none=True, attribute="party_reference")
    made_at = fields.AwareDateTime(required=True)
    cancelled_at = fields.AwareDateTime(required=True, allow_none=True)


class ReservationsOut(Schema):
    items = fields.List(fields.Nested(ReservationOut), required=True)
    next_before = fields.String(required=True, allow_none=True)
