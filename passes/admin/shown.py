"""Facts of any kind as words for the reader: each is shown by its type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from flask_babel import gettext

from passes.admin.timeline import Fen, Happening, Msg
from passes.entitlement.nodes import Text
from passes.http import pick
from passes.http.languages import show_day, show_moment, show_yuan


def shown_facts(facts: Mapping[str, object]) -> dict[str, str]:
    """What fills in a msgid."""
    return {name: shown(value) for name, value in facts.items()}


def shown(value: object) -> str:
    """One value: bilingual text, a msgid, an amount, a day, a moment, or text as somebody wrote it."""
    if isinstance(value, Text):
        return pick(value)
    if isinstance(value, Msg):
        return str(gettext(value.id))
    if isinstance(value, Fen):
        return show_yuan(value.amount)
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, date):
        return show_day(value)
    return "" if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Line:
    """A happening as it is shown."""

    happening: Happening
    words: str


def lines_of(happenings: Iterable[Happening]) -> list[Line]:
    """Happenings in the reader's language."""
    return [
        Line(happening, gettext(happening.words, **shown_facts(happening.facts)))
        if happening.facts
        else Line(happening, gettext(happening.words))
        for happening in happenings
    ]
