"""Things that tests need, made by the use cases that make them in life."""

import itertools
from dataclasses import asdict
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from passes import catalogue
from passes.access.service import NewEnrolment, create_lane, enrol_device, make_enrolment_code
from passes.catalogue.service import load_catalogue
from passes.clock import local_day
from passes.credential.service import PassFacts, ensure_issuer_keys, id_tag, timed_code
from passes.lifecycle.models import Pass
from passes.lifecycle.service import Holder, PassRequest, activate_pass, issue_pass, next_serial
from passes.sale.order_form import field_name
from passes.sale.placing import OrderRequest, PassWanted

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


def pass_wanted(**changes: Any) -> PassWanted:
    """An adult's annual pass, as the shop's form asks for it; any field may be given."""
    facts: dict[str, Any] = {
        "product_id": "PASS-ADULT",
        "name": "王小明",
        "document_type": "PASSPORT",
        "document_number": "E12345678",
        "birth_on": date(1990, 5, 17),
    }
    return PassWanted(**facts | changes)


def order_request(*holders: PassWanted, **changes: Any) -> OrderRequest:
    """A form nobody has sent before, under the first terms: for these holders, or for one adult."""
    facts: dict[str, Any] = {
        "form_id": uuid4(),
        "locale": "zh",
        "terms_version": 1,
        "phone": "+8613812345678",
        "email": None,
        "holders": holders or (pass_wanted(),),
    }
    return OrderRequest(**facts | changes)


def one_pass(**changes: Any) -> OrderRequest:
    """A form for one holder, whose fields stand among those of the buyer; the holder's name is holder_name."""
    own = {
        name: changes.pop(name)
        for name in ("product_id", "document_type", "document_number", "birth_on")
        if name in changes
    }
    if "holder_name" in changes:
        own["name"] = changes.pop("holder_name")
    return order_request(pass_wanted(**own), **changes)


def form_of(request: OrderRequest) -> dict[str, str]:
    """What a browser sends for this request."""
    form = {
        "form_id": str(request.form_id),
        "terms_version": str(request.terms_version),
        "phone": request.phone,
        "email": request.email or "",
        "accept_terms": "yes",
    }
    if request.guardian_consent:
        form["guardian_consent"] = "yes"
    for number, holder in enumerate(request.holders, 1):
        for name, value in asdict(holder).items():
            form[field_name(number, name)] = str(value or "")
    return form


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
