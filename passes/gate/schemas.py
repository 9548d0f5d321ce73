"""The gate's requests and answers as JSON."""

from typing import Any

from marshmallow import Schema, fields, post_load, validate

from passes.errors import N_
from passes.gate.rules import ScanRequest
from passes.http import Count, Text

MAX_SCANS = 500
MAX_CODE_CHARACTERS = 2000


class ScanIn(Schema):
    """One attempt. `code` is taken exactly as the reader gave it."""

    scan_id = fields.UUID(
        required=True, metadata={"description": "A UUID made by the device; a repeat returns the first answer."}
    )
    code = fields.String(
        required=True,
        validate=validate.Length(max=MAX_CODE_CHARACTERS, error=N_("This is too long.")),
        metadata={"description": "What the reader read, nothing trimmed or folded."},
    )
    benefit_id = Text(max_length=40, load_default=None, allow_none=True)
    confirmed = fields.List(Text(max_length=40), load_default=list, validate=validate.Length(max=10))
    scanned_at = fields.AwareDateTime(
        load_default=None, allow_none=True, metadata={"description": "At most 60 s from the server's clock."}
    )
    sequence = Count(load_default=None, allow_none=True, highest=2**53)

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> ScanRequest:
        return ScanRequest(**{**data, "confirmed": tuple(data["confirmed"])})


class UploadIn(Schema):
    """Up to 500 scans, answered in their order."""

    scans = fields.List(fields.Nested(ScanIn), required=True, validate=validate.Length(min=1, max=MAX_SCANS))


class WordsOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ChoiceOut(WordsOut):
    id = fields.String(required=True)


class ConfirmOut(Schema):
    """What staff must confirm or choose; send the scan again with a new scan_id and the item in `confirmed`."""

    item = fields.String(required=True)
    words = fields.Nested(WordsOut, required=True)
    choices = fields.List(fields.Nested(ChoiceOut))


class HolderOut(Schema):
    """Enough to compare with the person at the gate, and no more."""

    name = fields.String(required=True, metadata={"description": "masked"})
    holder_class = fields.String(required=True)
    document_last4 = fields.String(required=True)
    product = fields.Nested(WordsOut, required=True)


class ElsewhereOut(Schema):
    """The nearest other place that admits this pass now, and what it may use there."""

    venue = fields.Nested(ChoiceOut, required=True)
    benefit = fields.Nested(ChoiceOut, required=True)
    metres = fields.Integer(
        required=True, allow_none=True, metadata={"description": N_("As the crow flies; null where unknown.")}
    )
    until = fields.String(
        required=True,
        allow_none=True,
        metadata={"format": "date-time", "description": N_("When it closes; null where it never does.")},
    )


class ScanOut(Schema):
    """The answer to one scan."""

    scan_id = fields.String(required=True, allow_none=True)
    decision = fields.String(required=True, validate=validate.OneOf(["admitted", "refused", "needs_confirmation"]))
    refusal_code = fields.String(required=True, allow_none=True)
    words = fields.Nested(WordsOut, required=True)
    next_allowed_at = fields.String(required=True, allow_none=True, metadata={"format": "date-time"})
    elsewhere = fields.Nested(
        ElsewhereOut,
        required=True,
        allow_none=True,
        metadata={"description": N_("Null where no other place would help, or none is open.")},
    )
    benefit = fields.Nested(ChoiceOut, required=True, allow_none=True)
    holder = fields.Nested(HolderOut, required=True, allow_none=True)
    confirm = fields.List(fields.Nested(ConfirmOut))
    terms = fields.Dict(keys=fields.String())
    fields_ = fields.Dict(
        keys=fields.String(), values=fields.List(fields.String()), data_key="fields", attribute="fields"
    )


class UploadOut(Schema):
    """The answers, in the order of the scans."""

    answers = fields.List(fields.Nested(ScanOut), required=True)
