"""Scans on their way to an answer: the code proved, the pass locked, what they depend on gathered."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.orm import Session

from passes import clock
from passes.access.rules import Gate
from passes.catalogue.sheets import day_sheet
from passes.credential.codec import Verdict, verify
from passes.credential.queries import get_trust, trust_since
from passes.entitlement.daysheet import DaySheet
from passes.entitlement.decide import Chosen, choose_benefit, periods_of, use_of
from passes.entitlement.facts import Booked, Closure, Counter, Decision, Facts, HolderClass, PassState
from passes.entitlement.rule import Asked
from passes.entitlement.terms import Venue
from passes.gate import rules
from passes.gate.queries import Counts, UseKey
from passes.gate.rules import Answer, ScanRequest
from passes.lifecycle.queries import LockedPass
from passes.lifecycle.rules import state_at

AFTER = timedelta(microseconds=1)


@dataclass(slots=True)
class Attempt:
    """One scan. moment: when it happened. The fields below proof stay empty for a code that opens no pass.

    ruled: see uses.Use; used: what a visitor who went in moves.
    """

    scan: ScanRequest
    moment: datetime
    proof: Verdict
    pass_: LockedPass | None = None
    sheet: DaySheet | None = None
    periods: frozenset[str] = frozenset()
    use: UseKey | None = None
    stock_asked: tuple[Counter, ...] = ()
    facts: Facts | None = None
    decision: Decision = field(default_factory=lambda: rules.refused("malformed"))
    answer: Answer = field(default_factory=dict)
    verdict: str = ""
    ruled: str | None = None
    used: Decision | None = None

    @property
    def is_report(self) -> bool:
        return self.scan.shown is not None

    @property
    def shown(self) -> str:
        return self.scan.shown or rules.outcome_of(self.decision)

    @property
    def went_in(self) -> bool:
        """Into a place with a pass we know: a fact that counts."""
        return self.pass_ is not None and self.shown == "admitted"


def prove(session: Session, venue: Venue, scans: Sequence[ScanRequest], now: datetime) -> list[Attempt]:
    """Each scan with what its code proves at its moment, in the order in which they happened.

    Questions of one request follow one another by a microsecond: what is decided first also came first, for ever.
    A report is held to the keys and revocations of its moment.
    """
    reported = [scan.moment(now) for scan in scans if scan.shown is not None]
    trust_then = trust_since(session, min(reported)) if reported else None
    attempts = []
    for n, scan in enumerate(sorted(scans, key=lambda scan: scan.sequence or 0)):
        moment = scan.moment(now) if scan.shown is not None else now + n * AFTER
        trust = trust_then(moment) if trust_then and scan.shown is not None else get_trust(session, now=now)
        proof = verify(scan.code, now=int(moment.timestamp()), venue_number=venue.number, trust=trust)
        attempts.append(Attempt(scan, moment, proof))
    return sorted(attempts, key=lambda attempt: attempt.moment)


def place(session: Session, attempt: Attempt, gate: Gate, passes: Mapping[int, LockedPass]) -> None:
    """Give the attempt its pass, the day sheet of that pass's terms, what to read for it, and its code."""
    proof, scan = attempt.proof, attempt.scan
    pass_ = passes.get(proof.serial) if proof.proved and proof.serial is not None else None
    if pass_ is None:
        return
    attempt.pass_ = pass_
    attempt.sheet = sheet = day_sheet(session, pass_.terms_version, clock.local_day(attempt.moment))
    attempt.periods = periods_of(sheet, pass_.valid_from)
    meant = choose_benefit(sheet, pass_.product_id, gate.venue_id, scan.benefit_id, gate.default_benefit_id)
    if isinstance(meant, Chosen):
        attempt.use = proof.token.replay_key(meant.benefit_id) if proof.token else None
        offered = sheet.offers[meant.benefit_id].at[gate.venue_id]
        facts = facts_of(attempt, pass_, gate, Seen(), held=False)
        asked = Asked(facts, meant.benefit_id, facts.now, sheet.day, sheet.second_of(facts.now))
        attempt.stock_asked = use_of(offered, asked)[1]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was read for one attempt: uses of the pass, what the venue handed over, what closes it, what is booked."""

    counters: Counts = field(default_factory=dict)
    stock: Counts = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    reservations: tuple[Booked, ...] = ()


def facts_of(attempt: Attempt, pass_: LockedPass, gate: Gate, seen: Seen, *, held: bool) -> Facts:
    """What is known of the pass and its holder at the moment of the scan."""
    scan, moment = attempt.scan, attempt.moment
    state = state_at(pass_.state, pass_.activated_at, pass_.ended_at, moment) if attempt.is_report else pass_.state
    return Facts(
        now=moment,
        venue_id=gate.venue_id,
        product_id=pass_.product_id,
        holder_class=cast(HolderClass, pass_.holder_class),
        state=cast(PassState, state),
        valid_from=pass_.valid_from,
        valid_until=pass_.valid_until,
        held=held,
        birth_on=pass_.birth_on,
        counters=seen.counters,
        stock=seen.stock,
        closures=seen.closures,
        reservations=seen.reservations,
        confirmed=frozenset(scan.confirmed),
        attended=gate.attended,
        benefit_id=scan.benefit_id,
        default_benefit_id=gate.default_benefit_id,
        item_id=scan.item_id,
        nights=scan.nights,
    )
