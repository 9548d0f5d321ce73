"""A benefit's rules in plain words for a holder: “每天一次 · 每年四次 · 5月1日–10月15日”."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from passes.entitlement import rule_choices, rule_counts, rule_dates, rule_holders, rule_slots, rule_terms
from passes.entitlement.nodes import Text
from passes.entitlement.phrases import joined, weekday_words, window_words
from passes.entitlement.rule import Rule
from passes.entitlement.terms import Benefit, Terms, Venue

Topic = Literal["often", "when", "who", "before", "terms", "excluded"]

TOPICS: Mapping[Topic, tuple[type[Rule], ...]] = {
    "often": (
        rule_counts.PerDay,
        rule_counts.PerMonth,
        rule_counts.PerTerm,
        rule_counts.Pool,
        rule_choices.ChoiceGroup,
        rule_counts.CooldownDays,
    ),
    "when": (
        rule_dates.Season,
        rule_dates.WeekdayIn,
        rule_dates.WeekdayNot,
        rule_dates.TimeWindow,
        rule_dates.Blackout,
        rule_dates.ConditionClosure,
        rule_choices.SameDayExclusive,
        rule_dates.ContractValidity,
    ),
    "who": (
        rule_holders.HolderClasses,
        rule_holders.HolderLimits,
        rule_holders.Birthday,
        rule_holders.Companion,
        rule_holders.ChildPolicy,
    ),
    "before": (
        rule_slots.Reservation,
        rule_terms.Deposit,
        rule_slots.NoShowStrike,
        rule_choices.Prerequisite,
        rule_choices.Achievement,
        rule_holders.ManualConfirm,
    ),
    "terms": (
        rule_terms.Variants,
        rule_terms.Discount,
        rule_terms.BuyXGetY,
        rule_terms.FreeItem,
        rule_terms.ThenDiscount,
        rule_terms.Supplement,
    ),
    "excluded": (rule_terms.Excludes,),
}
"""What a reader asks, in the order of asking, and the rules that answer, in the order of telling."""

YEAR_DAYS = (365, 366)


@dataclass(frozen=True)
class Among:
    """The names of one catalogue; an entry that is not there is called by its id."""

    terms: Terms

    def benefit(self, id_: str) -> Text:
        found = self.terms.benefits.get(id_)
        return found.name if found else Text(id_, id_)

    def venue(self, id_: str) -> Text:
        found = self.terms.venues.get(id_)
        return found.name if found else Text(id_, id_)

    def product(self, id_: str) -> Text:
        found = self.terms.products.get(id_)
        return found.name if found else Text(id_, id_)

    def pool(self, id_: str) -> tuple[str, ...]:
        return tuple(
            benefit.id
            for benefit in self.terms.benefits.values()
            if any(isinstance(rule, rule_counts.Pool) and rule.id == id_ for rule in benefit.rules)
        )


def plain_topics(
    benefit: Benefit, terms: Terms | None = None, *, validity_days: int = 365
) -> tuple[tuple[Topic, tuple[Text, ...]], ...]:
    """The phrases of each topic that has any. With terms, other benefits and places are called by their names.

    validity_days: those of the pass; “a year” is said only where its term is one.
    """
    found = []
    for topic, types in TOPICS.items():
        rules = [rule for type_ in types for rule in benefit.rules if type(rule) is type_]
        phrases = [_phrase(rule, benefit, terms, validity_days) for rule in rules]
        if told := tuple(phrase for phrase in phrases if phrase is not None):
            found.append((topic, told))
    return tuple(found)


def plain_words(benefit: Benefit, terms: Terms | None = None, *, validity_days: int = 365) -> tuple[Text, ...]:
    """One phrase a rule, how often first, then when, who, and what else there is to know."""
    topics = plain_topics(benefit, terms, validity_days=validity_days)
    return tuple(phrase for _, phrases in topics for phrase in phrases)


def short_words(benefit: Benefit, *, validity_days: int = 365) -> Text:
    """How often and when, on one line: “once a day, four times a year, 1 May to 15 Oct”."""
    topics = dict(plain_topics(benefit, validity_days=validity_days))
    phrases: Sequence[Text] = [*topics.get("often", ()), *topics.get("when", ())]
    return Text(" · ".join(phrase.zh for phrase in phrases), ", ".join(phrase.en for phrase in phrases))


def venue_hours(venue: Venue) -> tuple[Text, ...]:
    """When a place is open, a phrase a season, and the weekdays on which it rests."""
    found = [window_words([window]) for window in venue.hours]
    if venue.closed_weekdays:
        found.append(joined("{}不开放", "closed on {}", weekday_words(venue.closed_weekdays, plural=True)))
    return tuple(found)


def _phrase(rule: Rule, benefit: Benefit, terms: Terms | None, validity_days: int) -> Text | None:
    words = rule.words() if terms is None else rule.words_among(Among(terms), benefit.id)
    if words and isinstance(rule, rule_counts.PerTerm | rule_counts.Pool) and validity_days not in YEAR_DAYS:
        return Text(words.zh.replace("每年", "有效期内"), words.en.replace("a year", "while the pass is valid"))
    return words
