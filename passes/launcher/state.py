"""The folder of one copy of the service: what is noted there about what runs, and its secrets."""

import base64
import fcntl
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from passes.launcher.problems import CannotStart
from passes.launcher.processes import Record

# The order things are stopped in: first whoever takes requests, last whoever keeps the data.
STOP_ORDER = (
    ("web",),
    ("relay", "analytics", "satisfaction", "direct"),
    ("chores", "cashier"),
    ("kafka",),
    ("postgres",),
)
ORPHAN_SECONDS = 20


@dataclass(frozen=True)
class Folder:
    """Where one copy keeps its data (VAR): postgres/, kafka/, log/, run/ and secrets.json."""

    path: Path

    @property
    def run(self) -> Path:
        return self.path / "run"

    @property
    def log(self) -> Path:
        return self.path / "log"

    @property
    def metrics(self) -> Path:
        return self.run / "metrics"

    def prepare(self) -> None:
        """Make what is missing; an unwritable place is refused in words."""
        try:
            for folder in (self.run, self.log, self.metrics):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise CannotStart(f"The data folder {self.path} cannot be used: {problem.strerror}.") from problem

    def lock(self) -> IO[str]:
        """Held while a launcher works on this folder; it is let go of even when the launcher is killed."""
        file = (self.run / "launcher.lock").open("w")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise CannotStart(
                f"A copy already runs on {self.path}: see `youyou status`. For a second one name another folder and "
                "port: make run VAR=/another/folder PORT=8100"
            ) from None
        return file

    def is_locked(self) -> bool:
        """Whether a launcher works on this folder now."""
        try:
            with (self.run / "launcher.lock").open("r") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def records(self) -> dict[str, Record]:
        """Every process noted in the folder, by name; it need not run any more."""
        found = {name: Record.read(self.run / f"{name}.json") for group in STOP_ORDER for name in group}
        return {name: record for name, record in found.items() if record}

    def stop_orphans(self) -> list[str]:
        """Stop what a launcher that was killed has left running, and nothing else; returns the names."""
        stopped = []
        for name, record in self.records().items():
            if record.stop(ORPHAN_SECONDS):
                stopped.append(name)
            (self.run / f"{name}.json").unlink(missing_ok=True)
        return stopped

    def write(self, name: str, content: dict[str, Any]) -> None:
        """Note something in run/, readable by its owner alone; whole or not at all."""
        write_private(self.run / name, json.dumps(content, indent=2, ensure_ascii=False))

    def read(self, name: str) -> dict[str, Any]:
        """What was noted, or nothing."""
        try:
            found: dict[str, Any] = json.loads((self.run / name).read_text())
        except (OSError, ValueError):
            return {}
        return found

    def forget(self) -> None:
        """Remove the notes about a run that has ended."""
        for name in ("state.json", "environment.json"):
            (self.run / name).unlink(missing_ok=True)


@dataclass(frozen=True)
class Secrets:
    """Made once and kept: losing the first makes every issued code and every stored document check worthless."""

    secret_key: str
    cashier_key: str
    webhook_secret: str
    first_password: str = ""

    @classmethod
    def make(cls) -> "Secrets":
        """New ones."""
        return cls(
            secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            cashier_key=f"sk_sandbox_{secrets.token_hex(16)}",
            webhook_secret=f"whsec_sandbox_{secrets.token_hex(16)}",
        )

    @classmethod
    def load(cls, folder: Folder) -> "Secrets":
        """Those of the folder, or new ones."""
        path = folder.path / "secrets.json"
        try:
            return cls(**json.loads(path.read_text()))
        except FileNotFoundError:
            made = cls.make()
            made.save(folder)
            return made
        except (OSError, ValueError, TypeError) as problem:
            raise CannotStart(
                f"{path} cannot be read ({problem}). It holds the keys of this installation: bring it back from a "
                "backup. Only if the data may be lost, move the whole folder away and start anew."
            ) from problem

    def save(self, folder: Folder) -> None:
        write_private(folder.path / "secrets.json", json.dumps(asdict(self), indent=2))


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all, even if the machine stops now."""
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
