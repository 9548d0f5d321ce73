"""What the back-office pages share: their blueprint, and a refusal as marks on a form."""

from flask import Blueprint
from flask_babel import gettext

from passes.errors import Problem

blueprint = Blueprint("admin", __name__, url_prefix="/admin")

Errors = dict[str, list[str]]


def marks(problem: Problem) -> Errors:
    """{field: [translated reason]}; under "" what belongs to no field."""
    if problem.fields:
        return {name: [gettext(text) for text in texts] for name, texts in problem.fields.items()}
    return {"": [gettext(problem.message, **problem.facts) if problem.facts else gettext(problem.message)]}
