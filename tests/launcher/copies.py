"""A whole copy of the service, started as a user would start it."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from passes.launcher.places import free_port
from passes.launcher.processes import Record, wait_until

READY_SECONDS = 90
# The last line of the welcome: whoever waits for it may read all that stands before it.
READY = "Ctrl-C stops everything."


# What a machine sets for every shell, the way to the network included: Kafka's jars are fetched once.
OF_THE_MACHINE = ("PATH", "HOME", "LANG", "TMPDIR", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")


def clean_environment(**more: str) -> dict[str, str]:
    """What a fresh shell has."""
    kept = {name: os.environ[name] for name in (*OF_THE_MACHINE, *CERTIFICATES) if name in os.environ}
    return {**kept, "PYTHONWARNINGS": "ignore", **more}


class Copy:
    """`youyou run` on a folder; its output goes to a file beside it."""

    def __init__(self, folder: Path, port: int | None = None, **environment: str) -> None:
        self.folder = folder
        self.port = port or free_port()
        self._environment = clean_environment(**environment)
        self._output = folder.with_suffix(".out")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        argv = [sys.executable, "-m", "passes.cli", "run", "--var", str(self.folder), "--port", str(self.port)]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                argv, env=self._environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
            )

    def wait_until_ready(self) -> None:
        wait_until(lambda: READY in self.said() or self.exit_code() is not None, READY_SECONDS)
        assert READY in self.said(), self.said()
        assert self.exit_code() is None, self.said()

    def exit_code(self) -> int | None:
        assert self._process
        return self._process.poll()

    def said(self) -> str:
        return self._output.read_text(errors="replace")

    def status(self) -> dict[str, Any]:
        state = self.folder / "run" / "state.json"
        return json.loads(state.read_text()) if state.exists() else {}

    def records(self) -> dict[str, Record]:
        found = (Record.read(path) for path in (self.folder / "run").glob("*.json"))
        return {record.name: record for record in found if record}

    def send(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        assert self._process
        return self._process.wait(seconds)

    def stop(self) -> int:
        """The exit status after SIGTERM."""
        if self.exit_code() is None:
            self.send(signal.SIGTERM)
        return self.wait()

    def remove(self) -> None:
        """Stop it and throw its data away, also what lies elsewhere because the folder is private."""
        self.stop()
        shutil.rmtree((self.folder / "postgres").resolve(), ignore_errors=True)
        shutil.rmtree(self.folder)


def youyou(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One call of the command, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "passes.cli", *arguments],
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=120,
    )


def wait_for(seconds: float, is_so: Any, what: str) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, what
        time.sleep(0.05)
