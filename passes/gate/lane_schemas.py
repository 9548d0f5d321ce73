"""Enrolling a device, and what a device is told of its lane."""

from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.gate.shift_schemas import ShiftOut
from passes.http import Text


class EnrolmentIn(Schema):
    """code: eight characters, however they are grouped or cased."""

    code = Text(required=True, max_length=40)
    device_name = Text(required=True, max_length=60)


class NamedOut(Schema):
    """An id of the catalogue with its words."""

    id = fields.String(required=True)
    zh = fields.String(required=True)
    en = fields.String(required=True)


class LaneOut(Schema):
    """default_benefit is null where a scan must name its benefit; benefits are all that the venue offers."""

    id = fields.Integer(required=True)
    name = fields.String(required=True)
    venue = fields.Nested(NamedOut, required=True)
    venue_kind = fields.String(required=True, validate=validate.OneOf(["spot", "hotel", "shop", "transport", "online"]))
    attended = fields.Boolean(required=True)
    default_benefit = fields.Nested(NamedOut, required=True, allow_none=True)
    benefits = fields.List(fields.Nested(NamedOut), required=True)
    clerks_required = fields.Boolean(
        required=True, metadata={"description": N_("The venue has clerks and staff stand here: ask for a PIN.")}
    )
    shift = fields.Nested(ShiftOut, required=True, allow_none=True)


class EnrolmentOut(Schema):
    """token: the bearer token of every later request; it is told this once."""

    enrolment_id = fields.UUID(required=True)
    token = fields.String(required=True)
    lane = fields.Nested(LaneOut, required=True)
