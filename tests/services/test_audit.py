"""What somebody changed is kept with the change."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.access.models import AuditEntry
from passes.access.rules import Staff
from passes.access.service import write_audit
from tests.web.browsers import make_staff


def test_an_entry_says_who_did_what_to_what(session: Session, now: datetime) -> None:
    staff = Staff(make_staff(session, "li.wei", "care", now), "li.wei", "李伟", "care", False)
    write_audit(session, staff, "pass.held", "pass:7", now=now, reason="lost phone", until=None)
    write_audit(session, None, "pass.released", "pass:7", now=now)
    first, second = session.scalars(select(AuditEntry).where(AuditEntry.subject == "pass:7").order_by(AuditEntry.id))
    assert (first.staff_id, first.staff_login, first.happened_at) == (staff.id, "li.wei", now)
    assert (first.action, first.subject) == ("pass.held", "pass:7")
    assert first.facts == {"reason": "lost phone", "until": None}
    assert second.staff_id is None and second.facts == {}


@pytest.mark.parametrize(("action", "subject"), [("held", "pass:7"), ("pass.held", "7"), ("pass.held", "pass:")])
def test_an_entry_that_nobody_could_filter_is_refused(
    session: Session, now: datetime, action: str, subject: str
) -> None:
    with pytest.raises(IntegrityError):
        write_audit(session, None, action, subject, now=now)
