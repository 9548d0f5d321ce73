"""Marketing's page: the figures, in both languages, without and with a script, and how fresh they are."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from consumers.analytics import count_admitted, count_refused
from consumers.satisfaction import count_answers
from passes import clock
from passes.events.service import Place, note_caught_up, open_checkpoint
from tests.consumers.conftest import admitted, answered, received, refused
from tests.factories import city
from tests.web.test_admin_sign_in import OWN_PASSWORD, make_staff, sign_in


@pytest.fixture(autouse=True)
def clock_stands(monkeypatch: pytest.MonkeyPatch, now: datetime) -> None:
    monkeypatch.setattr(clock, "now", lambda: now)


@pytest.fixture
def marketing(client: FlaskClient, session: Session, now: datetime) -> FlaskClient:
    """Signed in as marketing, the sample city loaded."""
    city(session, now=now)
    make_staff(session, "mei", "marketing", now)
    assert sign_in(client, "mei", OWN_PASSWORD) == 303
    return client


def count_a_day(session: Session, now: datetime) -> None:
    """Twelve visits by six passes at one spot, one elsewhere, three refusals, five answers."""
    visits = [admitted(number, pass_id=number % 6) for number in range(12)]
    elsewhere = admitted(12, pass_id=0, venue_id="S01")
    count_admitted(session, received(*visits, elsewhere), now)
    count_refused(session, received(refused(1), refused(2), refused(3, "daily_limit")), now)
    count_answers(session, received(*(answered(number, score=3 if number else 1) for number in range(5))), now)


def be_fresh(session: Session, moment: datetime) -> None:
    for consumer in ("analytics", "satisfaction"):
        place = Place(consumer, "youyou.redemptions", 0)
        open_checkpoint(session, place, 0)
        note_caught_up(session, place, 0, moment)


def test_the_figures_are_those_that_were_counted(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_a_day(session, now)
    be_fresh(session, now)
    shown = marketing.get("/dashboard/data.json?lang=en").get_json()
    assert shown["figures"] == {
        "visits_today": "13",
        "unique_today": "6",
        "unique_month": "6",
        "satisfaction": "80% good (n = 5, at least 38%)",
    }
    assert shown["hours"][0]["visits"][10] == 12
    assert shown["tables"]["hours"][:2] == [
        ["Yellow River Tower", "All day", "12"],
        ["Yellow River Tower", "10:00", "12"],
    ]
    assert len(shown["days"]) == 30
    assert shown["days"][-1] == {"label": "11-25", "visits": 13}
    assert [row["visits"] for row in shown["benefits"]] == [5, 4, 4]
    assert [row["refusals"] for row in shown["refusals"]] == [2, 1]
    assert shown["satisfaction"][0]["answers"] == 5


@pytest.mark.parametrize(("lang", "spot"), [("zh", "兰州黄河楼"), ("en", "Yellow River Tower")])
def test_the_page_is_complete_without_a_script_and_speaks_both_languages(
    marketing: FlaskClient, session: Session, now: datetime, lang: str, spot: str
) -> None:
    count_a_day(session, now)
    page = marketing.get(f"/dashboard?lang={lang}").text
    assert spot in page
    assert page.count("<details") == 5
    assert "<script>" not in page
    assert "style=" not in page


def test_an_unchanged_page_is_not_sent_again(marketing: FlaskClient, session: Session, now: datetime) -> None:
    first = marketing.get("/dashboard/data.json")
    again = marketing.get("/dashboard/data.json", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    count_admitted(session, received(admitted(1)), now)
    changed = marketing.get("/dashboard/data.json", headers={"If-None-Match": first.headers["ETag"]})
    assert changed.status_code == 200


def test_figures_that_stand_still_say_since_when(marketing: FlaskClient, session: Session, now: datetime) -> None:
    never = marketing.get("/dashboard/data.json?lang=en").get_json()["as_of"]
    text = "Not everything is counted yet: the counting has still to catch up."
    assert never == {"at": None, "stale": True, "text": text}
    be_fresh(session, now - timedelta(seconds=61))
    stale = marketing.get("/dashboard/data.json?lang=en").get_json()["as_of"]
    assert (stale["stale"], stale["text"]) == (
        True,
        "The figures have stood still since 09:58:55: the counting is behind.",
    )
    be_fresh(session, now)
    fresh = marketing.get("/dashboard/data.json?lang=en").get_json()["as_of"]
    assert (fresh["stale"], fresh["text"]) == (False, "Everything up to 10:00:00 is counted.")


def test_one_partition_that_nobody_reads_makes_the_whole_stale(
    marketing: FlaskClient, session: Session, now: datetime
) -> None:
    be_fresh(session, now)
    forgotten = Place("analytics", "youyou.redemptions", 1)
    open_checkpoint(session, forgotten, 0)
    note_caught_up(session, forgotten, 0, now - timedelta(hours=1))
    assert marketing.get("/dashboard/data.json").get_json()["as_of"]["stale"] is True


def test_a_partition_never_read_to_its_end_leaves_the_figures_incomplete(
    marketing: FlaskClient, session: Session, now: datetime
) -> None:
    be_fresh(session, now)
    open_checkpoint(session, Place("analytics", "youyou.redemptions", 1), 0)
    shown = marketing.get("/dashboard/data.json").get_json()
    assert shown["as_of"] == {"at": None, "stale": True, "text": shown["as_of"]["text"]}
    assert shown["answers_as_of"]["stale"] is False


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/data.json"])
def test_only_marketing_and_admins_see_it(client: FlaskClient, session: Session, now: datetime, path: str) -> None:
    assert client.get(path).status_code in (302, 303)
    make_staff(session, "wang", "gate_manager", now)
    sign_in(client, "wang", OWN_PASSWORD)
    assert client.get(path).status_code == 403


def test_yesterday_is_not_today(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_admitted(session, received(admitted(1 - 86_400, pass_id=1)), now)
    shown = marketing.get("/dashboard/data.json").get_json()
    assert shown["figures"]["visits_today"] == "0"
    assert shown["figures"]["unique_month"] == "1"
    assert shown["days"][-2]["visits"] == 1
