"""Cases for both twins: sheets of many days, and facts that make each rule the one that decides, mostly at its edge.

Everything follows from the seed. A case is wanted to be let in or refused by one rule; what Python then says of it is
what the table counts, not what was wanted.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from random import Random

from passes import clock
from passes.entitlement import daysheet
from passes.entitlement.daysheet import DaySheet, Offer, Opening, opening_on, settled_at
from passes.entitlement.decide import decide, next_allowed
from passes.entitlement.facts import Decision, Facts
from passes.entitlement.rule import Closed, Question
from passes.entitlement.rule_dates import Hours
from tests.twins.answering import answer_to
from tests.twins.drafts import Draft, counted
from tests.twins.passes import EDGED, PASS_ROWS, spoil_pass
from tests.twins.rows import CARRYING, row_of
from tests.twins.worlds import World, worlds

SEED = 20261127
WEIGHTS: dict[str, tuple[float, float]] = {
    **{"contract_validity": (0.6, 8), "season": (0.8, 4.5), "blackout": (2.4, 3.2), "calendar_missing": (4, 18)},
    **{"weekday_in": (1, 1.5), "weekday_not": (0.3, 0.3), "time_window": (1.2, 1), "cooldown_days": (1.3, 1.3)},
    **{"same_day_exclusive": (1.5, 1.5), "companion": (1.5, 1.5), "stay (nights)": (1.2, 1.2)},
    **{
        "manual_confirm": (1.35, 1.35),
        "achievement": (1.8, 1.8),
        "then_discount": (1, 2.4),
        "choose_benefit": (1, 1.3),
    },
    **{"variants": (1, 1.9), **dict.fromkeys(PASS_ROWS, (1, 1.2)), "venue_full": (1, 1.6)},
    **{name: (0.35, 0.5 if name == "buy_x_get_y" else 0.35) for name in CARRYING if name != "variants"},
}
"""How often a row is aimed at: on a day with only closed benefits for it, and on one that can also let in."""


@dataclass(frozen=True, slots=True)
class Case:
    """Facts and Python's answer. target: the row it was made for; edge: at its boundary; near: rows met at theirs."""

    facts: Facts
    decision: Decision
    next_allowed_at: datetime | None
    target: str
    edge: bool
    near: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A benefit at a venue on the sheet's day; beside: rows whose closed days lie right before or after it."""

    offer: Offer
    venue_id: str
    opening: Opening
    beside: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Aim:
    """What a case is to show: the row's question missed or met, at its boundary or not; None: the pass or the day."""

    place: Place
    question: Question | None
    row: str
    missed: bool
    edge: bool


@dataclass(frozen=True, eq=False)
class Group:
    """One sheet, and by row what can be made to decide on it: a question, or None for the pass and the place."""

    world: World
    sheet: DaySheet

    @cached_property
    def places(self) -> list[Place]:
        return [self.place(offer, venue_id) for offer in self.sheet.offers.values() for venue_id in offer.at]

    def place(self, offer: Offer, venue_id: str) -> Place:
        benefit = self.world.terms.benefits[offer.benefit_id]
        settled = settled_at(self.world.terms, benefit, venue_id)
        around = [opening_on(settled, self.sheet.day + timedelta(days=n), self.world.calendar) for n in (-1, 1)]
        closed = (other.questions[-1] for other in around)
        beside = {row_of(last, benefit) for last in closed if isinstance(last, Closed)}
        return Place(offer, venue_id, offer.at[venue_id].opening, tuple(sorted(beside)))

    @cached_property
    def targets(self) -> dict[str, list[tuple[Place, Question | None]]]:
        found: dict[str, list[tuple[Place, Question | None]]] = {}
        for place in self.places:
            benefit = self.world.terms.benefits[place.offer.benefit_id]
            for question in place.opening.questions:
                found.setdefault(row_of(question, benefit), []).append((place, question))
            if place.opening.closed is None:
                for row in place.beside:
                    found.setdefault(row, []).append((place, None))
                if place.offer.then_discount is not None:
                    found.setdefault("then_discount", []).append((place, None))
        usable: list[tuple[Place, Question | None]] = [
            (place, None) for place in self.places if place.opening.closed is None
        ]
        for place, _ in usable:
            for rule in self.world.terms.benefits[place.offer.benefit_id].rules:
                if rule.name in CARRYING:
                    found.setdefault(rule.name, []).append((place, None))
        return found | dict.fromkeys(PASS_ROWS, usable) if usable else found

    @cached_property
    def weights(self) -> dict[str, float]:
        let_in = {row for row, found in self.targets.items() if any(question is None for _, question in found)}
        return {row: WEIGHTS.get(row, (1.2, 1.2))[row in let_in] for row in sorted(self.targets)}


def groups(seed: int, cases: int, *, more_days: int = 3) -> Iterator[tuple[Group, Iterator[Case]]]:
    """So many cases, give or take a few for each sheet, over all worlds and days."""
    rng = Random(seed)
    found = worlds(rng, more_days)
    each = cases // sum(len(world.days) for world in found)
    for world in found:
        for day in world.days:
            group = Group(world, daysheet.compile(world.terms, world.calendar, day))
            yield group, cases_of(group, each, Random(rng.random()))


def cases_of(group: Group, n: int, rng: Random) -> Iterator[Case]:
    """n cases; a scan refused until later today is also asked at that moment, and a second before."""
    made = 0
    while made < n:
        case = case_of(group, aimed(group, rng), rng)
        yield case
        made += 1
        for later in later_today(group, case, rng):
            yield later
            made += 1


def aimed(group: Group, rng: Random) -> Aim:
    (row,) = rng.choices(list(group.weights), list(group.weights.values()))
    found = group.targets[row]
    edges = [one for one in found if one[1] is None]
    place, question = rng.choice(edges if edges and rng.random() < 0.6 else found)
    return Aim(place, question, row, missed=rng.random() < 0.55, edge=rng.random() < 0.8)


def later_today(group: Group, case: Case, rng: Random) -> Iterator[Case]:
    allowed = case.next_allowed_at
    if allowed is None or clock.local_day(allowed) != group.sheet.day:
        return
    for moment in (allowed, allowed - timedelta(seconds=1)):
        if clock.local_day(moment) == group.sheet.day and rng.random() < 0.5:
            facts = replace(case.facts, now=moment)
            yield answered(group, facts, case.target, True, (case.target,) if moment == allowed else ())


def answered(group: Group, facts: Facts, target: str, edge: bool, near: tuple[str, ...]) -> Case:
    decision = decide(group.sheet, facts)
    return Case(facts, decision, next_allowed(group.sheet, facts, decision), target, edge, near)


def case_of(group: Group, aim: Aim, rng: Random) -> Case:
    place, question, row, missed, edge = aim.place, aim.question, aim.row, aim.missed, aim.edge
    draft = drafted(group, place, rng)
    near = set(place.beside) if place.opening.closed is None else set()
    near |= meet_all(group, place, draft)
    if row in PASS_ROWS:
        spoil_pass(row, draft, group.sheet, missed=missed, edge=edge)
        near |= {row} if not missed and (edge or row not in EDGED) else set()
    elif row == "then_discount":
        near |= spend(place, draft, met=not missed, edge=edge)
    elif question is not None and not isinstance(question, Closed):
        fits = answer_to(question, draft, met=not missed, edge=edge)
        near = near | {row} if fits and edge and not missed else near - {row}
    add_noise(group, draft)
    at_edge = edge if not isinstance(question, Closed) else is_at_edge(group, place)
    return answered(group, draft.facts(), row, at_edge, tuple(sorted(near)))


def is_at_edge(group: Group, place: Place) -> bool:
    """Whether the closed day lies right before or after an open one."""
    runs = place.offer.at[place.venue_id].runs
    near = {group.sheet.day + timedelta(days=n) for n in (-1, 1)}
    return any(near & {run.first, run.last} for run in runs)


def drafted(group: Group, place: Place, rng: Random) -> Draft:
    """A pass in force whose product has the benefit; often on the first or the last day of its term."""
    day, benefit_id = group.sheet.day, place.offer.benefit_id
    ago = rng.choice([0, 0, 364, 363, 334, rng.randrange(365)])
    draft = Draft(rng, day, benefit_id, place.venue_id, day - timedelta(days=ago))
    having = [id_ for id_, product in group.sheet.products.items() if benefit_id in product.benefits]
    named = rng.random()
    draft.parts = {
        "product_id": rng.choice(having),
        "holder_class": "adult",
        "state": "active",
        "valid_until": draft.after(365 - ago),
        "attended": rng.random() < 0.7,
        "benefit_id": benefit_id if named < 0.8 else None,
        "default_benefit_id": benefit_id if named > 0.7 else rng.choice([None, *group.sheet.offers]),
        "birth_on": rng.choice([None, day.replace(year=1990, day=min(day.day, 28))]),
        "nights": rng.choice([None, 1, 2]),
        "item_id": None,
    }
    return draft


def meet_all(group: Group, place: Place, draft: Draft) -> set[str]:
    """Meet every question, some at its boundary; the rows of those."""
    benefit, near = group.world.terms.benefits[place.offer.benefit_id], set()
    draft.second = draft.rng.choice([0, 86_399, 43_200, draft.rng.randrange(86_400)])
    if draft.valid_from == draft.day:
        near.add("pass_not_yet_valid")
    if draft.parts["valid_until"] == draft.after(1):
        near.add("pass_expired")
    for question in sorted(place.opening.questions, key=lambda one: not isinstance(one, Hours)):
        edge = draft.chance(0.5)
        if not isinstance(question, Closed) and answer_to(question, draft, met=True, edge=edge) and edge:
            near.add(row_of(question, benefit))
    return near


def spend(place: Place, draft: Draft, *, met: bool, edge: bool) -> set[str]:
    """The limits of a benefit that goes on at a discount: one of them spent, or one use left."""
    limited = [tally for tally in place.offer.at[place.venue_id].moves if tally.limit is not None]
    for tally in limited:
        draft.count(tally.name, tally.per, counted(draft.rng, tally.limit or 0, True, edge))
    if not met:
        spent = draft.rng.choice(limited)
        draft.count(spent.name, spent.per, counted(draft.rng, spent.limit or 0, False, edge))
    return {"then_discount"} if edge else set()


def add_noise(group: Group, draft: Draft) -> None:
    """What must not matter: counts of others, closures that are over, bookings elsewhere."""
    rng = draft.rng
    if rng.random() < 0.5:
        for id_ in rng.sample(sorted(group.sheet.offers), 2 if len(group.sheet.offers) > 1 else 1):
            if id_ != draft.benefit_id:
                draft.count(f"benefit:{id_}", rng.choice(["month", "term"]), rng.randint(1, 5))
    if rng.random() < 0.3:
        kind = rng.choice(["venue_closed", "venue_full", "wind"])
        draft.close(kind, *rng.choice([(1, None), (-99, 0), (3600, 7200)]))
    if rng.random() < 0.2:
        draft.book(-10, 10, elsewhere=True)
    if rng.random() < 0.2:
        draft.confirmed |= set(rng.sample(["age", "height", "guardian", "manual_confirm", "birthday"], 2))
