"""The servers and databases of the tests, for what takes minutes."""

from tests.conftest import database, now, postgres_url, settings, template_database
from tests.services.conftest import cashier, running_cashier, shop

__all__ = ["cashier", "database", "now", "postgres_url", "running_cashier", "settings", "shop", "template_database"]
