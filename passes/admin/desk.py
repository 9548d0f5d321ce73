"""What the back-office pages share: their blueprint, their menu, and a refusal as marks on a form."""

from collections.abc import Iterable

from flask import Blueprint, g, request

from passes.admin.navigation import menu_of
from passes.admin.rules import LONGEST_SEARCH
from passes.admin.words import ROLE_NAMES, translated
from passes.entitlement.terms import Terms
from passes.errors import Problem
from passes.http import pick
from passes.http.problems import said

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

Errors = dict[str, list[str]]


@blueprint.app_context_processor
def menu() -> dict[str, object]:
    """`office_menu` and `role_names` for the frame, whose pages stand in other rooms, too."""
    staff = g.get("staff")
    if staff is None or staff.must_change_password:
        return {"office_menu": [], "role_names": {}}
    return {"office_menu": menu_of(staff), "role_names": translated(ROLE_NAMES)}


def searched(name: str) -> str | None:
    """What the reader looks for, from the address: None when nothing is left of it."""
    text = "".join(character for character in request.args.get(name, "") if character.isprintable()).strip()
    return text[:LONGEST_SEARCH] or None


def chosen(name: str, choices: Iterable[str]) -> str | None:
    """The reader's choice, from the address; nonsense is none."""
    value = request.args.get(name)
    return value if value is not None and value in choices else None


def venue_choices(terms: Terms) -> list[tuple[str, str]]:
    """Where somebody can stand, for a form: (id, its id and name)."""
    return [(venue.id, f"{venue.id} {pick(venue.name)}") for venue in terms.venues.values() if venue.kind != "online"]


def marks(problem: Problem) -> Errors:
    """{field: [translated reason]}; under "" what belongs to no field."""
    if problem.fields:
        return {name: [said(text, problem) for text in texts] for name, texts in problem.fields.items()}
    return {"": [said(problem.message, problem)]}
