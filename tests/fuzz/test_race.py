"""`make fuzz`: the race for the last use of a pass, with the full number of rounds."""

from datetime import datetime

from tests.services.test_scans_race import ROUNDS, race_for_the_last_use


def test_two_hundred_threads_get_one_use_in_every_round(database: str, now: datetime) -> None:
    assert race_for_the_last_use(database, now) == ROUNDS
