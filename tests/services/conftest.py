"""A test cashier as a real process, and a shop that really receives its webhooks."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cache

import pytest
import requests
from sqlalchemy.engine import make_url

from passes import app as web
from passes import clock, db
from passes import settings as settings_module
from passes.cashier.store import CONTROLS
from passes.catalogue.queries import get_current
from passes.db import transaction
from passes.launcher.places import free_port
from passes.sale.models import Order
from passes.sale.placing import OrderRequest, place_order
from passes.sale.stripe_gateway import StripePayments
from passes.settings import Settings
from tests.conftest import MORNING, TEST_SETTINGS, clone, drop, own_database
from tests.factories import city, one_pass
from tests.services.hands import Hands
from tests.serving import Served, served

SECRETS = ("whsec_sandbox_old", "whsec_sandbox_new")


@dataclass
class Cashier:
    """A running cashier and what it was started with."""

    settings: Settings
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        return self.settings.stripe_api_base or ""

    def helper(self, path: str, **params: object) -> dict[str, object]:
        """One of the cashier's own test helpers."""
        answer = requests.post(
            f"{self.address}/v1/test_helpers/{path}",
            data=params,
            headers={"Authorization": f"Bearer {self.settings.stripe_secret_key}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        body: dict[str, object] = answer.json()
        return body

    def behave(self, **controls: object) -> None:
        self.helper("controls", **controls)

    def refund(self, intent_id: str, amount_fen: int) -> str:
        """Somebody refunds at the provider's own pages; returns the refund's id."""
        answer = requests.post(
            f"{self.address}/v1/refunds",
            data={"payment_intent": intent_id, "amount": amount_fen},
            headers={"Authorization": f"Bearer {self.settings.stripe_secret_key}"},
            timeout=10,
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def press(self, url: str, action: str, method: str = "card") -> requests.Response:
        """A visitor's click on the payment page."""
        form = {"action": action, "method": method}
        return requests.post(url, data=form, allow_redirects=False, timeout=10)


def start_cashier(settings: Settings) -> subprocess.Popen[bytes]:
    environment = {
        "PATH": os.environ["PATH"],
        "APP_ENV": "test",
        "PAYMENTS": "sandbox",
        "EVENTS": "direct",
        "DATABASE_URL": settings.database_url,
        "PUBLIC_URL": settings.public_url,
        "YOUYOU_SECRET_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
        "YOUYOU_CASHIER_PORT": (settings.stripe_api_base or "").rpartition(":")[2],
        "STRIPE_SECRET_KEY": settings.stripe_secret_key or "",
        "STRIPE_WEBHOOK_SECRETS": ",".join(settings.stripe_webhook_secrets),
        "STRIPE_API_BASE": settings.stripe_api_base or "",
    }
    return subprocess.Popen([sys.executable, "-m", "passes.cashier"], env=environment)


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(1_200):
        assert process.poll() is None, "the cashier has ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the cashier does not answer")


@pytest.fixture(scope="session")
def running_cashier(postgres_url: str) -> Iterator[Cashier]:
    """One process for the whole run, with a database of its own, as if it were another company."""
    url = clone(postgres_url, None)
    settings = replace(
        TEST_SETTINGS,
        database_url=url,
        public_url=f"http://127.0.0.1:{free_port()}",
        stripe_api_base=f"http://127.0.0.1:{free_port()}",
        stripe_webhook_secrets=SECRETS,
    )
    process = start_cashier(settings)
    wait_for(int((settings.stripe_api_base or "").rpartition(":")[2]), process)
    yield Cashier(settings, process)
    process.terminate()
    assert process.wait(20) == 0
    drop(postgres_url, url)


@pytest.fixture
def cashier(running_cashier: Cashier) -> Iterator[Cashier]:
    """The cashier, well-behaved, owing nobody a message of an earlier test."""
    running_cashier.behave(**CONTROLS, forget="true")
    yield running_cashier
    running_cashier.behave(**CONTROLS, forget="true")


@dataclass
class Shop:
    """The shop's side: its settings, its provider, and the address of a web server of this process."""

    settings: Settings
    provider: StripePayments
    address: str

    def order(self, form: OrderRequest | None = None, **changes: object) -> Order:
        """For one holder unless a whole form is given; any field may be changed."""
        usual: dict[str, object] = {
            "email": "wang@example.com",
            "document_type": "CN_ID",
            "document_number": "11010519491231002X",
            "birth_on": None,
        }
        request = form or one_pass(**usual | changes)
        with transaction() as session:
            return place_order(
                session,
                replace(request, terms_version=get_current(session).version),
                livemode=False,
                hold_minutes=35,
                min_charge_fen=500,
                now=clock.now(),
            )


@pytest.fixture(scope="session")
def shop_server() -> Iterator[Callable[[Settings], Served]]:
    """The web server at a shop's address, started when first asked for. It asks the database connected just then."""
    with ExitStack() as stack:
        yield cache(
            lambda chosen: stack.enter_context(
                served(lambda _: web.create_app(chosen), port=int(chosen.public_url.rpartition(":")[2]))
            )
        )


@pytest.fixture(scope="session")
def city_database(postgres_url: str, template_database: str) -> str:
    """The name of a database with the sample catalogue, from which those of shops are copied."""
    url = clone(postgres_url, template_database)
    settings_module.use(TEST_SETTINGS)
    engine = db.connect(url)
    with transaction() as session:
        city(session, now=MORNING)
    engine.dispose()
    return make_url(url).database or ""


@pytest.fixture
def city_copy(postgres_url: str, city_database: str) -> Iterator[str]:
    with own_database(postgres_url, city_database) as url:
        yield url


@pytest.fixture
def shop(city_copy: str, cashier: Cashier, shop_server: Callable[[Settings], Served]) -> Iterator[Shop]:
    """A shop with the sample catalogue on a database of its own, heard by the cashier."""
    server = shop_server(cashier.settings)
    chosen = replace(cashier.settings, database_url=city_copy)
    settings_module.use(chosen)
    yield Shop(chosen, StripePayments(chosen), server)
    cashier.behave(forget="true")
    server.wait_until_idle()


@pytest.fixture(scope="session")
def running_hands() -> Iterator[Hands]:
    """The processes of all races of the run, started by the first."""
    hands = Hands()
    yield hands
    hands.end()


@pytest.fixture
def hands(shop: Shop, running_hands: Hands) -> Iterator[Hands]:
    """Four more processes of this shop."""
    running_hands.open(shop.settings)
    yield running_hands
    running_hands.close()
