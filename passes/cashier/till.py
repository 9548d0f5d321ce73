"""What one running cashier knows about itself."""

from dataclasses import dataclass, field

from passes.cashier.delivery import Deliverer


@dataclass(frozen=True)
class Till:
    """address: where visitors' browsers reach it; webhook_secrets sign, api_key is the one key it accepts."""

    address: str
    api_key: str = field(repr=False)
    webhook_secrets: tuple[str, ...] = field(repr=False)
    deliverer: Deliverer = field(repr=False)
