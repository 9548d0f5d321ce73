"""What the entries of a catalogue must be to one another. Each check adds faults; none changes anything."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from passes.entitlement.calendars import Calendar
from passes.entitlement.nodes import Faults
from passes.entitlement.rule import Rule
from passes.entitlement.rule_choices import Achievement, ChoiceGroup, Prerequisite, SameDayExclusive
from passes.entitlement.rule_counts import Pool
from passes.entitlement.rule_dates import Season, TimeWindow
from passes.entitlement.rule_slots import Reservation, Slots
from passes.entitlement.spans import TimeSpan, days_of_the_year, in_season
from passes.entitlement.terms import Benefit, Product, Terms, Venue

R = TypeVar("R", bound=Rule)


@dataclass(frozen=True)
class Draft:
    """Terms just read, the line of each id, and the counts the file claims."""

    terms: Terms
    lines: dict[str, int]
    counts: dict[str, int]
    counts_line: int


def check(draft: Draft, calendar: Calendar, faults: Faults) -> None:
    """Everything that only can be seen with the whole catalogue in hand."""
    checking = _Checking(draft, calendar, faults)
    checking.counts()
    for product in draft.terms.products.values():
        checking.product(product)
    for benefit in draft.terms.benefits.values():
        checking.references(benefit)
        checking.groups(benefit)
        checking.prerequisites(benefit)
        checking.reservations(benefit)
        checking.settlement(benefit)
    checking.pools()


class _Checking:
    def __init__(self, draft: Draft, calendar: Calendar, faults: Faults) -> None:
        self.draft = draft
        self.terms = draft.terms
        self.calendar = calendar
        self.faults = faults

    def fault(self, id_: str, zh: str, en: str) -> None:
        self.faults.add(self.draft.lines[id_], id_, zh, en)

    def counts(self) -> None:
        """The counts in meta, which show a file that was cut off."""
        kinds = Counter("partners" if v.kind not in ("spot", "hotel") else v.kind + "s" for v in self.venues())
        experiences = sum(benefit.experience for benefit in self.terms.benefits.values())
        found = {
            "spots": kinds["spots"],
            "hotels": kinds["hotels"],
            "partners": kinds["partners"],
            "benefits": len(self.terms.benefits) - experiences,
            "experiences": experiences,
            "products": len(self.terms.products),
        }
        for name, number in found.items():
            claimed = self.draft.counts.get(name, number)
            if claimed != number:
                self.faults.add(
                    self.draft.counts_line,
                    "meta",
                    f"counts 称有 {claimed} 项 {name}，实为 {number} 项",
                    f"counts claims {claimed} {name}, there are {number}",
                )

    def venues(self) -> Iterable[Venue]:
        return self.terms.venues.values()

    def product(self, product: Product) -> None:
        for id_ in (*product.bundle, *([product.requires] if product.requires else [])):
            other = self.terms.products.get(id_)
            if other is None:
                self.fault(product.id, f"没有产品“{id_}”", f"there is no product “{id_}”")
            elif id_ == product.id or other.bundle:
                self.fault(product.id, f"不能引用“{id_}”", f"cannot name “{id_}”: itself or a bundle")
        seen = [product.id]
        while (last := self.terms.products.get(seen[-1])) and last.requires:
            if last.requires in seen:
                self.fault(product.id, "requires 形成循环", "requires runs in a circle")
                break
            seen.append(last.requires)

    def references(self, benefit: Benefit) -> None:
        known = {
            "benefit": set(self.terms.benefits),
            "product": {product.id for product in self.terms.products.values() if not product.bundle},
            "spot": {venue.id for venue in self.venues() if venue.kind == "spot"},
        }
        zh = {"benefit": "权益", "product": "产品", "spot": "景点"}
        spots = len(known["spot"])
        for rule in benefit.rules:
            for reference in rule.references():
                if reference.id not in known[reference.kind]:
                    self.fault(
                        benefit.id,
                        f"{rule.name}：没有{zh[reference.kind]}“{reference.id}”",
                        f"{rule.name}: there is no {reference.kind} “{reference.id}”",
                    )
            if isinstance(rule, SameDayExclusive) and benefit.id in rule.benefits:
                self.fault(benefit.id, f"{rule.name}：不能引用自己", f"{rule.name}: names the benefit itself")
            if isinstance(rule, Achievement) and rule.distinct_spots > spots:
                self.fault(
                    benefit.id, f"{rule.name}：只有 {spots} 个景点", f"{rule.name}: there are only {spots} spots"
                )

    def groups(self, benefit: Benefit) -> None:
        """Every benefit a group lists carries the same group, and the carrier is one of them."""
        for group in of_type(benefit.rules, ChoiceGroup):
            if group.benefits and benefit.id not in group.benefits:
                self.fault(
                    benefit.id,
                    f"不在自己的 choice_group {group.id} 之中",
                    f"is no member of its choice_group {group.id}",
                )
            for other_id in group.benefits or self.terms.benefits:
                other = self.terms.benefits.get(other_id)
                carried = [g for g in of_type(other.rules, ChoiceGroup) if g.id == group.id] if other else []
                if (group.benefits and other and not carried) or any(g != group for g in carried):
                    self.fault(
                        benefit.id,
                        f"“{other_id}”没有相同的 choice_group {group.id}",
                        f"“{other_id}” does not carry the same choice_group {group.id}",
                    )

    def pools(self) -> None:
        """All benefits that share a pool agree on its size."""
        totals: dict[str, int] = {}
        for benefit in self.terms.benefits.values():
            for pool in of_type(benefit.rules, Pool):
                if totals.setdefault(pool.id, pool.total) != pool.total:
                    self.fault(
                        benefit.id,
                        f"pool {pool.id} 的 total 不一致",
                        f"the pool {pool.id} has another total elsewhere",
                    )

    def prerequisites(self, benefit: Benefit) -> None:
        """A prerequisite can be met: an admission where something can be used without one, a stay at the same hotel."""
        for rule in of_type(benefit.rules, Prerequisite):
            if rule.kind == "same_day_admission":
                for venue_id in (rule.spot,) if rule.spot else benefit.at:
                    if not any(venue_id in other.at and not needs_another(other) for other in self.benefits()):
                        self.fault(
                            benefit.id,
                            f"prerequisite：{venue_id} 没有可先使用的权益",
                            f"prerequisite: at {venue_id} nothing can be used first",
                        )
            elif (stay := self.terms.benefits.get(rule.stay or "")) is not None:
                if not set(stay.at) >= set(benefit.at):
                    self.fault(
                        benefit.id,
                        f"prerequisite：{stay.id} 不在同一酒店",
                        f"prerequisite: {stay.id} is not at the same hotel",
                    )
                if needs_another(stay):
                    self.fault(
                        benefit.id,
                        f"prerequisite：{stay.id} 自身也有前提，形成链条或循环",
                        f"prerequisite: {stay.id} has a prerequisite of its own, a chain or a circle",
                    )

    def benefits(self) -> Iterable[Benefit]:
        return self.terms.benefits.values()

    def reservations(self, benefit: Benefit) -> None:
        """Bookable slots lie inside the window of every day that needs a reservation."""
        for rule in of_type(benefit.rules, Reservation):
            slots = rule.slots
            if slots is None:
                continue
            for venue_id in benefit.at:
                self.slots_at(benefit, rule, slots, self.terms.venues[venue_id])

    def slots_at(self, benefit: Benefit, rule: Reservation, slots: Slots, venue: Venue) -> None:
        windows = [window for own in of_type(benefit.rules, TimeWindow) for window in own.windows] or venue.hours
        seasons = list(of_type(benefit.rules, Season))
        needed = self.days_needed(rule)
        for day in days_of_the_year():
            if (day.month, day.day) not in needed or not all(in_season(season.spans, day) for season in seasons):
                continue
            open_: list[TimeSpan] = [window.span for window in windows if window.holds(day)]
            if not any(span.contains(slots.span) for span in open_):
                self.fault(
                    benefit.id,
                    f"reservation：{day.month}月{day.day}日 {slots.span} 不在 {venue.id} 的时段内",
                    f"reservation: {slots.span} is not inside the window at {venue.id} on {day:%m-%d}",
                )
                return

    def days_needed(self, rule: Reservation) -> set[tuple[int, int]]:
        """The days of the year that ask for a reservation in any year there is data for."""
        if rule.days is None:
            return {(day.month, day.day) for day in days_of_the_year()}
        found = {(day.month, day.day) for day in days_of_the_year() if in_season(rule.days.spans, day)}
        for year in self.calendar.years.values():
            for key in rule.days.holidays:
                for first, last in year.holidays[key].off:
                    stretch = range(first.toordinal(), last.toordinal() + 1)
                    found |= {(day.month, day.day) for day in map(first.fromordinal, stretch)}
        return found

    def settlement(self, benefit: Benefit) -> None:
        if benefit.settle.list_price_share is None:
            return
        for venue_id in benefit.at:
            if self.terms.venues[venue_id].list_price_fen is None:
                self.fault(
                    benefit.id,
                    f"settle：{venue_id} 没有 list_price_fen",
                    f"settle: {venue_id} has no list_price_fen",
                )


def of_type(rules: Iterable[Rule], kind: type[R]) -> list[R]:
    return [rule for rule in rules if isinstance(rule, kind)]


def needs_another(benefit: Benefit) -> bool:
    return any(isinstance(rule, Prerequisite) for rule in benefit.rules)
