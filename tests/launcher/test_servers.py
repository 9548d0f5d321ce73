"""The embedded servers survive what happens to machines: a first start cut off, kill -9, stale files."""

import os
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from passes.launcher.kafka import EmbeddedKafka
from passes.launcher.postgres import EmbeddedPostgres
from passes.launcher.problems import CannotStart


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    yield server
    server.stop()
    server.remove()


def test_a_first_start_that_was_cut_off_is_done_again(postgres: EmbeddedPostgres) -> None:
    unfinished = postgres.home / "data.unfinished"
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18\n")
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SHOW server_version_num").fetchone()
    assert not unfinished.exists()


def test_a_server_killed_outright_starts_again_with_its_data(tmp_path: Path) -> None:
    postgres = EmbeddedPostgres(tmp_path / "postgres")
    with psycopg.connect(postgres.start()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS n")
    os.kill(postgres.child.pid, signal.SIGKILL)
    postgres.stop()
    # A process number in a stale file belongs to somebody else by now.
    pid_file = postgres.data / "postmaster.pid"
    pid_file.write_text("\n".join([str(os.getpid()), *pid_file.read_text().splitlines()[1:]]))
    with psycopg.connect(postgres.start()) as connection:
        assert connection.execute("SELECT n FROM kept").fetchone() == (1,)
    postgres.stop()
    postgres.remove()


def test_a_server_left_running_by_a_killed_launcher_is_stopped_first(postgres: EmbeddedPostgres) -> None:
    postgres.start()
    left = postgres.child.pid
    other = EmbeddedPostgres(postgres.folder, durable=False)
    other.start()
    assert not psutil.pid_exists(left) or psutil.Process(left).status() == psutil.STATUS_ZOMBIE
    other.stop()


def test_a_path_too_long_for_a_socket_is_no_obstacle(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("x" * 60) / ("y" * 60), durable=False)
    try:
        with psycopg.connect(server.start()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    finally:
        server.stop()
        server.remove()


def test_data_of_another_major_version_is_refused_and_left_alone(postgres: EmbeddedPostgres) -> None:
    postgres.data.mkdir()
    (postgres.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(CannotStart, match="16 data"):
        postgres.start()
    assert (postgres.data / "PG_VERSION").exists()


def test_no_folder_of_others_becomes_readable(tmp_path: Path) -> None:
    before = {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.parents}
    server = EmbeddedPostgres(tmp_path / "postgres", durable=False)
    server.start()
    server.stop()
    server.remove()
    assert {path: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.parents} == before


def test_a_broker_killed_outright_starts_again(tmp_path: Path) -> None:
    (tmp_path / "data.unfinished").mkdir()
    broker = EmbeddedKafka(tmp_path, durable=False)
    broker.start()
    formatted = (broker.data / "meta.properties").read_text()
    os.kill(broker.child.pid, signal.SIGKILL)
    broker.stop()
    assert broker.start() == broker.bootstrap
    broker.stop()
    assert (broker.data / "meta.properties").read_text() == formatted
