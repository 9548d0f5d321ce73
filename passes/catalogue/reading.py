"""From the Nodes of a catalogue file to Terms. What cannot be read is a fault with its line; the rest goes on."""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from passes.catalogue.checks import check
from passes.catalogue.document import read_document
from passes.catalogue.draft import Draft
from passes.catalogue.holidays import read_holidays
from passes.catalogue.pass_rules import read_pass_rules
from passes.catalogue.venues import entries, read_venues
from passes.entitlement.facts import HOLDER_CLASSES
from passes.entitlement.nodes import (
    CatalogueFault,
    Fault,
    Faults,
    Node,
    fen,
    fields,
    identities,
    identity,
    label,
    mapping,
    one_of,
    sequence,
    text,
    truth,
    whole,
    words,
)
from passes.entitlement.rule_holders import OLDEST, HolderClasses
from passes.entitlement.rule_terms import Settle
from passes.entitlement.rules import parse_rules
from passes.entitlement.terms import Benefit, Calendar, Product, Terms, Venue

SECTIONS = "meta pass_products pass_rules spots hotels partners benefits experiences"
GROUP_WORDS = {"all_spots": "spot", "all_shops": "shop"}
PRODUCT_EXTRAS = (
    "kind holder age validity_days includes bundle requires max_per_parent guardian_consent min_qty fulfilment invoice"
)
KINDS: tuple[Literal["pass", "ticket"], ...] = ("pass", "ticket")


@dataclass(frozen=True)
class Reading:
    """What a catalogue and its holidays mean: terms without a version yet, the line of each id, the files as Nodes."""

    terms: Terms
    lines: dict[str, int]
    calendar: Calendar
    catalogue: Node
    holidays: Node


@lru_cache(maxsize=2)
def read_files(catalogue_text: str, holidays_text: str) -> tuple[Reading | None, tuple[CatalogueFault, ...]]:
    """Both files, read and checked against each other, and what is wrong with them. The same texts are read once."""
    faults = Faults()
    reading = _read_files(catalogue_text, holidays_text, faults)
    return reading, tuple(faults.found)


def _read_files(catalogue_text: str, holidays_text: str, faults: Faults) -> Reading | None:
    catalogue = holidays = None
    with faults.of("catalogue"):
        catalogue = read_document(catalogue_text)
    with faults.of("holidays"):
        holidays = read_document(holidays_text)
    if catalogue is None or holidays is None:
        return None
    calendar = read_holidays(holidays, faults)
    draft = read_catalogue(catalogue, faults)
    if draft is None or faults.found:
        return None
    check(draft, calendar, faults)
    return Reading(draft.terms, draft.lines, calendar, catalogue, holidays)


def read_catalogue(node: Node, faults: Faults) -> Draft | None:
    """The catalogue, entry by entry; None where its sections are not there."""
    with faults.of("catalogue"):
        parts = fields(node, SECTIONS)
        counts, counts_line = read_meta(parts["meta"], faults)
        venues, lines = read_venues(parts, faults)
        benefits: dict[str, Benefit] = {}
        rule_lines: dict[tuple[str, str], int] = {}
        for section in ("benefits", "experiences"):
            for entry, id_ in entries(parts[section], section, faults):
                with faults.of(id_):
                    benefit = read_benefit(entry, section == "experiences", venues, faults)
                    refuse_a_second(entry, benefit.id, lines)
                    benefits[benefit.id] = benefit
                    rule_lines |= lines_of_rules(entry, benefit.id)
        products: dict[str, Product] = {}
        for entry, id_ in entries(parts["pass_products"], "pass_products", faults):
            with faults.of(id_):
                product = read_product(entry, benefits)
                refuse_a_second(entry, product.id, lines)
                products[product.id] = product
        pass_rules = read_pass_rules(parts["pass_rules"], faults)
        sample = "sample" in counts
        terms = Terms(0, "", venues, benefits, products, pass_rules, sample)
        return Draft(terms, lines, counts, counts_line, rule_lines)
    return None


def lines_of_rules(benefit: Node, id_: str) -> dict[tuple[str, str], int]:
    """The line each rule of a benefit begins in; of two of a type, that of the first."""
    entries_ = reversed(sequence(mapping(benefit)["rules"], least=0))
    return {(id_, name): entry.line for entry in entries_ for name in mapping(entry)}


def refuse_a_second(node: Node, id_: str, lines: dict[str, int]) -> None:
    if id_ in lines:
        raise Fault(node.line, f"编号重复，已见于第 {lines[id_]} 行", f"the id already stands in line {lines[id_]}")
    lines[id_] = node.line


def read_meta(node: Node, faults: Faults) -> tuple[dict[str, int], int]:
    """How many entries the file says it has, by section, and in which line; the key sample where it is sample data."""
    found: dict[str, int] = {}
    line = node.line
    with faults.of("meta"):
        parts = fields(node, "tz currency", "sample counts counting holidays")
        one_of(parts["tz"], ("Asia/Shanghai",))
        one_of(parts["currency"], ("CNY",))
        for name in {"counting", "holidays"} & set(parts):
            words(parts[name])
        if "counts" in parts:
            counts = fields(parts["counts"], optional="spots hotels partners benefits experiences products")
            found = {name: whole(value, 0, 1000) for name, value in counts.items()}
            line = parts["counts"].line
        if "sample" in parts and truth(parts["sample"]):
            found["sample"] = 1
    return found, line


def read_benefit(node: Node, experience: bool, venues: dict[str, Venue], faults: Faults) -> Benefit:
    parts = fields(node, "id at name value_fen rules settle")
    id_ = identity(parts["id"])
    return Benefit(
        id=id_,
        experience=experience,
        at=read_places(parts["at"], venues),
        name=text(parts["name"]),
        value_fen=fen(parts["value_fen"]),
        rules=parse_rules(parts["rules"], id_, faults),
        settle=Settle.parse(parts["settle"]),
    )


def read_places(node: Node, venues: dict[str, Venue]) -> tuple[str, ...]:
    """The venue ids `at` means, all_spots and all_shops resolved."""
    found: list[str] = []
    for entry in sequence(node, most=255):
        word = words(entry)
        if word in GROUP_WORDS:
            found += [venue.id for venue in venues.values() if venue.kind == GROUP_WORDS[word]]
        elif word in venues:
            found.append(word)
        else:
            raise Fault(entry.line, f"at 中没有场所“{word}”", f"at names no venue “{word}”")
    if len(set(found)) < len(found) or not found:
        raise Fault(node.line, "at 有重复场所或没有场所", "at names a venue twice, or none")
    return tuple(found)


def read_product(node: Node, benefits: dict[str, Benefit]) -> Product:
    parts = fields(node, "id name price_fen sold", PRODUCT_EXTRAS)
    product = Product(
        id=identity(parts["id"]),
        name=text(parts["name"]),
        price_fen=fen(parts["price_fen"]),
        sold=truth(parts["sold"]),
        **read_product_extras(parts),
    )
    if product.bundle:
        alone = {"bundle", "id", "name", "price_fen", "sold", "kind"}
        if set(parts) - alone:
            raise Fault(node.line, "组合产品没有自己的条款", "a bundle has no terms of its own")
        return product
    for name in ("holder", "validity_days", "includes"):
        if name not in parts:
            raise Fault(node.line, f"缺少键“{name}”", f"the key “{name}” is missing")
    return replace(product, benefits=read_includes(parts["includes"], product, benefits))


def read_product_extras(parts: dict[str, Node]) -> dict[str, Any]:
    readers: dict[str, Any] = {
        "kind": lambda value: one_of(value, KINDS),
        "holder": lambda value: one_of(value, HOLDER_CLASSES),
        "validity_days": lambda value: whole(value, 1, 3660),
        "bundle": lambda value: tuple(identity(entry) for entry in sequence(value, least=2, most=20)),
        "requires": identity,
        "max_per_parent": lambda value: whole(value, 1, 20),
        "guardian_consent": truth,
        "min_qty": lambda value: whole(value, 1, 100_000),
        "fulfilment": label,
        "invoice": label,
    }
    found = {name: reader(parts[name]) for name, reader in readers.items() if name in parts}
    if "age" in parts:
        limits = fields(parts["age"], optional="min max")
        found["min_age"] = whole(limits["min"], 0, OLDEST) if "min" in limits else None
        found["max_age"] = whole(limits["max"], 0, OLDEST) if "max" in limits else None
        least, most = found["min_age"], found["max_age"]
        if not limits or (least is not None and most is not None and least > most):
            raise Fault(parts["age"].line, "年龄范围无效", "the age range is empty")
    return found


def read_includes(node: Node, product: Product, benefits: dict[str, Benefit]) -> tuple[str, ...]:
    """The benefits' ids; `all` means everything whose holder_class admits the product's holder."""
    if isinstance(node.content, str):
        one_of(node, ("all",))
        return tuple(id_ for id_, benefit in benefits.items() if admits(benefit, product))
    found = identities(node)
    for id_ in found:
        if id_ not in benefits:
            raise Fault(node.line, f"includes 中没有权益“{id_}”", f"includes names no benefit “{id_}”")
    return found


def admits(benefit: Benefit, product: Product) -> bool:
    classes = [rule.classes for rule in benefit.rules if isinstance(rule, HolderClasses)]
    return all(product.holder in named for named in classes)
