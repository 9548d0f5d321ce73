"""The API explained: a page for people, and examples that work as they stand."""

import html
import json
import re
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator

from passes import clock
from passes.access.clerk_service import add_clerk
from passes.access.key_rules import SCOPES
from passes.access.key_service import make_key
from passes.access.service import create_lane, make_enrolment_code
from passes.db import transaction
from tests.factories import active_pass, city, code_of
from tests.serving import served

TAG = re.compile("<[^>]+>")


def operations(client: FlaskClient) -> dict[str, dict[str, object]]:
    """Every operation of the document by its id."""
    document = client.get("/api/openapi.json").get_json()
    return {made["operationId"]: made for path in document["paths"].values() for made in path.values()}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_page_explains_every_operation_and_every_refusal(app: Flask, language: str) -> None:
    client = app.test_client()
    page = client.get("/api/docs", headers={"Accept-Language": language}).text
    for name, operation in operations(client).items():
        article = re.search(rf'<article class="card operation" id="{name}">(.*?)</article>', page, re.S)
        assert article
        assert operation["tags"] != ["Other"]
        for refusal in operation["x-refusals"]:  # type: ignore[attr-defined]
            assert f"{refusal['status']} <code>{refusal['code']}</code>" in article[1]
    assert "<script" not in page
    assert ("接口" if language == "zh" else "The API") in page


def test_the_chinese_page_leaves_nothing_in_english(app: Flask) -> None:
    page = app.test_client().get("/api/docs", headers={"Accept-Language": "zh"}).text
    body = re.sub(
        r"<(pre|code)\b.*?</\1>", "", page[page.index('<div class="api-body">') : page.index("</main>")], flags=re.S
    )
    words = {html.unescape(text).strip() for text in TAG.split(body)}
    assert [text for text in words if re.search(r"[a-z]+ [a-z]+ [a-z]+", text)] == []


class Examples:
    """A running service, and the variables that the page asks its reader to set."""

    def __init__(self, url: str, page: str, document: dict[str, Any], folder: Path) -> None:
        self.document = document
        self.commands = {
            name: html.unescape(TAG.sub("", text))
            for name, text in re.findall(r'operation" id="(\w+)">.*?<code class="curl">(.*?)</code></pre>', page, re.S)
        }
        self.variables = {"PATH": "/usr/bin:/bin", "YOUYOU": url}
        self.out = folder / "answer"

    def validator(self, name: str, status: int) -> Draft202012Validator:
        """What the document says of this answer."""
        (found,) = [
            made for path in self.document["paths"].values() for made in path.values() if made["operationId"] == name
        ]
        schema = found["responses"][str(status)]["content"]["application/json"]["schema"]
        return Draft202012Validator(schema | {"components": self.document["components"]})

    def run(self, name: str, **variables: str) -> tuple[int, str]:
        """Run the example as a reader would who copied it: the status and the body."""
        command = self.commands[name]
        assert command.startswith("curl ")
        asked = f"curl -sS -o {self.out} -w '%{{http_code}}' {command.removeprefix('curl ')}"
        self.variables |= variables
        done = subprocess.run(
            ["sh", "-eu", "-c", asked], env=self.variables, capture_output=True, text=True, timeout=20
        )
        assert done.returncode == 0, done.stderr
        return int(done.stdout), self.out.read_text() if self.out.exists() else ""


@pytest.fixture
def examples(
    database: str, app: Flask, tmp_path: Path, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Examples]:
    """The service at ten in the morning, with a lane, a clerk and a visitor."""
    monkeypatch.setattr(clock, "now", lambda: now)
    with transaction() as session:
        version = city(session, now=now)
        lane_id = create_lane(session, venue_id="S15", name="east", attended=True, default_benefit_id="B15", now=now)
        code = make_enrolment_code(session, lane_id, now=now)
        _, pin = add_clerk(session, venue_id="S15", name="Li Na", now=now)
        pass_ = active_pass(session, now=now, terms_version=version)
        _, key = make_key(session, name="museum", scopes=SCOPES, now=now)
        scanned = code_of(session, pass_, now=now)
    page = app.test_client().get("/api/docs").text
    document = app.test_client().get("/api/openapi.json").get_json()
    with served(lambda _: app) as address:
        made = Examples(address, page, document, tmp_path)
        made.variables |= {"ENROLMENT_CODE": code, "CODE": scanned, "SCAN_ID": str(uuid4()), "PIN": pin}
        made.variables |= {"KEY": key, "PASS": pass_.number, "SLOT": "2026-11-26T10:00:00+08:00"}
        yield made


def test_every_example_of_the_page_works_as_it_stands_and_is_answered_as_documented(examples: Examples) -> None:
    left = set(examples.commands)

    def answer(name: str, status: int = 200, **variables: str) -> dict[str, object]:
        left.discard(name)
        told, body = examples.run(name, **variables)
        assert told == status, body
        if status == 204:
            return {}
        said: dict[str, object] = json.loads(body)
        examples.validator(name, status).validate(said)
        return said

    token = answer("create_enrolment", 201)["token"]
    assert answer("show_lane", TOKEN=str(token))["clerks_required"] is True
    assert answer("create_shift", 201)["clerk"] == {"id": 1, "name": "Li Na"}
    assert answer("create_rehearsal")["answers"][0]["decision"] == "admitted"  # type: ignore[index]
    assert answer("list_scans")["items"] == []
    assert answer("create_scans")["answers"][0]["decision"] == "admitted"  # type: ignore[index]
    assert len(answer("list_scans")["items"]) == 1  # type: ignore[arg-type]
    assert answer("void")["void_reason"] == "wrong benefit"
    answer("end_shift", 204)
    reservation = str(answer("create_reservation", 201)["id"])
    assert answer("show_reservation", RESERVATION=reservation)["reference"] == "A-1"
    assert len(answer("list_own_reservations")["items"]) == 1  # type: ignore[arg-type]
    assert answer("delete_reservation")["state"] == "cancelled"
    assert len(answer("create_closures")["items"]) == 2  # type: ignore[arg-type]
    assert len(answer("list_own_closures")["items"]) == 2  # type: ignore[arg-type]
    assert answer("delete_closures")["items"][0]["ended_at"] is not None  # type: ignore[index]
    assert answer("put_occupancy")["level"] == "free"
    assert len(answer("list_occupancy")["items"]) == 1  # type: ignore[arg-type]
    assert left == set()
