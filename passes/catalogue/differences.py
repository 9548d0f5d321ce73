"""What one terms version says that another does not, in words, by product, place, benefit and rule. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date
from typing import Literal, TypeVar

from passes.catalogue.difference_words import SECTIONS, about_path
from passes.entitlement.calendars import Calendar, Holiday
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import HOLDER_NAMES, HOLIDAY_NAMES, listed
from passes.entitlement.plain import Among, venue_hours
from passes.entitlement.rule import Rule
from passes.entitlement.terms import Benefit, Product, Terms, Venue

Kind = Literal["product", "benefit", "venue", "pass_rules", "holidays"]
How = Literal["added", "removed", "changed"]
Thing = TypeVar("Thing")

RULE = Text("规则", "rule")
_TOLD_OF_PRODUCT = frozenset(
    {"id", "name", "price_fen", "sold", "validity_days", "min_age", "max_age", "holder", "benefits"}
)
_TOLD_OF_VENUE = frozenset({"id", "name", "district", "hours", "closed_weekdays", "list_price_fen", "about"})


@dataclass(frozen=True, slots=True)
class Change:
    """One line: what it is about, before and after. None: it was not there, or is not any more."""

    about: Text
    before: Text | None
    after: Text | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What happened to one product, benefit, place, section or year. An added or removed one has no changes."""

    kind: Kind
    how: How
    id: str
    name: Text
    changes: tuple[Change, ...] = ()


def differences(old: Terms, new: Terms, old_calendar: Calendar, new_calendar: Calendar) -> tuple[Entry, ...]:
    """Products first, then benefits, places, the rules for every pass, and holidays."""
    return (
        *_entries("product", old.products, new.products, lambda a, b: _product(a, b, old, new)),
        *_entries("benefit", old.benefits, new.benefits, lambda a, b: _benefit(a, b, old, new)),
        *_entries("venue", old.venues, new.venues, _venue),
        *_sections(old.pass_rules, new.pass_rules),
        *_years(old_calendar, new_calendar),
    )


def _entries(
    kind: Kind,
    old: Mapping[str, Thing],
    new: Mapping[str, Thing],
    compare: Callable[[Thing, Thing], Iterable[Change]],
) -> Iterator[Entry]:
    for id_, thing in new.items():
        before = old.get(id_)
        if before is None:
            yield Entry(kind, "added", id_, _name(thing))
        elif before != thing and (changes := tuple(compare(before, thing))):
            yield Entry(kind, "changed", id_, _name(thing), changes)
    for id_, thing in old.items():
        if id_ not in new:
            yield Entry(kind, "removed", id_, _name(thing))


def _name(thing: object) -> Text:
    name = getattr(thing, "name", None)
    return name if isinstance(name, Text) else Text("", "")


def _changed(about: Text, before: Text | None, after: Text | None) -> Iterator[Change]:
    if before != after:
        yield Change(about, before, after)


def _product(old: Product, new: Product, old_terms: Terms, new_terms: Terms) -> Iterator[Change]:
    yield from _changed(Text("名称", "name"), old.name, new.name)
    yield from _changed(Text("价格", "price"), money(old.price_fen), money(new.price_fen))
    yield from _changed(Text("在售", "on sale"), truth(old.sold), truth(new.sold))
    yield from _changed(Text("有效天数", "days of validity"), number(old.validity_days), number(new.validity_days))
    yield from _changed(Text("年龄", "age"), ages(old), ages(new))
    yield from _changed(
        Text("持卡人", "holder"), HOLDER_NAMES.get(old.holder or ""), HOLDER_NAMES.get(new.holder or "")
    )
    yield from _moved(Text("包含的权益", "benefits included"), old.benefits, new.benefits, old_terms, new_terms)
    yield from _parts_changed(old, new, _TOLD_OF_PRODUCT)


def _moved(about: Text, old: Sequence[str], new: Sequence[str], old_terms: Terms, new_terms: Terms) -> Iterator[Change]:
    """What a list of benefits or places lost and gained, by name."""
    lost, gained = [id_ for id_ in old if id_ not in new], [id_ for id_ in new if id_ not in old]
    if lost or gained:
        yield Change(about, _named(lost, old_terms) if lost else None, _named(gained, new_terms) if gained else None)


def _named(ids: Iterable[str], terms: Terms) -> Text:
    among = Among(terms)
    return listed(among.benefit(id_) if id_ in terms.benefits else among.venue(id_) for id_ in ids)


def _benefit(old: Benefit, new: Benefit, old_terms: Terms, new_terms: Terms) -> Iterator[Change]:
    yield from _changed(Text("名称", "name"), old.name, new.name)
    yield from _moved(Text("使用地点", "where it may be used"), old.at, new.at, old_terms, new_terms)
    yield from _changed(Text("价值", "value"), money(old.value_fen), money(new.value_fen))
    yield from _rules(old, new, old_terms, new_terms)
    yield from _changed(Text("结算", "settlement"), _facts(old.settle), _facts(new.settle))


def _rules(old: Benefit, new: Benefit, old_terms: Terms, new_terms: Terms) -> Iterator[Change]:
    """Rules of one type are compared in their order; what stayed the same is left out first."""
    types = dict.fromkeys(type(rule) for rule in (*new.rules, *old.rules))
    for type_ in types:
        before = [rule for rule in old.rules if type(rule) is type_ and rule not in new.rules]
        after = [rule for rule in new.rules if type(rule) is type_ and rule not in old.rules]
        for n in range(max(len(before), len(after))):
            was = before[n] if n < len(before) else None
            becomes = after[n] if n < len(after) else None
            yield from _rule(was, becomes, old, new, old_terms, new_terms)


def _rule(
    was: Rule | None, becomes: Rule | None, old: Benefit, new: Benefit, old_terms: Terms, new_terms: Terms
) -> Iterator[Change]:
    told_before = _told(was, old, old_terms) if was is not None else None
    told_after = _told(becomes, new, new_terms) if becomes is not None else None
    if told_before != told_after:
        yield Change(RULE, told_before, told_after)
        return
    # The same words for a holder, another number behind them.
    assert was is not None and becomes is not None
    yield from _parts_changed(was, becomes, frozenset(), lead=told_after)


def _told(rule: Rule, benefit: Benefit, terms: Terms) -> Text:
    return rule.words_among(Among(terms), benefit.id) or Text(rule.name, rule.name)


def _venue(old: Venue, new: Venue) -> Iterator[Change]:
    yield from _changed(Text("名称", "name"), old.name, new.name)
    yield from _changed(Text("区县", "district"), old.district, new.district)
    yield from _changed(Text("开放时间", "opening hours"), listed(venue_hours(old)), listed(venue_hours(new)))
    yield from _changed(Text("门市价", "list price"), money(old.list_price_fen), money(new.list_price_fen))
    yield from _changed(Text("简介", "description"), old.about, new.about)
    yield from _parts_changed(old, new, _TOLD_OF_VENUE)


def _parts_changed(old: object, new: object, known: frozenset[str], lead: Text | None = None) -> Iterator[Change]:
    """Fields without words of their own, by their name in the file."""
    before, after = parts_of(old), parts_of(new)
    for path in dict.fromkeys((*before, *after)):
        if path.partition(".")[0] in known or before.get(path) == after.get(path):
            continue
        about = about_path(path.rpartition(".")[2])
        if lead is not None:
            about = Text(f"{lead.zh}：{about.zh}", f"{lead.en}: {about.en}")
        yield Change(about, _value(before.get(path)), _value(after.get(path)))


def parts_of(value: object, path: str = "") -> dict[str, str]:
    """A frozen value as {path: text}; what is None or empty is left out."""
    if value is None or value == () or value == {}:
        return {}
    if isinstance(value, Text):
        return {path: f"{value.zh} / {value.en}"}
    if is_dataclass(value) and type(value).__str__ is object.__str__:
        found: dict[str, str] = {}
        for field in fields(value):
            found |= parts_of(getattr(value, field.name), f"{path}.{field.name}" if path else field.name)
        return found
    if isinstance(value, Mapping):
        found = {}
        for key, part in value.items():
            found |= parts_of(part, f"{path}.{key}" if path else str(key))
        return found
    if isinstance(value, tuple | list):
        return {path: "、".join(", ".join(parts_of(part, "_").values()) for part in value)}
    return {path: _plain(value)}


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "✓" if value else "✗"
    return value.isoformat() if isinstance(value, date) else str(value)


def _value(text: str | None) -> Text | None:
    return None if text is None else Text(text, text)


def _facts(value: object) -> Text:
    """Fields and their values on one line."""
    told = [(about_path(path), text) for path, text in parts_of(value).items()]
    return listed(Text(f"{about.zh} {text}", f"{about.en} {text}") for about, text in told)


def _sections(old: Mapping[str, object], new: Mapping[str, object]) -> Iterator[Entry]:
    for section in dict.fromkeys((*new, *old)):
        before, after = parts_of(old.get(section)), parts_of(new.get(section))
        changes = tuple(
            Change(
                about_path(path) if path else Text("内容", "value"), _value(before.get(path)), _value(after.get(path))
            )
            for path in dict.fromkeys((*before, *after))
            if before.get(path) != after.get(path)
        )
        how: How = "added" if section not in old else "removed" if section not in new else "changed"
        if changes:
            yield Entry("pass_rules", how, section, SECTIONS.get(section, Text(section, section)), changes)


def _years(old: Calendar, new: Calendar) -> Iterator[Entry]:
    for year in sorted({*old.years, *new.years}):
        before, after = old.years.get(year), new.years.get(year)
        shown = after or before
        name = Text(f"{year} 年", str(year))
        if shown is not None and shown.provisional:
            name = Text(f"{name.zh}（暂定）", f"{name.en} (provisional)")
        if before is None or after is None:
            yield Entry("holidays", "added" if before is None else "removed", str(year), name)
            continue
        awaited = Text("尚待国务院通知", "awaits the State Council's notice")
        changes = list(_changed(awaited, truth(before.provisional), truth(after.provisional)))
        for key, holiday in after.holidays.items():
            changes += _changed(HOLIDAY_NAMES[key], _days(before.holidays[key]), _days(holiday))
        if changes:
            yield Entry("holidays", "changed", str(year), name, tuple(changes))


def _days(holiday: Holiday) -> Text:
    off = "、".join(f"{first}–{last}" if first != last else str(first) for first, last in holiday.off)
    work = "、".join(map(str, holiday.work))
    if not work:
        return Text(off, off)
    return Text(f"{off}（上班：{work}）", f"{off} (worked: {work})")


def money(fen: int | None) -> Text | None:
    if fen is None:
        return None
    yuan = f"{fen // 100}" if fen % 100 == 0 else f"{fen / 100:.2f}"
    return Text(f"{yuan} 元", f"¥{yuan}")


def number(count: int | None) -> Text | None:
    return None if count is None else Text(str(count), str(count))


def truth(value: bool) -> Text:
    return Text("是", "yes") if value else Text("否", "no")


def ages(product: Product) -> Text | None:
    low, high = product.min_age, product.max_age
    if low is None and high is None:
        return None
    if high is None:
        return Text(f"{low} 周岁起", f"{low} and over")
    if low is None:
        return Text(f"{high} 周岁及以下", f"up to {high}")
    return Text(f"{low}–{high} 周岁", f"{low} to {high}")
