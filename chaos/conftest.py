"""The servers and databases of the tests, for what takes minutes."""

from tests.conftest import database, now, postgres_url, settings, template_database

__all__ = ["database", "now", "postgres_url", "settings", "template_database"]
