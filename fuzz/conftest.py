"""The servers and databases of the tests, for the fuzzer."""

from tests.conftest import database, kafka, postgres_url, settings, shared_database, template_database

__all__ = ["database", "kafka", "postgres_url", "settings", "shared_database", "template_database"]
