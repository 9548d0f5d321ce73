"""Two languages, zh and en: which one the reader wants, and how it shows days, moments and amounts."""

from datetime import date, datetime
from typing import Protocol

from babel.dates import format_date, format_datetime
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel

from passes.clock import SHANGHAI
from passes.money import yuan

LANGUAGES = ("zh", "en")
COOKIE = "lang"


class Bilingual(Protocol):
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


def language() -> str:
    """ "zh" or "en": the link just followed, the last choice, the browser's wish, else zh."""
    if not has_request_context():
        return LANGUAGES[0]
    if "language" not in g:
        wished = request.args.get("lang", "")
        kept = request.cookies.get(COOKIE, "")
        best = request.accept_languages.best_match(["zh", "en", "zh-CN", "zh-TW", "zh-HK", "en-US", "en-GB"])
        g.language = next((name for name in (wished, kept, (best or "")[:2]) if name in LANGUAGES), LANGUAGES[0])
    chosen: str = g.language
    return chosen


def pick(text: Bilingual) -> str:
    """The reader's half of a bilingual text."""
    return text.en if language() == "en" else text.zh


def show_day(day: date) -> str:
    return format_date(day, format="long" if language() == "zh" else "d MMMM yyyy", locale=_locale())


def show_moment(moment: datetime) -> str:
    """A moment as the clocks at the spot show it."""
    shape = "y年M月d日 HH:mm" if language() == "zh" else "d MMM yyyy, HH:mm"
    return format_datetime(moment.astimezone(SHANGHAI), shape, locale=_locale())


def _locale() -> str:
    return "zh_CN" if language() == "zh" else "en_GB"


def set_up(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "web/translations"
    Babel(app, locale_selector=language)
    app.jinja_env.filters.update(pick=pick, yuan=yuan, day=show_day, moment=show_moment)
    app.context_processor(lambda: {"language": language()})

    @app.after_request
    def keep_choice(response: Response) -> Response:
        if request.args.get("lang") in LANGUAGES:
            response.set_cookie(COOKIE, language(), max_age=365 * 86400, samesite="Lax", httponly=True)
        return response
