"""What is nonsense is refused by its name."""

import pytest

from passes.settings import Settings
from tests.rules.test_payment_guards import SANDBOX, faults


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("YOUYOU_TOPIC_PREFIX", "a b"),
        ("YOUYOU_TOPIC_PREFIX", "x" * 101),
        ("YOUYOU_PROXIES", "-1"),
        ("YOUYOU_PROXIES", "10"),
        ("YOUYOU_HOLD_MINUTES", "9" * 5000),
        ("YOUYOU_SERVICE_PHONE", "call us"),
        ("SMS_URL", "sms://gateway"),
        ("SMS_KEY", "secret"),
        ("SMTP_FROM", "nobody"),
        ("SMTP_FROM", "a@b\nBcc: c@d"),
    ],
)
def test_nonsense_is_refused_by_name(name: str, value: str) -> None:
    assert faults(SANDBOX | {name: value}).startswith(name)


def test_what_is_left_out_has_its_default() -> None:
    found = Settings.read(SANDBOX)
    assert (found.proxies, found.topic_prefix, found.hold_minutes) == (0, "", 35)
    assert Settings.read(SANDBOX | {"SMTP_FROM": "悠游兰州 <tickets@example.com>"}).smtp_from.startswith("悠游")
