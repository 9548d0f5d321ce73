"""Visits by spot, hour, day, benefit and product; refusals; unique passes."""

from collections import defaultdict
from collections.abc import Sequence
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
    tally,
)
from passes.events.contract import RedemptionAdmitted, RedemptionRefused
from passes.events.wire import Received


def count_admitted(session: Session, received: Sequence[Received], now: datetime) -> None:
    """received: RedemptionAdmitted only."""
    partitions: dict[str, int] = {}
    facts: dict[str, RedemptionFact] = {}
    for one in received:
        event = one.event
        assert isinstance(event, RedemptionAdmitted)
        partitions[event.scan_ref] = one.partition
        facts[event.scan_ref] = RedemptionFact(
            scan_ref=event.scan_ref,
            pass_id=event.pass_id,
            venue_id=event.venue_id,
            benefit_id=event.benefit_id,
            product_id=event.product_id,
            local_day=event.local_day,
            local_hour=event.local_hour,
            voided=False,
        )
    new = [facts[scan_ref] for scan_ref in sorted(add_facts(session, RedemptionFact, list(facts.values())))]
    add_counts(session, VisitsByHour, tally((fact.local_day, fact.venue_id, fact.local_hour) for fact in new))
    add_counts(session, VisitsDaily, tally(key for fact in new for key in _cubes(fact)))
    passes: dict[tuple[str, date, str, int], set[int]] = defaultdict(set)
    for fact in new:
        for venue_id in (ALL, fact.venue_id):
            partition = partitions[fact.scan_ref]
            passes["day", fact.local_day, venue_id, partition].add(fact.pass_id)
            passes["month", fact.local_day.replace(day=1), venue_id, partition].add(fact.pass_id)
    add_passes(session, passes)


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
}
ANALYTICS = Consumer("analytics", HANDLERS)
