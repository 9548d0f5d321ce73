"""Two decorators that load and dump, and one loop over the routes that writes them down as OpenAPI 3.1."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any

import orjson
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from flask.json.provider import JSONProvider
from marshmallow import Schema, fields

from passes.errors import N_, Invalid
from passes.http.fields import load, read_json

View = Callable[..., Any]


class Orjson(JSONProvider):
    """Flask's JSON by orjson: ten times faster, and no body can make it raise anything but a refusal."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        return orjson.dumps(obj, option=orjson.OPT_NON_STR_KEYS).decode()

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        return orjson.loads(s)


def accepts(*schemas: Schema) -> Callable[[View], View]:
    """Load the JSON body by the schema and hand it to the view as `body`.

    Where it may be one of several the view gets the parsed JSON and loads it by the one that is meant.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def loaded(*args: Any, **kwargs: Any) -> Any:
            if request.mimetype != "application/json":
                raise Invalid("not_json", N_("Send application/json."))
            document = read_json(request)
            return view(*args, body=load(schemas[0], document) if len(schemas) == 1 else document, **kwargs)

        vars(loaded)["__accepts__"] = schemas
        return loaded

    return decorate


def answers(schema: Schema, status: int = 200) -> Callable[[View], View]:
    """Dump what the view returns by the schema. Dumping never validates: the tests look at the answers."""

    def decorate(view: View) -> View:
        @wraps(view)
        def dumped(*args: Any, **kwargs: Any) -> Any:
            made = view(*args, **kwargs)
            if isinstance(made, Response):
                return made
            return Response(orjson.dumps(schema.dump(made)), status=status, mimetype="application/json")

        vars(dumped)["__answers__"] = (schema, status)
        return dumped

    return decorate


class ProblemOut(Schema):
    """RFC 9457, with a stable code."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    fields_ = fields.Dict(keys=fields.String(), values=fields.List(fields.String()), data_key="fields")
    facts = fields.Dict(keys=fields.String())


def document(app: Flask) -> dict[str, Any]:
    """The OpenAPI 3.1 document of every route under /api that says what it answers."""
    spec = APISpec(
        title="悠游兰州 Youyou Lanzhou",
        version="1",
        openapi_version="3.1.0",
        info={"description": "Gates, and whoever is given a key."},
        plugins=[MarshmallowPlugin(schema_name_resolver=_name_of)],
    )
    spec.components.security_scheme("device", {"type": "http", "scheme": "bearer"})
    spec.components.schema("Problem", schema=ProblemOut)
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        view = app.view_functions[rule.endpoint]
        if rule.rule.startswith("/api/") and hasattr(view, "__answers__"):
            spec.path(
                path=re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule),
                operations={
                    method.lower(): _operation(view, rule.arguments)
                    for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
                },
            )
    return spec.to_dict()


def _operation(view: View, arguments: set[str]) -> dict[str, Any]:
    schema, status = vars(view)["__answers__"]
    problem = {"content": {"application/problem+json": {"schema": "Problem"}}}
    operation: dict[str, Any] = {
        "summary": (view.__doc__ or "").strip().partition("\n")[0],
        "operationId": view.__name__,
        "responses": {
            str(status): {"description": "Done.", "content": {"application/json": {"schema": schema}}},
            "default": {"description": "Refused.", **problem},
        },
    }
    if arguments:
        operation["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in sorted(arguments)
        ]
    if "__accepts__" in vars(view):
        schemas = list(vars(view)["__accepts__"])
        content = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": content}}}
    if vars(view).get("__guard__") == "device":
        operation["security"] = [{"device": []}]
    return operation


def _name_of(schema: Any) -> str:
    cls = schema if isinstance(schema, type) else type(schema)
    return cls.__name__
