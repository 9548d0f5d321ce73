"""A limit that holds over processes, not in each."""

import multiprocessing
from datetime import datetime

from passes import db
from passes.access import rates
from passes.db import transaction


def _knock(url: str, moment: datetime, tries: int) -> int:
    engine = db.connect(url, pool_size=1)
    allowed = 0
    for _ in range(tries):
        with transaction() as session:
            allowed += rates.allow(session, "door", limit=5, seconds=300, now=moment)
    engine.dispose()
    return allowed


def test_four_processes_with_two_thousand_tries_get_exactly_the_limit(database: str, now: datetime) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        allowed = pool.starmap(_knock, [(database, now, 500)] * 4)
        pool.close()
        pool.join()
    assert sum(allowed) == 5
