"""Marketing's page: the figures, in both languages, without and with a script, and how fresh they are."""

from datetime import datetime, timedelta
from typing import Any

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


def live(client: FlaskClient, query: str = "") -> Any:
    """What the page shows, as its script gets it."""
    return client.get(f"/dashboard/data.json?lang=en&{query}").get_json()


def test_the_figures_are_those_that_were_counted(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_a_day(session, now)
    shown = live(marketing)
    assert {name: figure["value"] for name, figure in shown["figures"].items()} == {
        "visits_today": "13",
        "unique_today": "6",
        "visits": "13",
        "unique": "6",
        "refused": "18.8%",
        "satisfaction": "80%",
    }
    assert shown["figures"]["satisfaction"]["note"] == "at least 38% (n\u00a0=\u00a05)"
    assert shown["figures"]["refused"]["note"] == "3 of 16 scans"
    panels = shown["panels"]
    assert panels["today"]["rows"][2] == ["10:00–11:00", "13", "0"]
    assert panels["days"]["rows"][0] == ["Wed 25 Nov", "13", "0"]
    assert panels["places"]["rows"] == [
        ["Yellow River Tower", "12", "92.3%", "±0"],
        ["Baita Mountain Park", "1", "7.7%", "±0"],
    ]
    assert [row[1] for row in panels["benefits"]["rows"]] == ["5", "4", "4"]
    assert [row[1:] for row in panels["refusals"]["rows"]] == [["2", "66.7%"], ["1", "33.3%"]]
    assert panels["passes"]["rows"][0] == ["Wed 25 Nov", "6", "6", "0"]
    assert panels["satisfaction"]["rows"] == [["Yellow River Tower", "5", "80.0%", "37.6%"]]


def test_a_filter_leaves_only_its_places_and_days(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_a_day(session, now)
    one = live(marketing, "venue=S01")
    assert (one["figures"]["visits"]["value"], one["figures"]["unique"]["value"]) == ("1", "1")
    assert one["figures"]["satisfaction"]["note"] == "no answers yet"
    assert live(marketing, "kind=spot")["figures"]["visits"]["value"] == "13"
    hotels = live(marketing, "kind=hotel")
    assert hotels["figures"]["visits"]["value"] == "0"
    assert {name for name, panel in hotels["panels"].items() if panel["chart"]} == set()
    assert hotels["panels"]["places"]["say"] == "Nobody in this period."
    earlier = live(marketing, "from=2026-11-01&to=2026-11-24")
    assert (earlier["figures"]["visits"]["value"], earlier["figures"]["visits_today"]["value"]) == ("0", "13")


def test_today_is_compared_with_the_same_hours_a_week_ago(
    marketing: FlaskClient, session: Session, now: datetime
) -> None:
    week = 7 * 86_400
    early = [admitted(number - 3600, pass_id=number) for number in range(4)]
    then = [admitted(number - week - 3600, pass_id=number) for number in range(3)]
    later = [admitted(number - week + 7200, pass_id=number) for number in range(20, 30)]
    count_admitted(session, received(*early, *then, *later), now)
    shown = live(marketing)
    assert shown["figures"]["visits_today"] == {
        "value": "4",
        "note": "▲ 1 more than the same weekday a week ago, by 10:00",
    }
    day = live(marketing, "period=today")["panels"]
    assert day["places"]["rows"] == [["Yellow River Tower", "4", "100.0%", "+1"]]
    assert shown["panels"]["today"]["say"] == "Up to 10:00: 4, at the same time on Wed 18 Nov 3."


def test_who_came_before_does_not_come_for_the_first_time(
    marketing: FlaskClient, session: Session, now: datetime
) -> None:
    day = 86_400
    visits = [
        admitted(1 - 60 * day, pass_id=1),
        admitted(2 - 3 * day, pass_id=1),
        admitted(3 - 3 * day, pass_id=2),
        admitted(4 - day, pass_id=2),
        admitted(5 - day, pass_id=3),
    ]
    count_admitted(session, received(*visits), now)
    panel = live(marketing, "period=7d")["panels"]["passes"]
    assert panel["say"] == "3 different passes, 67% of them for the first time."
    assert [row[1:] for row in panel["rows"][:5]] == [
        ["0", "0", "0"],
        ["2", "1", "1"],
        ["0", "0", "0"],
        ["2", "1", "1"],
        ["0", "0", "0"],
    ]
    by_month = live(marketing, "period=52w")["panels"]["passes"]
    assert [row for row in by_month["rows"] if row[1] != "0"] == [
        ["November 2026", "3", "2", "1"],
        ["September 2026", "1", "1", "0"],
    ]


def test_the_table_behind_a_chart_comes_as_a_file(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_a_day(session, now)
    answer = marketing.get("/dashboard/places.csv?lang=zh&period=7d")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="youyou-places-2026-11-19-2026-11-25.csv"'
    assert answer.data.decode("utf-8-sig").splitlines() == [
        "地点,人次,占比,变化",
        "兰州黄河楼,12,0.9231,0",
        "白塔山景区,1,0.0769,0",
    ]
    assert marketing.get("/dashboard/secrets.csv").status_code == 404


def test_a_filter_that_makes_no_sense_is_told_beside_its_field_and_harms_nothing(
    marketing: FlaskClient, session: Session, now: datetime
) -> None:
    count_a_day(session, now)
    page = marketing.get("/dashboard?lang=en&from=gestern&kind=%F0%9F%8F%B0&venue=%00&period=1000y")
    assert page.status_code == 200
    for said in (
        "This is no date. Write it as year, month and day: 2026-05-01.",
        "There is no such kind of place. All kinds are shown.",
        "We know no such place. All places are shown.",
        "There is no such period. The last 30 days are shown.",
    ):
        assert said in page.text
    assert 'value="gestern"' in page.text
    assert 'data-figure="visits">13<' in page.text
    assert marketing.get("/dashboard", query_string={"venue": "长" * 10_000}).status_code == 200


@pytest.mark.parametrize(("lang", "spot"), [("zh", "兰州黄河楼"), ("en", "Yellow River Tower")])
def test_the_page_is_complete_without_a_script_and_speaks_both_languages(
    marketing: FlaskClient, session: Session, now: datetime, lang: str, spot: str
) -> None:
    count_a_day(session, now)
    page = marketing.get(f"/dashboard?lang={lang}").text
    assert spot in page
    for name in ("today", "days", "places", "weekdays", "hours", "passes", "benefits", "refusals", "satisfaction"):
        assert f'data-rows="{name}"' in page
        assert f"/dashboard/{name}.csv" in page
    assert "<script>" not in page
    assert "style=" not in page


def test_before_anybody_came_the_page_says_what_will_happen(marketing: FlaskClient, now: datetime) -> None:
    page = marketing.get("/dashboard?lang=en").text
    assert "As soon as the first pass is scanned at a gate, it is counted here" in page
    assert live(marketing)["anything"] is False


def test_polling_alone_keeps_nobody_signed_in(
    marketing: FlaskClient, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    touched = {"X-Attended": "1"}
    for minutes in (20, 40, 60, 80):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: now + timedelta(minutes=minutes))
        assert marketing.get("/dashboard/data.json", headers=touched).status_code == 200
    for minutes in (100, 120, 138):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: now + timedelta(minutes=minutes))
        assert marketing.get("/dashboard/data.json").status_code == 200
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=141))
    assert marketing.get("/dashboard/data.json").status_code == 303


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
        "The figures have stood still since 09:58: the counting is behind.",
    )
    be_fresh(session, now)
    fresh = marketing.get("/dashboard/data.json?lang=en").get_json()["as_of"]
    assert (fresh["stale"], fresh["text"]) == (False, "Everything up to 10:00 is counted.")


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


@pytest.mark.parametrize("path", ["/dashboard", "/dashboard/data.json", "/dashboard/places.csv"])
def test_only_marketing_and_admins_see_it(client: FlaskClient, session: Session, now: datetime, path: str) -> None:
    assert client.get(path).status_code in (302, 303)
    make_staff(session, "wang", "gate_manager", now)
    sign_in(client, "wang", OWN_PASSWORD)
    assert client.get(path).status_code == 403


def test_yesterday_is_not_today(marketing: FlaskClient, session: Session, now: datetime) -> None:
    count_admitted(session, received(admitted(1 - 86_400, pass_id=1)), now)
    shown = live(marketing)
    assert (shown["figures"]["visits_today"]["value"], shown["figures"]["unique"]["value"]) == ("0", "1")
    assert shown["panels"]["days"]["rows"][1] == ["Tue 24 Nov", "1", "0"]
