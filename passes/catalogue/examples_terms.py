"""Examples of the rules about what is given and paid, for who writes a catalogue."""

from passes.catalogue.examples_often import BOOKED_NOW, RESERVATION, TERM, TODAY, used
from passes.catalogue.rule_example import Case, Example
from passes.entitlement.nodes import Text

ANYBODY = Case(Text("任何人", "anybody"))

TERMS = (
    Example(
        "free_item",
        Text(
            "交付一件物品；stock 写明每天（per_day）或每处（per_venue）多少，没有则不限。",
            "Something handed over. `stock` says how many a day (per_day) or at each place (per_venue); without it "
            "there is no end.",
        ),
        "free_item: {sku: CAKE, stock: {per_day: 20}}",
        ("out_of_stock",),
        Text("每天补货：次日；每处一次性：从不", "a day's stock: the next day; a place's stock: never"),
        (
            Case(Text("今天已发 19 份", "19 handed out today"), {"stock": {("stock:CAKE@S01", TODAY): 19}}),
            Case(Text("今天已发 20 份", "20 handed out today"), {"stock": {("stock:CAKE@S01", TODAY): 20}}),
        ),
    ),
    Example(
        "discount",
        Text(
            "打折：percent 为减去的百分数，cap_fen 为最多优惠（分），base 为以哪个价格计。不能与 variants 并列。",
            "Percent off; `cap_fen` is the most it takes off, in fen, `base` names another price than that at the "
            "till. Never beside variants.",
        ),
        "discount: {percent: 20, cap_fen: 5000}",
        cases=(ANYBODY,),
    ),
    Example(
        "then_discount",
        Text(
            "次数用完后以此折扣放行而不拒绝；须与 per_day、per_month、per_term 或 pool 并列。",
            "When the counters are spent the scan is admitted at this discount instead of refused. It needs per_day, "
            "per_month, per_term or pool beside it.",
        ),
        "then_discount: {percent: 20}",
        cases=(Case(Text("已用一次", "used once"), used(1, "benefit:B01", TERM)),),
        beside=("per_term: 1",),
    ),
    Example(
        "variants",
        Text(
            "按星期几适用的条件：free 或 discount。可用的每个星期几都要写到。",
            "Which terms apply on which weekday: free or a discount. Every weekday on which it is open is named.",
        ),
        "variants: [{weekday_in: [mon, tue, wed, thu, fri], free: true}, "
        "{weekday_in: [sat, sun], discount: {percent: 50}}]",
        cases=(Case(Text("周三", "on a Wednesday")), Case(Text("周六", "on a Saturday"), at="2026-05-09 10:00")),
    ),
    Example(
        "supplement",
        Text(
            "现场另付的款项：必付或自选，可只在某季节。",
            "An amount due at the venue, for everybody or who wants it, perhaps only in a season.",
        ),
        "supplement: {item: {zh: 主题花展, en: Themed flower show}, amount_fen: 1000, optional: true, "
        'season: ["05-01..05-31"]}',
        cases=(ANYBODY,),
    ),
    Example(
        "deposit",
        Text("预约时收取的押金，入场退还。", "Held at booking, returned on admission."),
        "deposit: {amount_fen: 1000, returned: on_admission}",
        cases=(BOOKED_NOW,),
        beside=(RESERVATION,),
    ),
    Example(
        "buy_x_get_y",
        Text("买 x 赠 y。", "Buy x, get y free."),
        "buy_x_get_y: {x: 1, y: 1}",
        cases=(ANYBODY,),
    ),
    Example(
        "excludes",
        Text("不含的内容：只展示，从不拦人。", "What is not included: shown, never enforced."),
        "excludes: [{zh: 摆渡车, en: Shuttle bus}]",
        cases=(ANYBODY,),
    ),
)
