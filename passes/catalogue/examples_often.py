"""Examples of the rules about how often and after what, for who writes a catalogue."""

from passes.catalogue.examples_who import NEVER
from passes.catalogue.rule_example import Case, Example, moment_of
from passes.entitlement.facts import Booked
from passes.entitlement.nodes import Text

TERM = "term:2026-01-01"
TODAY = "2026-05-06"
UNUSED = Case(Text("尚未使用", "not used yet"))
ITEMS = "of: [{id: MAGNET, zh: 冰箱贴, en: Fridge magnet}, {id: MAP, zh: 手绘地图, en: Hand-drawn map}]"
SLOTS = (
    'mode: always, slot_minutes: 60, open: "09:00-17:00", capacity_per_slot: 120, pass_quota: 0.3, walk_in_share: 0.2'
)
BOOKING = "lead_days: 7, cancel_before_minutes: 60"
RESERVATION = f"reservation: {{{SLOTS}, {BOOKING}}}"
AT_TEN = Booked("R1", "B01", "S01", moment_of("2026-05-06 10:00"), moment_of("2026-05-06 11:00"))
AT_TWO = Booked("R2", "B01", "S01", moment_of("2026-05-06 14:00"), moment_of("2026-05-06 15:00"))
BOOKED_NOW = Case(Text("已预约 10 点场", "booked for 10"), {"reservations": (AT_TEN,)})


def used(times: int, name: str, period: str) -> dict[str, object]:
    return {"counters": {(name, period): times}}


OFTEN = (
    Example(
        "per_day",
        Text("每个本地日的次数。", "Uses on one local day."),
        "per_day: 1",
        ("daily_limit",),
        Text("次日开放时刻", "the opening of the next day"),
        (UNUSED, Case(Text("今天已用一次", "used once today"), used(1, "benefit:B01", TODAY))),
    ),
    Example(
        "per_month",
        Text("每个公历月的次数。", "Uses in one month of the calendar."),
        "per_month: 2",
        ("monthly_limit",),
        Text("下月第一个可用时刻", "the first moment of the next month on which it is open"),
        (UNUSED, Case(Text("本月已用两次", "used twice this month"), used(2, "benefit:B01", "2026-05"))),
    ),
    Example(
        "per_term",
        Text("一张卡有效期内的次数；续费是新的有效期。", "Uses over the validity of a pass; a renewal is a new term."),
        "per_term: 4",
        ("term_limit",),
        NEVER,
        (UNUSED, Case(Text("已用四次", "used four times"), used(4, "benefit:B01", TERM))),
    ),
    Example(
        "pool",
        Text(
            "所有写同一 id 的权益在有效期内共用一个次数；total 须处处相同。",
            "One count shared over the term by all benefits that name the id; its total is the same everywhere.",
        ),
        "pool: {id: wellness6, total: 6}",
        ("pool_empty",),
        NEVER,
        (UNUSED, Case(Text("共用的六次已用完", "all six are used"), used(6, "pool:wellness6", TERM))),
    ),
    Example(
        "cooldown_days",
        Text("自上次使用的本地日起满 n 天可再用。", "Allowed again from the local day of the last use + n."),
        "cooldown_days: 7",
        ("cooling_down",),
        Text("满 n 天之日", "the day on which they are over"),
        (
            Case(Text("七天前用过", "used seven days ago"), used(1, "benefit:B01", "2026-04-29")),
            Case(Text("三天前用过", "used three days ago"), used(1, "benefit:B01", "2026-05-03")),
        ),
    ),
    Example(
        "choice_group",
        Text(
            "有效期内最多选用组内 choose 个不同成员；of 列出权益（每项都写同一组）或领取时选择的物品。",
            "At most `choose` different members over the term; `of` lists benefits, each of which carries the same "
            "group, or items chosen at redemption.",
        ),
        f"choice_group: {{id: welcome, choose: 1, {ITEMS}}}",
        ("choice_spent", "choose_item", "needs_confirmation"),
        NEVER,
        (
            Case(Text("选冰箱贴", "the magnet is chosen"), {"item_id": "MAGNET"}),
            Case(Text("尚未选择", "nothing is chosen")),
            Case(
                Text("已领冰箱贴，想要地图", "had the magnet, wants the map"),
                {"item_id": "MAP"} | used(1, "group:welcome/MAGNET", TERM),
            ),
        ),
    ),
    Example(
        "same_day_exclusive",
        Text("用过其中一项的当天不可用。", "Not on a day on which one of these was used."),
        "same_day_exclusive: [B02]",
        ("excluded_today",),
        Text("次日开放时刻", "the opening of the next day"),
        (UNUSED, Case(Text("今天用过日间游船", "the day cruise was used today"), used(1, "benefit:B02", TODAY))),
    ),
    Example(
        "prerequisite",
        Text(
            "须先：当日在本场所（same_venue）或某景点入园，或在某客房权益的入住期间（same_stay: 权益编号）。",
            "First an admission on the same day at this venue (same_venue) or a spot, or a stay under a room benefit "
            "(same_stay: its id).",
        ),
        "prerequisite: {same_day_admission: same_venue}",
        ("prerequisite_missing",),
        NEVER,
        (
            Case(Text("今天已入园", "admitted here today"), used(1, "visit:S01", TODAY)),
            Case(Text("今天尚未入园", "not admitted yet")),
        ),
    ),
    Example(
        "achievement",
        Text("有效期内到访过 n 个不同景点之后。", "After visits to n different spots in the term."),
        "achievement: {distinct_spots: 2}",
        ("not_yet_earned",),
        NEVER,
        (
            Case(Text("到访两处", "two visited"), {"counters": {("visit:S01", TERM): 1, ("visit:S02", TERM): 1}}),
            Case(Text("到访一处", "one visited"), used(3, "visit:S01", TERM)),
        ),
    ),
    Example(
        "reservation",
        Text(
            "须有正在进行的场次的预约：可早到 15 分钟，至场次结束。场次须在当天开放时段之内；"
            "unit: night 表示向酒店订房。",
            "A reservation for a slot that is on: from 15 minutes before it to its end. Slots lie inside the hours of "
            "the day; `unit: night` is a stay booked with the hotel.",
        ),
        RESERVATION,
        ("reservation_required", "slot_not_now", "calendar_missing", "nights"),
        Text("预约场次前 15 分钟；没有预约则不说", "15 minutes before the booked slot; nothing without a booking"),
        (
            BOOKED_NOW,
            Case(Text("已预约 14 点场", "booked for 14:00"), {"reservations": (AT_TWO,)}),
            Case(Text("没有预约", "without a booking")),
        ),
    ),
    Example(
        "no_show_strike",
        Text(
            "预约未到场记一次失约，闸机、场所、天气或交通之过除外。",
            "An unused reservation is a strike, unless gate, venue, weather or transport was at fault.",
        ),
        "no_show_strike: true",
        cases=(BOOKED_NOW,),
        beside=(RESERVATION,),
    ),
)
