"""Decorators that load, dump and explain a route of the API; `description` writes them down as OpenAPI 3.1."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any

import orjson
from flask import Response, request
from flask.json.provider import JSONProvider
from marshmallow import Schema

from passes.errors import N_, Invalid
from passes.http.fields import load, read_json

View = Callable[..., Any]

SENT_TWICE = N_("This was sent twice.")


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


def asks(schema: Schema) -> Callable[[View], View]:
    """Load what stands after the ? of the address by the schema and hand it to the view as `query`."""

    def decorate(view: View) -> View:
        @wraps(view)
        def asked(*args: Any, **kwargs: Any) -> Any:
            doubled = {name: [SENT_TWICE] for name, values in request.args.lists() if len(values) > 1}
            if doubled:
                raise Invalid("invalid_fields", N_("Some fields are missing or wrong."), fields=doubled)
            # ?lang= chooses the language of every answer and belongs to no single address.
            given = {name: value for name, value in request.args.items() if name != "lang"}
            return view(*args, query=load(schema, given), **kwargs)

        vars(asked)["__asks__"] = schema
        return asked

    return decorate


def answers(schema: Schema | None, status: int = 200) -> Callable[[View], View]:
    """Dump what the view returns by the schema; None answers nothing but the status (204).

    Dumping never validates: the tests look at the answers.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def dumped(*args: Any, **kwargs: Any) -> Any:
            made = view(*args, **kwargs)
            if isinstance(made, Response):
                return made
            body = orjson.dumps(schema.dump(made)) if schema else b""
            return Response(body, status=status, mimetype="application/json" if schema else None)

        vars(dumped)["__answers__"] = (schema, status)
        return dumped

    return decorate


@dataclass(frozen=True)
class Example:
    """What the `curl` example sends. A value such as "$TOKEN" is a variable of the reader's shell."""

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Explained:
    """What the page of the API says of a route: msgids, and each refusal code with its status and meaning."""

    group: str
    summary: str
    text: str
    refuses: Mapping[str, tuple[int, str]]
    example: Example


def explained(
    group: str,
    summary: str,
    text: str = "",
    *,
    refuses: Mapping[str, tuple[int, str]] | None = None,
    example: Example | None = None,
) -> Callable[[View], View]:
    """Describe a route for the document and its page. Mark every text with N_.

    refuses: {code: (status, meaning)} beside what every route may answer (description.COMMON and those of its guard).
    """

    def decorate(view: View) -> View:
        vars(view)["__explained__"] = Explained(group, summary, text, refuses or {}, example or Example())
        return view

    return decorate
