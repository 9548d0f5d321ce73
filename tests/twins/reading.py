"""Facts from the wire, for cases that stand in a file."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from passes.entitlement.facts import Booked, Closure, Counts, Facts

PLAIN = ["venue_id", "product_id", "holder_class", "state", "held", "attended", "benefit_id", "default_benefit_id"]
PLAIN += ["item_id", "nights"]


def facts_of(wired: dict[str, Any]) -> Facts:
    return Facts(
        **{name: wired[name] for name in PLAIN},
        now=moment(wired["now"]),
        valid_from=day(wired["valid_from"]),
        valid_until=day(wired["valid_until"]),
        birth_on=date.fromisoformat(wired["birth_on"]) if wired["birth_on"] else None,
        counters=counts(wired["counters"]),
        stock=counts(wired["stock"]),
        closures=tuple(
            Closure(kind, moment(starts), None if until is None else moment(until))
            for kind, starts, until in wired["closures"]
        ),
        reservations=tuple(
            Booked(id_, benefit_id, venue_id, moment(starts), moment(ends))
            for id_, benefit_id, venue_id, starts, ends in wired["reservations"]
        ),
        confirmed=frozenset(wired["confirmed"]),
    )


def moment(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)


def day(number: int | None) -> date | None:
    return None if number is None else date(1970, 1, 1) + timedelta(days=number)


def counts(wired: dict[str, int]) -> Counts:
    return {tuple_of(key): n for key, n in wired.items()}


def tuple_of(key: str) -> tuple[str, str]:
    name, _, period = key.partition(" ")
    return name, period
