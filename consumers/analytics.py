"""Visits by spot, hour, day, benefit and product; refusals; unique passes."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from consumers.dead_letters import Consumer
from passes.dashboard.projections import (
    ALL,
    RedemptionFact,
    RefusalFact,
    RefusalsDaily,
    VisitsByHour,
    VisitsDaily,
    add_counts,
    add_facts,
    add_passes,
    judge_facts,
    take_off_counts,
    take_off_passes,
    tally,
    void_facts,
)
from passes.events.contract import RedemptionAdjudicated, RedemptionAdmitted, RedemptionRefused, RedemptionVoided
from passes.events.wire import Received


def count_admitted(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdmitted only. One that was voided before it came is known already, and counts nowhere."""
    partitions = {fact.scan_ref: partition for fact, partition in _facts(received)}
    facts = {fact.scan_ref: fact for fact, _ in _facts(received)}
    new = [facts[scan_ref] for scan_ref in sorted(add_facts(session, RedemptionFact, list(facts.values())))]
    _add_visits(session, new, partitions)


def _add_visits(session: Session, new: Sequence[RedemptionFact], partitions: Mapping[str, int]) -> None:
    add_counts(session, VisitsByHour, tally(_hour(fact) for fact in new))
    add_counts(session, VisitsDaily, tally(key for fact in new for key in _cubes(fact)))
    passes: dict[tuple[str, date, str, int], set[int]] = defaultdict(set)
    for fact in new:
        for period, starts_on, venue_id in _periods(fact):
            passes[period, starts_on, venue_id, partitions[fact.scan_ref]].add(fact.pass_id)
    add_passes(session, passes)


def count_voided(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionVoided only. Takes off what its admission added, once, if that was counted at all."""
    facts = {fact.scan_ref: fact for fact, _ in _facts(received)}
    _take_off_visits(session, [facts[scan_ref] for scan_ref in sorted(void_facts(session, list(facts.values())))])


def _take_off_visits(session: Session, counted: Sequence[RedemptionFact]) -> None:
    take_off_counts(session, VisitsByHour, tally(_hour(fact) for fact in counted))
    take_off_counts(session, VisitsDaily, tally(key for fact in counted for key in _cubes(fact)))
    passes: dict[tuple[str, date, str], set[int]] = defaultdict(set)
    for fact in counted:
        for key in _periods(fact):
            passes[key].add(fact.pass_id)
    take_off_passes(session, passes)


def count_adjudicated(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdjudicated only. What a scan counts as moved: off the one figure, onto the other."""
    last: dict[str, tuple[RedemptionAdjudicated, int]] = {}
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionAdjudicated)
        if event.scan_ref not in last or last[event.scan_ref][0].revision < event.revision:
            last[event.scan_ref] = (event, one.partition)
    events = [last[scan_ref][0] for scan_ref in sorted(last)]
    came, went = judge_facts(session, RedemptionFact, [_admission(event) for event in events])
    _take_off_visits(session, went)
    _add_visits(session, came, {scan_ref: partition for scan_ref, (_, partition) in last.items()})
    refused, let_in = judge_facts(session, RefusalFact, [_refusal(event) for event in events])
    take_off_counts(session, RefusalsDaily, tally(map(_refusal_key, let_in)))
    add_counts(session, RefusalsDaily, tally(map(_refusal_key, refused)))


def _admission(event: RedemptionAdjudicated) -> RedemptionFact:
    fact = _fact(event)
    fact.standing, fact.revision = event.after == "admitted", event.revision
    return fact


def _refusal(event: RedemptionAdjudicated) -> RefusalFact:
    """The refusal it is now, or the one that stands no more."""
    refused = event.after if event.after != "admitted" else event.before
    return RefusalFact(
        scan_ref=event.scan_ref,
        venue_id=event.venue_id,
        refusal_code=refused.partition("/")[2],
        local_day=event.local_day,
        standing=event.after != "admitted",
        revision=event.revision,
    )


def _refusal_key(fact: RefusalFact) -> tuple[date, str, str]:
    return fact.local_day, fact.venue_id, fact.refusal_code


def _facts(received: Sequence[Received]) -> Iterator[tuple[RedemptionFact, int]]:
    """Each event's fact, and the partition it came from."""
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionAdmitted | RedemptionVoided)
        yield _fact(event), one.partition


def _fact(event: RedemptionAdmitted | RedemptionVoided | RedemptionAdjudicated) -> RedemptionFact:
    """Of an admission, as it counts when it is first heard of."""
    return RedemptionFact(
        scan_ref=event.scan_ref,
        pass_id=event.pass_id,
        venue_id=event.venue_id,
        benefit_id=event.benefit_id,
        product_id=event.product_id,
        local_day=event.local_day,
        local_hour=event.local_hour,
        voided=isinstance(event, RedemptionVoided),
        standing=True,
        revision=0,
    )


def _hour(fact: RedemptionFact) -> tuple[date, str, int]:
    return fact.local_day, fact.venue_id, fact.local_hour


def _periods(fact: RedemptionFact) -> list[tuple[str, date, str]]:
    """The sets of unique passes one visit belongs to."""
    starts = (("day", fact.local_day), ("month", fact.local_day.replace(day=1)))
    return [(period, starts_on, venue_id) for venue_id in (ALL, fact.venue_id) for period, starts_on in starts]


def _cubes(fact: RedemptionFact) -> list[tuple[date, str, str, str]]:
    """The low-dimensional totals one visit belongs to."""
    return [
        (fact.local_day, ALL, ALL, ALL),
        (fact.local_day, fact.venue_id, ALL, ALL),
        (fact.local_day, fact.venue_id, fact.benefit_id, ALL),
        (fact.local_day, fact.venue_id, ALL, fact.product_id),
    ]


def count_refused(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionRefused only."""
    facts: dict[str, RefusalFact] = {}
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionRefused)
        facts[event.scan_ref] = RefusalFact(
            scan_ref=event.scan_ref,
            venue_id=event.venue_id,
            refusal_code=event.refusal_code,
            local_day=event.local_day,
            standing=True,
            revision=0,
        )
    new = add_facts(session, RefusalFact, list(facts.values()))
    add_counts(session, RefusalsDaily, tally(_refusal_key(facts[ref]) for ref in new))


HANDLERS = {
    RedemptionAdmitted.TYPE: count_admitted,
    RedemptionRefused.TYPE: count_refused,
    RedemptionVoided.TYPE: count_voided,
    RedemptionAdjudicated.TYPE: count_adjudicated,
}
ANALYTICS = Consumer("analytics", HANDLERS)
