"""What a buyer agreed to, and to which words."""

from dataclasses import dataclass
from datetime import datetime

# Of the privacy notice at /privacy. Whoever changes what the notice says changes this, too: a test compares.
PRIVACY_VERSION = "2026-11-27.2"


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The terms an order was placed under, accepted by a tick before it could be.

    privacy_version: the notice that was in force then. guardian_consent: whether the buyer said to be the parent or
    guardian of the children among the holders; asked for only where a pass needs it.
    """

    at: datetime
    terms_version: int
    locale: str
    privacy_version: str
    guardian_consent: bool
