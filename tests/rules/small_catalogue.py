"""A small catalogue whose every line a test can name: two spots, a hotel, a shop, two products, one benefit a line."""

from passes.catalogue.reading import Reading, read_files
from passes.entitlement.nodes import CatalogueFault
from tests.rules.samples import SAMPLE_HOLIDAYS

HEAD = """\
meta: {tz: Asia/Shanghai, currency: CNY}
pass_products:
  - {id: ADULT, name: {zh: 成人, en: Adult}, holder: adult, age: {min: 18, max: 59}, price_fen: 100, validity_days: 365, includes: all, sold: true}
  - {id: CHILD, name: {zh: 儿童, en: Child}, holder: child, age: {max: 17}, price_fen: 100, validity_days: 365, includes: [%s], sold: true}
pass_rules: {activation: {window_days: 90, starts: on_activation, if_unactivated: auto_start_day_91, remind_days_before: [7]}}
spots:
  - {id: V1, number: 1, name: {zh: 甲, en: One}, lat: 36, lon: 103, hours: [{open: "09:00-17:00"}], list_price_fen: 100}
  - {id: V2, number: 2, name: {zh: 乙, en: Two}, lat: 36, lon: 103, hours: [{open: "09:00-17:00"}], closed_weekdays: [mon]}
hotels:
  - {id: H1, number: 3, name: {zh: 丙, en: Three}, lat: 36, lon: 103, hours: [{open: "00:00-24:00"}]}
partners:
  - {id: SHOP, number: 4, kind: shop, name: {zh: 丁, en: Four}, lat: 36, lon: 103, hours: [{open: "10:00-20:00"}]}
experiences: []
benefits:
"""  # noqa: E501
FIRST_LINE = HEAD.count("\n") + 1


def benefit(id_: str, *rules: str, at: str = "V1", settle: str = "0") -> str:
    """Its text: one part a line, one rule a line; one line for all of it where there are no rules."""
    name = f"{{zh: 权益{id_}, en: Benefit {id_}}}"
    parts = [f"id: {id_}", f"at: [{at}]", f"name: {name}", "value_fen: 100", f"settle: {settle}"]
    if not rules:
        return f"  - {{{', '.join(parts)}, rules: []}}\n"
    lines = [*parts, "rules:", *(f"  - {rule}" for rule in rules)]
    return "  - " + "\n    ".join(lines) + "\n"


RULES_AFTER = 6  # lines from the id of a benefit to its first rule


def text_of(*benefits: str, child: str = "") -> str:
    """The catalogue; child: what the child's product includes, the first benefit unless said."""
    first = benefits[0].split("id: ", 1)[1].split(",")[0].split("\n")[0]
    return HEAD % (child or first) + "".join(benefits)


def read(*benefits: str, child: str = "", holidays: str = SAMPLE_HOLIDAYS) -> Reading:
    reading, faults = read_files(text_of(*benefits, child=child), holidays)
    assert reading is not None and faults == (), faults
    return reading


def faults_of(*benefits: str, child: str = "", holidays: str = SAMPLE_HOLIDAYS) -> tuple[CatalogueFault, ...]:
    return read_files(text_of(*benefits, child=child), holidays)[1]
