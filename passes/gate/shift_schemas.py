"""Clerks' shifts as JSON."""

from marshmallow import Schema, fields

from passes.errors import N_
from passes.http import Text


class ShiftIn(Schema):
    """pin: six digits, in whatever width or with whatever blanks they were typed."""

    pin = Text(required=True, max_length=20, metadata={"description": N_("The clerk's six digits.")})


class ClerkOut(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)


class ShiftOut(Schema):
    """Who stands at this device, and what was counted in the shift; a voided scan no longer counts as admitted."""

    clerk = fields.Nested(ClerkOut, required=True)
    started_at = fields.AwareDateTime(required=True)
    admitted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    voided = fields.Integer(required=True)
