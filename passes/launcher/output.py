"""What the person at the terminal sees, and the files that keep it: a line a step, every process behind its name."""

import json
import logging
import sys
import threading
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path

import click

from passes.launcher.problems import is_disk_full
from passes.launcher.processes import LineSink

COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")
FILE_BYTES = 10_000_000
OLD_FILES = 5
WIDTH = 12
SECONDS_BETWEEN_WARNINGS = 60


class _LogFile(RotatingFileHandler):
    """A rotating file that does not fall over when the disk is full: the terminal still has every line."""

    def handleError(self, record: logging.LogRecord) -> None:
        return


class Output:
    """Lines from many threads, never torn apart. A terminal that has gone away is no reason to stop."""

    def __init__(self, log_dir: Path) -> None:
        log_dir.mkdir(parents=True, exist_ok=True)
        self._log_dir = log_dir
        self._lock = threading.Lock()
        self._names: list[str] = []
        self._files: list[_LogFile] = []
        self._warned_at = float("-inf")
        self._own_file = self._file("launcher")

    def say(self, text: str) -> None:
        """A step or a message of the launcher itself."""
        for line in text.splitlines():
            self._print(line)
            _add(self._own_file, f"{time.strftime('%Y-%m-%d %H:%M:%S')} {line}")

    def sink(self, name: str) -> LineSink:
        """Where the lines of one process go: to the terminal behind its name, and to its own file."""
        colour = COLOURS[len(self._names) % len(COLOURS)]
        self._names.append(name)
        prefix = click.style(f"{name:<{WIDTH}}|", fg=colour)
        file = self._file(name)

        def pass_on(line: str) -> None:
            self._print(f"{prefix} {_in_short(line)}")
            _add(file, line)
            if is_disk_full(line):
                self._warn_of_full_disk()

        return pass_on

    def close(self) -> None:
        """Close the files."""
        for file in self._files:
            file.close()

    def _file(self, name: str) -> _LogFile:
        file = _LogFile(
            self._log_dir / f"{name}.log", maxBytes=FILE_BYTES, backupCount=OLD_FILES, encoding="utf-8", delay=True
        )
        self._files.append(file)
        return file

    def _print(self, line: str) -> None:
        with self._lock:
            try:
                click.echo(line)
            except OSError:
                # The terminal is closed or the pipe's reader has gone; the files go on.
                sys.stdout = open("/dev/null", "w")  # noqa: SIM115

    def _warn_of_full_disk(self) -> None:
        if time.monotonic() - self._warned_at > SECONDS_BETWEEN_WARNINGS:
            self._warned_at = time.monotonic()
            self.say("The disk is full: nothing is stored until there is space again. Free some, then all goes on.")


def _in_short(line: str) -> str:
    """A JSON log line as a person reads it; any other line as it is. The file keeps the whole."""
    if not line.startswith("{"):
        return line
    try:
        found = json.loads(line)
        words = f"{found['level']} {found['logger']}: {found['message']}"
    except (ValueError, KeyError, TypeError):
        return line
    trace = found.get("exc_info")
    return f"{words}\n{trace}" if trace else words


def _add(file: _LogFile, line: str) -> None:
    file.handle(logging.LogRecord("launcher", logging.INFO, "", 0, line, None, None))
