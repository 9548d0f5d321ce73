"""Requests made up from our own OpenAPI document, thrown at the whole application in this process."""

from collections.abc import Mapping
from datetime import datetime

import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)
from sqlalchemy.orm import Session

from passes.access.key_rules import SCOPES
from passes.access.key_service import make_key
from passes.app import create_app
from tests.conftest import TEST_SETTINGS
from tests.factories import gate_at

# No fault of ours, and no answer that the document does not name, status, type and shape.
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    ignored_auth,
    unsupported_method,
]


def _app() -> Flask:
    app = create_app(TEST_SETTINGS)
    # A fault of ours must come out as the answer 500, as it does for visitors.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


API = schemathesis.openapi.from_wsgi("/api/openapi.json", _app())
OPERATIONS = {found.ok().label: found.ok() for found in API.get_all_operations()}


def tokens_of(session: Session, *, now: datetime) -> dict[str, str]:
    """A device's token and the key of a feed that may do everything, by the name of what asks for it."""
    _, key = make_key(session, name="made.up", scopes=SCOPES, now=now)
    return {"device": gate_at(session, "S06", now=now).token, "feed": key}


def throw(label: str, tokens: Mapping[str, str], *, examples: int, chance: bool) -> None:
    """So many requests at one operation, by chance or the same ones every time; raises what was wrong.

    tokens: as tokens_of; none: nobody says who is asking.
    """
    # The client in this process unpacks nothing.
    headers = {"Accept-Encoding": "identity"}
    wanted = [name for one in OPERATIONS[label].definition.raw.get("security", ()) for name in one]
    if tokens:
        headers["Authorization"] = f"Bearer {tokens[wanted[0] if wanted else 'device']}"

    @given(case=OPERATIONS[label].as_strategy())
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=not chance,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, headers=headers)

    ask()
