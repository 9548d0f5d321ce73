"""Closures and counts of people as JSON."""

from marshmallow import Schema, fields, validate

from passes.catalogue.closure_rules import KINDS, REFERENCE
from passes.catalogue.closure_service import MOST_PEOPLE
from passes.errors import N_
from passes.http import Count, Moment, Text

_CHOOSE = N_("Choose one of the list.")
_VENUES = N_("Send a list of 1 to 200 venues.")
LEVELS = ("free", "notice", "report", "stop", "old", "uncounted", "no_limit")
STATES = ("on", "coming", "over")


class ClosureIn(Schema):
    """What is closed, where, from when until when."""

    reference = Text(
        required=True,
        max_length=80,
        validate=validate.Regexp(rf"{REFERENCE.pattern}\Z", error=N_("Use letters, digits, and . _ : - between them.")),
        metadata={"description": N_("What you call it, 1 to 80 letters, digits and . _ : - characters.")},
    )
    kind = fields.String(
        required=True,
        validate=validate.OneOf(KINDS, error=_CHOOSE),
        metadata={"description": N_("A condition, or the whole place: venue_closed, venue_full.")},
    )
    venue_ids = fields.List(
        Text(max_length=100),
        required=True,
        validate=validate.Length(min=1, max=200, error=_VENUES),
        metadata={"description": N_("Where it holds.")},
    )
    starts_at = Moment(
        load_default=None, allow_none=True, metadata={"description": N_("Now without it; at most a year ahead.")}
    )
    ends_at = Moment(load_default=None, allow_none=True, metadata={"description": N_("Until you end it without it.")})
    note = Text(
        load_default=None,
        allow_none=True,
        max_length=200,
        metadata={"description": N_("For the staff who see it.")},
    )


class ClosureOut(Schema):
    """One closure at one venue."""

    id = fields.Integer(required=True)
    venue_id = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(KINDS))
    starts_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True, allow_none=True)
    note = fields.String(required=True, allow_none=True)
    reference = fields.String(required=True, allow_none=True)
    ended_at = fields.AwareDateTime(
        required=True, allow_none=True, metadata={"description": N_("When somebody ended it before its end.")}
    )


class ClosuresOut(Schema):
    items = fields.List(fields.Nested(ClosureOut), required=True)


class CountIn(Schema):
    """How many people are in the venue."""

    people = Count(required=True, highest=MOST_PEOPLE)
    measured_at = Moment(
        load_default=None, allow_none=True, metadata={"description": N_("When it was counted. Now without it.")}
    )


class CountOut(Schema):
    """The last count of a venue, and how full that makes it."""

    venue_id = fields.String(required=True)
    people = fields.Integer(required=True)
    measured_at = fields.AwareDateTime(required=True)
    capacity_people = fields.Integer(
        required=True, allow_none=True, metadata={"description": N_("How many it takes at a time; null: no limit set.")}
    )
    share = fields.Float(required=True, allow_none=True)
    level = fields.String(
        required=True,
        validate=validate.OneOf(LEVELS),
        metadata={"description": N_("stop: nobody more is let in. old: counted more than 30 minutes ago.")},
    )


class CountsOut(Schema):
    items = fields.List(fields.Nested(CountOut), required=True)
