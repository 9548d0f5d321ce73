"""What the launcher does when something fails that it did not foresee."""

from pathlib import Path

import psutil
import pytest
from sqlalchemy import create_engine, text

from passes.launcher import preparation
from passes.launcher.output import Output
from passes.launcher.places import free_port
from passes.launcher.problems import CannotStart
from passes.launcher.run import _Run
from passes.launcher.state import Folder
from passes.launcher.supervisor import Supervisor
from tests.launcher.copies import clean_environment


def test_a_fault_nobody_foresaw_leaves_no_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Folder(tmp_path / "var")
    folder.prepare()
    output = Output(folder.log)
    started: list[int] = []

    def fail(*_: object) -> None:
        started.append(folder.records()["postgres"].pid)
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(preparation, "fill", fail)
    run = _Run(folder, output, Supervisor(output.say))
    with pytest.raises(RuntimeError, match="foresaw"):
        run.go(clean_environment(EVENTS="direct"), free_port())
    output.close()
    assert [psutil.pid_exists(pid) for pid in started] == [False]
    assert folder.records() == {}


def test_a_database_of_a_later_release_is_refused_in_words(database: str) -> None:
    engine = create_engine(database)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CannotStart, match="made by another release"):
        preparation.migrate(database)
