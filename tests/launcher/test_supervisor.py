"""Who has ended is started again, but for one who stopped on purpose."""

import sys
import threading
import time
from pathlib import Path

from passes.launcher.processes import wait_until
from passes.launcher.services import Service
from passes.launcher.supervisor import Supervisor


def part(name: str, code: int, folder: Path) -> Service:
    """A process that leaves a mark at each start and ends with this exit code."""
    script = f"open({str(folder / name)!r}, 'a').write('x'); raise SystemExit({code})"
    made = Service(name, [sys.executable, "-c", script], {}, sink=lambda line: None, run_dir=folder)
    made.start()
    return made


def starts(name: str, folder: Path) -> int:
    path = folder / name
    return len(path.read_text()) if path.exists() else 0


def test_a_worker_that_stopped_on_purpose_is_left_alone_and_a_crashed_one_is_not(tmp_path: Path) -> None:
    said: list[str] = []
    supervisor = Supervisor(said.append)
    for name, code in (("analytics", 3), ("relay", 1)):
        supervisor.add(part(name, code, tmp_path))
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    assert wait_until(lambda: starts("relay", tmp_path) >= 2, 20)
    time.sleep(0.5)
    supervisor.stop_asked.set()
    watching.join()
    supervisor.stop_all()
    assert starts("analytics", tmp_path) == 1
    assert any("analytics stopped on purpose" in line for line in said)
