"""Things that tests need, made by the use cases that make them in life."""

import itertools
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from passes.credential.service import id_tag
from passes.lifecycle.models import Pass
from passes.lifecycle.service import Holder, PassRequest, activate_pass, issue_pass, next_serial

_lines = itertools.count(1)

ID_NUMBER = "11010519491231002X"
HOLDER = Holder(
    name="王小明",
    phone="+8613812345678",
    email="wang@example.com",
    birth_on=date(1990, 5, 1),
    document_type="CN_ID",
    document_hmac=bytes(32),
    document_last4="002X",
)


def pass_request(session: Session, **changes: Any) -> PassRequest:
    """A paid line for an adult's annual pass; any field may be given."""
    serial = changes.pop("serial", None) or next_serial(session)
    line = changes.pop("order_line_id", None) or 1_000_000 + next(_lines)
    facts: dict[str, Any] = {
        "order_id": line,
        "livemode": False,
        "product_id": "PASS-ADULT",
        "product_number": 1,
        "terms_version": 1,
        "validity_days": 365,
        "activation_days": 90,
        "holder_class": "adult",
        "id_tag": id_tag(serial, ID_NUMBER),
        "holder": HOLDER,
    }
    return PassRequest(serial=serial, order_line_id=line, **facts | changes)


def issued_pass(session: Session, *, now: datetime, **changes: Any) -> Pass:
    """A pass that was sold and not yet activated."""
    return issue_pass(session, pass_request(session, **changes), now=now)


def active_pass(session: Session, *, now: datetime, **changes: Any) -> Pass:
    """A pass activated at `now`."""
    return activate_pass(session, issued_pass(session, now=now, **changes).id, now=now)
