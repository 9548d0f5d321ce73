"""Small phrases in both languages that rules put together into plain words: what a notice at a ticket office says."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from passes.entitlement.nodes import Text
from passes.entitlement.spans import LEAP_YEAR, DaySpan, TimeSpan, Window

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
    Text("周一", "Monday"),
    Text("周二", "Tuesday"),
    Text("周三", "Wednesday"),
    Text("周四", "Thursday"),
    Text("周五", "Friday"),
    Text("周六", "Saturday"),
    Text("周日", "Sunday"),
)

COUNTS_ZH = ("", "一", "两", "三", "四", "五", "六", "七", "八", "九", "十")
SMALL_NUMBERS = ("three", "four", "five", "six", "seven", "eight", "nine", "ten")
COUNTS_EN = ("", "once", "twice", *(f"{number} times" for number in SMALL_NUMBERS))
DIGITS_ZH = "零一二三四五六七八九"


def joined(zh: str, en: str, words: Text) -> Text:
    """Words put into the {} of a phrase of each language."""
    return Text(zh.format(words.zh), en.format(words.en))


def listed(parts: Iterable[Text], last: str = "and") -> Text:
    """“甲、乙、丙”, “a, b and c”."""
    found = [part for part in parts if part.zh]
    *others, final = [part.en for part in found] or [""]
    en = f"{', '.join(others)} {last} {final}" if others else final
    return Text("、".join(part.zh for part in found), en)


def day_words(zh: str, en: str, day: date) -> Text:
    return Text(
        zh.format(f"{day.year}年{day.month}月{day.day}日"), en.format(f"{day.day} {MONTHS[day.month - 1]} {day.year}")
    )


def span_words(span: DaySpan) -> Text:
    """“5月1日–10月15日”, “1 May to 15 Oct”; within a month “4月10日–25日”, “10 to 25 Apr”."""
    first, last = (date(LEAP_YEAR, key // 100, key % 100) for key in (span.first, span.last))
    zh, en = f"{last.month}月{last.day}日", f"{last.day} {MONTHS[last.month - 1]}"
    if span.first == span.last:
        return Text(zh, en)
    if first.month == last.month and span.first < span.last:
        return Text(f"{first.month}月{first.day}日–{last.day}日", f"{first.day} to {en}")
    return Text(f"{first.month}月{first.day}日–{zh}", f"{first.day} {MONTHS[first.month - 1]} to {en}")


def season_words(spans: Sequence[DaySpan]) -> Text:
    return listed(span_words(span) for span in spans)


def weekday_words(weekdays: Sequence[int], plural: bool = False) -> Text:
    """Days in a row are drawn together, over the week's end too: “周日至周四”, “Sunday to Thursday”."""
    runs: list[list[int]] = []
    for day in sorted(weekdays):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    if len(runs) > 1 and runs[0][0] == 0 and runs[-1][-1] == 6:
        runs[0] = runs.pop() + runs[0]
    return listed(run_words(run, "s" if plural else "") for run in runs)


def run_words(run: Sequence[int], ending: str) -> Text:
    first, last = WEEKDAY_NAMES[run[0]], WEEKDAY_NAMES[run[-1]]
    if len(run) < 3:
        return listed(Text(WEEKDAY_NAMES[day].zh, WEEKDAY_NAMES[day].en + ending) for day in run)
    return Text(f"{first.zh}至{last.zh}", f"{first.en}{ending} to {last.en}{ending}")


def holiday_words(key: str) -> Text:
    return HOLIDAY_NAMES[key]


def condition_words(conditions: Sequence[str]) -> Text:
    return listed((CONDITIONS[key] for key in conditions), "or")


def hours_words(span: TimeSpan) -> Text:
    return Text("全天", "round the clock") if span.minutes == 1440 else Text(str(span), str(span))


def window_words(windows: Sequence[Window]) -> Text:
    """Each window with its season: “5月1日–10月31日 08:30–18:00”, “08:30–18:00 from 1 May to 31 Oct”."""
    parts = []
    for window in windows:
        hours, season = hours_words(window.span), season_words(window.season)
        parts.append(Text(f"{season.zh} {hours.zh}", f"{hours.en} from {season.en}") if window.season else hours)
    return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


def times(n: int, per_zh: str, per_en: str) -> Text:
    """How often in a period: “每天一次”, “once a day”."""
    zh = COUNTS_ZH[n] if n < len(COUNTS_ZH) else f" {n} "
    en = COUNTS_EN[n] if n < len(COUNTS_EN) else f"{n} times"
    return Text(f"{per_zh}{zh}次", f"{en} {per_en}")


def discount_words(percent: int) -> Text:
    """“八折”, “20% off”: in Chinese one says what is left to pay."""
    left = 100 - percent
    if left == 0:
        return Text("免费", "free")
    if left == 50:
        return Text("半价", "half price")
    zh = f"减 {percent}%" if left < 10 else "".join(DIGITS_ZH[int(d)] for d in str(left).removesuffix("0")) + "折"
    return Text(zh, f"{percent}% off")


def yuan_words(amount_fen: int) -> Text:
    amount = f"{amount_fen / 100:,.2f}".removesuffix(".00")
    return Text(f" {amount} 元", f"¥{amount}")


def people_words(n: int, one: str, many: str) -> str:
    """English alone counts: “1 child”, “2 children”."""
    return f"{n} {one if n == 1 else many}"


def length_words(minutes: int) -> Text:
    """A length of time in its largest whole unit: “2 小时”, “2 hours”."""
    units = ((1440, "天", "day"), (60, "小时", "hour"), (1, "分钟", "minute"))
    size, zh, en = next(unit for unit in units if minutes % unit[0] == 0)
    n = minutes // size
    return Text(f"{n} {zh}", people_words(n, en, f"{en}s"))
