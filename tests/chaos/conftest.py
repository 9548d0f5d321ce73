"""The cashier and the shop of the services' tests, for what takes minutes."""

from tests.services.conftest import cashier, city_copy, city_database, running_cashier, shop, shop_server

__all__ = ["cashier", "city_copy", "city_database", "running_cashier", "shop", "shop_server"]
