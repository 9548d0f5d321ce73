"""Watches what was started, starts again what has ended, stops everything in order."""

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType

from passes.launcher.problems import CannotStart
from passes.launcher.services import Part
from passes.launcher.state import STOP_ORDER

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0
# Whoever ran this long has recovered: its next pause is short again.
STEADY_SECONDS = 60.0
LOOK_SECONDS = 0.2
# A worker's word for "I stopped on purpose, somebody must look": started again it would only park more events.
STOPPED_ON_PURPOSE = 3


class StopAsked(Exception):
    """Ctrl-C or SIGTERM came while things were still being started."""


class Supervisor:
    """Parts are added when they have been started."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.stop_asked = threading.Event()
        self._say = say
        self._parts: list[Part] = []
        self._pauses: dict[str, float] = {}
        self._due: dict[str, float] = {}
        self._started_at: dict[str, float] = {}
        self._left_alone: set[str] = set()

    def listen(self) -> None:
        """Take Ctrl-C, SIGTERM and a closed terminal as the wish to stop; the second one kills."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)

    def check(self) -> None:
        """Between two steps of starting: raise `StopAsked` if that was asked."""
        if self.stop_asked.is_set():
            raise StopAsked

    def add(self, part: Part) -> None:
        self._parts.append(part)
        self._started_at[part.name] = time.monotonic()

    def wait_for(self, is_ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Wait until it is ready. `CannotStart` when it takes too long or one of the parts ends."""
        end = time.monotonic() + seconds
        while not is_ready():
            self.check()
            for part in self._parts:
                code = part.child.exit_code()
                if code is not None:
                    raise CannotStart(
                        f"{part.name} ended at once ({_in_words(code)}). The reason is above, after its name."
                    )
            if time.monotonic() > end:
                raise CannotStart(f"{what} was not ready after {seconds:.0f} s.")
            time.sleep(0.05)

    def watch(self) -> None:
        """Until a stop is asked: say who has ended and start it again, at growing distances."""
        while not self.stop_asked.wait(LOOK_SECONDS):
            for part in self._parts:
                if part.name in self._due:
                    self._start_again(part)
                elif part.child.exit_code() is not None and part.name not in self._left_alone:
                    self._note_end(part)

    def stop_all(self) -> None:
        """Stop group after group; within a group all at once."""
        by_name = {part.name: part for part in self._parts}
        for group in STOP_ORDER:
            parts = [by_name[name] for name in group if name in by_name]
            if not parts:
                continue
            self._say(f"Stopping {', '.join(part.name for part in parts)}")
            with ThreadPoolExecutor(len(parts)) as pool:
                list(pool.map(lambda part: part.stop(), parts))
        self._parts.clear()

    def _note_end(self, part: Part) -> None:
        code = part.child.exit_code()
        part.child.clear_session()
        if code == STOPPED_ON_PURPOSE:
            self._left_alone.add(part.name)
            self._say(f"{part.name} stopped on purpose and stays so: the reason is above, after its name")
            return
        if time.monotonic() - self._started_at[part.name] > STEADY_SECONDS:
            self._pauses.pop(part.name, None)
        pause = self._pauses.get(part.name, FIRST_PAUSE_SECONDS)
        self._pauses[part.name] = min(pause * 2, LONGEST_PAUSE_SECONDS)
        self._due[part.name] = time.monotonic() + pause
        self._say(f"{part.name} ended unexpectedly ({_in_words(code)}); it is started again in {pause:.0f} s")

    def _start_again(self, part: Part) -> None:
        if time.monotonic() < self._due[part.name]:
            return
        try:
            part.start()
        except CannotStart as problem:
            pause = self._pauses[part.name]
            self._pauses[part.name] = min(pause * 2, LONGEST_PAUSE_SECONDS)
            self._due[part.name] = time.monotonic() + pause
            self._say(f"{problem}\n{part.name} is tried again in {pause:.0f} s")
            return
        del self._due[part.name]
        self._started_at[part.name] = time.monotonic()
        self._say(f"{part.name} runs again")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if not self.stop_asked.is_set():
            self.stop_asked.set()
            return
        for part in self._parts:
            try:
                os.killpg(part.child.pid, signal.SIGKILL)
            except (ProcessLookupError, RuntimeError):
                continue


def _in_words(code: int | None) -> str:
    if code is not None and code < 0:
        return f"killed by {signal.Signals(-code).name}"
    return f"exit code {code}"
