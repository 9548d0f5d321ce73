"""Small phrases in both languages that rules put together into plain words."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from passes.entitlement.nodes import Text
from passes.entitlement.spans import LEAP_YEAR, DaySpan, Window

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

CONDITIONS: Mapping[str, Text] = {
    "river_level": Text("水位过高", "high water"),
    "wind": Text("大风", "strong wind"),
    "lightning": Text("雷电", "lightning"),
    "forest_fire_ban": Text("森林防火封山", "a forest fire ban"),
    "flood_alert": Text("山洪预警", "a flood alert"),
    "rain_landslide_alert": Text("暴雨滑坡预警", "a landslide alert"),
}

HOLIDAY_NAMES: Mapping[str, Text] = {
    "new_year": Text("元旦假期", "the New Year holiday"),
    "spring_festival": Text("春节假期", "the Spring Festival holiday"),
    "qingming": Text("清明假期", "the Qingming holiday"),
    "labor_day": Text("劳动节假期", "the Labour Day holiday"),
    "dragon_boat": Text("端午假期", "the Dragon Boat holiday"),
    "mid_autumn": Text("中秋假期", "the Mid-Autumn holiday"),
    "national_day": Text("国庆假期", "the National Day holiday"),
}

HOLDER_NAMES: Mapping[str, Text] = {
    "adult": Text("成人", "adults"),
    "child": Text("儿童", "children"),
    "senior": Text("长者", "seniors"),
}

WEEKDAY_NAMES: Sequence[Text] = (
    Text("周一", "Mon"),
    Text("周二", "Tue"),
    Text("周三", "Wed"),
    Text("周四", "Thu"),
    Text("周五", "Fri"),
    Text("周六", "Sat"),
    Text("周日", "Sun"),
)


def joined(zh: str, en: str, words: Text) -> Text:
    """Words put into the {} of a phrase of each language."""
    return Text(zh.format(words.zh), en.format(words.en))


def listed(parts: Iterable[Text]) -> Text:
    found = [part for part in parts if part.zh]
    return Text("、".join(part.zh for part in found), ", ".join(part.en for part in found))


def day_words(zh: str, en: str, day: date) -> Text:
    return Text(
        zh.format(f"{day.year}年{day.month}月{day.day}日"), en.format(f"{day.day} {MONTHS[day.month - 1]} {day.year}")
    )


def span_words(span: DaySpan) -> Text:
    first, last = (date(LEAP_YEAR, key // 100, key % 100) for key in (span.first, span.last))
    return Text(
        f"{first.month}月{first.day}日–{last.month}月{last.day}日",
        f"{first.day} {MONTHS[first.month - 1]} – {last.day} {MONTHS[last.month - 1]}",
    )


def season_words(spans: Sequence[DaySpan]) -> Text:
    return listed(span_words(span) for span in spans)


def weekday_words(weekdays: Sequence[int]) -> Text:
    return listed(WEEKDAY_NAMES[n] for n in weekdays)


def holiday_words(key: str) -> Text:
    return HOLIDAY_NAMES[key]


def condition_words(conditions: Sequence[str]) -> Text:
    return listed(CONDITIONS[key] for key in conditions)


def window_words(windows: Sequence[Window]) -> Text:
    parts = []
    for window in windows:
        if not window.season:
            parts.append(Text(str(window.span), str(window.span)))
        else:
            season = season_words(window.season)
            parts.append(Text(f"{season.zh} {window.span}", f"{season.en} {window.span}"))
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def times(n: int, per_zh: str, per_en: str) -> Text:
    """How often in a period: “每天一次”, “once a day”."""
    counts_zh = ("", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
    counts_en = ("", "once", "twice")
    zh = counts_zh[n] if n < len(counts_zh) else f" {n} "
    en = counts_en[n] if n < len(counts_en) else f"{n} times"
    return Text(f"{per_zh}{zh}次", f"{en} {per_en}")
