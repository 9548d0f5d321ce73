"""The processes of the service: how each one is started. The compose file starts the same commands."""

import http.client
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from passes.launcher.plan import HOST, project_folder
from passes.launcher.processes import Child, Command, LineSink

READY_SECONDS = 90
# On one machine the gates come first: what only counts afterwards takes what is left of the processor.
BEHIND = frozenset({"relay", "analytics", "satisfaction", "direct"})


def web_command(port: int, host: str = HOST) -> list[str]:
    """The web server: threads for slow clients, one process a core, killed workers replaced."""
    workers = max(2, os.cpu_count() or 2)
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--factory", "passes.app:create_app"),
        *("--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", "4", "--no-ws"),
        *("--respawn-failed-workers", "--workers-kill-timeout", "20", "--log-level", "warning"),
    ]


def commands(*, port: int, direct: bool, with_cashier: bool) -> dict[str, list[str]]:
    """Every process but the servers of others, by name, in the order they start in."""
    workers = ("direct",) if direct else ("relay", "analytics", "satisfaction")
    found = {"chores": [sys.executable, "-m", "passes.cli", "chores"]}
    if with_cashier:
        found["cashier"] = [sys.executable, "-m", "passes.cashier"]
    for worker in workers:
        found[worker] = [sys.executable, "-m", "consumers", worker]
    found["web"] = web_command(port)
    return found


class Part(Protocol):
    """Something the supervisor starts, watches and stops."""

    @property
    def name(self) -> str: ...
    @property
    def child(self) -> Child: ...
    def start(self) -> object: ...
    def stop(self) -> None: ...


class Service:
    """One process of ours."""

    def __init__(
        self, name: str, argv: list[str], environment: Mapping[str, str], *, sink: LineSink, run_dir: Path
    ) -> None:
        self.name = name
        command = Command(
            name,
            argv,
            env=environment,
            cwd=project_folder(),
            stop_seconds=30,
            tells_session=name == "web",
            niceness=5 if name in BEHIND else 0,
        )
        self.child = Child(command, sink, run_dir=run_dir)

    def start(self) -> None:
        self.child.start()

    def stop(self) -> None:
        self.child.stop()


def answers(port: int, path: str) -> bool:
    """Whether a server of ours answers this path with 200."""
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
