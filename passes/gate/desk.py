"""Where the attempts of one request are decided, one after the other: each sees what those before it used."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace

from passes import settings
from passes.access.rules import Gate
from passes.entitlement.decide import decide, reported
from passes.entitlement.facts import Booked, Closure, Facts
from passes.gate import rules
from passes.gate.adjudication import Past, use_of
from passes.gate.attempts import Attempt, Seen, facts_of
from passes.gate.ledger import Ledger
from passes.gate.uses import codes_before, counts_before, order_of
from passes.lifecycle.queries import LockedPass


@dataclass(frozen=True, slots=True)
class Desk:
    """All that was read under the locks. closures: from now on; past_closures: since the first report's moment.

    past: of the passes a report is about, all uses there are, those of this request included.
    """

    gate: Gate
    ledger: Ledger
    held: Container[int]
    reservations: Mapping[int, tuple[Booked, ...]]
    closures: tuple[Closure, ...]
    past_closures: tuple[Closure, ...]
    past: Mapping[int, Past]

    def take(self, attempt: Attempt) -> None:
        """Decide the attempt and book what a visitor who goes in uses. Its verdict is that of the answer, for now."""
        code = code_refusal(attempt)
        pass_ = attempt.pass_
        if pass_ is None:
            attempt.decision = rules.refused(code or attempt.proof.code, attempt.scan.benefit_id)
            said = rules.outcome_of(attempt.decision)
            attempt.verdict = said if attempt.shown == "admitted" else attempt.shown
        elif attempt.is_report:
            self._take_report(attempt, pass_, code)
        else:
            self._answer_question(attempt, pass_, code)
        if attempt.used is not None and pass_ is not None and pass_.id in self.past:
            self.past[pass_.id].uses.append(use_of(attempt, self.gate))

    def _seen(self, attempt: Attempt, pass_: LockedPass) -> Seen:
        return Seen(
            self.ledger.counters_of(pass_.id), self.ledger.stock, self.closures, self.reservations.get(pass_.id, ())
        )

    def _answer_question(self, attempt: Attempt, pass_: LockedPass, code: str | None) -> None:
        """Code, pass, entitlement, then whether the code was used up."""
        if code is not None:
            attempt.decision = rules.refused(code, attempt.scan.benefit_id)
        else:
            seen = self._seen(attempt, pass_)
            attempt.facts = facts_of(attempt, pass_, self.gate, seen, held=pass_.id in self.held)
            answer(attempt, attempt.facts, is_used=attempt.use in self.ledger.uses)
        attempt.verdict = rules.outcome_of(attempt.decision)
        if attempt.went_in:
            attempt.used = used = attempt.decision
            goes_on = "then_discount" in used.terms
            self.ledger.book(pass_.id, used.moves, used.stock, attempt.use, fact=goes_on)

    def _take_report(self, attempt: Attempt, pass_: LockedPass, code: str | None) -> None:
        """What we would have said then, by the uses before it; and if the visitor went in, that he did."""
        past = self.past[pass_.id]
        order = order_of(attempt.moment, (self.gate.enrolment_id, attempt.scan.scan_id), attempt.scan.sequence)
        before = dict(counts_before(past.uses, order))
        booked = past.booked_at(attempt.moment)
        seen = replace(self._seen(attempt, pass_), counters=before, closures=self.past_closures, reservations=booked)
        attempt.facts = facts = facts_of(attempt, pass_, self.gate, seen, held=past.was_held(attempt.moment))
        if code is not None:
            attempt.decision = rules.refused(code, attempt.scan.benefit_id)
        else:
            is_used = attempt.use is not None and attempt.use[1:] in codes_before(past.uses, order)
            answer(attempt, facts, is_used=is_used)
        attempt.verdict = attempt.shown
        if attempt.went_in and attempt.sheet is not None:
            ruled, attempt.used = reported(attempt.sheet, facts)
            attempt.ruled = code or ruled
            self.ledger.book(pass_.id, attempt.used.moves, attempt.used.stock, attempt.use, fact=True)


def answer(attempt: Attempt, facts: Facts, *, is_used: bool) -> None:
    """What the terms, the document and the code's earlier use say."""
    assert attempt.sheet is not None
    decision = decide(attempt.sheet, facts)
    if rules.must_check_document(attempt.proof):
        decision = rules.with_document(decision, attended=facts.attended, confirmed=facts.confirmed)
    if decision.outcome == "admitted" and is_used:
        decision = rules.refused("replayed", decision.benefit_id)
    attempt.decision = decision


def code_refusal(attempt: Attempt) -> str | None:
    """What is wrong with the code itself; a report is held to the revocations of its moment alone."""
    pass_, proof = attempt.pass_, attempt.proof
    state = generation = None
    if pass_ is not None:
        state, generation = pass_.state, pass_.generation
        if attempt.is_report and proof.token is not None:
            generation = proof.token.generation
    code = rules.code_refusal(proof, state=state, generation=generation)
    if code is None and pass_ is not None and settings.current().livemode and not pass_.livemode:
        return "test_pass"
    return code
