"""What a lane has done, as JSON: its scans, their totals, and taking one back."""

from marshmallow import Schema, fields, validate

from passes.errors import N_
from passes.gate.schemas import ChoiceOut, WordsOut
from passes.gate.shift_schemas import ClerkOut
from passes.http import Text

MOST_SCANS = 100
REASON_LENGTH_MIN, REASON_LENGTH_MAX = 3, 200
_DAY = N_("Write a day as 2026-05-01.")
_CHOOSE = N_("Choose one of the list.")
_PLACE = N_("Take `next_before` of the page before.")
_LIMIT = N_("Ask for 1 to 100.")


class HistoryQuery(Schema):
    """Which scans of the lane: a local day, all or those of the open shift, newest first, a page at a time."""

    day = fields.Date(
        load_default=None,
        error_messages={"invalid": _DAY, "format": _DAY},
        metadata={"description": N_("A local day; today without it.")},
    )
    limit = fields.Integer(
        load_default=20,
        error_messages={"invalid": _LIMIT, "too_large": _LIMIT},
        validate=validate.Range(min=1, max=MOST_SCANS, error=_LIMIT),
    )
    before = fields.String(
        load_default=None,
        validate=validate.Regexp(r"\A[0-9]{1,18}\Z", error=_PLACE),
        metadata={"description": N_("`next_before` of the page before.")},
    )
    mine = fields.String(
        load_default="0",
        validate=validate.OneOf(["0", "1"], error=_CHOOSE),
        metadata={"description": N_("1: only scans of the open shift.")},
    )


class VoidIn(Schema):
    """reason: what went wrong, for whoever reads the list later."""

    reason = Text(
        required=True,
        max_length=REASON_LENGTH_MAX,
        validate=validate.Length(min=REASON_LENGTH_MIN, error=N_("Write at least 3 characters.")),
        metadata={"description": N_("Why, in 3 to 200 characters.")},
    )


class MaskedHolderOut(Schema):
    name_masked = fields.String(required=True)
    holder_class = fields.String(required=True)


class PastScanOut(Schema):
    """One scan as the gate answered it, and whether it was taken back since."""

    scan_id = fields.UUID(required=True)
    scanned_at = fields.AwareDateTime(required=True)
    outcome = fields.String(
        required=True,
        validate=validate.OneOf(["admitted", "refused", "needs_confirmation"]),
        metadata={"description": N_("What the gate showed; voiding changes nothing about it.")},
    )
    refusal_code = fields.String(required=True, allow_none=True)
    words = fields.Nested(WordsOut, required=True)
    benefit = fields.Nested(ChoiceOut, required=True, allow_none=True)
    holder = fields.Nested(MaskedHolderOut, required=True, allow_none=True)
    clerk = fields.Nested(ClerkOut, required=True, allow_none=True)
    voidable_until = fields.AwareDateTime(
        required=True,
        allow_none=True,
        metadata={"description": N_("Until when it may be voided; null where it may not.")},
    )
    voided_at = fields.AwareDateTime(required=True, allow_none=True)
    void_reason = fields.String(required=True, allow_none=True)


class TotalsOut(Schema):
    """How the scans of the day, or of the shift that day, count now: a voided one only as voided."""

    admitted = fields.Integer(required=True)
    refused = fields.Integer(required=True)
    needs_confirmation = fields.Integer(required=True)
    voided = fields.Integer(required=True)


class HistoryOut(Schema):
    items = fields.List(fields.Nested(PastScanOut), required=True)
    next_before = fields.String(required=True, allow_none=True)
    totals = fields.Nested(TotalsOut, required=True)
