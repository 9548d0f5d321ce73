"""Visits by spot, hour, day, benefit and product; refusals; unique passes."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
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
    take_off_counts,
    take_off_passes,
    tally,
    void_facts,
)
from passes.events.contract import RedemptionAdmitted, RedemptionRefused, RedemptionVoided
from passes.events.wire import Received


def count_admitted(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdmitted only. One that was voided before it came is known already, and counts nowhere."""
    partitions = {fact.scan_ref: partition for fact, partition in _facts(received)}
    facts = {fact.scan_ref: fact for fact, _ in _facts(received)}
    new = [facts[scan_ref] for scan_ref in sorted(add_facts(session, RedemptionFact, list(facts.values())))]
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
    counted = [facts[scan_ref] for scan_ref in sorted(void_facts(session, list(facts.values())))]
    take_off_counts(session, VisitsByHour, tally(_hour(fact) for fact in counted))
    take_off_counts(session, VisitsDaily, tally(key for fact in counted for key in _cubes(fact)))
    passes: dict[tuple[str, date, str], set[int]] = defaultdict(set)
    for fact in counted:
        for key in _periods(fact):
            passes[key].add(fact.pass_id)
    take_off_passes(session, passes)


def _facts(received: Sequence[Received]) -> Iterator[tuple[RedemptionFact, int]]:
    """Each event's fact, and the partition it came from."""
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionAdmitted | RedemptionVoided)
        fact = RedemptionFact(
            scan_ref=event.scan_ref,
            pass_id=event.pass_id,
            venue_id=event.venue_id,
            benefit_id=event.benefit_id,
            product_id=event.product_id,
            local_day=event.local_day,
            local_hour=event.local_hour,
            voided=isinstance(event, RedemptionVoided),
        )
        yield fact, one.partition


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
        )
    new = add_facts(session, RefusalFact, list(facts.values()))
    counts = tally((facts[ref].local_day, facts[ref].venue_id, facts[ref].refusal_code) for ref in new)
    add_counts(session, RefusalsDaily, counts)


HANDLERS = {
    RedemptionAdmitted.TYPE: count_admitted,
    RedemptionRefused.TYPE: count_refused,
    RedemptionVoided.TYPE: count_voided,
}
ANALYTICS = Consumer("analytics", HANDLERS)
