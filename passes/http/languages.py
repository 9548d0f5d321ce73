"""Two languages, zh and en: which one the reader wants, and how it shows days, moments, numbers and money."""

from datetime import date, datetime
from decimal import Decimal
from typing import Protocol

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_decimal, format_percent
from flask import Flask, Response, g, has_request_context, request
from flask_babel import Babel

from passes.clock import SHANGHAI
from passes.money import in_currency

LANGUAGES = ("zh", "en")
# Read once: by its name Babel looks for a locale among a thousand files, each time a number is shown.
LOCALES = {"zh": Locale.parse("zh_CN"), "en": Locale.parse("en_GB")}
COOKIE = "lang"
NOTHING = "–"
DAYS = {
    "full": ("y年M月d日", "d MMMM yyyy"),
    "short": ("M月d日", "d MMM"),
    "weekday": ("M月d日EEE", "EEE d MMM"),
}


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


def show_day(day: date | None, style: str = "full") -> str:
    """full: 2026年11月25日, 25 November 2026 · short: 11月25日, 25 Nov · weekday: 11月25日周三, Wed 25 Nov.

    A moment is shown as its day at the spot, nothing as a dash.
    """
    if isinstance(day, datetime):
        day = day.astimezone(SHANGHAI).date()
    return NOTHING if day is None else format_date(day, _shape(DAYS[style]), locale=_locale())


def show_month(day: date | None) -> str:
    """2026年11月, November 2026."""
    return NOTHING if day is None else format_date(day, _shape(("y年M月", "MMMM yyyy")), locale=_locale())


def show_moment(moment: datetime | None) -> str:
    """A moment as the clocks at the spot show it: 2026年11月25日 10:00, 25 Nov 2026, 10:00."""
    if moment is None:
        return NOTHING
    shape = _shape(("y年M月d日 HH:mm", "d MMM yyyy, HH:mm"))
    return format_datetime(moment.astimezone(SHANGHAI), shape, locale=_locale())


def show_clock(moment: datetime | None) -> str:
    """The time of day at the spot: 09:05."""
    return NOTHING if moment is None else format_datetime(moment.astimezone(SHANGHAI), "HH:mm", locale=_locale())


def show_count(number: int | None) -> str:
    """12345 → 12,345."""
    return NOTHING if number is None else format_decimal(number, format="#,##0", locale=_locale())


def show_percent(share: float | None, digits: int = 0) -> str:
    """0.873 → 87%; with digits=1, 87.3%."""
    if share is None:
        return NOTHING
    return format_percent(share, format="#,##0." + "0" * digits + "%" if digits else "#,##0%", locale=_locale())


def show_yuan(amount_fen: int | None) -> str:
    """19900 → ¥199, 1250 → ¥12.50, 123450000 → ¥1,234,500."""
    if amount_fen is None:
        return NOTHING
    shape = "¥#,##0.00;-¥#,##0.00" if amount_fen % 100 else "¥#,##0;-¥#,##0"
    return format_decimal(Decimal(amount_fen) / 100, format=shape, locale=_locale())


def show_money(amount: int, currency: str | None) -> str:
    """Yuan, or money that came in another currency."""
    return show_yuan(amount) if currency is None else in_currency(amount, currency)


def _shape(shapes: tuple[str, str]) -> str:
    return shapes[0] if language() == "zh" else shapes[1]


def _locale() -> Locale:
    return LOCALES[language()]


def set_up(app: Flask) -> None:
    app.config["BABEL_DEFAULT_LOCALE"] = "zh"
    app.config["BABEL_TRANSLATION_DIRECTORIES"] = "web/translations"
    Babel(app, locale_selector=language)
    app.jinja_env.filters.update(pick=pick, yuan=show_yuan, money=show_money, count=show_count, percent=show_percent)
    app.jinja_env.filters.update(day=show_day, month=show_month, moment=show_moment, clock=show_clock)
    app.context_processor(lambda: {"language": language()})

    @app.after_request
    def keep_choice(response: Response) -> Response:
        if request.args.get("lang") in LANGUAGES:
            response.set_cookie(COOKIE, language(), max_age=365 * 86400, samesite="Lax", httponly=True)
        return response
