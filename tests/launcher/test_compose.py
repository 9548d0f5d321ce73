"""The compose file: valid by its specification, and every command of ours starts as a plain process."""

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from passes.launcher.commands import secrets
from passes.launcher.places import free_port
from tests.launcher.copies import clean_environment, wait_for

ROOT = Path(__file__).resolve().parent.parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
OURS = {name: service for name, service in COMPOSE["services"].items() if "build" in service}
LASTING = sorted(OURS.keys() - {"prepare"})


def test_it_keeps_to_the_compose_specification() -> None:
    vendored = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    schema = json.loads(vendored.read_text())
    Draft202012Validator(schema).validate(COMPOSE)


def test_it_has_every_part_of_the_river() -> None:
    assert OURS.keys() == {"prepare", "web", "relay", "analytics", "satisfaction", "chores", "cashier"}
    assert COMPOSE["services"]["postgres"]["image"] == "postgres:18"
    assert COMPOSE["services"]["kafka"]["image"].startswith("apache/kafka:4.")
    assert OURS["cashier"]["profiles"] == ["sandbox"]
    assert OURS["cashier"]["network_mode"] == "service:web"


def filled(value: str, values: dict[str, str]) -> str:
    """What compose makes of ${NAME:-default} and ${NAME:?message}."""

    def replace(found: re.Match[str]) -> str:
        name, kind, rest = found.groups()
        if values.get(name):
            return values[name]
        assert kind == "-", f"{name} is required: {rest}"
        return rest

    return re.sub(r"\$\{(\w+):([-?])([^}]*)\}", replace, value)


class Containers:
    """Plain processes in the containers' place, on servers of the test's."""

    def __init__(self, database_url: str, bootstrap: str) -> None:
        printed = CliRunner().invoke(secrets, ["--sandbox"]).output
        self.values = dict(line.split("=", 1) for line in printed.splitlines())
        self.web_port, self.cashier_port = free_port(), free_port()
        self._ports = {"8000": str(self.web_port), "9000": str(self.cashier_port)}
        self._servers = {"DATABASE_URL": database_url, "KAFKA_BOOTSTRAP_SERVERS": bootstrap}

    def start(self, name: str, output: Path) -> "subprocess.Popen[bytes]":
        environment = {key: self._moved(filled(value, self.values)) for key, value in OURS[name]["environment"].items()}
        argv = [self._ports.get(part, part) for part in OURS[name]["command"]]
        argv = [sys.executable, "-m", "passes.cli", *argv[1:]] if argv[0] == "youyou" else [sys.executable, *argv[1:]]
        with output.open("wb") as file:
            return subprocess.Popen(
                argv,
                env=clean_environment(**environment) | self._servers,
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _moved(self, value: str) -> str:
        return re.sub(r"\b[89]000\b", lambda found: self._ports[found.group()], value)


@pytest.fixture
def containers(database: str, kafka: str) -> Containers:
    return Containers(database, kafka)


def test_every_command_starts_as_a_plain_process(containers: Containers, tmp_path: Path) -> None:
    prepared = containers.start("prepare", tmp_path / "prepare")
    assert prepared.wait(120) == 0, (tmp_path / "prepare").read_text()
    running = {name: containers.start(name, tmp_path / name) for name in LASTING}
    try:
        for port, path in ((containers.web_port, "/readyz"), (containers.cashier_port, "/")):
            wait_for(60, lambda address=f"http://127.0.0.1:{port}{path}": answers(address), f"{port} does not answer")
        for name in ("relay", "analytics", "satisfaction"):
            wait_for(60, lambda path=tmp_path / name: "started" in path.read_text(), f"{name} did not start")
        ended = {name: (tmp_path / name).read_text() for name, process in running.items() if process.poll() is not None}
        assert ended == {}
    finally:
        for process in running.values():
            process.send_signal(signal.SIGTERM)
        codes = {name: process.wait(40) for name, process in running.items()}
    assert set(codes.values()) <= {0}, codes


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def test_the_service_needs_no_test_cashier_package() -> None:
    script = "import sys; import consumers.__main__, passes.app, passes.cli; print('passes.cashier' in sys.modules)"
    asked = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", script], cwd=ROOT, capture_output=True, text=True, env=dict(os.environ)
    )
    assert asked.stdout.strip() == "False", asked.stderr
