"""`make fuzz`: requests made up from our own OpenAPI document, thrown at the whole application on a real database.

Not part of `make test`, which throws a few of them: it takes minutes, and chance decides what it finds. EXAMPLES=500
makes it longer.
"""

import os

import pytest

from passes import clock
from passes.db import transaction
from tests.factories import city
from tests.web.made_up import OPERATIONS, throw, tokens_of

EXAMPLES = int(os.environ.get("EXAMPLES", "100"))


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.parametrize("label", OPERATIONS)
@pytest.mark.filterwarnings("default")
def test_no_request_breaks_it(label: str, enrolled: bool, database: str) -> None:
    with transaction() as session:
        city(session, now=clock.now())
        tokens = tokens_of(session, now=clock.now())
    throw(label, tokens if enrolled else {}, examples=EXAMPLES, chance=True)
