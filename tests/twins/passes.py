"""What is decided before the rules, and after them: the pass, its product, the place."""

from datetime import timedelta
from typing import Any

from passes.entitlement.daysheet import DaySheet
from tests.twins.drafts import Draft, closure

PASS_ROWS = [
    *["pass_not_active", "pass_not_yet_valid", "pass_expired", "pass_frozen", "pass_void"],
    *["not_included", "not_at_this_venue", "venue_closed", "venue_full", "choose_benefit"],
]

EDGED = {"pass_not_yet_valid", "pass_expired", "venue_closed", "venue_full"}
"""Those with a boundary in time; the others are so or not."""


def spoil_pass(row: str, draft: Draft, sheet: DaySheet, *, missed: bool, edge: bool) -> None:
    """Make the row the one that refuses; or, where it is not missed, put the draft at its boundary."""
    if row in {"venue_closed", "venue_full"}:
        closure(draft, row, not missed, edge)
    elif row in {"pass_not_yet_valid", "pass_expired"}:
        set_term(row, draft, missed=missed, edge=edge)
    elif missed:
        draft.parts |= spoilt(row, draft, sheet)


def set_term(row: str, draft: Draft, *, missed: bool, edge: bool) -> None:
    """The first day of the term, or the first after it, is today or tomorrow; or further away."""
    if row == "pass_not_yet_valid":
        first = draft.after(0 if not missed else 1 if edge else draft.rng.randint(1, 40))
        draft.valid_from, draft.parts["valid_until"] = first, first + timedelta(days=draft.rng.choice([1, 30, 365]))
        if missed:
            draft.parts |= draft.rng.choice([{}, {}, {"held": True}, {"state": "void"}, {"state": "expired"}])
    elif draft.chance(0.1) and missed:
        draft.parts["state"] = "expired"
    else:
        draft.parts["valid_until"] = draft.after(1 if not missed else 0 if edge else -draft.rng.randint(0, 40))
        draft.parts["state"] = draft.rng.choice(["active", "active", "void"]) if missed else "active"


def spoilt(row: str, draft: Draft, sheet: DaySheet) -> dict[str, Any]:
    rng, never = draft.rng, {"valid_from": None, "valid_until": None}
    if row == "pass_not_active":
        return {"state": "issued", **(never if rng.random() < 0.7 else {})}
    if row == "pass_void":
        return {"state": "void", "held": rng.random() < 0.3, **(never if rng.random() < 0.4 else {})}
    if row == "pass_frozen":
        return {"held": True}
    if row == "choose_benefit":
        return {"benefit_id": None, "default_benefit_id": None}
    if row == "not_at_this_venue":
        elsewhere = sorted(set(sheet.choices) - set(sheet.offers[draft.benefit_id].at)) or ["Z9"]
        draft.venue_id = rng.choice(elsewhere)
        named = rng.choice([draft.benefit_id, None])
        return {"benefit_id": named, "default_benefit_id": rng.choice([draft.benefit_id, None])}
    products = [id_ for id_, product in sheet.products.items() if draft.benefit_id not in product.benefits]
    way = rng.choice([{"benefit_id": "B99"}, {"product_id": rng.choice(["P9", "constructor", *products])}])
    return {"default_benefit_id": None, **({"benefit_id": None} if rng.random() < 0.2 else {}), **way}
