"""What the terms promise of refunds, told before a purchase: a sentence a case, and an example that is computed."""

from dataclasses import dataclass
from datetime import date, timedelta

from passes.entitlement.nodes import Text
from passes.entitlement.terms import Product, Terms
from passes.money import yuan
from passes.sale.refund_rules import Clause, History, Quote, RefundTerms, Use, refund_of, refund_terms_of, value_of_use

EXAMPLE_DAYS, EXAMPLE_USES = 100, 2


@dataclass(frozen=True, slots=True)
class Promise:
    """sentences: none where the terms promise nothing. example: after EXAMPLE_DAYS days and EXAMPLE_USES uses."""

    sentences: tuple[Text, ...]
    example: Quote
    example_days: int = EXAMPLE_DAYS


def promise_of(terms: Terms, product: Product, today: date) -> Promise:
    """The refund terms of a product in plain words."""
    found = refund_terms_of(terms.pass_rules)
    return Promise(tuple(_sentences(found)), refund_of(found, _example(terms, product, today), today))


def _sentences(terms: RefundTerms) -> list[Text]:
    clauses = (
        (terms.cooling_off, _cooling_off),
        (terms.unactivated, _unactivated),
        (terms.unused, _unused),
        (terms.used, _used),
    )
    sentences = [say(clause) for clause, say in clauses if clause is not None and clause.ratio != "none"]
    if terms.operator_fault is not None:
        sentences.append(
            Text(
                "因运营方原因退款：按剩余天数退，不扣已用权益。",
                "Where we are at fault: by the days left, and nothing is taken off for what was used.",
            )
        )
    return sentences


def _share(clause: Clause) -> Text:
    return Text("全额退款", "the whole price") if clause.ratio == "full" else Text("按剩余天数退款", "by the days left")


def _fee(clause: Clause) -> Text:
    if not clause.fee_fen:
        return Text("，不收手续费", ", without a fee")
    return Text(f"，手续费 {yuan(clause.fee_fen)}", f", less a fee of {yuan(clause.fee_fen)}")


def _cooling_off(clause: Clause) -> Text:
    share = _share(clause)
    return Text(
        f"付款后 {clause.days} 天内未使用：{share.zh}。",
        f"Not used, within {clause.days} days of the payment: {share.en}.",
    )


def _unactivated(clause: Clause) -> Text:
    share, fee = _share(clause), _fee(clause)
    return Text(
        f"未激活，购买后第 {clause.days} 天（含）以前：{share.zh}{fee.zh}。",
        f"Not activated, up to day {clause.days} after the purchase: {share.en}{fee.en}.",
    )


def _unused(clause: Clause) -> Text:
    share, fee = _share(clause), _fee(clause)
    return Text(f"已激活但从未使用：{share.zh}{fee.zh}。", f"Activated and never used: {share.en}{fee.en}.")


def _used(clause: Clause) -> Text:
    share = _share(clause)
    less = Text("，再扣除已用权益的门市价值", ", less the list price of what was used")
    less = less if clause.minus_uses else Text("", "")
    floor = yuan(clause.floor_fen)
    return Text(f"已使用：{share.zh}{less.zh}，最低 {floor}。", f"Used: {share.en}{less.en}, never below {floor}.")


def _example(terms: Terms, product: Product, today: date) -> History:
    """Bought and activated EXAMPLE_DAYS ago, and used at the two cheapest places that are not free."""
    first = today - timedelta(days=EXAMPLE_DAYS)
    validity = product.validity_days or 365
    valued = sorted((terms.benefits[id_] for id_ in product.benefits), key=lambda benefit: benefit.value_fen)
    chosen = [benefit for benefit in valued if benefit.value_fen > 0][:EXAMPLE_USES]
    used_on = first + timedelta(days=10)
    uses = tuple(Use(benefit.name, used_on, value_of_use(benefit, used_on)) for benefit in chosen)
    until = first + timedelta(days=validity)
    return History(product.price_fen, first, first, "active", validity, first, until, uses)
