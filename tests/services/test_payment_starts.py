"""A process that should not start where it stands ends at once, with a reason: the guards seen from outside."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from passes import clock
from passes.sale import flows
from passes.settings import Settings, SettingsRefused
from tests.conftest import TEST_SETTINGS
from tests.rules.test_payment_guards import LIVE, SANDBOX

LIVE_SETTINGS = replace(TEST_SETTINGS, payments="stripe", stripe_secret_key="rk_live_x", stripe_api_base=None)
TEST_ACCOUNT = replace(LIVE_SETTINGS, stripe_secret_key="sk_test_x")


@pytest.mark.parametrize(
    ("first", "then", "owner"),
    [
        (TEST_SETTINGS, LIVE_SETTINGS, "sandbox"),
        (LIVE_SETTINGS, TEST_SETTINGS, "live"),
        (TEST_ACCOUNT, LIVE_SETTINGS, "test"),
        (LIVE_SETTINGS, TEST_ACCOUNT, "live"),
    ],
    ids=["live on sandbox", "sandbox on live", "live on test", "test on live"],
)
def test_guard_7_a_database_made_for_other_money(database: str, first: Settings, then: Settings, owner: str) -> None:
    flows.check_installation(first, now=clock.now())
    flows.check_installation(first, now=clock.now())
    with pytest.raises(SettingsRefused, match=f"this database belongs to a {owner} installation"):
        flows.check_installation(then, now=clock.now())


@pytest.mark.parametrize("command", [["passes.cashier"], ["passes.cli", "chores"]], ids=["cashier", "chores"])
@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "PAYMENTS is missing"),
        (SANDBOX | {"APP_ENV": "production"}, "PAYMENTS=sandbox is refused where APP_ENV=production"),
        (LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:1"}, "STRIPE_API_BASE is only for the test cashier"),
    ],
    ids=["nothing set", "sandbox in production", "live with a till"],
)
def test_a_process_that_may_not_start_says_why_and_ends(
    command: list[str], environ: dict[str, str], named: str
) -> None:
    done = start(command, environ)
    assert done.returncode == 2
    assert named in done.stderr and "rk_live_1" not in done.stderr


def start(command: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_till_never_starts_beside_real_money() -> None:
    done = start(["passes.cashier"], LIVE)
    assert (done.returncode, "runs only where PAYMENTS=sandbox" in done.stderr) == (2, True)
