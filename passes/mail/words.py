"""The words of a letter, by the catalogues the pages use. A chore has no request to ask for its language."""

from collections.abc import Collection
from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

# How a line begins that belongs to the one above it.
INDENT = "  "

_DIRECTORY = Path(__file__).parents[1] / "web" / "translations"


@cache
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(_DIRECTORY, [locale])


def in_language(locale: str, message: str, **facts: object) -> str:
    """The msgid in zh or en with its facts filled in."""
    words: str = _catalogue(locale).gettext(message)
    return words % facts if facts else words


def without_lines(body: str, words: Collection[str]) -> str:
    """The text without the lines that hold any of these words, and without what is indented below such a line."""
    kept, cutting = [], False
    for line in body.splitlines():
        cutting = any(word in line for word in words) or (cutting and line.startswith(INDENT))
        if not cutting:
            kept.append(line)
    return "\n".join(kept)
