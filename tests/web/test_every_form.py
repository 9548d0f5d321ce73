"""Every form of the service, found in its pages, is sent what no form expects: nothing breaks."""

from datetime import datetime
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.lifecycle.models import Pass
from tests.city import pay, place
from tests.factories import city, gate_at
from tests.web import every
from tests.web.browsers import signed_in

RUBBISH = {
    "nothing": "",
    "emoji": "🎫👨‍👩‍👧‍👦🏮",
    "ten_kilobytes": "兰州" * 5_000,
    "markup": "<script>alert(1)</script>'\"; DROP TABLE pass; --",
    "zero_byte": "a\x00b",
    "another_script": "مرحبا ไทย עברית",
    "a_number_out_of_range": "-99999999999999999999999",
    "a_path": "../../etc/passwd",
}


@pytest.fixture
def given(session: Session, now: datetime) -> every.Examples:
    """A city with one order, its pass and a gate."""
    city(session, now=now)
    gate_at(session, "S01", now=now)
    order_id = place(1, "王小明", now)
    pay(order_id, "alipay", now)
    place(2, "李丽", now)
    pass_id = session.scalars(select(Pass.id)).one()
    return every.examples(session, pass_id, order_id, now)


@pytest.fixture
def admin(app: Flask, session: Session, now: datetime) -> FlaskClient:
    return signed_in(app, session, "admin", now)


def test_no_form_breaks_on_rubbish(app: Flask, admin: FlaskClient, session: Session, given: every.Examples) -> None:
    found = [form for page in every.paths(app, given) for form in every.forms(admin, page)]
    assert len({form.page for form in found}) > 8
    # A form that has only a button would do what it says: that is the business of other tests.
    asking = [form for form in found if form.method == "post" and form.fields and "sign-out" not in form.action]
    broken = []
    for form, (kind, rubbish) in product(asking, RUBBISH.items()):
        with session.begin_nested() as tried:
            answer = admin.post(form.action, data=dict.fromkeys(form.fields, rubbish))
            tried.rollback()
        if answer.status_code >= 500:
            broken.append(f"{form.page} → {form.action} with {kind}: {answer.status_code}")
    assert broken == []


def test_no_question_in_an_address_breaks_a_page(app: Flask, admin: FlaskClient, given: every.Examples) -> None:
    """Filters and searches stand in the address, where anybody may write anything."""
    found = [form for page in every.paths(app, given) for form in every.forms(admin, page)]
    asking = {(form.action, tuple(form.fields)) for form in found if form.method == "get"}
    broken = []
    for (action, fields), (kind, rubbish) in product(asking, RUBBISH.items()):
        answer = admin.get(action, query_string=dict.fromkeys(fields, rubbish[:2_000]))
        if answer.status_code >= 500:
            broken.append(f"{action} with {kind}: {answer.status_code}")
    assert broken == []
