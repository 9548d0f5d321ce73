"""One loop over the routes under /api that writes them down as an OpenAPI 3.1 document."""

import json
import re
import shlex
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask
from marshmallow import Schema, fields
from werkzeug.routing import Rule

from passes.errors import N_
from passes.http.openapi import Example, Explained, View
from passes.http.problems import MOST_ROWS

Refusals = dict[str, tuple[int, str]]

# Guard → the variable that holds its bearer token in examples.
TOKENS = {"device": "TOKEN", "feed": "KEY"}

COMMON: Refusals = {
    "database_unavailable": (503, N_("The service is interrupted and nothing was kept. Send the same again later.")),
    "internal_server_error": (500, N_("A fault of ours. Tell us the request_id.")),
}
BY_GUARD: dict[str, Refusals] = {
    "device": {
        "device_token_missing": (401, N_("The Authorization header with the device's token is missing.")),
        "device_unknown": (401, N_("No device has this token.")),
        "device_revoked": (401, N_("The device was signed off. Enrol it again.")),
    },
    "feed": {
        "key_missing": (401, N_("The Authorization header with the key is missing.")),
        "key_unknown": (401, N_("There is no such key.")),
        "key_revoked": (401, N_("The key was revoked. The back office makes new ones.")),
        "scope_missing": (403, N_("The key does not open this part of the API.")),
    },
}
WITH_BODY: Refusals = {
    "not_json": (422, N_("The body is no JSON, or is not declared as application/json.")),
    "body_too_large": (422, N_("The body is larger than 2 MB.")),
    "request_entity_too_large": (413, N_("The body is larger than 4 MB.")),
}
WITH_FIELDS: Refusals = {
    "invalid_fields": (422, N_("Something is missing or wrong; `fields` says what, field by field.")),
}
WITH_PATH: Refusals = {"not_found": (404, N_("There is no such address."))}
CROSS_SITE: Refusals = {"cross_site": (403, N_("A browser sent this from a page of another site."))}


class ProblemOut(Schema):
    """RFC 9457, with a stable code."""

    type = fields.String(required=True, metadata={"description": N_("The code as a URN.")})
    title = fields.String(required=True, metadata={"description": N_("The code in words, English.")})
    status = fields.Integer(required=True, metadata={"description": N_("The status of the answer once more.")})
    code = fields.String(
        required=True, metadata={"description": N_("What went wrong, for programs. It never changes.")}
    )
    detail = fields.String(
        required=True, metadata={"description": N_("What went wrong and what to do, for people, in their language.")}
    )
    request_id = fields.String(required=True, metadata={"description": N_("Names this request in our logs.")})
    fields_ = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        data_key="fields",
        metadata={"description": N_("What is wrong, field by field.")},
    )
    facts = fields.Dict(keys=fields.String(), metadata={"description": N_("The values in the detail.")})


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route under /api that says what it answers."""
    spec = APISpec(
        title="悠游兰州 Youyou Lanzhou",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Gates, and whoever is given a key.", "license": {"name": "Apache-2.0"}},
        plugins=[MarshmallowPlugin(schema_name_resolver=_name_of)],
    )
    for guard in TOKENS:
        spec.components.security_scheme(guard, {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemOut)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if rule.rule.startswith("/api/") and hasattr(view, "__answers__"):
            methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
            path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
            spec.path(path=path, operations={method.lower(): _operation(view, rule, method) for method in methods})
    return spec.to_dict()


def _operation(view: View, rule: Rule, method: str) -> dict[str, Any]:
    told = _explained(view)
    refusals = _refusals(view, rule, method, told)
    operation: dict[str, Any] = {
        "operationId": view.__name__,
        "tags": [told.group],
        "summary": told.summary,
        "responses": _responses(view, refusals),
        "x-refusals": [
            {"status": status, "code": code, "meaning": meaning}
            for code, (status, meaning) in sorted(refusals.items(), key=lambda item: (item[1][0], item[0]))
        ],
        "x-curl": curl(view, rule, method, told),
    }
    if told.text:
        operation["description"] = told.text
    parameters = [*_path_parameters(rule), *_query_parameters(view)]
    if parameters:
        operation["parameters"] = parameters
    schemas = list(vars(view).get("__accepts__", ()))
    if schemas:
        content = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": content}}}
    if vars(view).get("__guard__") in TOKENS:
        operation["security"] = [{vars(view)["__guard__"]: []}]
    return operation


def _explained(view: View) -> Explained:
    """What the route says of itself, else the first line of its docstring; a test of the house wants the former."""
    summary = (view.__doc__ or "").strip().partition("\n")[0]
    found: Explained = vars(view).get("__explained__") or Explained(N_("Other"), summary, "", {}, Example())
    return found


def _refusals(view: View, rule: Rule, method: str, told: Explained) -> Refusals:
    marks = vars(view)
    found = COMMON | BY_GUARD.get(str(marks.get("__guard__")), {})
    if "__accepts__" in marks:
        found |= WITH_BODY
    if "__accepts__" in marks or "__asks__" in marks:
        found |= WITH_FIELDS
    if rule.arguments:
        found |= WITH_PATH
    if method != "GET" and marks.get("__guard__") == "public":
        found |= CROSS_SITE
    return found | dict(told.refuses)


def _responses(view: View, refusals: Refusals) -> dict[str, Any]:
    schema, status = vars(view)["__answers__"]
    done: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    if schema is not None:
        done["content"] = {"application/json": {"schema": schema}}
    problem = {"content": {"application/problem+json": {"schema": "Problem"}}}
    return {str(status): done} | {
        str(refused): {"description": ", ".join(sorted(c for c, (s, _) in refusals.items() if s == refused)), **problem}
        for refused in sorted({status for status, _ in refusals.values()})
    }


def _path_parameters(rule: Rule) -> Iterator[dict[str, Any]]:
    number = {"type": "integer", "minimum": 0, "maximum": MOST_ROWS}
    kinds = {"uuid": {"type": "string", "format": "uuid"}, "int": number}
    for kind, name in re.findall(r"<(?:([^:<>]+):)?([^<>]+)>", rule.rule):
        yield {"name": name, "in": "path", "required": True, "schema": kinds.get(kind, {"type": "string"})}


def _query_parameters(view: View) -> list[dict[str, Any]]:
    schema = vars(view).get("__asks__")
    return [{"in": "query", "schema": type(schema)}] if schema is not None else []


def curl(view: View, rule: Rule, method: str, told: Explained) -> str:
    """A command that works as it stands once the variables in it are set."""
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", lambda found: told.example.path.get(found[1], found[1]), rule.rule)
    query = f"?{urlencode(told.example.query, safe='$:')}" if told.example.query else ""
    lines = [f'curl -X {method} "$YOUYOU{path}{query}"' if method != "GET" else f'curl "$YOUYOU{path}{query}"']
    if vars(view).get("__guard__") in TOKENS:
        lines.append(f'-H "Authorization: Bearer ${TOKENS[vars(view)["__guard__"]]}"')
    if told.example.body is None:
        return " \\\n  ".join(lines)
    lines += [f"-H {shlex.quote('Content-Type: application/json')}", "--data @- <<END"]
    return " \\\n  ".join(lines) + f"\n{json.dumps(told.example.body, ensure_ascii=False, indent=2)}\nEND"


def _name_of(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__
