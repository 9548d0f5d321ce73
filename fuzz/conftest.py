"""The servers and databases of the tests, for the fuzzer."""

from tests.conftest import database, kafka, now, postgres_url, settings, shared_database, template_database

__all__ = ["database", "kafka", "now", "postgres_url", "settings", "shared_database", "template_database"]
