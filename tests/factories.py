"""Things that tests need, made by the use cases that make them in life."""

import itertools
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from passes import catalogue
from passes.access.service import NewEnrolment, create_lane, enrol_device, make_enrolment_code
from passes.catalogue.service import load_catalogue
from passes.clock import local_day
from passes.credential.service import PassFacts, ensure_issuer_keys, id_tag, timed_code
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


CATALOGUE = Path(catalogue.__file__).parent / "data"


def city(session: Session, *, now: datetime, **replaced: str) -> int:
    """The sample catalogue and the issuer's keys; returns the terms version. replaced: {old text: new text} of it."""
    text = (CATALOGUE / "catalog.sample.yaml").read_text()
    for old, new in replaced.items():
        assert old in text
        text = text.replace(old, new)
    loaded = load_catalogue(session, text, (CATALOGUE / "holidays.sample.yaml").read_text(), now=now)
    ensure_issuer_keys(session, now=now)
    return loaded.version


def gate_at(
    session: Session,
    venue_id: str,
    *,
    now: datetime,
    name: str | None = None,
    attended: bool = True,
    default_benefit_id: str | None = None,
) -> NewEnrolment:
    """A device enrolled to a lane of its own at the venue: its gate and its token."""
    lane_id = create_lane(
        session,
        venue_id=venue_id,
        name=name or f"lane {next(_lines)}",
        attended=attended,
        default_benefit_id=default_benefit_id,
        now=now,
    )
    code = make_enrolment_code(session, lane_id, now=now)
    return enrol_device(session, code=code, device_name="tablet", now=now)


def code_of(session: Session, pass_: Pass, *, now: datetime) -> str:
    """The text of the QR code that the wallet would show if the pass were active since `now` or earlier."""
    valid_from = pass_.valid_from or local_day(now)
    facts = PassFacts(
        serial=pass_.id,
        generation=pass_.generation,
        product_number=pass_.product_number,
        valid_from=valid_from,
        valid_until=pass_.valid_until or valid_from + timedelta(days=365),
        holder_class=pass_.holder_class,
        id_tag=pass_.id_tag,
    )
    return timed_code(session, facts, now=now).text
