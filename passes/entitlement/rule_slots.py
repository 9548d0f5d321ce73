"""Rules about booked places: reservations and what an unused one costs."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal, Self

from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import Booked, ConfirmItem, Counter
from passes.entitlement.nodes import Fault, Node, Text, fields, one_of, share, truth, whole
from passes.entitlement.phrases import joined, length_words
from passes.entitlement.rule import Asked, Closed, Place, Question, Rule, Said, Wire
from passes.entitlement.rule_dates import Days
from passes.entitlement.spans import TimeSpan, minute_of_day, time_span

SEATS = "capacity_per_slot pass_quota walk_in_share"
EARLY = timedelta(minutes=15)
NIGHTS = "nights"
MOST_NIGHTS = 30
BOOKING = "mode lead_days cancel_before_minutes"


@dataclass(frozen=True, slots=True)
class Slots:
    """The timed rooms of a day: one begins every `every_minutes` and lasts as long; span ends with the last."""

    span: TimeSpan
    every_minutes: int
    capacity_per_slot: int
    pass_quota: Decimal
    walk_in_share: Decimal

    @property
    def per_day(self) -> int:
        return self.span.minutes // self.every_minutes

    @property
    def seats_for_passes(self) -> int:
        """Whole seats of one slot that pass holders may book."""
        return int(self.capacity_per_slot * self.pass_quota)


@dataclass(frozen=True, slots=True)
class SlotNow(Question):
    """A reservation of this benefit, here, not used yet, whose slot is on: from 15 minutes before it to its end."""

    def _unused(self, asked: Asked) -> list[Booked]:
        facts = asked.facts
        return sorted(
            (
                one
                for one in facts.reservations
                if one.benefit_id == asked.benefit_id
                and one.venue_id == facts.venue_id
                and asked.now < one.ends_at
                and not asked.count(f"slot:{one.id}", "ever")
            ),
            key=lambda one: (one.starts_at, one.id),
        )

    def say(self, asked: Asked) -> Said:
        unused = self._unused(asked)
        if any(one.starts_at - EARLY <= asked.now for one in unused):
            return None
        return "slot_not_now" if unused else "reservation_required"

    def clears_at(self, asked: Asked) -> datetime | None:
        unused = self._unused(asked)
        return unused[0].starts_at - EARLY if unused else None

    def moves(self, asked: Asked) -> Iterator[Counter]:
        """The one that began first is used, once."""
        for one in self._unused(asked)[:1]:
            yield Counter(f"slot:{one.id}", "ever", 1, "ever")

    def wire(self) -> Wire:
        return ["slot"]


@dataclass(frozen=True, slots=True)
class NightsEntered(Question):
    """A stay: the clerk enters its nights, and the days up to that of leaving count as days of the stay."""

    benefit_id: str

    def say(self, asked: Asked) -> Said:
        return ConfirmItem(NIGHTS) if asked.facts.nights is None else None

    def moves(self, asked: Asked) -> Iterator[Counter]:
        for n in range((asked.facts.nights or 0) + 1):
            yield Counter(f"stay:{self.benefit_id}", (asked.day + timedelta(days=n)).isoformat())

    def wire(self) -> Wire:
        return ["nights", self.benefit_id]


@dataclass(frozen=True, slots=True)
class Reservation(Rule):
    """A reservation for a slot that is on now. slots None is a stay, booked with the hotel by the night."""

    name = "reservation"
    refusal_code = "reservation_required"
    mode: Literal["always", "only_on"]
    days: Days | None
    slots: Slots | None
    lead_days: int
    cancel_before_minutes: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, BOOKING, f"days slot_minutes open sessions unit {SEATS}")
        modes: tuple[Literal["always", "only_on"], ...] = ("always", "only_on")
        mode = one_of(parts["mode"], modes)
        if (mode == "only_on") != ("days" in parts):
            raise Fault(
                node.line, "days 与 mode: only_on 必须同时出现", "days belongs to mode: only_on, and only to it"
            )
        return cls(
            mode,
            Days.parse(parts["days"]) if "days" in parts else None,
            slots_of(node, parts),
            whole(parts["lead_days"], 0, 366),
            whole(parts["cancel_before_minutes"], 0, 60 * 24 * 60),
        )

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        if self.days is not None:
            if self.days.holidays and not calendar.knows(day):
                return Closed("calendar_missing")
            if not self.days.holds(day, calendar):
                return None
        return SlotNow() if self.slots is not None else NightsEntered(place.benefit_id)

    def words(self) -> Text:
        lead, cancel = length_words(self.lead_days * 1440), length_words(self.cancel_before_minutes)
        ahead = Text(f"可提前 {lead.zh}", f"up to {lead.en} ahead") if self.lead_days else Text("当天", "on the day")
        what = Text("须向酒店预订", "book with the hotel") if self.slots is None else Text("须预约", "book a time slot")
        if self.days:
            days = self.days.words()
            what = Text(f"{days.zh}{what.zh}", f"{what.en} {self.days.preposition} {days.en}")
        return joined(
            f"{what.zh}（{ahead.zh}，最晚提前 {{}}取消）", f"{what.en} ({ahead.en}, cancel up to {{}} before)", cancel
        )


def slots_of(node: Node, parts: dict[str, Node]) -> Slots | None:
    """The slots of a reservation, in one of its three shapes; None for a stay."""
    shape = set(parts) - {"days", *BOOKING.split()}
    seats = set(SEATS.split())
    if shape == {"unit"}:
        one_of(parts["unit"], ("night",))
        return None
    if shape == {"slot_minutes", "open"} | seats:
        span, every = time_span(parts["open"]), whole(parts["slot_minutes"], 5, 1440)
        if span.minutes % every:
            raise Fault(
                parts["open"].line,
                f"open 不是整数个 {every} 分钟的场次",
                f"open is no whole number of slots of {every} minutes",
            )
    elif shape == {"sessions"} | seats:
        span, every = sessions_of(parts["sessions"])
    else:
        raise Fault(
            node.line,
            "应恰为其一：slot_minutes 加 open、sessions（二者均须 " + "、".join(SEATS.split()) + "），或仅 unit: night",
            "exactly one is expected: slot_minutes with open, or sessions (each with "
            + ", ".join(SEATS.split())
            + "), or unit: night alone",
        )
    return Slots(
        span,
        every,
        whole(parts["capacity_per_slot"], 1, 100_000),
        share(parts["pass_quota"]),
        share(parts["walk_in_share"]),
    )


def sessions_of(node: Node) -> tuple[TimeSpan, int]:
    parts = fields(node, "first last every_minutes")
    every = whole(parts["every_minutes"], 5, 1440)
    first, last = minute_of_day(parts["first"]), minute_of_day(parts["last"])
    if first > last or (last - first) % every or last + every > 1440:
        raise Fault(
            node.line,
            f"从 first 到 last 应为整数个 {every} 分钟，且末场当日结束",
            f"first to last must be a whole number of {every} minutes, and the last one end on the same day",
        )
    return TimeSpan(first, last + every), every


@dataclass(frozen=True, slots=True)
class NoShowStrike(Rule):
    """An unused reservation is a strike, unless gate, venue, weather or transport was at fault."""

    name = "no_show_strike"

    @classmethod
    def parse(cls, node: Node) -> Self:
        if not truth(node):
            raise Fault(node.line, "只能为 true；不需要时请删去", "only true is possible; leave the rule out instead")
        return cls()

    def words(self) -> Text:
        return Text("预约未到场记一次失约", "a booking you do not use counts as a no-show")
