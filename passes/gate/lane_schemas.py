"""Enrolling a device, and what a device is told of its lane."""

from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.gate.shift_schemas import ShiftOut
from passes.http import Text


class EnrolmentIn(Schema):
    """code: eight characters, however they are grouped or cased."""

    code = Text(
        required=True,
        max_length=40,
        metadata={"description": N_("Eight characters, however they are grouped or cased.")},
    )
    device_name = Text(required=True, max_length=60, metadata={"description": N_("What the back office calls it.")})


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
    attended = fields.Boolean(required=True, metadata={"description": N_("Whether staff stand at this lane.")})
    default_benefit = fields.Nested(
        NamedOut,
        required=True,
        allow_none=True,
        metadata={"description": N_("What a scan means that names no benefit; null: it must name one.")},
    )
    benefits = fields.List(
        fields.Nested(NamedOut), required=True, metadata={"description": N_("All that the venue offers.")}
    )
    clerks_required = fields.Boolean(
        required=True, metadata={"description": N_("The venue has clerks and staff stand here: ask for a PIN.")}
    )
    shift = fields.Nested(
        ShiftOut, required=True, allow_none=True, metadata={"description": N_("Whose shift it is; null: nobody's.")}
    )


class EnrolmentOut(Schema):
    """token: the bearer token of every later request; it is told this once."""

    enrolment_id = fields.UUID(required=True)
    token = fields.String(
        required=True,
        metadata={"description": N_("The bearer token of every later request. Keep it: it is told once.")},
    )
    lane = fields.Nested(LaneOut, required=True)
