"""Rules that say on what terms a scan is admitted: things handed over, discounts, amounts due, what is left out."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal, Self

from passes.entitlement.calendars import Calendar
from passes.entitlement.facts import Counter, Per, period_of
from passes.entitlement.nodes import (
    Fault,
    Node,
    Text,
    fen,
    fields,
    identity,
    one_of,
    only_field,
    sequence,
    share,
    text,
    truth,
    whole,
)
from passes.entitlement.phrases import discount_words, joined, listed, season_words, weekday_words, yuan_words
from passes.entitlement.rule import Asked, Place, Question, Rule, Said, Tally, Wire, plain
from passes.entitlement.spans import DaySpan, in_season, season, weekdays

BASES = {
    None: ("", ""),
    "best_available_rate": ("按当日最优房价", " the best rate of the day"),
    "renewal_price": ("续费价", " the price of a renewal"),
}


@dataclass(frozen=True, slots=True)
class InStock(Question):
    """The venue has one left; a day's stock comes again tomorrow."""

    tally: Tally

    def _used(self, asked: Asked) -> Counter:
        tally = self.tally
        return Counter(tally.name, period_of(tally.per, asked.day, asked.day), tally.limit, tally.per)

    def say(self, asked: Asked) -> Said:
        used = asked.facts.stock.get(self._used(asked).key, 0)
        return "out_of_stock" if used >= (self.tally.limit or 0) else None

    def clears_at(self, asked: Asked) -> datetime | None:
        return asked.tomorrow() if self.tally.per == "day" else None

    def stock(self, asked: Asked) -> Iterator[Counter]:
        yield self._used(asked)

    def wire(self) -> Wire:
        return ["stock", self.tally.name, self.tally.per, self.tally.limit]


@dataclass(frozen=True, slots=True)
class FreeItem(Rule):
    """Something handed over. stock None is without end; else so many a day, or so many at each venue with no refill."""

    name = "free_item"
    refusal_code = "out_of_stock"
    repeatable = True
    sku: str
    stock: int | None = None
    stock_per: Literal["per_day", "per_venue"] | None = None

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "sku", "stock")
        sku = identity(parts["sku"])
        if "stock" not in parts:
            return cls(sku)
        per, amount = only_field(parts["stock"], "per_day per_venue")
        return cls(sku, whole(amount, 1, 10_000_000), "per_day" if per == "per_day" else "per_venue")

    def on(self, day: date, calendar: Calendar, place: Place) -> Question | None:
        if self.stock is None:
            return None
        per: Per = "day" if self.stock_per == "per_day" else "ever"
        return InStock(Tally(f"stock:{self.sku}@{place.venue_id}", per, self.stock))

    def terms_on(self, day: date) -> dict[str, object]:
        return {"items": [self.sku]}

    def words(self) -> Text:
        if self.stock is None:
            return Text("免费领取", "handed over free")
        if self.stock_per == "per_day":
            return Text(
                f"免费领取，每天 {self.stock} 份，送完即止", f"handed over free, {self.stock:,} a day while they last"
            )
        return Text(
            f"免费领取，每处 {self.stock} 份，送完即止",
            f"handed over free, {self.stock:,} at each place while they last",
        )


@dataclass(frozen=True, slots=True)
class Discount(Rule):
    """Percent off, of the price at the till unless base names another price, at most cap_fen."""

    name = "discount"
    percent: int
    cap_fen: int | None = None
    base: Literal["best_available_rate", "renewal_price"] | None = None

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "percent", "cap_fen base")
        bases: tuple[Literal["best_available_rate", "renewal_price"], ...] = ("best_available_rate", "renewal_price")
        return cls(
            whole(parts["percent"], 1, 100),
            fen(parts["cap_fen"], least=1) if "cap_fen" in parts else None,
            one_of(parts["base"], bases) if "base" in parts else None,
        )

    def terms_on(self, day: date) -> dict[str, object]:
        return {"discount": {"percent": self.percent, "cap_fen": self.cap_fen, "base": self.base}}

    def words(self) -> Text:
        off, (zh, en) = discount_words(self.percent), BASES[self.base]
        if self.cap_fen is None:
            return Text(f"{zh}{off.zh}", f"{off.en}{en}")
        most = yuan_words(self.cap_fen)
        return Text(f"{zh}{off.zh}，最多优惠{most.zh}", f"{off.en}{en}, at most {most.en} less")


@dataclass(frozen=True, slots=True)
class ThenDiscount(Rule):
    """When the counters are spent the scan is admitted at this discount instead of refused."""

    name = "then_discount"
    percent: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(whole(fields(node, "percent")["percent"], 1, 100))

    def words(self) -> Text:
        return joined("次数用完后{}", "after that {}", discount_words(self.percent))


@dataclass(frozen=True, slots=True)
class Variant:
    """Free (discount None) or at a discount on these weekdays."""

    weekdays: tuple[int, ...]
    discount: Discount | None


@dataclass(frozen=True, slots=True)
class Variants(Rule):
    """Which terms apply on which weekday; no weekday stands in two."""

    name = "variants"
    variants: tuple[Variant, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        found = tuple(cls.parse_variant(entry) for entry in sequence(node, most=7))
        named = [weekday for variant in found for weekday in variant.weekdays]
        if len(set(named)) < len(named):
            raise Fault(node.line, "同一个星期几出现在两个变体中", "a weekday stands in two variants")
        return cls(found)

    @staticmethod
    def parse_variant(node: Node) -> Variant:
        parts = fields(node, "weekday_in", "free discount")
        if ("free" in parts) == ("discount" in parts):
            raise Fault(node.line, "free 与 discount 应恰有其一", "exactly one of free and discount is expected")
        if "free" in parts and not truth(parts["free"]):
            raise Fault(node.line, "free 只能为 true", "free can only be true")
        return Variant(
            weekdays(parts["weekday_in"]), Discount.parse(parts["discount"]) if "discount" in parts else None
        )

    def terms_on(self, day: date) -> dict[str, object]:
        found = [one.discount for one in self.variants if day.weekday() in one.weekdays and one.discount]
        return found[0].terms_on(day) if found else {}

    def words(self) -> Text:
        free = Text("免费", "free")
        parts = []
        for variant in self.variants:
            days, terms = weekday_words(variant.weekdays), variant.discount.words() if variant.discount else free
            parts.append(Text(f"{days.zh}{terms.zh}", f"{terms.en} {days.en}"))
        return Text("；".join(part.zh for part in parts), "; ".join(part.en for part in parts))


@dataclass(frozen=True, slots=True)
class Supplement(Rule):
    """An amount due at the venue, for all who come or for those who want the item, in its season."""

    name = "supplement"
    repeatable = True
    item: Text
    amount_fen: int
    optional: bool
    season: tuple[DaySpan, ...] = ()

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "item amount_fen optional", "season")
        return cls(
            text(parts["item"]),
            fen(parts["amount_fen"], least=1),
            truth(parts["optional"]),
            season(parts["season"]) if "season" in parts else (),
        )

    def terms_on(self, day: date) -> dict[str, object]:
        if self.season and not in_season(self.season, day):
            return {}
        due = {"item": plain(self.item), "amount_fen": self.amount_fen, "optional": self.optional}
        return {"supplements": [due]}

    def words(self) -> Text:
        when = season_words(self.season)
        amount = yuan_words(self.amount_fen)
        zh = f"自选{self.item.zh}，另付{amount.zh}" if self.optional else f"须另付{self.item.zh}{amount.zh}"
        en = f"{self.item.en}: {amount.en} extra{', if you want it' if self.optional else ''}"
        return Text(f"{when.zh}{zh}", f"{en} ({when.en})") if self.season else Text(zh, en)


@dataclass(frozen=True, slots=True)
class Deposit(Rule):
    """Held at booking, returned on admission."""

    name = "deposit"
    amount_fen: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "amount_fen returned")
        one_of(parts["returned"], ("on_admission",))
        return cls(fen(parts["amount_fen"], least=1))

    def terms_on(self, day: date) -> dict[str, object]:
        return {"deposit_returned_fen": self.amount_fen}

    def words(self) -> Text:
        return joined("预约押金{}，入场退还", "a deposit of {}, returned on admission", yuan_words(self.amount_fen))


@dataclass(frozen=True, slots=True)
class BuyXGetY(Rule):
    name = "buy_x_get_y"
    x: int
    y: int

    @classmethod
    def parse(cls, node: Node) -> Self:
        parts = fields(node, "x y")
        return cls(whole(parts["x"], 1, 100), whole(parts["y"], 1, 100))

    def terms_on(self, day: date) -> dict[str, object]:
        return {"buy_x_get_y": {"x": self.x, "y": self.y}}

    def words(self) -> Text:
        return Text(f"买 {self.x} 赠 {self.y}", f"buy {self.x}, get {self.y} free")


@dataclass(frozen=True, slots=True)
class Excludes(Rule):
    """What is not included; shown, never enforced."""

    name = "excludes"
    items: tuple[Text, ...]

    @classmethod
    def parse(cls, node: Node) -> Self:
        return cls(tuple(text(entry) for entry in sequence(node, most=20)))

    def terms_on(self, day: date) -> dict[str, object]:
        return {"excludes": [plain(item) for item in self.items]}

    def words(self) -> Text:
        return joined("不含{}", "not included: {}", listed(self.items))


@dataclass(frozen=True, slots=True)
class Settle:
    """What the venue earns per redemption: an amount, or a share of the discount or of the spot's list price.

    It stands beside a benefit's rules, not among them, and is no gate rule.
    """

    amount_fen: int | None = None
    share_of_discount: Decimal | None = None
    list_price_share: Decimal | None = None

    @classmethod
    def parse(cls, node: Node) -> Self:
        if not isinstance(node.content, dict):
            return cls(amount_fen=fen(node))
        key, value = only_field(node, "share_of_discount list_price_share")
        return cls(share_of_discount=share(value)) if key == "share_of_discount" else cls(list_price_share=share(value))
