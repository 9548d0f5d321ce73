"""The catalogue in the back office: what makes good what a version takes, its promises, its calendar, its rules."""

import re
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes.catalogue.publishing import Publication
from passes.catalogue.remedies import read_remedy
from passes.catalogue.rule_examples import EXAMPLES
from passes.catalogue.service import load_catalogue
from passes.entitlement.words import WORDS
from passes.lifecycle.queries import living_terms
from tests.factories import active_pass, city
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS
from tests.web.browsers import signed_in

NO_YAMEN = SAMPLE.replace("at: [S02, S08, S09, S14], name", "at: [S02, S08, S09], name")


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    city(session, now=now)
    client = signed_in(app, session, "admin", now)
    client.get("/admin?lang=en")
    return client


def main_of(page: str) -> str:
    return page[page.index("<main") : page.index("</main>")]


def rows_of(page: str) -> dict[str, str]:
    """The rows of the promises by the id of their benefit."""
    rows = re.findall(r"<tr>.*?</tr>", page, re.DOTALL)
    return {found[1]: row for row in rows if (found := re.search(r'muted">([BE]\d\d)</span></th>', row))}


def test_a_version_shows_what_passes_may_claim_of_the_seats(admin: FlaskClient) -> None:
    rows = rows_of(main_of(admin.get("/admin/catalogue/1").text))
    assert "65,600" in rows["E01"] and "50,000" in rows["E01"] and ">enough<" in rows["E01"]
    assert "17,520" in rows["E04"] and ">not enough<" in rows["E04"]
    assert "no limit over the term" in rows["B08"] and "no limit" not in rows["E04"]
    fewer = main_of(admin.get("/admin/catalogue/1?passes=17520").text)
    assert ">enough<" in rows_of(fewer)["E04"] and 'value="17520"' in fewer
    for nonsense in ("moon", "-1", "0", "9" * 12, "٣"):
        page = admin.get("/admin/catalogue/1", query_string={"passes": nonsense})
        assert page.status_code == 200 and 'value="50000"' in page.text


def test_a_version_marks_its_provisional_years(admin: FlaskClient) -> None:
    page = main_of(admin.get("/admin/catalogue/1").text)
    years = page[page.index('id="calendar"') :].split("</section>")[0]
    assert re.search(r"2027 <span[^>]*>provisional", years) and not re.search(r"2026 <span", years)
    assert "B12 Xinglong Mountain entry" in years


def test_a_version_shows_what_makes_good_what_it_takes(admin: FlaskClient, session: Session, now: datetime) -> None:
    active_pass(session, now=now)
    publication = Publication(living_terms(session), [read_remedy("B37=extend_days:14")], "<b>roof</b>", "operator")
    load_catalogue(session, NO_YAMEN, SAMPLE_HOLIDAYS, now=now, publication=publication)
    page = main_of(admin.get("/admin/catalogue/2").text)
    section = page[page.index('id="remedies"') :].split("</section>")[0]
    for words in ("Audio guide", "is no longer given at Lu Tusi Yamen", "your pass runs 14 days longer", "operator"):
        assert words in section
    assert "&lt;b&gt;roof" in section
    assert 'id="remedies"' not in admin.get("/admin/catalogue/1").text


def test_health_names_what_rests_on_provisional_holidays(admin: FlaskClient) -> None:
    page = main_of(admin.get("/admin/health").text)
    assert "Holidays of 2027" in page and "provisional; these benefits rest on them: B06" in page


@pytest.mark.parametrize(("day", "refused"), [((2027, 11, 1), False), ((2027, 11, 2), True), ((2028, 2, 1), True)])
def test_health_warns_sixty_days_before_a_year_without_holidays(
    admin: FlaskClient, monkeypatch: pytest.MonkeyPatch, day: tuple[int, int, int], refused: bool
) -> None:
    later = SimpleNamespace(now=lambda: datetime(*day, 4, tzinfo=UTC))
    monkeypatch.setattr("passes.admin.health_pages.clock", later)
    page = main_of(admin.get("/admin/health").text)
    assert ("In 2028 they would refuse these benefits: B06 Climb" in page) is refused


def test_every_rule_is_explained_with_its_example_and_codes(admin: FlaskClient) -> None:
    assert 'href="/admin/catalogue/rules"' in admin.get("/admin/catalogue").text
    assert 'href="/admin/catalogue/rules"' in admin.get("/admin/catalogue/1").text
    page = main_of(admin.get("/admin/catalogue/rules").text)
    for example in EXAMPLES:
        section = page[page.index(f'id="{example.rule}"') :].split("</section>")[0]
        assert example.about.en.split(":")[0].split("“")[0].split("'")[0] in section
        for code in example.codes:
            assert f"<code>{code}</code>" in section and WORDS[code].zh in section
    assert "once a day" in page and "每天一次" in page
    assert page.count("<section") == len(EXAMPLES) == 32


def test_rules_are_for_who_writes_catalogues(app: Flask, session: Session, now: datetime) -> None:
    city(session, now=now)
    assert signed_in(app, session, "care", now).get("/admin/catalogue/rules").status_code == 403
