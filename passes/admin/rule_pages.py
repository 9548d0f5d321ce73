"""How rules are written, for who writes a catalogue: every rule with an example, run as a gate runs it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from flask import render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext

from passes.access import guard
from passes.access.rules import ADMIN
from passes.admin.desk import blueprint
from passes.catalogue.rule_example import Answered, Example, answers_of, holder_reads
from passes.catalogue.rule_examples import EXAMPLES
from passes.entitlement.facts import Decision
from passes.entitlement.nodes import Text
from passes.entitlement.words import refusal_words
from passes.errors import N_

OUTCOMES = {
    "admitted": N_("let in"),
    "refused": N_("refused"),
    "needs_confirmation": N_("staff confirm"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """An example with what a holder reads and what the gate says: words by code, an answer by situation."""

    example: Example
    reads: tuple[Text, ...]
    words: Mapping[str, Text]
    answers: tuple[tuple[Answered, tuple[str, ...]], ...]


@lru_cache(maxsize=1)
def shown_examples() -> tuple[Shown, ...]:
    """They never change while the process runs."""
    return tuple(
        Shown(
            example=example,
            reads=holder_reads(example),
            words={code: refusal_words(code) for code in example.codes},
            answers=tuple((answered, codes_of(answered.decision)) for answered in answers_of(example)),
        )
        for example in EXAMPLES
    )


def codes_of(decision: Decision) -> tuple[str, ...]:
    """The refusal, or what staff must confirm."""
    if decision.refusal_code:
        return (decision.refusal_code,)
    return tuple(item.item for item in decision.confirm)


@blueprint.get("/catalogue/rules")
@guard.staff(ADMIN)
def catalogue_rules() -> ResponseReturnValue:
    """Every rule type: what it means, how it is written, what a holder reads and what the gate says."""
    return render_template(
        "admin/catalogue_rules.html",
        shown=shown_examples(),
        outcomes={code: gettext(words) for code, words in OUTCOMES.items()},
    )
