"""Everything that happened to one pass, gathered from the rooms that know of it, newest first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry, Lane
from passes.access.rules import HOLDER
from passes.admin.case_words import ACTIONS, HOLD_REASONS, LETTER_KINDS, MONEY_FACTS, SCORES
from passes.admin.pass_queries import last_day
from passes.admin.words import ATTENTION
from passes.catalogue.queries import effective_terms, get_venue
from passes.entitlement.nodes import Text
from passes.entitlement.words import WORDS
from passes.errors import N_
from passes.feedback.models import SurveyInvitation
from passes.gate.models import Scan, ScanVoid
from passes.lifecycle.models import Pass, PassHold, WalletLink
from passes.lifecycle.rules import is_open
from passes.mail.models import Letter
from passes.mail.service import is_about
from passes.sale.models import Order, Payment, PaymentEvent
from passes.sale.rules import METHOD_NAMES

MOST_VISITS = 500


@dataclass(frozen=True, slots=True)
class Msg:
    """A msgid among the facts: translated where it is shown."""

    id: str


@dataclass(frozen=True, slots=True)
class Fen:
    """An amount among the facts."""

    amount: int


@dataclass(frozen=True, slots=True)
class Happening:
    """One line of the timeline. words: a msgid; facts: what fills it in, each shown by its type.

    rank: which comes later of what happened at the same moment. by: a login, or who else. note: as somebody wrote it.
    """

    at: datetime
    kind: str
    rank: int
    words: str
    facts: Mapping[str, object] = field(default_factory=dict)
    tone: str = ""
    by: str | None = None
    note: str | None = None
    letter_id: int | None = None


def list_happenings(session: Session, pass_: Pass, order: Order | None, *, now: datetime) -> list[Happening]:
    """Newest first. Visits are the latest 500; all else is everything."""
    entries = _audit_of(session, f"pass:{pass_.id}")
    money = list_money(session, order, _audit_of(session, f"order:{order.id}")) if order is not None else []
    found: list[Happening] = [
        *money,
        *_life(pass_),
        *_holds(session, pass_, entries, now),
        *_links(session, pass_),
        *_visits(session, pass_),
        *_surveys(session, pass_),
        *_letters(session, pass_, order),
        *_changes(entries),
    ]
    return sorted(found, key=lambda happening: (happening.at, happening.rank), reverse=True)


def _life(pass_: Pass) -> Iterator[Happening]:
    yield Happening(pass_.issued_at, "life", 30, N_("The pass was issued"), tone="good")
    if pass_.activated_at is not None:
        facts = {"first": pass_.valid_from, "last": last_day(pass_)}
        words = N_("The pass was activated: good from %(first)s to %(last)s")
        yield Happening(pass_.activated_at, "life", 40, words, facts, tone="good")
    if pass_.ended_at is not None:
        ended = N_("The pass was cancelled") if pass_.state == "void" else N_("The pass came to its end")
        yield Happening(pass_.ended_at, "life", 90, ended, tone="bad")


def _holds(session: Session, pass_: Pass, entries: Iterable[AuditEntry], now: datetime) -> Iterator[Happening]:
    notes = {(entry.action, entry.facts.get("hold_id")): entry for entry in entries}
    for hold in session.scalars(select(PassHold).where(PassHold.pass_id == pass_.id)):
        reason: dict[str, object] = {"reason": Msg(HOLD_REASONS[hold.reason])}
        set_, ended = notes.get(("pass.held", hold.id)), notes.get(("pass.released", hold.id))
        words = N_("Put on hold: %(reason)s") if hold.until is None else N_("Put on hold until %(until)s: %(reason)s")
        facts = reason | {"until": hold.until}
        yield Happening(hold.since, "life", 50, words, facts, "bad", hold.by, set_.facts.get("note") if set_ else None)
        if hold.closed_at is not None:
            by, note = (ended.staff_login, ended.facts.get("note")) if ended else (None, None)
            words = N_("Hold released: %(reason)s")
            yield Happening(hold.closed_at, "life", 60, words, reason, "good", by, note)
        elif hold.until is not None and not is_open(hold.since, hold.until, None, now):
            yield Happening(hold.until, "life", 60, N_("The hold came to its end: %(reason)s"), reason, "good")


def _links(session: Session, pass_: Pass) -> Iterator[Happening]:
    for link in session.scalars(select(WalletLink).where(WalletLink.pass_id == pass_.id)):
        yield Happening(link.created_at, "life", 31, N_("A link to the pass was made"))
        if link.revoked_at is not None:
            yield Happening(link.revoked_at, "life", 29, N_("The link before it was closed"))


def _visits(session: Session, pass_: Pass) -> Iterator[Happening]:
    rows = session.execute(
        select(Scan, ScanVoid, Lane.name)
        .outerjoin(ScanVoid, ScanVoid.scan_row_id == Scan.id)
        .join(Lane, Lane.id == Scan.lane_id)
        .where(Scan.pass_id == pass_.id)
        .order_by(Scan.scanned_at.desc(), Scan.id.desc())
        .limit(MOST_VISITS)
    )
    benefits = effective_terms(session, pass_.terms_version).benefits
    for scan, void, lane in rows:
        benefit = benefits.get(scan.benefit_id or "")
        facts: dict[str, object] = {
            "venue": get_venue(session, scan.venue_id).name,
            "lane": lane,
            "benefit": benefit.name if benefit else scan.benefit_id or Msg(N_("no benefit chosen")),
        }
        if void is not None:
            words = N_("Taken back at %(venue)s: %(benefit)s")
            yield Happening(void.voided_at, "visits", 71, words, facts, "bad", note=void.reason)
        yield _visit(scan, facts)


def _visit(scan: Scan, facts: dict[str, object]) -> Happening:
    """What the gate did; of a visitor it let in, also when that was beyond what the terms give."""
    outcome, _, code = scan.shown.partition("/")
    against = scan.verdict.partition("/")[2]
    if outcome == "admitted" and against:
        words = N_("Let in at %(venue)s (%(lane)s), which does not count as a use of %(benefit)s: %(why)s")
        why = WORDS.get(against, Text(against, against))
        return Happening(scan.scanned_at, "visits", 70, words, facts | {"why": why}, "bad")
    if outcome == "admitted":
        words = N_("Admitted at %(venue)s (%(lane)s): %(benefit)s")
        return Happening(scan.scanned_at, "visits", 70, words, facts, "good")
    if outcome == "needs_confirmation":
        words = N_("Asked to confirm at %(venue)s (%(lane)s): %(benefit)s")
        return Happening(scan.scanned_at, "visits", 69, words, facts)
    words = N_("Refused at %(venue)s (%(lane)s): %(benefit)s. %(why)s")
    return Happening(scan.scanned_at, "visits", 70, words, facts | {"why": WORDS.get(code, Text(code, code))}, "bad")


def _surveys(session: Session, pass_: Pass) -> Iterator[Happening]:
    for asked in session.scalars(select(SurveyInvitation).where(SurveyInvitation.pass_id == pass_.id)):
        venue: dict[str, object] = {"venue": get_venue(session, asked.venue_id).name}
        yield Happening(asked.invited_at, "surveys", 75, N_("Asked how the visit to %(venue)s was"), venue)
        if asked.answered_at is not None and asked.score is not None:
            facts = venue | {"score": Msg(SCORES[asked.score])}
            yield Happening(asked.answered_at, "surveys", 76, N_("Visit to %(venue)s rated: %(score)s"), facts)


def _letters(session: Session, pass_: Pass, order: Order | None) -> Iterator[Happening]:
    about = [f"pass:{pass_.id}", *([f"order:{order.id}"] if order is not None else [])]
    for letter in session.scalars(select(Letter).where(is_about(about))):
        facts = {"letter": Msg(LETTER_KINDS.get(letter.kind, letter.kind)), "to": letter.recipient or ""}
        written, number = letter.created_at, letter.id
        if letter.recipient is None:
            words = N_("Letter kept for the desk, as there is no address: %(letter)s")
        else:
            words = N_("Letter written to %(to)s: %(letter)s")
        yield Happening(written, "letters", 35, words, facts, letter_id=number)
        if letter.sent_at is not None:
            words = N_("Letter sent to %(to)s: %(letter)s")
            yield Happening(letter.sent_at, "letters", 36, words, facts, "good", letter_id=number)
        elif letter.state == "failed":
            words = N_("Letter could not be sent to %(to)s: %(letter)s")
            yield Happening(letter.next_attempt_at, "letters", 36, words, facts, "bad", letter_id=number)


def list_money(session: Session, order: Order, entries: Iterable[AuditEntry] = ()) -> list[Happening]:
    """The journal of an order, newest first. entries: of the audit log, for what staff wrote."""
    rows = session.execute(
        select(PaymentEvent, Payment.method)
        .outerjoin(Payment, Payment.id == PaymentEvent.payment_id)
        .where(PaymentEvent.order_id == order.id)
        .order_by(PaymentEvent.id.desc())
    )
    notes = {(entry.facts.get("flag"), entry.happened_at): entry.facts.get("note") for entry in entries}
    found = []
    for event, method in rows:
        words, tone = money_words(event)
        flag = event.from_state or ""
        facts = {
            "number": order.number,
            "amount": Fen(event.amount_fen or 0),
            "method": Msg(METHOD_NAMES.get(method or "", N_("a method not known"))),
            "flag": Msg(ATTENTION.get(flag, flag)),
        }
        # The order of the journal, where two of its lines are of the same moment.
        rank = 10 + min(event.id % 10, 9)
        note = notes.get((flag, event.at))
        found.append(Happening(event.at, "money", rank, words, facts, tone, _actor(event.actor), note))
    return found


def money_words(event: PaymentEvent) -> tuple[str, str]:
    """(msgid, tone) of a line of the money journal."""
    if event.refund_id is not None:
        part = "refund"
    elif event.payment_id is None or event.to_state == "paid":
        part = "order"
    else:
        part = "payment"
    return MONEY_FACTS.get((part, event.fact)) or MONEY_FACTS[part, ""]


def _actor(actor: str) -> str | None:
    return None if actor in ("visitor", "provider", "chore", "return") else actor


def _audit_of(session: Session, subject: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.subject == subject)))


def _changes(entries: Iterable[AuditEntry]) -> Iterator[Happening]:
    """What staff did to the pass and no other room tells of."""
    for entry in entries:
        if entry.action in ("pass.held", "pass.released"):
            continue
        facts: dict[str, Any] = dict(entry.facts)
        words = ACTIONS.get(entry.action, entry.action)
        if entry.action == "pass.codes_replaced" and facts.get("by") == HOLDER:
            words = N_("The holder made every earlier code worthless")
        yield Happening(entry.happened_at, "life", 80, words, {}, "", entry.staff_login, facts.get("note"))
