"""Real servers, started once and shared; every test in a transaction, or on a database of its own."""

import itertools
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic import command
from alembic.config import Config
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import Browser, expect, sync_playwright
from psycopg import sql
from sqlalchemy import Engine, NullPool, StaticPool, create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session
from xdist.scheduler import LoadScopeScheduling

from passes import db
from passes import settings as settings_module
from passes.app import create_app
from passes.launcher.kafka import EmbeddedKafka
from passes.launcher.postgres import EmbeddedPostgres
from passes.settings import Settings
from tests import chromium

ROOT = Path(__file__).resolve().parent.parent
# Wednesday 25 November 2026, 10:00 in Lanzhou: every museum is open.
MORNING = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)
_numbers = itertools.count(1)

TEST_SETTINGS = Settings(
    app_env="test",
    payments="sandbox",
    events="kafka",
    database_url="postgresql://set-by-the-fixture",
    kafka_bootstrap_servers="127.0.0.1:1",
    public_url="http://127.0.0.1:8000",
    secret_key=b"only for tests, thirty-two bytes!",
    stripe_secret_key="sk_sandbox_tests",
    stripe_webhook_secrets=("whsec_sandbox_tests",),
    stripe_api_base="http://127.0.0.1:1",
)


def named_database(url: str, name: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=name).render_as_string(hide_password=False)


def migrate(url: str, revision: str = "head") -> None:
    """Run the real migrations on an empty database."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        if revision == "base":
            command.downgrade(config, revision)
        else:
            command.upgrade(config, revision)


def clone(server: str, template: str | None) -> str:
    """A new database on the server, a copy of the template or empty; returns its URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
    if template:
        statement += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(statement)
    return named_database(server, name)


def drop(server: str, url: str) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(make_url(url).database or ""))
        )


@cache
def group_of(path: Path) -> str:
    """What one worker runs together: a file, or all that shares a broker, a test cashier or the twins' cases."""
    if path.parent.name == "consumers" or path.name in ("test_river.py", "test_compose.py"):
        return "broker"
    if path.parent.name == "twins":
        return "twins"
    return "cashier" if "Cashier" in path.read_text() else str(path.relative_to(ROOT))


class Groups(LoadScopeScheduling):
    """Gives each worker whole groups. (The marks of xdist 3.8 for it are lost on pytest 9.2.)"""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(ROOT / nodeid.partition("::")[0])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    return Groups(config, log)


def turn_of(group: str, fixtures: Collection[str]) -> int:
    """When a group has its turn: few and long ones first, so that the workers end together.

    What starts brokers and what drives browsers waits for processes and clocks: between them stand the use cases.
    """
    if group == "broker":
        return 0
    if group in ("cashier", "twins") or "/services/" in group or group.endswith("/test_every_page.py"):
        return 1
    if "/launcher/" in group or "/journeys/" in group:
        return 2
    return 3 if "browser" in fixtures else 4


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gather what shares a server and put all in turn; within a group the order stays as chance made it."""
    found: dict[str, list[pytest.Item]] = {}
    turns: dict[str, int] = {}
    for item in items:
        group = group_of(item.path)
        found.setdefault(group, []).append(item)
        turns[group] = min(turns.get(group, 9), turn_of(group, getattr(item, "fixturenames", ())))
    items[:] = [item for group in sorted(found, key=lambda group: turns[group]) for item in found[group]]


@contextmanager
def own_database(server: str, template: str) -> Iterator[str]:
    """A copy of the template, connected; gone afterwards."""
    url = clone(server, template)
    engine = db.connect(url, pool_size=20)
    yield url
    with db.transaction() as session:
        # A command run by the test pointed the process at an engine of its own, and may have been asked since.
        current = session.get_bind()
    for used in (engine, current):
        if isinstance(used, Engine):
            used.dispose()
    drop(server, url)


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A PostgreSQL of our own, started for this run."""
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), durable=False)
    url = server.start()
    yield url
    server.stop()
    server.remove()


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Apache Kafka of our own, started for this run: its bootstrap servers."""
    broker = EmbeddedKafka(tmp_path_factory.mktemp("kafka"), durable=False)
    bootstrap = broker.start()
    yield bootstrap
    broker.stop()


@pytest.fixture(scope="session")
def camera_film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the browser's camera plays, motion JPEG: darkness, until a test writes another film there."""
    path = tmp_path_factory.mktemp("camera") / "film.mjpeg"
    Image.new("RGB", (640, 480)).save(path, "JPEG")
    return path


@pytest.fixture(scope="session")
def browser(camera_film: Path) -> Iterator[Browser]:
    """Chromium, started once for the run; each test opens contexts of its own. shop.example is this machine."""
    expect.set_options(timeout=30_000)
    flags = [*chromium.FLAGS, "--host-resolver-rules=MAP shop.example 127.0.0.1"]
    flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={camera_film}"]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium.program(), args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> str:
    """The name of a database migrated to head, from which the others are copied."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_youyou")
    migrate(named_database(postgres_url, "template_youyou"))
    return "template_youyou"


@pytest.fixture(scope="session")
def shared_database(postgres_url: str, template_database: str) -> str:
    """The database of the tests that roll back."""
    return clone(postgres_url, template_database)


@pytest.fixture
def settings() -> Settings:
    settings_module.use(TEST_SETTINGS)
    return TEST_SETTINGS


@pytest.fixture(scope="session")
def shared_engine(shared_database: str) -> Iterator[Engine]:
    """The one connection of the tests that roll back."""
    engine = create_engine(shared_database, poolclass=StaticPool, connect_args={"options": "-c timezone=UTC"})
    yield engine
    engine.dispose()


@pytest.fixture
def session(shared_engine: Engine, settings: Settings) -> Iterator[Session]:
    """A session in a transaction that is rolled back; transaction() in the code under test joins it."""
    with shared_engine.connect() as connection:
        outer = connection.begin()
        db.connect_to(connection)
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as opened:
            yield opened
        outer.rollback()


@pytest.fixture
def database(postgres_url: str, template_database: str, settings: Settings) -> Iterator[str]:
    """A migrated database of its own, connected: for tests with threads or other processes."""
    with own_database(postgres_url, template_database) as url:
        yield url


@pytest.fixture(scope="session")
def shared_app() -> Flask:
    made = create_app(TEST_SETTINGS)
    made.testing = True
    return made


@pytest.fixture
def app(settings: Settings, shared_app: Flask) -> Flask:
    """The one application of most tests: it compiles each template once. It keeps nothing between requests."""
    return shared_app


@pytest.fixture
def client(app: Flask, session: Session) -> FlaskClient:
    """A browser without script, on the rolled-back database."""
    return app.test_client()


@pytest.fixture
def now() -> datetime:
    return MORNING
