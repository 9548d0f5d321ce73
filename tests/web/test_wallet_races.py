"""A holder who is impatient."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from passes import clock
from passes.app import create_app
from passes.db import transaction
from passes.lifecycle.queries import get_pass, wallet_path
from passes.settings import Settings
from tests.factories import active_pass, city


def test_the_button_pushed_six_times_at_once_replaces_the_codes_once(database: str, settings: Settings) -> None:
    now = clock.now()
    with transaction() as session:
        city(session, now=now)
        pass_id = active_pass(session, now=now).id
        path = wallet_path(session, pass_id)
    app, barrier = create_app(settings), Barrier(6)

    def push(_: int) -> int:
        barrier.wait(timeout=60)
        return app.test_client().post(f"{path}/codes", data={"generation": "0"}).status_code

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(push, range(6))) == [303] * 6
    with transaction() as session:
        assert get_pass(session, pass_id).generation == 1
