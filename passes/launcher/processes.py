"""One child process: its own session, its output line by line, a record to find it again, a stop with a time limit."""

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

LineSink = Callable[[str], None]
REMINDER_SECONDS = 1.0


def write_to(path: Path) -> LineSink:
    """A sink that adds each line to a file."""

    def sink(line: str) -> None:
        with path.open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return sink


@dataclass(frozen=True)
class Record:
    """A process as noted in a file: its number alone may belong to another one by now, its start time tells."""

    name: str
    pid: int
    started: float
    stop_signal: int

    @classmethod
    def read(cls, path: Path) -> "Record | None":
        """The record in the file, or None where it is missing or was cut off."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def is_alive(self) -> bool:
        """Whether exactly this process still runs."""
        try:
            process = psutil.Process(self.pid)
            return self._is_it(process) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def _is_it(self, process: psutil.Process) -> bool:
        return abs(process.create_time() - self.started) < 2

    def session(self) -> list[psutil.Process]:
        """What still runs in the session this process led.

        A number is not given away while a session of this number has members: where another process has it by now,
        nothing of ours is left.
        """
        members: list[psutil.Process] = []
        if psutil.pid_exists(self.pid) and not self._is_it(psutil.Process(self.pid)):
            return members
        for process in psutil.process_iter():
            try:
                if os.getsid(process.pid) == self.pid and process.create_time() >= self.started - 2:
                    members.append(process)
            except (ProcessLookupError, psutil.NoSuchProcess, PermissionError):
                continue
        return members

    def stop(self, seconds: float) -> bool:
        """Ask the process to end, then end by force what is left of its session. True if anything was running."""
        alive = self.is_alive()
        if alive:
            os.kill(self.pid, self.stop_signal)
            wait_until(lambda: not self.is_alive(), seconds)
        left = self.session()
        for process in left:
            _send(process, signal.SIGKILL)
        psutil.wait_procs(left, timeout=5)
        return alive or bool(left)


def _send(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.NoSuchProcess:
        return


def wait_until(is_so: Callable[[], bool], seconds: float) -> bool:
    """Poll until it is so, for at most this long."""
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


@dataclass(frozen=True)
class Command:
    """What to run: the arguments, and how it is told to stop."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    stop_signal: int = signal.SIGTERM
    stop_seconds: float = 20
    # A web worker that is still loading the application forgets the first word: say it to all, again and again.
    tells_session: bool = False
    # How far it stands back when the processor is short: a gate must answer now, statistics may come later.
    niceness: int = 0
    user: int | None = None
    group: int | None = None


class Child:
    """A started command. `ready_text` in a line of its output sets `ready`."""

    def __init__(self, command: Command, sink: LineSink, *, run_dir: Path | None = None, ready_text: str = ""):
        self.command = command
        self.ready = threading.Event()
        self._sink = sink
        self._ready_text = ready_text
        self._record_file = run_dir / f"{command.name}.json" if run_dir else None
        self._process: subprocess.Popen[str] | None = None
        self._pump: threading.Thread | None = None
        self._record: Record | None = None

    def start(self) -> None:
        """Start it in a session of its own, so that a terminal's Ctrl-C reaches the launcher alone."""
        command = self.command
        self.ready.clear()
        account: dict[str, object] = {}
        if command.user is not None:
            account = {"user": command.user, "group": command.group, "extra_groups": []}
        self._process = subprocess.Popen(  # type: ignore[call-overload]
            [*(("nice", "-n", str(command.niceness)) if command.niceness else ()), *command.argv],
            env=None if command.env is None else dict(command.env),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            **account,
        )
        self._stand_back()
        self._record = Record(command.name, self.pid, psutil.Process(self.pid).create_time(), command.stop_signal)
        if self._record_file:
            self._record_file.write_text(json.dumps(self._record.__dict__))
        self._pump = threading.Thread(target=self._pass_lines_on, name=f"{command.name}-lines", daemon=True)
        self._pump.start()

    def _stand_back(self) -> None:
        """Linux shares the processor between sessions first (autogroup): there `nice` alone changes nothing."""
        if self.command.niceness:
            with suppress(OSError):
                Path(f"/proc/{self.pid}/autogroup").write_text(str(self.command.niceness))

    @property
    def pid(self) -> int:
        """Its process number."""
        if self._process is None:
            raise RuntimeError(f"{self.command.name} was not started")
        return self._process.pid

    def exit_code(self) -> int | None:
        """How it ended, or None while it runs (or before it was started)."""
        return None if self._process is None else self._process.poll()

    def stop(self, *, force: bool = False) -> None:
        """Tell it to stop and wait for its time limit; then, or at once with `force`, end its whole session."""
        if self._process is None or self._record is None:
            return
        if self._process.poll() is None and not force:
            self._process.send_signal(self.command.stop_signal)
            end = time.monotonic() + self.command.stop_seconds
            while self.command.tells_session and not self._wait(REMINDER_SECONDS) and time.monotonic() < end:
                for process in self._record.session():
                    _send(process, self.command.stop_signal)
            self._wait(end - time.monotonic())
        self.clear_session()

    def clear_session(self) -> None:
        """End by force what is left of its session (a web worker whose parent died), close the pipe, forget it."""
        if self._process is None or self._record is None:
            return
        for process in self._record.session():
            _send(process, signal.SIGKILL)
        self._wait(10)
        if self._pump:
            self._pump.join(5)
        if self._process.stdout:
            self._process.stdout.close()
        if self._record_file:
            self._record_file.unlink(missing_ok=True)

    def _wait(self, seconds: float) -> bool:
        try:
            if self._process:
                self._process.wait(max(seconds, 0))
        except subprocess.TimeoutExpired:
            return False
        return True

    def _pass_lines_on(self) -> None:
        stream = self._process.stdout if self._process else None
        for line in stream or ():
            self._sink(line.rstrip("\n"))
            if self._ready_text and self._ready_text in line:
                self.ready.set()
