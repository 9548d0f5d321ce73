"""The service desk finds a pass, reads all that happened to it, holds and releases it, sends a new link."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from passes import clock
from passes.access.models import AuditEntry
from passes.feedback.models import SurveyInvitation
from passes.feedback.service import Visit, answer_survey, invite
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass, PassHold
from passes.lifecycle.queries import find_open_hold, find_wallet_path
from passes.lifecycle.service import Holder, hold_pass
from passes.mail.models import Letter
from tests.factories import HOLDER, active_pass, city, code_of, gate_at, issued_pass
from tests.web.browsers import signed_in

EMOJI = "😀" * 40


@pytest.fixture
def care(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    return signed_in(app, session, "care", now)


def holder(**changes: object) -> Holder:
    return Holder(**{**vars_of(HOLDER), **changes})  # type: ignore[arg-type]


def vars_of(given: Holder) -> dict[str, object]:
    return {name: getattr(given, name) for name in given.__dataclass_fields__}


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def test_a_pass_is_found_by_whatever_its_holder_says(care: FlaskClient, session: Session, now: datetime) -> None:
    mine = issued_pass(session, now=now)
    other = issued_pass(
        session,
        now=now,
        holder=holder(name="Anna Smith", phone="+85291234567", document_type="PASSPORT", document_last4="8821"),
    )
    bare = mine.number.removeprefix("T-")
    for asked in (
        mine.number,
        mine.number.lower(),
        bare,
        bare.replace("-", ""),
        "13812345678",
        "138 1234 5678",
        "+86 138-1234-5678",
        "１３８１２３４５６７８",
        "5678",
        "002x",
        "王",
        " 王小明 ",
    ):
        page = main_of(care.get("/admin/passes", query_string={"q": asked}).text)
        assert mine.number in page and other.number not in page, asked
    for asked in ("anna", "ANNA SM", "+852 9123 4567", "8821", "4567"):
        page = main_of(care.get("/admin/passes", query_string={"q": asked}).text)
        assert other.number in page and mine.number not in page, asked


def test_a_search_for_nonsense_finds_nothing_and_says_so(care: FlaskClient, session: Session, now: datetime) -> None:
    number = issued_pass(session, now=now).number
    for asked in ("%", "_", "'; --", "x" * 10_000, EMOJI, "０", "+", "小明", "()", "T-"):
        answer = care.get("/admin/passes", query_string={"q": asked})
        assert answer.status_code == 200 and "没有与" in answer.text
        assert number not in main_of(answer.text), asked
    assert number in care.get("/admin/passes", query_string={"q": "\x00"}).text


def test_the_list_masks_names_and_chooses_by_state(care: FlaskClient, session: Session, now: datetime) -> None:
    frozen, waiting = active_pass(session, now=now), issued_pass(session, now=now)
    hold_pass(session, frozen.id, "lost", by="one.care", now=now - timedelta(days=3))
    everything = main_of(care.get("/admin/passes").text)
    assert "王*明" in everything and "王小明" not in everything and "13812345678" not in everything
    for state, number in (("frozen", frozen.number), ("issued", waiting.number)):
        page = main_of(care.get(f"/admin/passes?state={state}").text)
        assert number in page and page.count("T-") == 1
    assert "没有年卡" in care.get("/admin/passes?state=void").text
    assert care.get("/admin/passes?state=nonsense&page=x").status_code == 200


def test_a_page_tells_everything_that_happened_newest_first(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    gate = gate_at(session, "S01", now=now, default_benefit_id="B01").gate
    for minutes in (1, 2):
        at = now + timedelta(minutes=minutes)
        record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code_of(session, pass_, now=at))], now=at)
    invite(session, [Visit(pass_.id, "x/y", "S01", now.date())], now=now + timedelta(minutes=5))
    begun = clock.now() - timedelta(hours=2)
    hold_pass(session, pass_.id, "misuse", by="sale", now=begun, until=begun + timedelta(hours=1))
    page = main_of(care.get(f"/admin/passes/{pass_.id}?lang=en").text)
    told = [
        "Asked how the visit to Baita Mountain Park was",
        "Refused at Baita Mountain Park",
        "Admitted at Baita Mountain Park",
        "The pass was activated",
        "A link to the pass was made",
        "The pass was issued",
    ]
    places = [page.index(words) for words in told]
    assert places == sorted(places)
    assert "The hold came to its end: used by somebody else" in page and "On hold:" not in page
    assert "王小明" in page and "+86 138 1234 5678" in page and "times used: 1" in page
    only = main_of(care.get(f"/admin/passes/{pass_.id}?lang=en&show=surveys").text)
    assert "Asked how" in only and "Admitted at" not in only


def test_a_rating_is_part_of_the_story(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    invite(session, [Visit(pass_.id, "x/y", "S01", now.date())], now=now)
    from_page = care.get(f"/admin/passes/{pass_.id}?lang=en").text
    assert "rated" not in from_page
    asked = session.scalars(select(SurveyInvitation)).one()
    answer_survey(session, asked.id, pass_.id, 3, now=now)
    session.flush()
    assert "Visit to Baita Mountain Park rated: good" in care.get(f"/admin/passes/{pass_.id}").text


def test_a_hold_closes_the_gates_and_a_release_opens_them(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    sent = care.post(
        f"/admin/passes/{pass_.id}/hold", data={"reason": "lost", "days": "3", "note": "电话报失，已核对后四位"}
    )
    assert sent.status_code == 303
    hold = find_open_hold(session, pass_.id, clock.now())
    assert hold is not None and (hold.reason, hold.by) == ("lost", "one.care")
    assert hold.until is not None and timedelta(days=2) < hold.until - clock.now() <= timedelta(days=3)
    page = care.get(f"/admin/passes/{pass_.id}").text
    assert "年卡已冻结" in page and "已核对后四位" in page and "已冻结：手机丢失或被盗" in page
    released = care.post(f"/admin/passes/{pass_.id}/holds/{hold.id}/release", data={"note": "手机找到了"})
    assert released.status_code == 303
    assert find_open_hold(session, pass_.id, clock.now()) is None
    assert "手机找到了" in care.get(f"/admin/passes/{pass_.id}").text
    actions = session.scalars(select(AuditEntry.action).where(AuditEntry.subject == f"pass:{pass_.id}")).all()
    assert actions == ["pass.held", "pass.released"]


def test_a_form_sent_twice_holds_once_and_releases_once(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    form = {"reason": "lost", "days": "", "note": "rang up"}
    assert care.post(f"/admin/passes/{pass_.id}/hold", data=form).status_code == 303
    again = care.post(f"/admin/passes/{pass_.id}/hold", data=form)
    assert again.status_code == 409 and "已因同一原因冻结" in again.text
    hold = session.scalars(select(PassHold)).one()
    path = f"/admin/passes/{pass_.id}/holds/{hold.id}/release"
    assert care.post(path, data={"note": "found"}).status_code == 303
    once_more = care.post(path, data={"note": "found"})
    assert once_more.status_code == 409 and "已经结束" in once_more.text
    assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.action.like("pass.%"))) == 2


WRONG_HOLDS: list[tuple[dict[str, str | list[str]], set[str]]] = [
    ({}, {"reason", "note"}),
    ({"reason": "lost", "note": "x"}, {"note"}),
    ({"reason": "lost", "note": "y" * 10_000}, {"note"}),
    ({"reason": "lost", "note": "a\x00bc"}, {"note"}),
    ({"reason": "moon", "note": "rang up"}, {"reason"}),
    ({"reason": "lost", "days": "400", "note": "rang up"}, {"days"}),
    ({"reason": ["lost", "misuse"], "note": "rang up"}, {"reason"}),
]


def test_a_wrong_hold_changes_nothing_and_keeps_what_was_typed(
    care: FlaskClient, session: Session, now: datetime
) -> None:
    pass_ = active_pass(session, now=now)
    for form, fields in WRONG_HOLDS:
        answer = care.post(f"/admin/passes/{pass_.id}/hold", data=form)
        assert answer.status_code == 422
        for name in fields:
            field_id = "hold-note" if name == "note" else name
            assert f'id="{field_id}-error-1"' in answer.text
        if form.get("note") == "rang up":
            assert ">rang up</textarea>" in answer.text
    assert session.scalar(select(func.count()).select_from(PassHold)) == 0


def test_a_reason_of_emoji_is_kept_as_it_was_written(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    form = {"reason": "misuse", "note": f"<b>{EMOJI}</b>"}
    assert care.post(f"/admin/passes/{pass_.id}/hold", data=form).status_code == 303
    page = care.get(f"/admin/passes/{pass_.id}").text
    assert f"&lt;b&gt;{EMOJI}&lt;/b&gt;" in page and "<b>" not in main_of(page)


def test_only_an_admin_ends_a_hold_of_a_refund(care: FlaskClient, app: Flask, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    hold = hold_pass(session, pass_.id, "refund", by="sale", now=now - timedelta(days=3))
    path = f"/admin/passes/{pass_.id}/holds/{hold.id}/release"
    refused = care.post(path, data={"note": "please"})
    assert refused.status_code == 409 and "只有管理员可以解除" in refused.text
    assert path not in care.get(f"/admin/passes/{pass_.id}").text
    admin = signed_in(app, session, "admin", now)
    assert admin.post(path, data={"note": "refund was stopped"}).status_code == 303


def test_a_new_link_closes_the_old_one_and_is_written_to_the_holder(
    care: FlaskClient, session: Session, now: datetime
) -> None:
    pass_ = issued_pass(session, now=clock.now())
    before = find_wallet_path(session, pass_.id)
    assert before is not None
    assert care.post(f"/admin/passes/{pass_.id}/link").status_code == 303
    after = find_wallet_path(session, pass_.id)
    letter = session.scalars(select(Letter)).one()
    assert after is not None and after != before
    assert after in letter.body and letter.recipient == "wang@example.com" and letter.about == f"pass:{pass_.id}"
    assert care.get(before).status_code == 404 and care.get(after).status_code == 200
    page = main_of(care.get(f"/admin/passes/{pass_.id}").text)
    assert after not in page and "写信给 wang@example.com" in page


def test_a_holder_without_an_address_is_read_the_link_by_the_desk(
    care: FlaskClient, session: Session, now: datetime
) -> None:
    pass_ = issued_pass(session, now=clock.now(), holder=holder(email=None))
    answer = care.post(f"/admin/passes/{pass_.id}/link", follow_redirects=True)
    path = find_wallet_path(session, pass_.id)
    assert path is not None and path in answer.text and "读出新链接" in answer.text


def test_earlier_codes_are_made_worthless(care: FlaskClient, session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    code = code_of(session, pass_, now=now)
    gate = gate_at(session, "S01", now=now, default_benefit_id="B01").gate
    assert care.post(f"/admin/passes/{pass_.id}/codes").status_code == 303
    session.refresh(pass_)
    assert pass_.generation == 1
    (answer,) = record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code)], now=now)
    assert answer["decision"] == "refused"
    assert "使此前" in care.get(f"/admin/passes/{pass_.id}").text
    pass_.generation = 255
    session.flush()
    assert care.post(f"/admin/passes/{pass_.id}/codes").status_code == 409


def test_passes_are_for_care_and_admins(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    pass_ = active_pass(session, now=now)
    for role in ("marketing", "finance", "gate_manager"):
        browser = signed_in(app, session, role, now)
        for path in ("/admin/passes", f"/admin/passes/{pass_.id}"):
            assert browser.get(path).status_code == 403
        assert browser.post(f"/admin/passes/{pass_.id}/hold", data={"reason": "lost", "note": "no"}).status_code == 403
    assert session.scalar(select(func.count()).select_from(PassHold)) == 0


def test_an_expired_session_is_asked_to_sign_in_and_changes_nothing(
    care: FlaskClient, session: Session, now: datetime
) -> None:
    pass_ = active_pass(session, now=now)
    care.delete_cookie("youyou")
    answer = care.post(f"/admin/passes/{pass_.id}/hold", data={"reason": "lost", "note": "rang up"})
    assert answer.status_code == 303 and "/admin/sign-in" in (answer.location or "")
    assert session.scalar(select(func.count()).select_from(PassHold)) == 0


def test_a_pass_nobody_knows_is_a_page_that_says_so(care: FlaskClient, session: Session) -> None:
    for number in (999_999, 2**62, 10**30):
        assert care.get(f"/admin/passes/{number}").status_code == 404
    assert care.post("/admin/passes/999999/hold", data={"reason": "lost", "note": "rang"}).status_code == 404
    assert care.post("/admin/passes/999999/link").status_code == 404
    assert session.scalar(select(func.count()).select_from(Pass)) == 0
