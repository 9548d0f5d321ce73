"""What a catalogue promises must be within reach: some day, for some holder, after what it asks for first."""

from collections.abc import Iterable
from datetime import date

from passes.catalogue.check_first import prerequisites
from passes.catalogue.draft import Checking, needs_another, of_type
from passes.entitlement.rule_choices import Achievement
from passes.entitlement.rule_holders import OLDEST, HolderClasses, HolderLimits
from passes.entitlement.rule_slots import NightsEntered, Reservation, SlotNow
from passes.entitlement.rule_terms import Supplement, Variants
from passes.entitlement.spans import WEEKDAYS, days_of_the_year, in_season
from passes.entitlement.terms import Benefit, Product


def check(checking: Checking) -> None:
    for benefit in checking.terms.benefits.values():
        if checking.calendar.years and not usable(checking, benefit):
            continue
        holders(checking, benefit)
        prerequisites(checking, benefit)
        achievements(checking, benefit)
        bookings(checking, benefit)
        seasonal(checking, benefit)
        weekdays(checking, benefit)
    for product in checking.terms.products.values():
        included(checking, product)


def usable(checking: Checking, benefit: Benefit) -> bool:
    """On some day of the calendar's years, at some venue; otherwise told why each day is closed."""
    codes: dict[str, None] = {}
    for venue_id in benefit.at:
        for _, opening in checking.openings(benefit, venue_id):
            if opening.closed is None:
                return True
            codes[opening.closed] = None
    years = f"{min(checking.calendar.years)}–{max(checking.calendar.years)}"
    checking.fault(
        benefit.id,
        f"{years} 年没有一天可用（{'、'.join(codes)}）",
        f"not usable on a single day of {years} ({', '.join(codes)})",
    )
    return False


def holders(checking: Checking, benefit: Benefit) -> None:
    """Some product gives it to a holder of the class and age it asks for."""
    products = checking.products_with(benefit)
    for rule in of_type(benefit.rules, HolderClasses):
        products = [product for product in products if product.holder in rule.classes]
        if not products:
            classes = ", ".join(rule.classes)
            checking.rule_fault(
                benefit,
                rule,
                f"没有一种产品把它给予 {classes} 持卡人",
                f"no product gives it to a holder of class {classes}",
            )
            return
    for limits in of_type(benefit.rules, HolderLimits):
        if products and not any(meet(limits, product) for product in products):
            checking.rule_fault(
                benefit, limits, "没有一种产品的持卡人符合年龄", "no product has holders within these ages"
            )


def meet(limits: HolderLimits, product: Product) -> bool:
    """Whether some age is within both."""
    youngest = max(limits.min_age or 0, product.min_age or 0)
    oldest = min(age for age in (limits.max_age, product.max_age, OLDEST) if age is not None)
    return youngest <= oldest


def included(checking: Checking, product: Product) -> None:
    """A product that lists its benefits lists none that its holder can never use."""
    for id_ in product.benefits:
        for rule in of_type(checking.terms.benefits[id_].rules, HolderClasses):
            if product.holder not in rule.classes:
                checking.fault(
                    product.id,
                    f"includes 中的 {id_} 不适用于 {product.holder} 持卡人",
                    f"includes {id_}, which is not for a holder of class {product.holder}",
                )


def achievements(checking: Checking, benefit: Benefit) -> None:
    """There are as many spots, and every product that gives it opens as many."""
    for rule in of_type(benefit.rules, Achievement):
        spots = [venue.id for venue in checking.terms.venues.values() if venue.kind == "spot"]
        if rule.distinct_spots > len(spots):
            checking.rule_fault(benefit, rule, f"只有 {len(spots)} 个景点", f"there are only {len(spots)} spots")
            continue
        for product in checking.products_with(benefit):
            opened = opened_by(checking, product) & set(spots)
            if rule.distinct_spots > len(opened):
                checking.rule_fault(
                    benefit,
                    rule,
                    f"产品“{product.id}”只开放 {len(opened)} 个景点",
                    f"the product “{product.id}” opens only {len(opened)} spots",
                )


def opened_by(checking: Checking, product: Product) -> set[str]:
    """Where an admission with the product counts as a visit."""
    benefits = map(checking.terms.benefits.__getitem__, product.benefits)
    return {venue_id for benefit in benefits if not needs_another(benefit) for venue_id in benefit.at}


def bookings(checking: Checking, benefit: Benefit) -> None:
    """Days that ask for a reservation come while the benefit is open."""
    for rule in of_type(benefit.rules, Reservation):
        if rule.days is None or not checking.calendar.years:
            continue
        openings = (opening for venue_id in benefit.at for _, opening in checking.openings(benefit, venue_id))
        asked = {SlotNow(), NightsEntered(benefit.id)}
        if not any(opening.closed is None and asked & set(opening.questions) for opening in openings):
            checking.rule_fault(benefit, rule, "days 之中没有可用的日子", "on none of its days is the benefit open")


def seasonal(checking: Checking, benefit: Benefit) -> None:
    """What is due in a season is due on some day the benefit is open."""
    for rule in of_type(benefit.rules, Supplement):
        if rule.season and not any(in_season(rule.season, day) for day in open_days(checking, benefit)):
            checking.rule_fault(
                benefit, rule, "season 之内没有可用的日子", "in its season there is no day the benefit is open"
            )


def weekdays(checking: Checking, benefit: Benefit) -> None:
    """Terms by weekday say something of every weekday on which the benefit is open."""
    for rule in of_type(benefit.rules, Variants):
        told = {weekday for variant in rule.variants for weekday in variant.weekdays}
        missing = sorted({day.weekday() for day in open_days(checking, benefit)} - told)
        if missing:
            names = ", ".join(WEEKDAYS[weekday] for weekday in missing)
            checking.rule_fault(benefit, rule, f"未写明 {names}", f"says nothing of {names}")


def open_days(checking: Checking, benefit: Benefit) -> Iterable[date]:
    """Days on which it is open somewhere; without a calendar every day of a year."""
    if not checking.calendar.years:
        return days_of_the_year()
    return (day for venue_id in benefit.at for day in checking.open_days(benefit, venue_id))
