"""What makes good what a catalogue takes from passes already sold: how it is written, which losses ask. Pure."""

import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Literal, get_args

from passes.catalogue.losses import Loss
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import joined, people_words, yuan_words
from passes.entitlement.terms import Terms
from passes.errors import N_, Invalid

RemedyKind = Literal["extend_days", "credit", "prorated_refund_right"]
KINDS: tuple[RemedyKind, ...] = get_args(RemedyKind)
_WRITTEN = re.compile(r"([A-Z][A-Z0-9_-]{0,39})=([a-z_]+)(?::([1-9][0-9]{0,6}))?")
BOUNDS: Mapping[RemedyKind, tuple[int, int]] = {
    "extend_days": (1, 3660),
    "credit": (1, 1_000_000),
    "prorated_refund_right": (0, 0),
}
NOTICE_DAYS = 30


@dataclass(frozen=True, slots=True)
class Remedy:
    """For holders of a benefit that loses something. amount: days for extend_days, fen for credit, else None."""

    benefit_id: str
    kind: RemedyKind
    amount: int | None = None

    def __str__(self) -> str:
        return f"{self.benefit_id}={self.kind}" + (f":{self.amount}" if self.amount is not None else "")


def read_remedy(written: str) -> Remedy:
    """B07=extend_days:30, B07=credit:2000 (fen) or B07=prorated_refund_right; Invalid("remedy_malformed") else."""
    found = _WRITTEN.fullmatch(written)
    kind = next((kind for kind in KINDS if found and kind == found[2]), None)
    if found is not None and kind is not None:
        amount = int(found[3]) if found[3] else None
        least, most = BOUNDS[kind]
        if least <= (amount or 0) <= most:
            return Remedy(found[1], kind, amount)
    raise Invalid(
        "remedy_malformed",
        N_("“%(written)s” is no remedy: B07=extend_days:30, B07=credit:2000 (fen) or B07=prorated_refund_right."),
        written=written[:80],
    )


def fresh(losses: Set[Loss], already: Set[Loss]) -> frozenset[Loss]:
    """What is lost now and was not when the terms on sale were published: that was made good then."""
    gone = {loss.benefit_id for loss in already if loss.kind == "benefit_removed"}
    ends = {loss.benefit_id: loss.what for loss in already if loss.kind == "contract_ends_earlier"}
    return frozenset(
        loss
        for loss in losses - already
        if loss.benefit_id not in gone
        and not (loss.kind == "contract_ends_earlier" and loss.what >= ends.get(loss.benefit_id, "9999"))
    )


def kinds_promised(terms: Terms) -> tuple[str, ...]:
    """The remedies the terms name for what is taken; all where they name none."""
    removed = terms.pass_rules.get("venue_removed")
    named = removed.get("remedy") if isinstance(removed, Mapping) else None
    return tuple(map(str, named)) if isinstance(named, list | tuple) else KINDS


def notice_days(terms: Terms) -> int:
    """How long before it is gone a holder is told."""
    removed = terms.pass_rules.get("venue_removed")
    days = removed.get("notice_days") if isinstance(removed, Mapping) else None
    return days if isinstance(days, int) else NOTICE_DAYS


def remedy_words(kind: str, amount: int | None) -> Text:
    """For a holder: “your pass runs 30 days longer”."""
    if kind == "extend_days":
        days = people_words(amount or 0, "day", "days")
        return Text(f"您的年卡延长 {amount} 天", f"your pass runs {days} longer")
    if kind == "credit":
        return joined("补偿{}", "you are credited {}", yuan_words(amount or 0))
    return Text("可按剩余天数退款", "you may hand the pass back for its remaining days")
