"""What the uses of one pass count as, once all of them are known. Pure.

A use is a scan whose visitor went in and that was not voided: a fact, whatever the server would have said. Every use
counts in the counters; its verdict says whether it was one the terms give. Both follow from the uses alone, in the
order of (corrected time, enrolment, sequence), so it does not matter in which order offline gates come back.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from passes.entitlement.daysheet import Opening
from passes.entitlement.facts import CounterKey, Facts
from passes.entitlement.rule import Asked

Order = tuple[datetime, str, int, str]
ScanKey = tuple[UUID, UUID]
"""A scan by its enrolment and its id."""


@dataclass(frozen=True, slots=True)
class Use:
    """One visitor who went in. ruled: why he should not have, were it his only use; None: nothing against it.

    code: the moment of a code that only one use of the benefit may show; verdict, revision: what it counted as so far.
    """

    key: ScanKey
    at: datetime
    sequence: int | None
    venue_id: str
    benefit_id: str
    day: date
    ruled: str | None = None
    moves: tuple[CounterKey, ...] = ()
    code: int | None = None
    item_id: str | None = None
    verdict: str = "admitted"
    revision: int = 0

    @property
    def order(self) -> Order:
        return order_of(self.at, self.key, self.sequence)


def order_of(at: datetime, key: ScanKey, sequence: int | None) -> Order:
    enrolment_id, scan_id = key
    return at, str(enrolment_id), sequence or 0, str(scan_id)


def counts_before(uses: Iterable[Use], order: Order) -> Counter[CounterKey]:
    """How often everything was used by the uses before this place in the order."""
    return Counter(key for use in uses if use.order < order for key in use.moves)


def codes_before(uses: Iterable[Use], order: Order) -> set[tuple[int, str]]:
    """The codes used up before, each for one benefit."""
    return {(use.code, use.benefit_id) for use in uses if use.code is not None and use.order < order}


def verdicts(
    uses: Sequence[Use], since: Order, opening_of: Callable[[Use], Opening | None], valid_from: date | None
) -> dict[ScanKey, str]:
    """The verdict of every use from `since` on: admitted, or refused/<code> for one beyond what the terms give.

    opening_of: what is asked of the use on its day; None where its benefit is not offered there.
    """
    counts, codes = counts_before(uses, since), codes_before(uses, since)
    found = {}
    for use in sorted((use for use in uses if use.order >= since), key=lambda use: use.order):
        code = use.ruled or _refusal(use, opening_of(use), counts, codes, valid_from)
        found[use.key] = "admitted" if code is None else f"refused/{code}"
        counts.update(use.moves)
        if use.code is not None:
            codes.add((use.code, use.benefit_id))
    return found


def _refusal(
    use: Use,
    opening: Opening | None,
    counts: Mapping[CounterKey, int],
    codes: set[tuple[int, str]],
    valid_from: date | None,
) -> str | None:
    """What the uses before stand in the way of: a limit, a choice, a prerequisite, …; then the code shown twice."""
    if opening is not None:
        facts = Facts(
            use.at, use.venue_id, "", "adult", "active", valid_from, None, counters=counts, item_id=use.item_id
        )
        asked = Asked(facts, use.benefit_id, use.at, use.day, 0.0)
        for question in opening.questions:
            said = question.say(asked) if question.counts else None
            if said is not None:
                return said if isinstance(said, str) else "needs_confirmation"
    if any(name.startswith("slot:") and counts[name, period] for name, period in use.moves):
        return "reservation_required"
    return "replayed" if use.code is not None and (use.code, use.benefit_id) in codes else None
