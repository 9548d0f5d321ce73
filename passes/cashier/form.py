"""Stripe's form encoding: `line_items[0][price_data][unit_amount]=19900` becomes nested dicts and lists."""

import re
from collections.abc import Iterable
from typing import Any

from passes.cashier.errors import refuse

_KEY = re.compile(r"([A-Za-z0-9_]+)((?:\[[^\[\]]*\])*)")
_PART = re.compile(r"\[([^\[\]]*)\]")
_DEEPEST = 8


def nested(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Raises StripeError for a key that is no path, or that is both a value and a container."""
    root: dict[str, Any] = {}
    for key, value in pairs:
        match = _KEY.fullmatch(key)
        path = [match[1], *_PART.findall(match[2])] if match else []
        if not 0 < len(path) <= _DEEPEST:
            raise refuse(f"Invalid parameter name: {key!r}", param=key)
        _put(root, path, value, key)
    return {name: _with_lists(value) for name, value in root.items()}


def _put(root: dict[str, Any], path: list[str], value: str, key: str) -> None:
    node = root
    for part in path[:-1]:
        node = node.setdefault(part or str(len(node)), {})
        if not isinstance(node, dict):
            raise refuse(f"Invalid parameter: {key!r} is a value and a container", param=key)
    last = path[-1] or str(len(node))
    if isinstance(node.get(last), dict):
        raise refuse(f"Invalid parameter: {key!r} is a value and a container", param=key)
    node[last] = value


def _with_lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(name.isdigit() for name in node):
        return [_with_lists(node[name]) for name in sorted(node, key=int)]
    return {name: _with_lists(value) for name, value in node.items()}


ANY: Any = object()  # a value, whatever it is
MAP: Any = object()  # a flat map of strings


def refuse_unknown(params: Any, shape: Any, path: str = "") -> None:
    """Refuse what Stripe would not know: a misspelt or removed parameter must not pass here and fail there."""
    if shape is MAP:
        if not isinstance(params, dict) or any(not isinstance(value, str) for value in params.values()):
            raise refuse(f"Invalid {path}: must be a map of strings", param=path)
    elif isinstance(shape, list):
        if not isinstance(params, list):
            raise refuse(f"Invalid array: {path}", param=path)
        for index, item in enumerate(params):
            refuse_unknown(item, shape[0], f"{path}[{index}]")
    elif isinstance(shape, dict):
        if not isinstance(params, dict):
            raise refuse(f"Invalid object: {path}", param=path)
        for name, value in params.items():
            inside = f"{path}[{name}]" if path else name
            if name not in shape:
                raise refuse(f"Received unknown parameter: {inside}", code="parameter_unknown", param=inside)
            refuse_unknown(value, shape[name], inside)
    elif not isinstance(params, str):
        raise refuse(f"Invalid string: {path}", param=path)


def whole(params: dict[str, Any], name: str) -> int | None:
    """A parameter as an integer, None when absent; refused when it is no integer."""
    raw = params.get(name)
    if raw is None:
        return None
    if not isinstance(raw, str) or not re.fullmatch(r"-?[0-9]{1,12}", raw):
        raise refuse(f"Invalid integer: {raw}", code="parameter_invalid_integer", param=name)
    return int(raw)
