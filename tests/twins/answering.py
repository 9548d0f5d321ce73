"""Each question can be met or missed by facts, at its boundary or anywhere."""

from collections.abc import Callable
from datetime import date
from typing import Any

from passes.entitlement.facts import HOLDER_CLASSES, period_of
from passes.entitlement.rule import Question
from passes.entitlement.rule_choices import ItemChosen, MemberLeft, NotToday, OnlyAfter, Visited
from passes.entitlement.rule_counts import Below, Rested
from passes.entitlement.rule_dates import Hours, NoCondition
from passes.entitlement.rule_holders import Confirmed, OfClass, OnBirthday, WithinLimits
from passes.entitlement.rule_slots import NightsEntered, SlotNow
from passes.entitlement.rule_terms import InStock
from tests.twins.drafts import Draft, closure, counted

DAY_SECONDS = 86_400


def hours(question: Hours, draft: Draft, met: bool, edge: bool) -> bool:
    """The moment of the scan; always the first to be set."""
    edges = [second for window in question.windows for second in (window[0], window[1] - 1, window[0] - 1, window[1])]
    found = edges if edge else [draft.rng.randrange(DAY_SECONDS) for _ in range(40)]
    fits = [
        second
        for second in found
        if 0 <= second < DAY_SECONDS and met == any(opens <= second < closes for opens, closes in question.windows)
    ]
    if not fits:
        return False
    draft.second = draft.rng.choice(fits)
    return True


def conditions(question: NoCondition, draft: Draft, met: bool, edge: bool) -> bool:
    closure(draft, draft.rng.choice(question.conditions), met, edge)
    return True


def classes(question: OfClass, draft: Draft, met: bool, edge: bool) -> bool:
    fits = [name for name in HOLDER_CLASSES if (name in question.classes) == met]
    if fits:
        draft.parts["holder_class"] = draft.rng.choice(fits)
    return bool(fits)


def born(day: date, years: int) -> date:
    """Who turns that old on this day; 1 March where the year of birth lacks the day."""
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return date(day.year - years, 3, 1)


def limits(question: WithinLimits, draft: Draft, met: bool, edge: bool) -> bool:
    least, most = question.min_age or 0, 150 if question.max_age is None else question.max_age
    draft.confirmed |= {"age", "height"}
    of_age = question.min_age is not None or question.max_age is not None
    if not met and (not of_age or draft.chance(0.3)):
        item = "height" if question.min_height_cm is not None else "age"
        draft.confirmed.discard(item)
        if item == "age":
            draft.parts["birth_on"] = None
        return True
    tomorrow, today = draft.after(1), draft.day
    if not of_age:
        draft.parts["birth_on"] = draft.rng.choice([None, born(today, 3)])
    elif edge:
        fits = [born(today, least), born(tomorrow, most + 1)] if met else [born(tomorrow, least), born(today, most + 1)]
        draft.parts["birth_on"] = draft.rng.choice(fits)
    elif met:
        somewhere = draft.rng.randint(least, max(least, most - 1))
        draft.parts["birth_on"] = draft.rng.choice([None, born(draft.after(-draft.rng.randrange(300)), somewhere)])
    else:
        draft.parts["birth_on"] = draft.rng.choice([born(draft.after(99), least), born(draft.after(-9), most + 2)])
    return True


def birthday(question: OnBirthday, draft: Draft, met: bool, edge: bool) -> bool:
    draft.confirmed.add("birthday")
    if not edge and draft.chance(0.4):
        draft.parts["birth_on"] = None
        if not met:
            draft.confirmed.discard("birthday")
        return True
    draft.parts["birth_on"] = near(draft, question.within == "month", 0 if met else draft.rng.choice([-1, 1]), edge)
    return True


def near(draft: Draft, month: bool, step: int, edge: bool) -> date:
    """A birth date with its day, or month, today's or `step` away; 29 February where that is the same day."""
    year = draft.rng.choice([1952, 1984, 1990, 2000, 2011])
    if month:
        number = (draft.day.month - 1 + step) % 12 + 1
        last = 29 if number == 2 and year % 4 == 0 else 28
        return date(year, number, draft.rng.choice([1, last]) if edge else draft.rng.randint(1, 28))
    other = draft.after(step if edge else step * draft.rng.randint(2, 180))
    leaps = (other.month, other.day) == (2, 28) and other.year % 4 and draft.chance(0.5)
    if leaps:
        return date(2000, 2, 29)
    return other.replace(year=2000 if (other.month, other.day) == (2, 29) else year)


def below(question: Below, draft: Draft, met: bool, edge: bool) -> bool:
    limit = question.tally.limit or 0
    draft.count(question.tally.name, question.tally.per, counted(draft.rng, limit, met, edge))
    return True


def rested(question: Rested, draft: Draft, met: bool, edge: bool) -> bool:
    if met:
        draft.count(question.name, "day", 0)
        if edge or draft.chance(0.5):
            draft.count(question.name, "day", 1, draft.after(-question.days - (0 if edge else draft.rng.randint(0, 9))))
    else:
        ago = question.days - 1 if edge else draft.rng.randrange(question.days)
        draft.count(question.name, "day", 1, draft.after(-ago))
    return True


def member(question: MemberLeft, draft: Draft, met: bool, edge: bool) -> bool:
    for name in question.members:
        draft.count(f"group:{question.group}/{name}", "term", 0)
    others = [name for name in question.members if name != question.own]
    draft.rng.shuffle(others)
    if met and draft.chance(0.4):
        chosen = [question.own, *others[: question.choose - 1]]
    elif met:
        chosen = others[: question.choose - 1 if edge else draft.rng.randrange(question.choose)]
    elif len(others) < question.choose:
        return False
    else:
        chosen = others[: question.choose]
    for name in chosen:
        draft.count(f"group:{question.group}/{name}", "term", draft.rng.randint(1, 2))
    return True


def item(question: ItemChosen, draft: Draft, met: bool, edge: bool) -> bool:
    items = [choice.id for choice in question.items]
    draft.rng.shuffle(items)
    full = question.choose
    for name in items:
        draft.count(f"group:{question.group}/{name}", "term", 0)
    if met:
        chosen, wanted = (items[:full], items[0]) if draft.chance(0.5) else (items[: full - 1], items[full - 1])
    elif len(items) > full and draft.chance(0.6):
        chosen, wanted = items[:full], items[full]
    else:
        chosen, wanted = items[: draft.rng.choice([full - 1, full])], draft.rng.choice(["", "NONE"])
    for name in chosen:
        draft.count(f"group:{question.group}/{name}", "term", 1)
    draft.parts["item_id"] = wanted or None
    return True


def not_today(question: NotToday, draft: Draft, met: bool, edge: bool) -> bool:
    name = draft.rng.choice(question.names)
    if met:
        draft.count(name, "day", 0)
        draft.count(name, "day", 1, draft.after(draft.rng.choice([-1, 1])))
    else:
        draft.count(name, "day", 1)
    return True


def only_after(question: OnlyAfter, draft: Draft, met: bool, edge: bool) -> bool:
    draft.count(question.name, "day", 1 if met else 0)
    if not met:
        draft.count(question.name, "day", 1, draft.after(-1))
    return True


def visited(question: Visited, draft: Draft, met: bool, edge: bool) -> bool:
    names = list(question.names)
    draft.rng.shuffle(names)
    least = question.least
    so_many = least - 1 if not met else least if edge else draft.rng.randint(least, len(names))
    for n, name in enumerate(names):
        draft.count(name, "term", draft.rng.randint(1, 3) if n < so_many else 0)
    return True


def slot(question: SlotNow, draft: Draft, met: bool, edge: bool) -> bool:
    """From 15 minutes before it to its end; an edge of missing it is a second too early, or too late."""
    draft.reservations.clear()
    if draft.chance(0.4):
        draft.book(-60, 3600, elsewhere=True)
    if met:
        starts, ends = draft.rng.choice([(900, 4500), (-3599, 1)]) if edge else (draft.rng.randint(-1700, 899), 3600)
        draft.book(starts, ends)
        if draft.chance(0.3):
            draft.book(starts + draft.rng.choice([0, 0, 1800]), ends + 1800)
        return True
    way = draft.rng.randrange(3)
    if edge and way < 2 or way == 0:
        draft.book(*draft.rng.choice([(901, 4501), (-3600, 0)]))
    elif way == 1:
        draft.counters[f"slot:{draft.book(-60, 3600)}", "ever"] = 1
    else:
        draft.book(draft.rng.randrange(901, 200_000), 300_000)
    return True


def nights(question: NightsEntered, draft: Draft, met: bool, edge: bool) -> bool:
    draft.parts["nights"] = draft.rng.choice([0, 1, 2, 30] if edge else range(1, 9)) if met else None
    return True


def stock(question: InStock, draft: Draft, met: bool, edge: bool) -> bool:
    tally = question.tally
    key = (tally.name, period_of(tally.per, draft.day, draft.day))
    draft.stock[key] = counted(draft.rng, tally.limit or 0, met, edge)
    return True


def confirmed(question: Confirmed, draft: Draft, met: bool, edge: bool) -> bool:
    (draft.confirmed.add if met else draft.confirmed.discard)(question.item)
    return True


Answering = Callable[[Any, Draft, bool, bool], bool]
ANSWERING: dict[type[Question], Answering] = {
    Hours: hours,
    NoCondition: conditions,
    OfClass: classes,
    WithinLimits: limits,
    OnBirthday: birthday,
    Below: below,
    Rested: rested,
    MemberLeft: member,
    ItemChosen: item,
    NotToday: not_today,
    OnlyAfter: only_after,
    Visited: visited,
    SlotNow: slot,
    NightsEntered: nights,
    InStock: stock,
    Confirmed: confirmed,
}


def answer_to(question: Question, draft: Draft, *, met: bool, edge: bool) -> bool:
    """Make the draft meet or miss the question, at its boundary or anywhere; False where there is no such draft."""
    return ANSWERING[type(question)](question, draft, met, edge)
