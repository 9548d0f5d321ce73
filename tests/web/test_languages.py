"""Days, numbers and money as each language writes them."""

from datetime import UTC, date, datetime

import pytest
from flask import Flask, render_template_string

LATE = datetime(2026, 11, 25, 17, 5, tzinfo=UTC)
CASES = [
    ("{{ x|day }}", date(2026, 11, 5), "2026年11月5日", "5 November 2026"),
    ("{{ x|day('short') }}", date(2026, 11, 5), "11月5日", "5 Nov"),
    ("{{ x|day('weekday') }}", date(2026, 11, 25), "11月25日周三", "Wed 25 Nov"),
    ("{{ x|day }}", LATE, "2026年11月26日", "26 November 2026"),
    ("{{ x|month }}", date(2026, 11, 5), "2026年11月", "November 2026"),
    ("{{ x|moment }}", LATE, "2026年11月26日 01:05", "26 Nov 2026, 01:05"),
    ("{{ x|clock }}", LATE, "01:05", "01:05"),
    ("{{ x|count }}", 1234567, "1,234,567", "1,234,567"),
    ("{{ x|percent }}", 0.873, "87%", "87%"),
    ("{{ x|percent(1) }}", 0.873, "87.3%", "87.3%"),
    ("{{ x|yuan }}", 19900, "¥199", "¥199"),
    ("{{ x|yuan }}", -123456750, "-¥1,234,567.50", "-¥1,234,567.50"),
]


@pytest.mark.parametrize(("template", "value", "zh", "en"), CASES)
def test_each_language_writes_it_its_own_way(app: Flask, template: str, value: object, zh: str, en: str) -> None:
    shown = []
    for language in ("zh", "en"):
        with app.test_request_context(f"/?lang={language}"):
            shown.append(render_template_string(template, x=value))
    assert shown == [zh, en]


@pytest.mark.parametrize("name", ["day", "month", "moment", "clock", "count", "percent", "yuan"])
def test_what_is_not_there_is_a_dash(app: Flask, name: str) -> None:
    with app.test_request_context("/"):
        assert render_template_string("{{ x|" + name + " }}", x=None) == "–"
