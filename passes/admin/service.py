"""What staff does to a pass, an order or a letter from the back office: done below, and written into the audit log."""

from datetime import datetime, timedelta

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.admin.models import ChoreRun
from passes.admin.pass_queries import find_order_of_pass, list_open_holds
from passes.admin.rules import may_release
from passes.errors import N_, Conflict, NotAllowed, NotFound
from passes.events.service import drop_dead_letter
from passes.lifecycle.letters import write_link
from passes.lifecycle.models import PassHold
from passes.lifecycle.queries import get_pass
from passes.lifecycle.service import get_locked_pass, hold_pass, release_hold, renew_wallet_link
from passes.mail.models import Letter
from passes.mail.service import send_again
from passes.sale import inbox
from passes.sale.service import clear_attention


def hold_from_desk(
    session: Session, staff: Staff, pass_id: int, *, reason: str, days: int | None, note: str, now: datetime
) -> PassHold:
    """Freeze a pass, until released or for some days. A second hold for the same reason is a Conflict."""
    get_locked_pass(session, pass_id)
    if any(hold.reason == reason for hold in list_open_holds(session, pass_id, now)):
        raise Conflict("already_held", N_("This pass is on hold for this reason already."))
    until = None if days is None else now + timedelta(days=days)
    hold = hold_pass(session, pass_id, reason, by=staff.login, now=now, until=until)
    _audit(session, staff, "pass.held", f"pass:{pass_id}", now, hold_id=hold.id, reason=reason, days=days, note=note)
    return hold


def release_from_desk(session: Session, staff: Staff, pass_id: int, hold_id: int, *, note: str, now: datetime) -> None:
    """End one hold of this pass; others stay. Conflict where it has ended already."""
    get_locked_pass(session, pass_id)
    hold = session.get(PassHold, hold_id, populate_existing=True)
    if hold is None or hold.pass_id != pass_id:
        raise NotFound("hold_not_found", N_("We know no such hold."))
    if not may_release(staff.role, hold.reason):
        raise NotAllowed("hold_of_money", N_("A refund or a dispute set this hold. Only an admin may end it."))
    if hold not in list_open_holds(session, pass_id, now):
        raise Conflict("hold_ended", N_("This hold has ended already."))
    release_hold(session, hold_id, now=now)
    _audit(session, staff, "pass.released", f"pass:{pass_id}", now, hold_id=hold_id, reason=hold.reason, note=note)


def send_new_link(session: Session, staff: Staff, pass_id: int, *, public_url: str, now: datetime) -> Letter:
    """Close the pass's link, make another, and write to its holder."""
    renew_wallet_link(session, pass_id, now=now)
    order = find_order_of_pass(session, get_pass(session, pass_id))
    locale = order.locale if order is not None else "zh"
    letter = write_link(session, pass_id, locale=locale, public_url=public_url, now=now)
    _audit(session, staff, "pass.link_renewed", f"pass:{pass_id}", now, letter_id=letter.id)
    return letter


def clear_flag(session: Session, staff: Staff, order_id: int, flag: str, *, note: str, now: datetime) -> None:
    """Somebody has looked at what the flag says. Conflict where it is gone already."""
    clear_attention(session, order_id, flag, actor=staff.login, now=now)
    _audit(session, staff, "order.looked_at", f"order:{order_id}", now, flag=flag, note=note)


def note_question(session: Session, staff: Staff, order_id: int, *, now: datetime) -> None:
    """The provider is about to be asked how the order's payment stands."""
    _audit(session, staff, "order.asked", f"order:{order_id}", now)


def send_letter_again(
    session: Session, staff: Staff, letter_id: int, *, recipient: str | None, now: datetime
) -> Letter:
    """Send a letter once more, perhaps to a corrected address: whether it is another one is kept, the link goes there.

    The address itself is not: the log holds no more of a visitor than a number.
    """
    before = session.get(Letter, letter_id)
    known = before.recipient if before is not None else None
    letter = send_again(session, letter_id, recipient=recipient, now=now)
    facts = {"readdressed": True} if letter.recipient != known else {}
    _audit(session, staff, "letter.sent_again", f"letter:{letter_id}", now, letter_id=letter.id, **facts)
    return letter


def dismiss_message(session: Session, staff: Staff, event_id: str, *, now: datetime) -> None:
    """A message of the payment provider that nothing has to be done about."""
    inbox.lay_aside(session, event_id, now=now)
    _audit(session, staff, "money.message_dismissed", f"message:{event_id}", now)


def drop_from_desk(session: Session, staff: Staff, number: int, *, note: str, now: datetime) -> None:
    """A parked event that shall never be handled."""
    drop_dead_letter(session, number, now=now)
    _audit(session, staff, "dead_letter.dropped", f"dead_letter:{number}", now, note=note)


def note_replay(session: Session, staff: Staff, number: int, *, note: str, now: datetime) -> None:
    """A parked event was handed to its consumer again, which took it."""
    _audit(session, staff, "dead_letter.replayed", f"dead_letter:{number}", now, note=note)


def _audit(session: Session, staff: Staff, action: str, subject: str, now: datetime, **facts: object) -> None:
    write_audit(session, staff, action, subject, now=now, **facts)


def note_chore(session: Session, name: str, every_seconds: float, *, error: str | None, now: datetime) -> None:
    """The chore has just run; error: what it died of, None when it came to its end."""
    new = insert(ChoreRun).values(
        name=name,
        every_seconds=every_seconds,
        ran_at=now,
        done_at=None if error else now,
        failures=1 if error else 0,
        last_error=error[:500] if error else None,
    )
    session.execute(
        new.on_conflict_do_update(
            constraint="pk_chore_run",
            set_={
                "every_seconds": new.excluded.every_seconds,
                "ran_at": new.excluded.ran_at,
                "done_at": func.coalesce(new.excluded.done_at, ChoreRun.done_at),
                "failures": ChoreRun.failures + 1 if error else 0,
                "last_error": new.excluded.last_error,
            },
        )
    )
