"""The words of a letter, by the catalogues the pages use. A chore has no request to ask for its language."""

from functools import cache
from pathlib import Path

from babel.support import NullTranslations, Translations

_DIRECTORY = Path(__file__).parents[1] / "web" / "translations"


@cache
def _catalogue(locale: str) -> NullTranslations:
    return Translations.load(_DIRECTORY, [locale])


def in_language(locale: str, message: str, **facts: object) -> str:
    """The msgid in zh or en with its facts filled in."""
    words: str = _catalogue(locale).gettext(message)
    return words % facts if facts else words
