"""The cashier and the shop of the services' tests, for what takes minutes."""

from tests.services.conftest import cashier, running_cashier, shop

__all__ = ["cashier", "running_cashier", "shop"]
