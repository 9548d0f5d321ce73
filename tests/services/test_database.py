"""What the database's engine promises to everybody."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from passes.db import transaction


def test_an_error_does_not_tell_whom_it_was_about(database: str) -> None:
    with pytest.raises(DBAPIError) as failed, transaction() as session:
        session.execute(text("SELECT :name FROM nowhere"), {"name": "王小明"})
    assert "王小明" not in str(failed.value)
