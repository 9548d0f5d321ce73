"""Every page and form of the service, found by its routes; an address with arguments takes them from examples."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html.parser import HTMLParser
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.access.accounts import invite_staff
from passes.access.clerk_service import add_clerk
from passes.access.key_rules import SCOPES
from passes.access.key_service import make_key
from passes.access.models import Lane
from passes.booking.models import Reservation
from passes.catalogue.closure_service import ClosureRequest, close_venues, report_people
from passes.events.models import REASONS, DeadLetter
from passes.events.service import park
from passes.lifecycle.queries import wallet_path
from passes.mail.models import Letter
from passes.sale.models import Order
from passes.sale.queries import order_token
from passes.sale.stock_windows import NewWindow, add_window
from passes.wallet.lookups import ask_for_code, lookup_id
from tests.web.browsers import make_staff

Examples = Mapping[str, str]
HOUR = timedelta(hours=1)


def examples(session: Session, pass_id: int, order_id: int, now: datetime) -> Examples:
    """What stands for an argument, by its name, or for a whole address, by its rule. Makes what is missing."""
    staff_id = make_staff(session, "one.colleague", "care", now)
    invited = invite_staff(session, login="one.new", name="李丽", role="marketing", email=None, by=None, now=now)
    clerk_id, _ = add_clerk(session, venue_id="S01", name="张建国", now=now)
    letter = DeadLetter(
        consumer="analytics", topic="redemptions", partition=0, position=7, reason=REASONS[0], error="why", body=b"{}"
    )
    park(session, letter)
    asked_id = lookup_id(uuid4(), "+8613900000000", "002X")
    ask_for_code(session, asked_id, "+8613900000000", "002X", locale="zh", now=now)
    # As a gate would find it tomorrow, whatever the state of the pass.
    slot = {"benefit_id": "B08", "venue_id": "S08", "starts_at": now + HOUR, "ends_at": now + 2 * HOUR}
    kept = Reservation(pass_id=pass_id, **slot, state="booked", made_at=now, made_by="feed:museum")
    session.add(kept)
    close_venues(session, ClosureRequest("wind", ["S01", "S02"], note="阵风"), by="one.colleague", now=now)
    close_venues(session, ClosureRequest("venue_closed", ["S03"], now + HOUR), by="one.colleague", now=now)
    report_people(session, "S04", people=1, source="one.colleague", now=now)
    make_key(session, name="museum", scopes=SCOPES, now=now)
    wallet = wallet_path(session, pass_id)
    order = f"/orders/{order_token(session.get_one(Order, order_id).public_id)}"
    wanted = NewWindow("PASS-ADULT", now - timedelta(days=1), None, 100_000)
    window_id = add_window(session, None, wanted, now=now)
    session.flush()
    return {
        "/w/<token>": wallet,
        "/w/<token>/data": f"{wallet}/data",
        "/w/<token>/data.json": f"{wallet}/data.json",
        "/w/<token>/refund": f"{wallet}/refund",
        "/orders/<token>": order,
        "/orders/<token>/state.json": f"{order}/state.json",
        "/orders/<token>/receipt.pdf": f"{order}/receipt.pdf",
        "/orders/<token>/invoice": f"{order}/invoice",
        "/admin/welcome/<token>": f"/admin/welcome/{invited.token}",
        "/dashboard/<name>.csv": "/dashboard/hours.csv",
        "token": wallet.rpartition("/")[2],
        "venue_id": "S01",
        "benefit_id": "B18",
        "pass_id": str(pass_id),
        "order_id": str(order_id),
        "letter_id": str(session.scalars(select(Letter.id).order_by(Letter.id)).first()),
        "lane_id": str(session.scalars(select(Lane.id).order_by(Lane.id)).first()),
        "staff_id": str(staff_id),
        "clerk_id": str(clerk_id),
        "reservation_id": str(kept.id),
        "lookup_id": str(asked_id),
        "number": str(letter.id),
        "version": "1",
        "window_id": str(window_id),
    }


def paths(app: Flask, given: Examples) -> Iterator[str]:
    """An address for every route that answers GET, but for files. KeyError: an argument without an example."""
    known = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint == "static":
            continue
        if rule.rule in given:
            yield given[rule.rule]
        else:
            yield known.build(rule.endpoint, {name: given[name] for name in rule.arguments})


@dataclass
class Form:
    """A form as it stands in a page: where it goes, and its fields with what they hold."""

    page: str
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class _Forms(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.found: list[Form] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = True
            method = given.get("method", "get").lower()
            self.found.append(Form(self.page, given.get("action") or self.page, method))
        elif self._open and tag in ("input", "select", "textarea", "button") and given.get("name"):
            self.found[-1].fields.setdefault(given["name"], given.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        self._open = self._open and tag != "form"


def forms(client: FlaskClient, page: str) -> list[Form]:
    """The forms of one page as this visitor sees it; none where it is no page."""
    answer = client.get(page)
    if answer.mimetype != "text/html" or answer.status_code != 200:
        return []
    parser = _Forms(page)
    parser.feed(answer.text)
    return parser.found
