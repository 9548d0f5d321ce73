"""`python -m tests.services.hand FD`: a shop in a process of its own, told through a pipe what to do: see hands.py."""

import sys
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from threading import Barrier
from typing import Any

from passes import app as web
from passes import db
from passes.errors import Problem
from passes.sale.stripe_gateway import StripePayments
from passes.settings import Settings
from tests.services.conftest import Shop
from tests.services.hands import PATIENCE_SECONDS, Broken, Task
from tests.serving import served


def main() -> None:
    pipe = Connection(int(sys.argv[1]))
    # The other end is gone: so is whoever wanted something.
    with suppress(EOFError):
        while True:
            keep_shop(pipe, pipe.recv())


def keep_shop(pipe: Connection, chosen: Settings) -> None:
    """A shop on this database, with connections and a web server like those of one worker of the real one."""
    engine = db.connect(chosen.database_url, pool_size=8)
    with served(lambda _: web.create_app(chosen)) as address:
        shop = Shop(chosen, StripePayments(chosen), address)
        pipe.send("open")
        while (tasks := pipe.recv()) is not None:
            pipe.send(work(pipe, shop, tasks))
    engine.dispose()
    pipe.send("closed")


def work(pipe: Connection, shop: Shop, tasks: Sequence[Task[Any]]) -> list[Any]:
    """All of them stand ready, each in its thread, before we say so; none begins before the word."""
    barrier = Barrier(len(tasks) + 1, timeout=PATIENCE_SECONDS)

    def do(task: Task[Any]) -> Any:
        barrier.wait()
        try:
            return task.deed(shop, *task.facts, **task.named)
        except Problem as refused:
            return refused.code
        except Exception:
            return Broken(traceback.format_exc())

    with ThreadPoolExecutor(len(tasks)) as pool:
        begun = [pool.submit(do, task) for task in tasks]
        pipe.send("ready")
        pipe.recv()
        barrier.wait()
        return [future.result() for future in begun]


if __name__ == "__main__":
    main()
