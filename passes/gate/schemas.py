"""The gate's requests and answers as JSON."""

from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from passes.entitlement.rule_slots import MOST_NIGHTS
from passes.errors import N_
from passes.gate.rules import ScanRequest
from passes.http import Count, Moment, Text

MAX_SCANS = 500
SHOWN = r"\A(admitted|needs_confirmation|refused/[a-z_]{1,60})\Z"
MAX_CODE_CHARACTERS = 2000


class ScanIn(Schema):
    """One attempt. `code` is taken exactly as the reader gave it."""

    scan_id = fields.UUID(
        required=True, metadata={"description": N_("A UUID made by the device; a repeat returns the first answer.")}
    )
    code = fields.String(
        required=True,
        validate=validate.Length(max=MAX_CODE_CHARACTERS, error=N_("This is too long.")),
        metadata={"description": N_("What the reader read, nothing trimmed or folded.")},
    )
    benefit_id = Text(
        max_length=40,
        load_default=None,
        allow_none=True,
        metadata={"description": N_("The benefit meant; without it the lane's own.")},
    )
    confirmed = fields.List(
        Text(max_length=40),
        load_default=list,
        validate=validate.Length(max=10),
        metadata={"description": N_("What staff confirmed: items of the answer before.")},
    )
    scanned_at = Moment(
        load_default=None,
        allow_none=True,
        metadata={
            "description": N_(
                "When it was read: of a question at most 60 s from the server's clock, now without it; of a report, as "
                "long ago as it is."
            )
        },
    )
    item_id = Text(
        max_length=40,
        load_default=None,
        allow_none=True,
        metadata={"description": N_("What was chosen, where the answer before asked for `choose_item`.")},
    )
    nights = Count(
        load_default=None,
        allow_none=True,
        lowest=1,
        highest=MOST_NIGHTS,
        metadata={"description": N_("The nights of a stay, where the answer before asked for `nights`.")},
    )
    shown = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.Regexp(SHOWN, error=N_("Write admitted, needs_confirmation, or refused/ and the code.")),
        metadata={
            "description": N_(
                "What the gate did on its own at `scanned_at`, without network: `admitted`, `needs_confirmation` or "
                "`refused/<code>`. The scan is then a report and may be late; without it, it is a question about now."
            )
        },
    )
    sequence = Count(
        load_default=None,
        allow_none=True,
        highest=2**53,
        metadata={"description": N_("Counts the scans of a device, so that a gap is seen.")},
    )

    @validates_schema
    def _report_says_when(self, data: dict[str, Any], **_: Any) -> None:
        if data.get("shown") is not None and data.get("scanned_at") is None:
            raise ValidationError(N_("Say when it was read: a report needs it."), "scanned_at")

    @post_load
    def _make(self, data: dict[str, Any], **_: Any) -> ScanRequest:
        return ScanRequest(**{**data, "confirmed": tuple(data["confirmed"])})


class UploadIn(Schema):
    """Up to 500 scans, answered in their order."""

    scans = fields.List(
        fields.Nested(ScanIn),
        required=True,
        validate=validate.Length(min=1, max=MAX_SCANS),
        metadata={"description": N_("1 to 500 scans.")},
    )


class WordsOut(Schema):
    zh = fields.String(required=True)
    en = fields.String(required=True)


class ChoiceOut(WordsOut):
    id = fields.String(required=True)


class ConfirmOut(Schema):
    """What staff must confirm or choose; send the scan again with a new scan_id and the item in `confirmed`."""

    item = fields.String(required=True, metadata={"description": N_("Send this in `confirmed`, with a new scan_id.")})
    words = fields.Nested(WordsOut, required=True)
    about = fields.Nested(WordsOut, metadata={"description": N_("What the rule says of it.")})
    choices = fields.List(
        fields.Nested(ChoiceOut),
        metadata={
            "description": N_(
                "What to choose from: send a benefit as `benefit_id`, of `choose_item` an item as `item_id`."
            )
        },
    )


class HolderOut(Schema):
    """Enough to compare with the person at the gate, and no more."""

    name = fields.String(required=True, metadata={"description": N_("The name, masked.")})
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
    decision = fields.String(
        required=True,
        validate=validate.OneOf(["admitted", "refused", "needs_confirmation"]),
        metadata={"description": N_("Green, red or amber.")},
    )
    refusal_code = fields.String(
        required=True, allow_none=True, metadata={"description": N_("Why not, for programs; null where admitted.")}
    )
    words = fields.Nested(WordsOut, required=True, metadata={"description": N_("What the screen says.")})
    next_allowed_at = fields.String(
        required=True,
        allow_none=True,
        metadata={
            "format": "date-time",
            "description": N_("When the same scan would be let in; null where nobody can know."),
        },
    )
    elsewhere = fields.Nested(
        ElsewhereOut,
        required=True,
        allow_none=True,
        metadata={"description": N_("Null where no other place would help, or none is open.")},
    )
    benefit = fields.Nested(ChoiceOut, required=True, allow_none=True)
    holder = fields.Nested(
        HolderOut,
        required=True,
        allow_none=True,
        metadata={"description": N_("Whose pass it is; null where the code is none of ours.")},
    )
    confirm = fields.List(
        fields.Nested(ConfirmOut), metadata={"description": N_("Amber: what staff must confirm or choose.")}
    )
    terms = fields.Dict(
        keys=fields.String(),
        metadata={
            "description": N_("On what terms it is let in: free or at a discount, what is due, handed over, left.")
        },
    )
    verdict = fields.String(
        metadata={"description": N_("Of a report: what it counts as by all that is known so far; it may change.")}
    )
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        data_key="fields",
        attribute="fields",
        metadata={"description": N_("Of an element that is no scan: what is wrong with it.")},
    )


class UploadOut(Schema):
    """The answers, in the order of the scans."""

    answers = fields.List(fields.Nested(ScanOut), required=True)
