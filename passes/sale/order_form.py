"""The form of an order as it travels: a buyer's fields, and for each pass its own, holder-1-name, holder-2-name …"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask_babel import gettext
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from passes.http.fields import faults_of
from passes.lifecycle.documents import DOCUMENT_TYPES
from passes.sale.party_rules import MOST_PASSES, path_of
from passes.sale.placing import Draft
from passes.sale.rules import Document
from passes.sale.schemas import OrderForm

Errors = dict[str, list[str]]

_FORM = OrderForm()
_OF_A_HOLDER = re.compile(r"holder-([1-9])-(\w+)")
_PATH = re.compile(r"holders\.([0-9]+)\.(\w+)")
_REMOVE = re.compile(r"remove-([1-9])")
NEW_HOLDER = {"document_type": DOCUMENT_TYPES[0]}


@dataclass(frozen=True, slots=True)
class Typed:
    """A form as it was typed, right or wrong. focus: the id of the field that is typed next, where a step says it."""

    buyer: Mapping[str, str]
    holders: Sequence[Mapping[str, str]]
    focus: str = ""


def field_name(number: int, field: str) -> str:
    """The name of a field of the pass with this number, from 1: holder-1-name."""
    return f"holder-{number}-{field}"


def typed_of(form: MultiDict[str, str]) -> Typed:
    """What a browser sent. Passes are numbered anew where one was left out."""
    return _typed(form.items())


def _typed(items: Any) -> Typed:
    buyer: dict[str, str] = {}
    holders: dict[int, dict[str, str]] = {}
    for name, value in items:
        found = _OF_A_HOLDER.fullmatch(name)
        if found is None:
            buyer[name] = value
        else:
            holders.setdefault(int(found[1]), {})[found[2]] = value
    return Typed(buyer, [holders[number] for number in sorted(holders)] or [NEW_HOLDER])


def after(typed: Typed, step: str) -> Typed:
    """The form after a step that orders nothing: add | remove-2 | anything else leaves it as it is."""
    leaving = _REMOVE.fullmatch(step)
    if step == "add" and len(typed.holders) < MOST_PASSES:
        holders = [*typed.holders, NEW_HOLDER]
        return replace(typed, holders=holders, focus=field_name(len(holders), "product_id"))
    if leaving is not None and len(typed.holders) > 1:
        holders = [holder for number, holder in enumerate(typed.holders, 1) if number != int(leaving[1])]
        return replace(typed, holders=holders, focus="add-pass")
    return typed


def read(form: MultiDict[str, str]) -> tuple[dict[str, Any], Errors]:
    """The form as (data, {field: [translated reasons]}); data holds every field that is right.

    An empty input counts as absent; a doubled one is refused by its name.
    """
    typed = _typed((name, value) for name, value in form.items() if value.strip())
    doubled = {name: [gettext("This was sent twice.")] for name, values in form.lists() if len(values) > 1}
    try:
        data: dict[str, Any] = _FORM.load({"holders": [dict(one) for one in typed.holders], **typed.buyer})
    except ValidationError as error:
        return dict(error.valid_data or {}), in_words(faults_of(error)) | doubled
    return data, doubled


def in_words(faults: Mapping[str, Sequence[str]]) -> Errors:
    """{path: [msgid]} as {field of the form: [words]}."""
    return {_name_of(path): [gettext(text) for text in texts] for path, texts in faults.items()}


def _name_of(path: str) -> str:
    found = _PATH.fullmatch(path)
    return field_name(int(found[1]) + 1, found[2]) if found else path


def drafts_of(data: Mapping[str, Any]) -> list[Draft]:
    """The passes as far as they could be read."""
    return [
        Draft(
            one.get("product_id", ""),
            Document(one.get("document_type"), one.get("document_number"), one.get("birth_on")),
        )
        for one in data.get("holders", [])
    ]


def first_of(typed: Typed, product_id: str) -> str:
    """The field where a product was chosen first."""
    chosen = [holder.get("product_id") for holder in typed.holders]
    return _name_of(path_of(chosen.index(product_id) if product_id in chosen else 0, "product_id"))
