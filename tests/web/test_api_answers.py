"""Whatever is sent to the API, it answers as its document says. `make fuzz` tries far more, by chance."""

from collections.abc import Iterator, Mapping

import pytest

from passes import clock
from passes import settings as settings_module
from passes.db import transaction
from tests.conftest import TEST_SETTINGS, own_database
from tests.factories import city
from tests.web.made_up import OPERATIONS, throw, tokens_of


@pytest.fixture(scope="module")
def tokens(postgres_url: str, template_database: str) -> Iterator[Mapping[str, str]]:
    """Of whoever may ask, on a database shared by these tests: they only add rows that none of them looks at."""
    settings_module.use(TEST_SETTINGS)
    with own_database(postgres_url, template_database):
        with transaction() as session:
            city(session, now=clock.now())
            made = tokens_of(session, now=clock.now())
        yield made


@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.filterwarnings("default")
def test_no_request_is_answered_by_a_fault_or_in_a_way_the_document_does_not_name(
    label: str, tokens: Mapping[str, str]
) -> None:
    throw(label, tokens, examples=8, chance=False)
    throw(label, {}, examples=2, chance=False)
