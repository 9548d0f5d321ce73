"""Whatever is sent to the API, it answers as its document says. `make fuzz` tries far more, by chance."""

from collections.abc import Iterator

import pytest

from passes import clock
from passes import settings as settings_module
from passes.db import transaction
from tests.conftest import TEST_SETTINGS, own_database
from tests.factories import city, gate_at
from tests.web.made_up import OPERATIONS, throw


@pytest.fixture(scope="module")
def token(postgres_url: str, template_database: str) -> Iterator[str]:
    """A device's, on a database shared by these tests: they only add rows that none of them looks at."""
    settings_module.use(TEST_SETTINGS)
    with own_database(postgres_url, template_database):
        with transaction() as session:
            city(session, now=clock.now())
            made = gate_at(session, "S06", now=clock.now()).token
        yield made


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.filterwarnings("default")
def test_no_request_is_answered_by_a_fault_or_in_a_way_the_document_does_not_name(label: str, token: str) -> None:
    throw(label, token, examples=8, chance=False)
    throw(label, None, examples=2, chance=False)
