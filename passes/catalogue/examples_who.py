"""Examples of the rules about people, for who writes a catalogue."""

from datetime import date

from passes.catalogue.rule_example import Case, Example
from passes.entitlement.nodes import Text

NEVER = Text("从不：等待无济于事", "never: waiting does not help")
UNATTENDED = Text("无人值守通道", "at a lane without staff")

WHO = (
    Example(
        "holder_class",
        Text("只给这些类别的持卡人。", "Only for holders of these classes."),
        "holder_class: [adult, senior]",
        ("not_for_this_holder",),
        NEVER,
        (Case(Text("成人", "an adult")), Case(Text("儿童", "a child"), {"holder_class": "child"})),
    ),
    Example(
        "holder_limits",
        Text(
            "年龄按会员生日计周岁；身高由现场人员确认。没有生日时年龄也由现场确认。",
            "Age in full years from the member's birth date; a height is confirmed by staff, and an age where no birth "
            "date is known.",
        ),
        "holder_limits: {min_age: 6, min_height_cm: 120}",
        ("holder_limit", "age", "height", "needs_confirmation"),
        NEVER,
        (
            Case(
                Text("8 岁，已核对身高", "aged 8, the height checked"),
                {"birth_on": date(2018, 1, 1), "confirmed": frozenset({"height"})},
            ),
            Case(Text("8 岁", "aged 8"), {"birth_on": date(2018, 1, 1)}),
            Case(Text("4 岁", "aged 4"), {"birth_on": date(2022, 1, 1)}),
        ),
    ),
    Example(
        "birthday",
        Text(
            "只在生日当天（day）或当月（month）；2 月 29 日在平年算 2 月 28 日。",
            "Only on the birthday (day) or in its month (month); 29 February counts as 28 February in common years.",
        ),
        "birthday: month",
        ("not_birthday", "birthday", "needs_confirmation"),
        Text("生日或当月第一天", "the birthday, or the first day of its month"),
        (
            Case(Text("五月生", "born in May"), {"birth_on": date(1990, 5, 20)}),
            Case(Text("六月生", "born in June"), {"birth_on": date(1990, 6, 20)}),
            Case(Text("生日未知", "the birthday is unknown")),
        ),
    ),
    Example(
        "companion",
        Text(
            "可带谁：一定身高以下的儿童、免费或打折的成人，或必须有监护人。",
            "Who may come along: children up to a height, adults free or at a discount, or a guardian who must.",
        ),
        "companion: {guardian_required: true}",
        ("guardian_required", "guardian"),
        NEVER,
        (
            Case(Text("已确认监护人", "a guardian was confirmed"), {"confirmed": frozenset({"guardian"})}),
            Case(Text("有人值守通道", "at a lane with staff")),
            Case(UNATTENDED, {"attended": False}),
        ),
    ),
    Example(
        "child_policy",
        Text(
            "行前展示：界限内的儿童免票，超出者另购该产品。",
            "Shown before travel: a child within the limits comes free; one above them needs the product.",
        ),
        "child_policy: {free_if: {max_age: 6, max_height_cm: 120}, else: PASS-CHILD}",
        cases=(Case(Text("任何人", "anybody")),),
    ),
    Example(
        "manual_confirm",
        Text("该岗位的工作人员在屏幕上确认。", "Staff of the venue in this role confirm on their screen."),
        "manual_confirm: front_desk",
        ("needs_confirmation", "manual_confirm"),
        NEVER,
        (
            Case(Text("已确认", "confirmed"), {"confirmed": frozenset({"manual_confirm"})}),
            Case(Text("有人值守通道", "at a lane with staff")),
            Case(UNATTENDED, {"attended": False}),
        ),
    ),
)
