"""The holder is told what happened to the terms since the sale: what came, what went, what makes it good."""

from datetime import datetime

from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes.catalogue.publishing import Publication
from passes.catalogue.remedies import read_remedy
from passes.catalogue.service import load_catalogue
from passes.lifecycle.queries import living_terms, wallet_path
from tests.factories import active_pass, city
from tests.rules.samples import SAMPLE, SAMPLE_HOLIDAYS

ENGLISH = {"Accept-Language": "en"}
NEW = (
    "benefits:   # at",
    "benefits:\n  - {id: B42, at: [S04], name: {zh: 缆车, en: Cable car}, value_fen: 500, rules: [{per_day: 1}], "
    "settle: 100}   # at",
)


def test_the_wallet_says_what_changed_since_the_pass_was_sold(
    client: FlaskClient, session: Session, now: datetime
) -> None:
    version = city(session, now=now)
    path = wallet_path(session, active_pass(session, now=now, terms_version=version).id)
    session.commit()
    assert 'id="since"' not in client.get(path, headers=ENGLISH).text
    text = SAMPLE.replace(*NEW).replace("benefits: 41,", "benefits: 42,")
    text = text.replace("at: [S02, S08, S09, S14], name", "at: [S02, S08, S09], name")
    publication = Publication(living_terms(session), [read_remedy("B37=extend_days:14")], "", "operator")
    load_catalogue(session, text, SAMPLE_HOLIDAYS, now=now, publication=publication)
    session.commit()
    page = client.get(path, headers=ENGLISH).text
    section = page[page.index('id="since"') :].split("</section>")[0]
    for words in (
        "What changed since you bought it",
        "Cable car",
        "your pass has it now, at Wuquan Mountain Park",
        "from 25 Dec 2026 on: it is no longer given at Lu Tusi Yamen",
        "for this the operator promises: your pass runs 14 days longer; the service desk sees to it",
    ):
        assert words in section
    chinese = client.get(path, headers={"Accept-Language": "zh"}).text
    assert "购卡以来的变化" in chinese and "您的年卡延长 14 天" in chinese and "缆车" in chinese
