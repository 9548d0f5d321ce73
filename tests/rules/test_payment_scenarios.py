"""No scenario of payments is without a test of its number."""

import re

from tests.conftest import ROOT


def test_each_of_the_fifty_two_scenarios_has_a_test() -> None:
    files = (ROOT / "tests" / "services").glob("test_payment_*.py")
    numbers = {int(found) for path in files for found in re.findall(r"def test_s(\d\d)_", path.read_text())}
    assert numbers == set(range(1, 53))


def test_each_of_them_ends_in_the_one_checker() -> None:
    for path in (ROOT / "tests" / "services").glob("test_payment_scenarios_*.py"):
        for body in re.split(r"\ndef (?=test_s)", path.read_text())[1:]:
            assert "finish(shop, cashier)" in body, f"{path.name}: {body.partition('(')[0]}"
