"""A benefit's rules in plain words for a holder: “每天一次 · 有效期内四次 · 5月1日–10月15日”."""

from passes.entitlement.nodes import Text
from passes.entitlement.rules import not_supported
from passes.entitlement.terms import Benefit


def plain_words(benefit: Benefit) -> tuple[Text, ...]:
    """One phrase a rule that has something to tell a holder, in the order of asking."""
    found = (rule.words() for rule in benefit.rules)
    return tuple(phrase for phrase in found if phrase is not None)


def plain_line(benefit: Benefit, language: str) -> str:
    """All phrases in one line of the reader's language."""
    return " · ".join(phrase.in_(language) for phrase in plain_words(benefit))


def is_usable_now(benefit: Benefit) -> bool:
    """Whether a gate can decide the benefit, or answers not_yet_supported."""
    return not not_supported(benefit.rules)
