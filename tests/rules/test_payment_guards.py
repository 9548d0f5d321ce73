"""The service refuses to start where test money and real money could be mistaken for each other."""

import pytest

from passes.settings import Settings, SettingsRefused

SANDBOX = {
    "APP_ENV": "development",
    "PAYMENTS": "sandbox",
    "EVENTS": "direct",
    "DATABASE_URL": "postgresql://localhost/youyou",
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "YOUYOU_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "STRIPE_SECRET_KEY": "sk_sandbox_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_1",
    "STRIPE_API_BASE": "http://127.0.0.1:8001",
}
LIVE = SANDBOX | {
    "APP_ENV": "production",
    "PAYMENTS": "stripe",
    "PUBLIC_URL": "https://tickets.example",
    "STRIPE_SECRET_KEY": "rk_live_1",
    "STRIPE_WEBHOOK_SECRETS": "whsec_1,whsec_2",
    "STRIPE_API_BASE": "",
}


def faults(environ: dict[str, str]) -> str:
    try:
        Settings.read(environ)
    except SettingsRefused as refused:
        return str(refused)
    return ""


def test_a_sandbox_and_a_live_installation_start() -> None:
    assert (faults(SANDBOX), faults(LIVE)) == ("", "")
    assert Settings.read(LIVE).livemode and not Settings.read(SANDBOX).livemode
    demo = SANDBOX | {"APP_ENV": "demo", "PUBLIC_URL": "https://demo.example"}
    assert faults(demo) == ""
    test_account = LIVE | {"APP_ENV": "development", "STRIPE_SECRET_KEY": "sk_test_1"}
    assert faults(test_account) == "" and not Settings.read(test_account).livemode


# Every case of the list of start-up guards, by its number. The seventh needs a database: tests/services has it.
CASES = [
    (1, SANDBOX | {"PAYMENTS": ""}, "PAYMENTS is missing"),
    (1, SANDBOX | {"PAYMENTS": "paypal"}, "PAYMENTS is not one of"),
    (2, SANDBOX | {"APP_ENV": "production"}, "PAYMENTS=sandbox is refused where APP_ENV=production"),
    (2, SANDBOX | {"APP_ENV": ""}, "PAYMENTS=sandbox is refused where APP_ENV=production"),
    (3, SANDBOX | {"SOMETHING_ELSE": "sk_live_1"}, "SOMETHING_ELSE holds a live Stripe key"),
    (3, SANDBOX | {"OLD_KEY": "rk_live_1"}, "OLD_KEY holds a live Stripe key"),
    (4, SANDBOX | {"STRIPE_SECRET_KEY": "sk_test_1"}, "STRIPE_SECRET_KEY is a real test key"),
    (4, SANDBOX | {"STRIPE_SECRET_KEY": "rk_test_1"}, "STRIPE_SECRET_KEY is a real test key"),
    (5, SANDBOX | {"STRIPE_API_BASE": "http://192.0.2.7:8001"}, "STRIPE_API_BASE must be the test cashier's loopback"),
    (5, SANDBOX | {"STRIPE_API_BASE": ""}, "STRIPE_API_BASE must be the test cashier's loopback"),
    (6, SANDBOX | {"PUBLIC_URL": "https://tickets.example"}, "PUBLIC_URL is public"),
    (8, LIVE | {"STRIPE_API_BASE": "http://127.0.0.1:1"}, "STRIPE_API_BASE is only for the test cashier"),
    (9, LIVE | {"STRIPE_SECRET_KEY": ""}, "STRIPE_SECRET_KEY is missing"),
    (9, LIVE | {"STRIPE_WEBHOOK_SECRETS": ""}, "STRIPE_WEBHOOK_SECRETS is missing"),
    (9, LIVE | {"STRIPE_WEBHOOK_SECRETS": "whsec_sandbox_1"}, "the test cashier's secret"),
    (10, LIVE | {"STRIPE_SECRET_KEY": "sk_test_1"}, "STRIPE_SECRET_KEY is a test key where APP_ENV=production"),
    (10, LIVE | {"APP_ENV": "development"}, "STRIPE_SECRET_KEY is a live key but APP_ENV is not production"),
    (11, LIVE | {"PUBLIC_URL": "http://tickets.example"}, "PUBLIC_URL must begin with https://"),
]


@pytest.mark.parametrize(("number", "environ", "named"), CASES)
def test_each_contradiction_is_refused_by_name_and_no_secret_is_told(
    number: int, environ: dict[str, str], named: str
) -> None:
    told = faults(environ)
    assert named in told
    assert "live_1" not in told and "sk_test_1" not in told and "whsec_1" not in told


def test_every_guard_of_the_list_has_a_case() -> None:
    assert {number for number, _, _ in CASES} | {7} == set(range(1, 12))
