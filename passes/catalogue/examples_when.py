"""Examples of the rules about when, for who writes a catalogue."""

from datetime import date

from passes.catalogue.rule_example import Case, Example, moment_of
from passes.entitlement.facts import Closure
from passes.entitlement.nodes import Text

WAITS_FOR_A_DAY = Text("下一个可用日的开放时刻", "the opening of the next day on which it may be used")
LATER_YEAR = {"valid_from": date(2028, 1, 1), "valid_until": date(2029, 1, 1)}
BLOWING = Closure("wind", moment_of("2026-05-06 09:30"), moment_of("2026-05-06 12:00"))

WHEN = (
    Example(
        "contract_validity",
        Text(
            "合作合同的最后一天；次日起此权益取消。",
            "The last day of the partner's contract; from the next day on it is gone.",
        ),
        'contract_validity: {until: "2026-06-30"}',
        ("benefit_ended",),
        Text("从不：已经结束", "never: it has ended"),
        (
            Case(Text("最后一天", "on the last day"), at="2026-06-30 10:00"),
            Case(Text("次日", "the day after"), at="2026-07-01 10:00"),
        ),
    ),
    Example(
        "season",
        Text(
            "季节之外休眠。首尾两天都算，可跨年。",
            "Outside the season it sleeps. Both days count; it may wrap over New Year.",
        ),
        'season: ["05-01..10-31"]',
        ("out_of_season",),
        WAITS_FOR_A_DAY,
        (
            Case(Text("季节第一天", "on the first day"), at="2026-05-01 10:00"),
            Case(Text("前一天", "the day before"), at="2026-04-30 10:00"),
        ),
    ),
    Example(
        "weekday_in",
        Text(
            "只在这些星期几可用；调休上班日照星期几算。", "Only on these weekdays; make-up working days change nothing."
        ),
        "weekday_in: [mon, tue, wed, thu, fri]",
        ("closed_weekday",),
        WAITS_FOR_A_DAY,
        (Case(Text("周三", "on a Wednesday")), Case(Text("周六", "on a Saturday"), at="2026-05-09 10:00")),
    ),
    Example(
        "weekday_not",
        Text("这些星期几不可用。", "Not on these weekdays."),
        "weekday_not: [mon]",
        ("closed_weekday",),
        WAITS_FOR_A_DAY,
        (Case(Text("周三", "on a Wednesday")), Case(Text("周一", "on a Monday"), at="2026-05-11 10:00")),
    ),
    Example(
        "blackout",
        Text(
            "这些日子不可用：节日键按每年日历解析，或“MM-DD..MM-DD”。没有日历数据的年份整年不可用，绝不猜测。",
            "Not on these days: holidays by their key, resolved by each year's calendar, or “MM-DD..MM-DD”. In a year "
            "without data it is refused all year: a holiday is never guessed.",
        ),
        'blackout: [national_day, "12-24..12-26"]',
        ("blackout", "calendar_missing"),
        WAITS_FOR_A_DAY,
        (
            Case(Text("国庆前一天", "the day before National Day"), at="2026-09-30 10:00"),
            Case(Text("国庆当天", "on National Day"), at="2026-10-01 10:00"),
            Case(Text("没有日历的 2028 年", "in 2028, without a calendar"), LATER_YEAR, "2028-05-03 10:00"),
        ),
    ),
    Example(
        "condition_closure",
        Text(
            "工作人员或数据源在该场所打开某一状况期间关闭。",
            "Closed while staff or a feed has one of the conditions switched on at the venue.",
        ),
        "condition_closure: [wind, lightning]",
        ("closed_by_condition",),
        Text("状况的结束时刻；没有写明则不说", "the end of the condition; nothing where it has none"),
        (
            Case(Text("无风", "on a calm day")),
            Case(Text("大风，预计到 12:00", "strong wind until noon"), {"closures": (BLOWING,)}),
        ),
    ),
    Example(
        "time_window",
        Text(
            "只在时段内入场，结束时刻不含；取代场所的开放时间，但场所的休息日仍然有效。同一天的时段不得重叠。",
            "Entry within the window, its end excluded. It replaces the venue's hours, whose closed weekdays still "
            "hold. Windows of a day do not overlap.",
        ),
        'time_window: [{season: ["04-01..10-31"], enter: "08:30-18:00"}, '
        '{season: ["11-01..03-31"], enter: "09:00-16:30"}]',
        ("outside_hours",),
        Text("下一个时段的开始", "the beginning of the next window"),
        (
            Case(Text("8:30 整", "at 08:30"), at="2026-05-06 08:30"),
            Case(Text("18:00 整", "at 18:00"), at="2026-05-06 18:00"),
        ),
    ),
)
