"""Signed-in browsers without script, for the tests of staff pages."""

from datetime import datetime

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from passes.access import accounts, queries

OWN_PASSWORD = "three rivers and a bridge"


def browser_of(app: Flask) -> FlaskClient:
    """A client that says, as browsers do, that its forms come from our own pages."""
    made = app.test_client()
    made.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    return made


def make_staff(session: Session, login: str, role: str, now: datetime) -> int:
    """An account that has chosen its own password; returns its id."""
    accounts.create_staff(session, login=login, name=login, role=role, now=now)
    staff_id = queries.find_staff_id(session, login)
    assert staff_id is not None
    accounts.change_password(session, staff_id, password=OWN_PASSWORD, now=now)
    return staff_id


def sign_in(client: FlaskClient, login: str, password: str = OWN_PASSWORD) -> int:
    """The status of the answer: 303 when it worked."""
    return client.post("/admin/sign-in", data={"login": login, "password": password}).status_code


def signed_in(app: Flask, session: Session, role: str, now: datetime) -> FlaskClient:
    """A browser of a new account with this role."""
    make_staff(session, f"one.{role}", role, now)
    made = browser_of(app)
    assert sign_in(made, f"one.{role}") == 303
    return made
