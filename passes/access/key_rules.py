"""What a key of another system may open."""

from dataclasses import dataclass

RESERVATIONS, CLOSURES, OCCUPANCY = "reservations", "closures", "occupancy"
SCOPES = (RESERVATIONS, CLOSURES, OCCUPANCY)


@dataclass(frozen=True, slots=True)
class Feed:
    """Another system that calls us, by the name of its key."""

    key_id: int
    name: str
    scopes: frozenset[str]

    @property
    def maker(self) -> str:
        """Who made it, where a feed did: no login has a colon in it."""
        return f"feed:{self.name}"
