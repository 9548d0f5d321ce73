"""What a new catalogue would take from passes already sold: no such thing is published without a remedy. Pure."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from passes.catalogue.draft import of_type
from passes.entitlement.calendars import Calendar
from passes.entitlement.daysheet import opening_on, rules_at, settled_at
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import day_words
from passes.entitlement.plain import Among
from passes.entitlement.rule_choices import SameDayExclusive
from passes.entitlement.rule_dates import ContractValidity
from passes.entitlement.terms import Benefit, Terms

LossKind = Literal["benefit_removed", "venue_removed", "contract_ends_earlier", "days_excluded", "benefit_excluded"]
LOOK_AHEAD = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing taken from a benefit: at which venue, on which day, by which benefit ("" where it is about none)."""

    benefit_id: str
    kind: LossKind
    what: str = ""


def losses_of(old: Terms, new: Terms, calendar: Calendar, *, products: Set[str], today: date) -> frozenset[Loss]:
    """All that holders of these products have under the old terms and would not have under the new ones.

    A benefit whose contract has run out is no loss any more. Fewer uses, other hours and new conditions are none: they
    hold only for passes sold later. A product that is no longer sold takes nothing from those who have it.
    """
    found: set[Loss] = set()
    for product_id in products & set(old.products):
        sold = new.products.get(product_id)
        for id_ in old.products[product_id].benefits:
            before, after = old.benefits[id_], new.benefits.get(id_)
            if _ends(before) < today:
                continue
            if after is None or (sold is not None and id_ not in sold.benefits):
                found.add(Loss(id_, "benefit_removed"))
            else:
                found |= set(_narrowed(old, new, before, after, calendar, today))
    return frozenset(found)


def _narrowed(
    old: Terms, new: Terms, before: Benefit, after: Benefit, calendar: Calendar, today: date
) -> Iterator[Loss]:
    yield from (Loss(after.id, "venue_removed", id_) for id_ in before.at if id_ not in after.at)
    if _ends(after) < _ends(before):
        yield Loss(after.id, "contract_ends_earlier", _ends(after).isoformat())
    excluded = {id_ for rule in of_type(before.rules, SameDayExclusive) for id_ in rule.benefits}
    for rule in of_type(after.rules, SameDayExclusive):
        yield from (Loss(after.id, "benefit_excluded", id_) for id_ in rule.benefits if id_ not in excluded)
    for venue_id in set(before.at) & set(after.at):
        if rules_at(before, old.venues[venue_id]) != rules_at(after, new.venues[venue_id]):
            yield from _lost_days(old, new, before, after, venue_id, calendar, today)


def _lost_days(
    old: Terms, new: Terms, before: Benefit, after: Benefit, venue_id: str, calendar: Calendar, today: date
) -> Iterator[Loss]:
    """Days of the coming year, or of all the calendar's years, that were open and would be closed."""
    was, becomes = settled_at(old, before, venue_id), settled_at(new, after, venue_id)
    last = max([today + LOOK_AHEAD, *(date(year, 12, 31) for year in calendar.years)])
    for n in range((min(last, _ends(after)) - today).days + 1):
        day = today + timedelta(days=n)
        if opening_on(was, day, calendar).closed is None and opening_on(becomes, day, calendar).closed is not None:
            yield Loss(after.id, "days_excluded", day.isoformat())


def _ends(benefit: Benefit) -> date:
    """The last day of its contract."""
    return min((rule.until for rule in of_type(benefit.rules, ContractValidity)), default=date.max)


def loss_words(losses: Set[Loss], terms: Terms) -> Text:
    """What one benefit loses, on one line; terms: those in which it still stood."""
    names, parts = Among(terms), []
    for kind in ("benefit_removed", "venue_removed", "contract_ends_earlier", "benefit_excluded"):
        for loss in sorted((one for one in losses if one.kind == kind), key=lambda one: one.what):
            parts.append(_words(loss, names))
    days = sorted(loss.what for loss in losses if loss.kind == "days_excluded")
    if days:
        first = day_words("{}", "{}", date.fromisoformat(days[0]))
        parts.append(
            Text(
                f"新增 {len(days)} 天不可用，自{first.zh}起", f"{len(days)} more days are excluded, from {first.en} on"
            )
        )
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def _words(loss: Loss, names: Among) -> Text:
    if loss.kind == "benefit_removed":
        return Text("被取消", "is removed")
    if loss.kind == "contract_ends_earlier":
        return day_words("合作提前至{}结束", "ends earlier, on {}", date.fromisoformat(loss.what))
    if loss.kind == "venue_removed":
        venue = names.venue(loss.what)
        return Text(f"不再适用于{venue.zh}", f"is no longer given at {venue.en}")
    other = names.benefit(loss.what)
    return Text(f"不再与{other.zh}同日可用", f"is no longer given on a day with {other.en}")
