"""The database: one engine a process, and the only place that commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import orjson
from sqlalchemy import Connection, Engine, MetaData, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Every table of the service. Constraint names are stable: http.py maps some to Conflict codes."""

    metadata = MetaData(naming_convention=NAMING)


_sessions: sessionmaker[Session] = sessionmaker(expire_on_commit=False)
_depth: ContextVar[int] = ContextVar("open_transactions", default=0)


def make_engine(url: str, *, pool_size: int = 5) -> Engine:
    """An engine for any PostgreSQL ≥ 15. READ COMMITTED, UTC, and no statement hangs a gate for ever."""
    return create_engine(
        url,
        pool_size=pool_size,
        max_overflow=pool_size,
        # An error's text goes into the log; the values it was about may be somebody's name or phone.
        hide_parameters=True,
        json_serializer=lambda value: orjson.dumps(value).decode(),
        json_deserializer=orjson.loads,
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s",
            "connect_timeout": 10,
            "application_name": "youyou",
        },
    )


def connect(url: str, *, pool_size: int = 5) -> Engine:
    """Point this process at a database. Called once, by whoever starts the process, after any fork."""
    engine = make_engine(url, pool_size=pool_size)
    _sessions.configure(bind=engine, join_transaction_mode="conditional_savepoint")
    return engine


def connect_to(connection: Connection) -> None:
    """Make every transaction a savepoint of this connection: how one test is kept from the next."""
    _sessions.configure(bind=connection, join_transaction_mode="create_savepoint")


@contextmanager
def transaction() -> Iterator[Session]:
    """One session, one transaction: committed on leaving, rolled back when anything is raised."""
    token = _depth.set(_depth.get() + 1)
    try:
        with _sessions() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        _depth.reset(token)


@contextmanager
def transaction_on(connection: Connection) -> Iterator[Session]:
    """The same on a connection the caller keeps: the relay's, whose advisory lock lives and dies with it."""
    token = _depth.set(_depth.get() + 1)
    try:
        with Session(bind=connection, expire_on_commit=False) as session, session.begin():
            yield session
    finally:
        _depth.reset(token)


def lead(engine: Engine, key: int) -> Connection | None:
    """Become the one leader of this database and key: on a connection outside the pool, which holds the lock and dies
    with it. None: another leads.
    """
    connection = engine.connect()
    connection.detach()
    try:
        with connection.begin():
            # A leader cut off by the network must not lead for hours: the server notices within half a minute.
            for parameter, seconds in (("tcp_keepalives_idle", 15), ("tcp_keepalives_interval", 5)):
                connection.execute(text(f"SET {parameter} = {seconds}"))
            locked = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": key}).scalar_one()
    except BaseException:
        connection.close()
        raise
    if not locked:
        connection.close()
        return None
    return connection


def in_transaction() -> bool:
    """True while this thread of execution is inside transaction(): no network may be called then."""
    return _depth.get() > 0
