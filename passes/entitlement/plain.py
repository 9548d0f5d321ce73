"""A benefit's rules in plain words for a holder: “每天一次 · 有效期内四次 · 5月1日–10月15日”."""

from passes.entitlement.nodes import Text
from passes.entitlement.terms import Benefit


def plain_words(benefit: Benefit) -> tuple[Text, ...]:
    """One phrase a rule that has something to tell a holder, in the order of asking."""
    found = (rule.words() for rule in benefit.rules)
    return tuple(phrase for phrase in found if phrase is not None)
