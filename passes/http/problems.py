"""Errors as answers: RFC 9457 problem+json under /api, a page elsewhere. The only table of statuses."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
from flask import Flask, Response, current_app, g, render_template, request
from flask_babel import gettext
from sqlalchemy.exc import IntegrityError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.routing import IntegerConverter, Map

from passes.errors import (
    N_,
    Conflict,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    Problem,
    TooMany,
    Unavailable,
)

log = logging.getLogger(__name__)

Row = TypeVar("Row")

MOST_ROWS = 2**63 - 1
"""The greatest number a row can have."""

STATUSES: dict[type[Problem], int] = {
    NotSignedIn: 401,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    TooMany: 429,
    Unavailable: 503,
}

# The database has the last word: a named constraint and what it means to the caller.
CONSTRAINTS: dict[str, tuple[str, str]] = {
    "uq_staff_login": ("login_taken", N_("This sign-in name is taken.")),
    "uq_lane_venue_id_name": (
        "lane_name_taken",
        N_("This venue already has a lane with this name. Choose another one."),
    ),
    "uq_clerk_venue_name": (
        "clerk_name_taken",
        N_("This venue already has a clerk with this name. Add something that tells them apart."),
    ),
    "uq_scan_enrolment_id_scan_id": ("scan_id_reused", N_("This scan id was used for another scan.")),
    "uq_reservation_slot": (
        "reservation_exists",
        N_("This pass has a reservation for this time already."),
    ),
    "ck_sale_window_no_oversell": ("sold_out", N_("This pass is sold out.")),
    "sale_windows_apart": ("sale_windows_overlap", N_("Another window of this product stands open at that time.")),
    "ck_stock_counter_within_stock": ("out_of_stock", N_("Everything of this has been handed over.")),
    "ck_pass_counter_within_limit": ("limit_reached", N_("The limit of this benefit is reached.")),
}


@dataclass(frozen=True)
class Paging:
    """What a caller may ask of a list: at most `limit` rows after `offset`."""

    limit: int
    offset: int


@dataclass(frozen=True)
class Page(Generic[Row]):
    """A part of a list, and how long the whole is."""

    rows: Sequence[Row]
    total: int
    paging: Paging


def page_request(*, limit: int = 50) -> Paging:
    """Paging from ?page=N (1, 2, …); nonsense is page 1."""
    raw = request.args.get("page", "1")
    number = int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 7 else 1
    return Paging(limit=limit, offset=(max(number, 1) - 1) * limit)


class RowNumber(IntegerConverter):
    """<int:…> in an address: a number some row could have. A greater one is no page of ours, and no fault either."""

    def __init__(self, url_map: Map) -> None:
        super().__init__(url_map, max=MOST_ROWS)


def set_up(app: Flask) -> None:
    app.url_map.converters["int"] = RowNumber
    app.register_error_handler(Problem, of_problem)
    app.register_error_handler(HTTPException, of_http)
    app.register_error_handler(IntegrityError, of_constraint)
    app.register_error_handler(OperationalError, of_outage)
    app.register_error_handler(Exception, of_bug)


def of_problem(problem: Problem) -> Response:
    status = STATUSES[type(problem)]
    detail = said(problem.message, problem)
    fields = {name: [said(text, problem) for text in texts] for name, texts in problem.fields.items()}
    response = answer(status, problem.code, detail, fields, problem.facts)
    if isinstance(problem, TooMany):
        response.headers["Retry-After"] = str(problem.facts.get("retry_after_seconds", 60))
    if isinstance(problem, NotSignedIn) and is_api():
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def said(text: str, problem: Problem) -> str:
    """A text of a refusal in the reader's language, its facts filled in."""
    return str(gettext(text, **problem.facts) if problem.facts and "%(" in text else gettext(text))


def of_http(error: HTTPException) -> Response:
    """Flask's own refusals; a redirect raised by routing is none."""
    if error.code is None or error.code < 400:
        made: Any = error.get_response()
        return current_app.make_response(made)
    words = {
        404: N_("There is no such page. Check the address, or start again from the front page."),
        405: N_("This address does not take that kind of request."),
        413: N_("The request body is too large."),
        415: N_("Send application/json."),
    }
    detail = words.get(error.code, N_("The request cannot be served."))
    response = answer(error.code, _code_of(error), gettext(detail), {}, {})
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _code_of(error: HTTPException) -> str:
    return (error.name or "error").lower().replace(" ", "_")


def of_constraint(error: IntegrityError) -> Response:
    diag = getattr(error.orig, "diag", None)
    known = CONSTRAINTS.get(getattr(diag, "constraint_name", None) or "")
    if known is None:
        return of_bug(error)
    return of_problem(Conflict(known[0], known[1]))


def of_outage(error: OperationalError) -> Response:
    log.error("the database does not answer", exc_info=error)
    return of_problem(
        Unavailable("database_unavailable", N_("The service is interrupted. Nothing was lost; try again in a minute."))
    )


def of_bug(error: Exception) -> Response:
    """A fault of ours: the log has all of it, the caller the request id and nothing else."""
    if current_app.testing and current_app.config.get("PROPAGATE_EXCEPTIONS", True) and not is_api():
        raise error
    log.error("unexpected error", exc_info=error)
    detail = gettext(
        "Something went wrong on our side. Try again; if it stays, tell us this number: %(id)s",
        id=g.get("request_id", ""),
    )
    return answer(500, _code_of(InternalServerError()), detail, {}, {})


def is_api() -> bool:
    """Who is answered in JSON: decided by path, in this one place."""
    return request.path.startswith(("/api/", "/webhooks/")) or request.path.endswith(".json")


def answer(status: int, code: str, detail: str, fields: dict[str, list[str]], facts: dict[str, object]) -> Response:
    """One shape for every refusal."""
    if not is_api():
        page = render_template(
            "error.html", status=status, code=code, detail=detail, fields=fields, request_id=g.get("request_id", "")
        )
        return Response(page, status=status, mimetype="text/html")
    body: dict[str, object] = {
        "type": f"urn:youyou:problem:{code}",
        "title": code.replace("_", " "),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": g.get("request_id", ""),
    }
    if fields:
        body["fields"] = fields
    if facts:
        body["facts"] = facts
    return Response(orjson.dumps(body, default=str), status=status, mimetype="application/problem+json")
