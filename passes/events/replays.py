"""Handing a parked event to its consumer once more. The handlers stand above this room, so it is a process."""

import subprocess
import sys

from passes.db import in_transaction

_SECONDS = 60


def replay(number: int) -> str | None:
    """None when it was handled (or sent) this time; else why not: then it stays parked."""
    if in_transaction():
        raise AssertionError("a process was started while a transaction was open")
    command = [sys.executable, "-m", "consumers", "replay", str(number)]
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=_SECONDS)
    except subprocess.TimeoutExpired:
        return f"no answer within {_SECONDS} seconds"
    if done.returncode == 0:
        return None
    lines = [line for line in done.stderr.splitlines() if line.startswith(f"{number}: ")]
    return lines[-1].removeprefix(f"{number}: ") if lines else f"the process ended with {done.returncode}"
