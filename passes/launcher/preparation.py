"""What a database needs before the first request: tables, topics, a catalogue, keys, a first account. Repeatable."""

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import NullPool, create_engine, text
from sqlalchemy.exc import OperationalError

from passes import clock, db
from passes import settings as settings_module
from passes.access.accounts import ensure_first_staff
from passes.catalogue.queries import get_current_terms
from passes.catalogue.service import load_catalogue
from passes.credential.service import ensure_issuer_keys
from passes.errors import NotFound
from passes.events.topics import create_topics
from passes.launcher.plan import project_folder
from passes.launcher.problems import CannotStart
from passes.settings import Settings

OLDEST_POSTGRES = 150000
MIGRATION_LOCK = 7_290_113
SAMPLES = project_folder() / "passes" / "catalogue" / "data"


def migrate(url: str) -> None:
    """Bring the database to the newest revision. Two at once wait for each other."""
    config = Config()
    config.set_main_option("script_location", str(project_folder() / "migrations").replace("%", "%%"))
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 10})
    try:
        with engine.begin() as connection:
            version = connection.execute(text("SHOW server_version_num")).scalar_one()
            if int(version) < OLDEST_POSTGRES:
                raise CannotStart(f"DATABASE_URL names a PostgreSQL {int(version) // 10000}; 15 or later is needed.")
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    except OperationalError as problem:
        raise CannotStart(f"DATABASE_URL: the database does not answer: {problem.orig}") from problem
    except CommandError as problem:
        raise CannotStart(
            f"The database was made by another release: {problem}. Start that release, or name another database."
        ) from problem
    finally:
        engine.dispose()


def make_topics(settings: Settings) -> list[str]:
    """Create the missing topics at the broker; their names."""
    if settings.kafka_bootstrap_servers is None:
        return []
    try:
        return create_topics(settings.kafka_bootstrap_servers, prefix=settings.topic_prefix)
    except Exception as problem:
        # kafka-python's errors may only be named beside its client; whichever it is, nothing can start.
        raise CannotStart(
            f"KAFKA_BOOTSTRAP_SERVERS: no topics could be made at {settings.kafka_bootstrap_servers}: {problem}"
        ) from problem


def fill(settings: Settings, url: str, say: Callable[[str], None]) -> str | None:
    """The sample catalogue where there is none, issuer keys, the first account; its password if it was made now."""
    settings_module.use(settings)
    engine = db.connect(url, pool_size=1)
    try:
        with db.transaction() as session:
            now = clock.now()
            try:
                get_current_terms(session)
            except NotFound:
                catalogue = (SAMPLES / "catalog.sample.yaml").read_text(encoding="utf-8")
                holidays = (SAMPLES / "holidays.sample.yaml").read_text(encoding="utf-8")
                loaded = load_catalogue(session, catalogue, holidays, now=now)
                say(f"Loaded the sample catalogue as terms version {loaded.version}")
            if ensure_issuer_keys(session, now=now):
                say("Made the keys that sign the codes")
            return ensure_first_staff(session, now=now)
    finally:
        engine.dispose()
