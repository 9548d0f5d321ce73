"""Only what we started is stopped, and all of it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil

from passes.launcher.processes import Child, Command, Record, wait_until
from passes.launcher.state import Folder


def sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)


def test_a_process_number_given_to_another_process_is_never_stopped(tmp_path: Path) -> None:
    stranger = sleeper()
    folder = Folder(tmp_path)
    folder.prepare()
    started = psutil.Process(stranger.pid).create_time() - 3600
    record = {"name": "relay", "pid": stranger.pid, "started": started, "stop_signal": signal.SIGTERM}
    (folder.run / "relay.json").write_text(json.dumps(record))
    assert not Record(**record).is_alive()
    folder.stop_orphans()
    still_runs = stranger.poll() is None
    stranger.kill()
    stranger.wait()
    assert still_runs


def test_an_orphan_is_stopped_and_forgotten(tmp_path: Path) -> None:
    orphan = sleeper()
    folder = Folder(tmp_path)
    folder.prepare()
    record = Record("relay", orphan.pid, psutil.Process(orphan.pid).create_time(), signal.SIGTERM)
    (folder.run / "relay.json").write_text(json.dumps(record.__dict__))
    assert folder.stop_orphans() == ["relay"]
    assert wait_until(lambda: orphan.poll() is not None, 5)
    assert folder.records() == {}


def test_a_record_that_was_cut_off_is_no_record(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.prepare()
    (folder.run / "web.json").write_text('{"name": "web", "pi')
    assert folder.stop_orphans() == []


def test_stopping_ends_children_that_outlived_their_parent(tmp_path: Path) -> None:
    script = "import os, time\nif os.fork() == 0:\n    print(os.getpid(), flush=True)\n    time.sleep(60)\nos._exit(1)"
    lines: list[str] = []
    child = Child(Command("web", [sys.executable, "-c", script]), lines.append, run_dir=tmp_path)
    child.start()
    assert wait_until(lambda: bool(lines) and child.exit_code() is not None, 10)
    survivor = int(lines[0])
    assert psutil.pid_exists(survivor)
    child.stop()
    assert wait_until(lambda: not psutil.pid_exists(survivor), 5)
    assert not (tmp_path / "web.json").exists()


def test_who_does_not_stop_in_time_is_killed() -> None:
    ignore = "signal.signal(signal.SIGTERM, signal.SIG_IGN)"
    script = f"import signal, time; {ignore}; print('up', flush=True); time.sleep(60)"
    child = Child(
        Command("slow", [sys.executable, "-c", script], stop_seconds=0.2), lambda _line: None, ready_text="up"
    )
    child.start()
    assert child.ready.wait(10)
    child.stop()
    assert child.exit_code() == -signal.SIGKILL


def test_a_child_has_a_session_of_its_own() -> None:
    child = Child(Command("own", [sys.executable, "-c", "import time; time.sleep(60)"]), lambda _line: None)
    child.start()
    assert os.getsid(child.pid) == child.pid
    child.stop()


def test_a_process_that_stands_back_does_so_beside_other_sessions_too() -> None:
    child = Child(Command("patient", ["sleep", "30"], niceness=15), lambda line: None)
    child.start()
    try:
        assert wait_until(lambda: os.getpriority(os.PRIO_PROCESS, child.pid) == 15, 5)
        group = Path(f"/proc/{child.pid}/autogroup")
        assert not group.exists() or group.read_text().split()[-1] == "15"
    finally:
        child.stop()
