"""What a scan is, and how the code, the pass and the entitlement become one answer. Pure values."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from passes.credential.codec import Verdict
from passes.entitlement.decide import pass_refusal
from passes.entitlement.facts import ConfirmItem, Counter, Decision, Facts
from passes.entitlement.words import refusal_words

# How far a device's clock may be off where it asks about now.
CLOCK_TOLERANCE = timedelta(seconds=60)
CHECK_DOCUMENT = "check_document"
# How long a lane may take an admission back: a mistake is seen at once, and a day's figures must come to rest.
VOID_WITHIN = timedelta(minutes=10)
# Refusals that another place would not lift: the code must be renewed, or staff must look.
NOT_ABOUT_THE_PLACE = frozenset({"replayed", "needs_confirmation"})

Answer = dict[str, object]


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """One attempt as the device sent it. scan_id is the device's own; sequence counts its scans.

    item_id, nights: what the clerk chose or entered. shown: what the gate did on its own while it had no network
    (an outcome, see outcome_of), so that this is a report of scanned_at; None: a question about now.
    """

    scan_id: UUID
    code: str
    benefit_id: str | None = None
    confirmed: tuple[str, ...] = ()
    scanned_at: datetime | None = None
    sequence: int | None = None
    item_id: str | None = None
    nights: int | None = None
    shown: str | None = None

    def content_hash(self) -> str:
        """Tells a repeat (same content) from a scan id used twice. SHA-256 in hex."""
        parts = (self.code, self.benefit_id or "", *sorted(self.confirmed), self.scanned_at or "", self.sequence or "")
        later = {"item": self.item_id, "nights": self.nights, "shown": self.shown}
        more = tuple(f"{name}={part}" for name, part in later.items() if part is not None)
        return hashlib.sha256("\x1f".join(map(str, (*parts, *more))).encode(errors="surrogatepass")).hexdigest()

    def moment(self, now: datetime) -> datetime:
        """When it happened, on the server's clock: a question is asked now, a report is never of the future."""
        return now if self.shown is None or self.scanned_at is None else min(self.scanned_at, now)


def is_clock_off(scan: ScanRequest, now: datetime) -> bool:
    """A question is about now. A report may be as old as it is, but not of the future."""
    if scan.scanned_at is None:
        return False
    if scan.shown is not None:
        return scan.scanned_at - now > CLOCK_TOLERANCE
    return abs(scan.scanned_at - now) > CLOCK_TOLERANCE


def another_place_helps(decision: Decision, day: date, facts: Facts) -> bool:
    """Whether it is worth asking where else the pass works: not where the pass itself, or the code, is the matter."""
    return decision.refusal_code not in NOT_ABOUT_THE_PLACE and pass_refusal(day, facts) is None


def used_up(
    moves: Sequence[Counter], stock: Sequence[Counter], *, code: int | None, item_id: str | None, ruled: str | None
) -> dict[str, object]:
    """What a visitor who went in used, to be given back if it is voided; and what spoke against it (uses.Use)."""
    return {
        "counters": [list(move.key) for move in moves],
        "stock": [list(one.key) for one in stock],
        "code": code,
        "item": item_id,
        "ruled": ruled,
    }


def voidable_until(verdict: str, recorded_at: datetime, now: datetime) -> datetime | None:
    """The last moment at which the scan may be voided; None where it may not, or no longer."""
    last = recorded_at + VOID_WITHIN
    return last if verdict == "admitted" and now <= last else None


def code_refusal(verdict: Verdict, *, state: str | None, generation: int | None) -> str | None:
    """The refusal code of a code that opens nothing, or None. state and generation are the pass's, None = no such pass.

    An expired certificate with a good proof is let through: it ranks as a card.
    """
    if not verdict.proved or verdict.token is None:
        return verdict.code
    if state is None or generation is None:
        return "pass_not_found"
    if verdict.code == "credential_revoked" or verdict.token.generation != generation:
        return "pass_void" if state == "void" else "credential_revoked"
    ranks_as_card = verdict.code == "cert_expired" and verdict.proof_ok
    return None if verdict.code == "ok" or ranks_as_card else verdict.code


def must_check_document(verdict: Verdict) -> bool:
    """True where the code alone does not show who holds it: paper, a stale certificate, or a pass marked so."""
    token = verdict.token
    return token is not None and (token.type == "C" or verdict.code == "cert_expired" or token.always_check_document)


def with_document(decision: Decision, *, attended: bool, confirmed: frozenset[str]) -> Decision:
    """An admission that staff must first see a document for: amber in an attended lane, refused elsewhere."""
    if decision.outcome == "refused" or CHECK_DOCUMENT in confirmed:
        return decision
    if not attended:
        return refused("needs_confirmation", decision.benefit_id)
    items = (*decision.confirm, ConfirmItem(CHECK_DOCUMENT))
    return replace(decision, outcome="needs_confirmation", confirm=items, moves=(), terms={})


def refused(code: str, benefit_id: str | None = None) -> Decision:
    return Decision("refused", benefit_id=benefit_id, refusal_code=code)


def outcome_of(decision: Decision) -> str:
    """How the three truths are written: admitted, needs_confirmation, refused/<code>."""
    return f"refused/{decision.refusal_code}" if decision.outcome == "refused" else decision.outcome


def answer_of(
    scan_id: UUID,
    decision: Decision,
    *,
    next_allowed_at: datetime | None,
    benefit: Mapping[str, str] | None,
    holder: Mapping[str, object] | None,
    elsewhere: Mapping[str, object] | None,
) -> Answer:
    """What the gate is told, as plain JSON: kept with the scan and given again for ever."""
    answer: Answer = {
        "scan_id": str(scan_id),
        "decision": decision.outcome,
        "refusal_code": decision.refusal_code,
        "words": words_of(decision),
        "next_allowed_at": next_allowed_at.isoformat() if next_allowed_at else None,
        "elsewhere": elsewhere,
        "benefit": benefit,
        "holder": holder,
    }
    if decision.confirm:
        answer["confirm"] = [_item(item) for item in decision.confirm]
    if decision.terms:
        answer["terms"] = dict(decision.terms)
    return answer


def fault_answer(scan_id: object, code: str, fields: Mapping[str, list[str]]) -> Answer:
    """An element that is no scan, answered in its place. It is not recorded: mended, it may be sent again."""
    words = refusal_words(code)
    return {
        "scan_id": scan_id if isinstance(scan_id, str) else None,
        "decision": "refused",
        "refusal_code": code,
        "words": {"zh": words.zh, "en": words.en},
        "next_allowed_at": None,
        "elsewhere": None,
        "benefit": None,
        "holder": None,
        "fields": dict(fields),
    }


def words_of(decision: Decision) -> dict[str, str]:
    return plain_words(decision.refusal_code or (decision.confirm[0].item if decision.confirm else decision.outcome))


def plain_words(code: str) -> dict[str, str]:
    words = refusal_words(code)
    return {"zh": words.zh, "en": words.en}


def _item(item: ConfirmItem) -> dict[str, object]:
    words = refusal_words(item.item)
    shown: dict[str, object] = {"item": item.item, "words": {"zh": words.zh, "en": words.en}}
    if item.choices:
        shown["choices"] = [{"id": one.id, "zh": one.name.zh, "en": one.name.en} for one in item.choices]
    if item.about:
        shown["about"] = {"zh": item.about.zh, "en": item.about.en}
    return shown
