"""`make fuzz`: requests made up from our own OpenAPI document, thrown at the whole application on a real database.

Not part of `make test`: it takes minutes, and chance decides what it finds. EXAMPLES=500 makes it longer.
"""

import os

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from passes import clock
from passes.app import create_app
from passes.db import transaction
from tests.conftest import TEST_SETTINGS
from tests.factories import city, gate_at

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


def fuzzed_app() -> Flask:
    app = create_app(TEST_SETTINGS)
    # A fault of ours must come out as the answer 500, as it does for visitors.
    app.config["PROPAGATE_EXCEPTIONS"] = False
    return app


API = schemathesis.openapi.from_wsgi("/api/openapi.json", fuzzed_app())
OPERATIONS = {found.ok().label: found.ok() for found in API.get_all_operations()}


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.filterwarnings("default")
def test_no_request_breaks_it(label: str, database: str) -> None:
    with transaction() as session:
        city(session, now=clock.now())
        token = gate_at(session, "S06", now=clock.now()).token

    @given(case=OPERATIONS[label].as_strategy())
    @settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    def ask(case: schemathesis.Case) -> None:
        case.call_and_validate(checks=CHECKS, headers={"Authorization": f"Bearer {token}"})

    ask()
