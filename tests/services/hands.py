"""The hands of a race: a few Python processes, each a whole shop with its own engine, provider and web server.

They are started once and opened for each test's database. What they do is a function whose first argument is the shop
of the process that runs it, named by its module, so that it can be sent.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

from passes.settings import Settings

PROCESSES = 4
PATIENCE_SECONDS = 120
Facts = ParamSpec("Facts")
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Task(Generic[Answer]):
    """What one hand is to do, and with what."""

    deed: Callable[..., Answer]
    facts: tuple[Any, ...]
    named: dict[str, Any]


def task(deed: Callable[Concatenate[Any, Facts], Answer], *facts: Facts.args, **named: Facts.kwargs) -> Task[Answer]:
    """deed(shop, *facts, **named), where shop is that of the process."""
    return Task(deed, facts, named)


@dataclass(frozen=True)
class Broken:
    """Something was raised that is no refusal: its traceback."""

    text: str


@dataclass
class Hand:
    """One process, and our end of the pipe to it."""

    process: subprocess.Popen[bytes]
    pipe: Connection

    def hear(self) -> Any:
        """What it says next. EOFError when it has ended."""
        assert self.pipe.poll(PATIENCE_SECONDS), "a process hangs"
        return self.pipe.recv()


def start_hand() -> Hand:
    ours, theirs = Pipe()
    command = [sys.executable, "-m", "tests.services.hand", str(theirs.fileno())]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, pass_fds=[theirs.fileno()])
    theirs.close()
    return Hand(process, ours)


@dataclass
class Hands:
    """Several of them. Whatever goes wrong between them and us ends them; the next test starts new ones."""

    all: list[Hand] = field(default_factory=list)
    turn: int = 0

    def open(self, settings: Settings) -> None:
        """A shop with these settings in each process."""
        self.all = self.all or [start_hand() for _ in range(PROCESSES)]
        self._tell(settings, "open")

    def close(self) -> None:
        """They let go of the shop, and of its database."""
        self._tell(None, "closed")

    def at_once(self, tasks: Sequence[Task[Answer]]) -> list[Answer | str]:
        """All of them behind one barrier, dealt out to the processes: each answer, or the code of the refusal.

        The process that is first to hear "go" is another one each time. Where there are more tasks than processes a
        process has several threads, as a web server has.
        """
        told = self.begin(tasks)
        answers: list[Any] = [None] * len(tasks)
        with self._all_or_none():
            for place, hand in enumerate(told):
                answers[place :: len(self.all)] = hand.hear()
        broken = [answer.text for answer in answers if isinstance(answer, Broken)]
        assert not broken, "\n".join(broken)
        return answers

    def begin(self, tasks: Sequence[Task[Any]]) -> list[Hand]:
        """All are ready, then all are told to go; returns who has begun, in the order of the tasks."""
        self.turn += 1
        first = self.turn % len(self.all)
        told = [*self.all[first:], *self.all[:first]][: len(tasks)]
        with self._all_or_none():
            for place, hand in enumerate(told):
                hand.pipe.send(tasks[place :: len(self.all)])
            for hand in told:
                assert hand.hear() == "ready"
            for hand in told:
                hand.pipe.send("go")
        return told

    def _tell(self, said: object, answer: str) -> None:
        with self._all_or_none():
            for hand in self.all:
                hand.pipe.send(said)
            for hand in self.all:
                assert hand.hear() == answer

    @contextmanager
    def _all_or_none(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """No process of ours is left."""
        for hand in self.all:
            hand.pipe.close()
            hand.process.kill()
            hand.process.wait()
        self.all = []
