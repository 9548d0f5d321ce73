"""The holder's page: what it shows in each state of a pass, without any script."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from io import BytesIO
from typing import NamedTuple
from uuid import uuid4

import pytest
import zxingcpp
from flask.testing import FlaskClient
from PIL import Image, ImageDraw
from sqlalchemy.orm import Session

from passes import clock
from passes.app import create_app
from passes.catalogue.queries import product_number
from passes.credential.codec import Verdict, verify
from passes.credential.queries import read_trust
from passes.feedback.queries import list_open_invitations
from passes.feedback.service import Visit, invite
from passes.gate.rules import ScanRequest
from passes.gate.service import record_scans
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import wallet_path
from passes.lifecycle.service import expire_passes, hold_pass, renew_wallet_link, revoke_wallet_link
from passes.settings import Settings
from tests.factories import active_pass, city, code_of, gate_at, issued_pass

DAY = timedelta(days=1)
ENGLISH = {"Accept-Language": "en"}


class Clock:
    """The clock of the service, set by a test."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def time(now: datetime, monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock(now)
    monkeypatch.setattr(clock, "now", made)
    return made


class Holding(NamedTuple):
    pass_: Pass
    path: str


@pytest.fixture
def hold(session: Session, now: datetime, time: Clock) -> Callable[..., Holding]:
    """Makes a pass under the sample catalogue, and its wallet's path."""
    version = city(session, now=now)

    def make(*, active: bool = True, product_id: str = "PASS-ADULT", livemode: bool = False) -> Holding:
        pass_ = (active_pass if active else issued_pass)(
            session,
            now=now,
            terms_version=version,
            product_id=product_id,
            product_number=product_number(session, product_id, version),
            livemode=livemode,
        )
        session.commit()
        return Holding(pass_, wallet_path(session, pass_.id))

    return make


@pytest.fixture
def mine(hold: Callable[..., Holding]) -> Holding:
    return hold()


@pytest.fixture
def unused(hold: Callable[..., Holding]) -> Holding:
    """Sold and not yet activated."""
    return hold(active=False)


def read_picture(size: int, path: str) -> str:
    """What an independent reader makes of the drawn code."""
    scale = 5
    picture = Image.new("L", (size * scale, size * scale), 255)
    pen = ImageDraw.Draw(picture)
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", path):
        left, top = int(x) * scale, int(y) * scale
        pen.rectangle((left, top, left + int(width) * scale - 1, top + scale - 1), fill=0)
    (found,) = zxingcpp.read_barcodes(picture)
    return found.text


def code_on(html: str) -> str:
    size = re.search(r'id="picture" viewBox="0 0 (\d+) ', html)
    path = re.search(r'id="path" d="([^"]+)"', html)
    assert size
    assert path
    return read_picture(int(size[1]), path[1])


def card_on(html: str) -> str:
    """What is on the printed card."""
    picture = re.search(r'viewBox="0 0 (\d+) \1" role="img".*?<path d="([^"]+)"', html, re.S)
    assert picture
    return read_picture(int(picture[1]), picture[2])


def judged(session: Session, text: str, moment: datetime) -> Verdict:
    return verify(text, now=int(moment.timestamp()), venue_number=0, trust=read_trust(session, moment))


def test_an_independent_reader_decodes_the_page_to_a_good_code(
    client: FlaskClient, session: Session, mine: Holding, now: datetime
) -> None:
    answer = client.get(mine.path)
    assert answer.status_code == 200
    verdict = judged(session, code_on(answer.text), now)
    assert (verdict.code, verdict.serial) == ("ok", mine.pass_.id)


def test_two_codes_20_s_apart_differ_and_the_first_is_refused_after_its_window(
    client: FlaskClient, session: Session, mine: Holding, now: datetime, time: Clock
) -> None:
    texts = []
    for seconds in (0, 20):
        time.moment = now + timedelta(seconds=seconds)
        found = client.get(f"{mine.path}/code.json").get_json()
        assert found["expires_at"] - found["now"] == 60_000
        texts.append(read_picture(found["size"], found["path"]))
    assert texts[0] != texts[1]
    later = now + timedelta(seconds=81)
    assert [judged(session, text, later).code for text in texts] == ["code_stale", "ok"]


def test_the_page_is_kept_from_caches_referrers_and_other_frames(client: FlaskClient, mine: Holding) -> None:
    for path in (mine.path, f"{mine.path}/code.json"):
        headers = client.get(path).headers
        assert "no-store" in headers["Cache-Control"]
        assert headers["Referrer-Policy"] == "same-origin"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers.getlist("Set-Cookie") == []


def test_nothing_of_the_holder_but_a_masked_name_is_on_the_page(client: FlaskClient, mine: Holding) -> None:
    html = client.get(mine.path).text
    assert "王*明" in html
    for secret in ("王小明", "13812345678", "wang@example.com", "002X"):
        assert secret not in html


def test_the_page_works_without_script(client: FlaskClient, mine: Holding) -> None:
    html = client.get(mine.path, headers=ENGLISH).text
    noscript = " ".join(re.findall(r"<noscript>(.*?)</noscript>", html, re.S))
    assert f'http-equiv="refresh" content="40; url={mine.path}"' in noscript
    assert "This code is good until 10:01:00" in noscript
    assert f'href="{mine.path}"' in noscript


def test_no_page_has_a_script_or_style_of_its_own(client: FlaskClient, mine: Holding) -> None:
    html = client.get(mine.path).text
    assert re.findall(r"<script(?![^>]*(?:src=|application/json))", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", html) == []


@pytest.mark.parametrize(("livemode", "marked"), [(False, True), (True, False)])
def test_a_test_pass_says_so(client: FlaskClient, hold: Callable[..., Holding], livemode: bool, marked: bool) -> None:
    holding = hold(livemode=livemode)
    assert ("TEST / 测试" in client.get(holding.path).text) is marked


def test_days_left_count_today(client: FlaskClient, mine: Holding, now: datetime, time: Clock) -> None:
    assert "365 days left" in client.get(mine.path, headers=ENGLISH).text
    time.moment = now + 364 * DAY
    assert "Last day today" in client.get(mine.path, headers=ENGLISH).text


def benefits_on(html: str) -> dict[str, str]:
    rows = re.findall(r'data-benefit="(\w+)">(.*?)</li>', html, re.S)
    return {name: " ".join(re.sub("<[^>]+>", " ", row).split()) for name, row in rows}


def test_what_is_left_of_each_benefit_is_shown(
    client: FlaskClient, session: Session, mine: Holding, now: datetime
) -> None:
    rows = benefits_on(client.get(mine.path, headers=ENGLISH).text)
    assert len(rows) == 51  # all but the one for children
    assert rows["B15"].endswith("1 of 1 left today 6 of 6 left this term")
    assert rows["B31"].endswith("1 of 1 left today 6 of 6 left this term (shared)")
    # The water bus sleeps in winter; the hot spring is closed to nobody today.
    assert "Out of season: see the opening dates · next on 10 April 2027" in rows["B35"]
    assert rows["B35"].endswith("2 of 2 left this month")
    assert "next on" not in rows["B31"]
    gate = gate_at(session, "S15", now=now, default_benefit_id="B15").gate
    scan = ScanRequest(scan_id=uuid4(), code=code_of(session, mine.pass_, now=now))
    assert record_scans(session, gate, [scan], now=now)[0]["decision"] == "admitted"
    session.commit()
    rows = benefits_on(client.get(mine.path, headers=ENGLISH).text)
    assert rows["B15"].endswith("0 of 1 left today 5 of 6 left this term")
    assert rows["B01"].endswith("1 of 1 left today")


def test_an_unused_pass_is_activated_by_one_button(
    client: FlaskClient, session: Session, unused: Holding, now: datetime
) -> None:
    before = client.get(unused.path, headers=ENGLISH).text
    assert "Activate today" in before
    assert 'id="code"' not in before
    assert "Activate by 22 February 2027 (days left: 90)" in before
    answer = client.post(f"{unused.path}/activate", headers=ENGLISH)
    assert (answer.status_code, answer.location) == (303, unused.path)
    assert judged(session, code_on(client.get(unused.path).text), now).code == "ok"


def test_activating_twice_is_harmless(client: FlaskClient, session: Session, unused: Holding, now: datetime) -> None:
    for _ in range(2):
        assert client.post(f"{unused.path}/activate").status_code == 303
    session.refresh(unused.pass_)
    assert unused.pass_.activated_at == now


def test_another_site_cannot_activate(client: FlaskClient, session: Session, unused: Holding) -> None:
    answer = client.post(f"{unused.path}/activate", headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    session.refresh(unused.pass_)
    assert unused.pass_.state == "issued"


def test_a_frozen_pass_says_so_and_shows_no_code(
    client: FlaskClient, session: Session, unused: Holding, mine: Holding, now: datetime
) -> None:
    for holding in (unused, mine):
        hold_pass(session, holding.pass_.id, "misuse", by="admin", now=now)
    session.commit()
    html = client.get(mine.path, headers=ENGLISH).text
    assert "This pass is on hold" in html
    assert 'id="path"' not in html
    assert client.get(f"{mine.path}/code.json").get_json()["status"] == "frozen"
    refused = client.post(f"{unused.path}/activate", headers=ENGLISH)
    assert refused.status_code == 409
    assert "This pass is on hold. Please ask the service desk." in refused.text


@pytest.mark.parametrize("chore_has_run", [False, True])
def test_an_ended_pass_says_when_it_ended(
    client: FlaskClient, session: Session, mine: Holding, now: datetime, time: Clock, chore_has_run: bool
) -> None:
    time.moment = now + 365 * DAY
    if chore_has_run:
        expire_passes(session, now=time.moment)
        session.commit()
    html = client.get(mine.path, headers=ENGLISH).text
    assert "This pass ended on 24 November 2027" in html
    assert 'id="path"' not in html


def test_a_pass_that_nobody_activated_in_time_says_that_it_starts_by_itself(
    client: FlaskClient, unused: Holding, now: datetime, time: Clock
) -> None:
    time.moment = now + 90 * DAY
    assert "starts by itself today" in client.get(unused.path, headers=ENGLISH).text
    assert client.post(f"{unused.path}/activate").status_code == 409


def closed_links(session: Session, mine: Holding, now: datetime, time: Clock) -> Iterator[tuple[str, str, str]]:
    yield "/w/nonsense", "wallet_link_unknown", "We do not know this link."
    yield mine.path[:-1], "wallet_link_unknown", "We do not know this link."
    old = mine.path
    renew_wallet_link(session, mine.pass_.id, now=now)
    session.commit()
    yield old, "wallet_link_revoked", "Use the newest link"
    time.moment = now + 395 * DAY
    yield wallet_path(session, mine.pass_.id), "wallet_link_expired", "ended more than 30 days ago"


def test_a_link_that_opens_nothing_says_why_and_what_to_do(
    client: FlaskClient, session: Session, mine: Holding, now: datetime, time: Clock
) -> None:
    for path, code, words in closed_links(session, mine, now, time):
        answer = client.get(path, headers=ENGLISH)
        assert answer.status_code == 404
        assert f'data-code="{code}"' in answer.text
        assert words in answer.text
        problem = client.get(f"{path}/code.json", headers=ENGLISH)
        assert (problem.status_code, problem.mimetype) == (404, "application/problem+json")
        assert problem.get_json()["code"] == code
        assert words in problem.get_json()["detail"]
        assert client.post(f"{path}/activate").status_code == 404


def test_a_revoked_link_activates_nothing(
    client: FlaskClient, session: Session, unused: Holding, now: datetime
) -> None:
    revoke_wallet_link(session, unused.pass_.id, now=now)
    session.commit()
    assert client.post(f"{unused.path}/activate").status_code == 404
    session.refresh(unused.pass_)
    assert unused.pass_.state == "issued"


@pytest.fixture
def asked(session: Session, mine: Holding, now: datetime) -> str:
    """The path that answers the question about a visit."""
    invite(session, [Visit(mine.pass_.id, "gate/1", "S06", now.date())], now=now)
    session.commit()
    (invitation,) = list_open_invitations(session, mine.pass_.id)
    return f"{mine.path}/surveys/{invitation.id}"


def test_a_visit_is_rated_by_one_tap(client: FlaskClient, session: Session, mine: Holding, asked: str) -> None:
    html = client.get(mine.path, headers=ENGLISH).text
    assert "Yellow River Tower" in html
    assert re.findall(r'name="score" value="(\d)"', html) == ["3", "2", "1"]
    answer = client.post(asked, data={"score": "3"}, headers=ENGLISH)
    assert (answer.status_code, answer.location) == (303, f"{mine.path}?thanks=1")
    assert "Thank you" in client.get(answer.location, headers=ENGLISH).text
    assert list_open_invitations(session, mine.pass_.id) == []


@pytest.mark.parametrize("score", [None, "0", "4", "good", "3.5", "9" * 400])
def test_a_score_that_is_none_of_the_three_is_asked_again(client: FlaskClient, asked: str, score: str | None) -> None:
    answer = client.post(asked, data={"score": score} if score else {}, headers=ENGLISH)
    assert answer.status_code == 422
    assert "Choose one of the three faces." in answer.text


def test_another_answer_to_the_same_question_is_refused(client: FlaskClient, asked: str) -> None:
    assert [client.post(asked, data={"score": score}).status_code for score in "331"] == [303, 303, 409]


def test_a_holder_cannot_answer_for_another_pass(client: FlaskClient, hold: Callable[..., Holding], asked: str) -> None:
    stranger = hold()
    invitation_id = asked.rpartition("/")[2]
    answer = client.post(f"{stranger.path}/surveys/{invitation_id}", data={"score": "1"}, headers=ENGLISH)
    assert answer.status_code == 404
    assert "no such question" in answer.text


def test_the_page_speaks_chinese_unless_asked_otherwise(client: FlaskClient, mine: Holding) -> None:
    assert "剩余权益" in client.get(mine.path).text
    assert "What is left" in client.get(f"{mine.path}?lang=en").text


def test_each_benefit_says_its_rules_in_plain_words(client: FlaskClient, mine: Holding) -> None:
    rows = benefits_on(client.get(mine.path, headers=ENGLISH).text)
    assert "once a day" in rows["B13"]
    assert "four times a year" in rows["B13"]
    assert "1 May to 15 Oct" in rows["B13"]
    chinese = benefits_on(client.get(mine.path).text)["B13"]
    assert "每天一次" in chinese
    assert "每年四次" in chinese


def part(html: str, name: str) -> str:
    """The words of a section of the page, nothing where it is missing."""
    found = re.search(rf'<section class="card" id="{name}">(.*?)</section>', html, re.S)
    return " ".join(re.sub("<[^>]+>", " ", found[1]).split()) if found else ""


def test_what_is_usable_now_is_what_a_gate_would_admit_now(
    client: FlaskClient, session: Session, mine: Holding, now: datetime, time: Clock
) -> None:
    words = part(client.get(mine.path, headers=ENGLISH).text, "open-now")
    assert "Qingcheng Ancient Town combined ticket until 18:00" in words
    assert "Climb of Santai Pavilion until 20:00" in words
    assert "Shifogou" not in words  # out of season
    gate = gate_at(session, "S15", now=now, default_benefit_id="B15").gate
    record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=code_of(session, mine.pass_, now=now))], now=now)
    session.commit()
    words = part(client.get(mine.path, headers=ENGLISH).text, "open-now")
    assert "Qingcheng Ancient Town combined ticket" not in words
    assert "Qingcheng Ancient Town Half price for a friend" in words  # which the visit opened
    time.moment = now + timedelta(hours=14)
    night = part(client.get(mine.path, headers=ENGLISH).text, "open-now")
    assert "Sample Hot Spring Hotel, New Area 30% off hot spring room packages day and night" in night
    assert "Wuquan Mountain Park" not in night


def test_a_pass_that_opens_nothing_shows_no_places(client: FlaskClient, unused: Holding) -> None:
    html = client.get(unused.path, headers=ENGLISH).text
    assert part(html, "open-now") == ""
    assert "Find my pass" in part(html, "help")


def test_the_help_names_the_telephone_of_the_desk(mine: Holding, settings: Settings, session: Session) -> None:
    caller = create_app(replace(settings, service_phone="0931-000 0000")).test_client()
    assert 'href="tel:09310000000"' in caller.get(mine.path).text
    silent = create_app(settings).test_client()
    assert "tel:" not in silent.get(mine.path).text


def test_the_printed_card_is_a_good_code_for_a_lane_with_staff_and_for_no_other(
    client: FlaskClient, session: Session, mine: Holding, now: datetime
) -> None:
    answer = client.get(f"{mine.path}/card", headers=ENGLISH)
    text = card_on(answer.text)
    verdict = judged(session, text, now + 300 * DAY)
    assert (verdict.code, verdict.serial, len(text)) == ("ok", mine.pass_.id, 122)
    assert "no-store" in answer.headers["Cache-Control"]
    decisions = []
    for attended in (True, False):
        gate = gate_at(session, "S15", now=now, default_benefit_id="B15", attended=attended).gate
        decisions += record_scans(session, gate, [ScanRequest(scan_id=uuid4(), code=text)], now=now)
    assert [made["decision"] for made in decisions] == ["needs_confirmation", "refused"]
    assert [item["item"] for item in decisions[0]["confirm"]] == ["check_document"]
    for secret in ("王小明", "13812345678", "002X"):
        assert secret not in answer.text


def test_a_pass_without_a_code_prints_no_card(client: FlaskClient, unused: Holding) -> None:
    answer = client.get(f"{unused.path}/card")
    assert (answer.status_code, answer.location) == (303, unused.path)
    assert client.get("/w/nonsense/card").status_code == 404


def test_the_page_can_be_kept_on_the_home_screen(client: FlaskClient, mine: Holding) -> None:
    link = re.search(r'<link rel="manifest" href="([^"]+)">', client.get(mine.path).text)
    assert link
    answer = client.get(link[1], headers=ENGLISH)
    assert answer.mimetype == "application/manifest+json"
    described = json.loads(answer.text)
    assert described["start_url"] == described["scope"] == mine.path
    assert (described["display"], described["short_name"]) == ("standalone", "My pass")
    for icon in described["icons"]:
        with client.get(icon["src"]) as file, Image.open(BytesIO(file.data)) as picture:
            assert f"{picture.width}x{picture.height}" == icon["sizes"]
    assert {icon["purpose"] for icon in described["icons"]} == {"any", "maskable"}


def test_a_lost_card_is_made_worthless_once_however_often_the_button_is_pressed(
    client: FlaskClient, session: Session, mine: Holding, now: datetime
) -> None:
    lost = card_on(client.get(f"{mine.path}/card").text)
    page = client.get(f"{mine.path}/card", headers=ENGLISH).text
    assert "Every card printed so far is then refused at every gate." in page
    for _ in range(2):
        answer = client.post(f"{mine.path}/codes", data={"generation": "0"}, headers=ENGLISH)
        assert (answer.status_code, answer.location) == (303, f"{mine.path}/card?replaced=1")
    session.refresh(mine.pass_)
    assert mine.pass_.generation == 1
    new = card_on(client.get(answer.location).text)
    gate = gate_at(session, "S15", now=now, default_benefit_id="B15").gate
    scans = [ScanRequest(scan_id=uuid4(), code=text) for text in (lost, new, code_on(client.get(mine.path).text))]
    codes = [(made["decision"], made["refusal_code"]) for made in record_scans(session, gate, scans, now=now)]
    assert codes == [("refused", "credential_revoked"), ("needs_confirmation", None), ("admitted", None)]


@pytest.mark.parametrize("generation", [None, "", "-1", "256", "🙂", "9" * 10_000])
def test_rubbish_replaces_no_code(client: FlaskClient, session: Session, mine: Holding, generation: str | None) -> None:
    answer = client.post(f"{mine.path}/codes", data={} if generation is None else {"generation": generation})
    assert answer.status_code == 422
    session.refresh(mine.pass_)
    assert mine.pass_.generation == 0


def test_codes_are_replaced_three_times_a_day_and_never_from_another_site(
    client: FlaskClient, session: Session, mine: Holding
) -> None:
    away = client.post(f"{mine.path}/codes", data={"generation": "0"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert away.status_code == 403
    answers = [client.post(f"{mine.path}/codes", data={"generation": str(seen)}).status_code for seen in range(4)]
    assert answers == [303, 303, 303, 429]
    assert client.post("/w/nonsense/codes", data={"generation": "0"}).status_code == 404
