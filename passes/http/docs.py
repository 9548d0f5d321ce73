"""The OpenAPI document as a page for people, in their language, without any script."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import render_template
from flask_babel import gettext

Node = Mapping[str, Any]


@dataclass(frozen=True)
class Row:
    """One field: `answers[].holder.name`, its type in a few words, whether it is always there, what it means."""

    name: str
    type: str
    needed: bool
    text: str


@dataclass(frozen=True)
class Body:
    """A request's or an answer's content: the name of its schema and its fields, nested ones after their parent."""

    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Refusal:
    status: int
    code: str
    meaning: str


@dataclass(frozen=True)
class Operation:
    """One thing the API does. needs: whose token, "device" or "feed"; "" where none."""

    id: str
    method: str
    path: str
    summary: str
    text: str
    needs: str
    parameters: tuple[Row, ...]
    bodies: tuple[Body, ...]
    status: int
    answer: Body | None
    refusals: tuple[Refusal, ...]
    curl: str


def show(document: Node, public_url: str) -> str:
    """The page."""
    return render_template(
        "api/docs.html", groups=groups_of(document), problem=problem_of(document), public_url=public_url
    )


def groups_of(document: Node) -> dict[str, list[Operation]]:
    """The operations by the name of their group, both in the order of the addresses, the shortest first."""
    found: dict[str, list[Operation]] = {}
    for path, methods in sorted(document["paths"].items(), key=lambda item: item[0].count("/")):
        for method, operation in methods.items():
            made = _operation(document, method.upper(), path, operation)
            found.setdefault(_said(operation["tags"][0]), []).append(made)
    return found


def problem_of(document: Node) -> Body:
    """What every refusal looks like."""
    return _body(document, {"$ref": "#/components/schemas/Problem"})


def _said(text: str) -> str:
    """The msgid in the reader's language; nothing stays nothing."""
    return gettext(text) if text else ""


def _operation(document: Node, method: str, path: str, operation: Node) -> Operation:
    status = min(int(code) for code in operation["responses"])
    content = _schema_of(operation["responses"][str(status)], "application/json")
    wanted = _schema_of(operation.get("requestBody", {}), "application/json")
    return Operation(
        id=operation["operationId"],
        method=method,
        path=path,
        summary=_said(operation["summary"]),
        text=_said(operation.get("description", "")),
        needs=next((name for one in operation.get("security", ()) for name in one), ""),
        parameters=tuple(
            _row(document, one["name"], one["schema"] | {"description": one.get("description", "")}, one["required"])
            for one in operation.get("parameters", ())
        ),
        bodies=tuple(map(partial(_body, document), wanted.get("oneOf", [wanted]) if wanted else ())),
        status=status,
        answer=_body(document, content) if content else None,
        refusals=tuple(Refusal(one["status"], one["code"], _said(one["meaning"])) for one in operation["x-refusals"]),
        curl=operation["x-curl"],
    )


def _schema_of(part: Node, kind: str) -> Node:
    found: Node = part.get("content", {}).get(kind, {}).get("schema", {})
    return found


def _body(document: Node, schema: Node) -> Body:
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    return Body(name, tuple(_rows(document, "", schema)))


def _rows(document: Node, prefix: str, schema: Node) -> Iterator[Row]:
    """The fields of an object, each followed by those of the object or list it holds."""
    found, _ = _resolved(document, schema)
    required = found.get("required", ())
    for name, part in found.get("properties", {}).items():
        inner, _ = _resolved(document, part)
        path = f"{prefix}{name}"
        yield _row(document, path, part, name in required)
        if inner.get("type") == "array":
            yield from _rows(document, f"{path}[].", inner.get("items", {}))
        else:
            yield from _rows(document, f"{path}.", inner)


def _resolved(document: Node, schema: Node) -> tuple[Node, bool]:
    """The schema behind references, and whether null may stand for it."""
    kinds = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(kinds) == 1:
        return _resolved(document, kinds[0])[0], True
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return _resolved(document, schema["allOf"][0])
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return document["components"]["schemas"][name], False
    return schema, False


def _row(document: Node, name: str, schema: Node, needed: bool) -> Row:
    found, nullable = _resolved(document, schema)
    words = _type_words(found, nullable)
    if found.get("type") == "array":
        inner, _ = _resolved(document, found.get("items", {}))
        words = f"{_type_words(inner, False)}[]"
    return Row(name, words, needed, _said(str(schema.get("description", ""))))


def _type_words(schema: Node, nullable: bool) -> str:
    """ "string · uuid", "integer · 1–100", "admitted | refused", "object or null"."""
    kinds = schema.get("type", "object")
    names = [kinds] if isinstance(kinds, str) else list(kinds)
    words = " | ".join(str(one) for one in schema.get("enum", ()) if one is not None)
    words = words or str(schema.get("format") or next((name for name in names if name != "null"), "object"))
    low, high = (schema.get(key) for key in ("minimum", "maximum"))
    if low is not None and high is not None:
        words += f" · {low}–{high}"
    if "maxLength" in schema:
        words += f" · ≤ {schema['maxLength']}"
    return f"{words} | null" if nullable or "null" in names else words
