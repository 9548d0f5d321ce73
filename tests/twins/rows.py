"""The rows of the table: each rule of the language, and what is decided before and after the rules."""

from passes.entitlement.facts import Decision
from passes.entitlement.rule import Closed, Question
from passes.entitlement.rule_choices import ItemChosen, MemberLeft, NotToday, OnlyAfter, Visited
from passes.entitlement.rule_counts import Below, Rested
from passes.entitlement.rule_dates import Hours, NoCondition, WeekdayIn
from passes.entitlement.rule_holders import Confirmed, OfClass, OnBirthday, WithinLimits
from passes.entitlement.rule_slots import NightsEntered, SlotNow
from passes.entitlement.rule_terms import InStock
from passes.entitlement.rules import RULE_TYPES
from passes.entitlement.terms import Benefit

ROW_OF_CODE: dict[str, str] = {
    **{rule_type.refusal_code: rule_type.name for rule_type in reversed(RULE_TYPES) if rule_type.refusal_code},
    "slot_not_now": "reservation",
}
ROW_OF_ITEM = {
    "age": "holder_limits",
    "height": "holder_limits",
    "choose_item": "choice_group",
    "guardian": "companion",
    "nights": "stay (nights)",
}
ROW_OF_QUESTION: dict[type[Question], str] = {
    Hours: "time_window",
    NoCondition: "condition_closure",
    OfClass: "holder_class",
    WithinLimits: "holder_limits",
    OnBirthday: "birthday",
    Rested: "cooldown_days",
    MemberLeft: "choice_group",
    ItemChosen: "choice_group",
    NotToday: "same_day_exclusive",
    OnlyAfter: "prerequisite",
    Visited: "achievement",
    SlotNow: "reservation",
    NightsEntered: "stay (nights)",
    InStock: "free_item",
}
DECIDING = sorted(
    {rule_type.name for rule_type in RULE_TYPES if rule_type.refusal_code}
    | {"then_discount", "stay (nights)", "calendar_missing"}
)
"""The rows of rules that can decide."""

CARRYING = {
    "discount": "discount",
    "variants": "discount",
    "supplement": "supplements",
    "deposit": "deposit_returned_fen",
    "buy_x_get_y": "buy_x_get_y",
    "child_policy": "child_policy",
    "excludes": "excludes",
}
"""Rules that only say on what terms a scan is let in, with the name of theirs. no_show_strike has none."""


def row_of(question: Question, benefit: Benefit) -> str:
    if isinstance(question, Closed):
        if question.code == "closed_weekday" and not any(isinstance(rule, WeekdayIn) for rule in benefit.rules):
            return "weekday_not"
        return ROW_OF_CODE.get(question.code, question.code)
    if isinstance(question, Below):
        return ROW_OF_CODE[question.code]
    if isinstance(question, Confirmed):
        return ROW_OF_ITEM.get(question.item, question.item)
    return ROW_OF_QUESTION[type(question)]


def rows_of(decision: Decision, benefit: Benefit | None) -> set[str]:
    """What stood in the way: one row of a refusal, one of each item to confirm. Unnamed where staff are missing."""
    if decision.outcome == "needs_confirmation":
        return {ROW_OF_ITEM.get(item.item, item.item) for item in decision.confirm}
    code = decision.refusal_code
    if code is None or code == "needs_confirmation":
        return set()
    if code == "closed_weekday" and benefit is not None:
        return {row_of(Closed(code), benefit)}
    return {ROW_OF_CODE.get(code, code)}
