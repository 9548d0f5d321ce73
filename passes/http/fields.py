"""Fields that refuse at the door what PostgreSQL would refuse later, and the two ways to load a schema."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Request, request
from flask_babel import gettext
from marshmallow import Schema, ValidationError, fields, validate

from passes.clock import SHANGHAI
from passes.errors import N_, Invalid

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Text(fields.String):
    """Text without control characters, lone surrogates or outer blanks; at most max_length characters."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "null": N_("Please fill this in."),
        "invalid": N_("This must be text."),
        "control": N_("This holds characters that cannot be stored."),
        "too_long": N_("This is too long."),
        "empty": N_("Please fill this in."),
    }

    def __init__(self, *, max_length: int = 200, may_be_empty: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.max_length = max_length
        self.may_be_empty = may_be_empty
        self.validators.append(validate.Length(max=max_length, error=str(self.error_messages["too_long"])))
        if not may_be_empty:
            self.metadata = {"minLength": 1, **self.metadata}  # of the OpenAPI document

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        text = (text or "").strip()
        if _NOT_TEXT.search(text):
            raise self.make_error("control")
        if not text and not self.may_be_empty:
            raise self.make_error("empty")
        return text


class Count(fields.Integer):
    """A whole number within PostgreSQL's integer, 0 or more unless told."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "invalid": N_("This must be a whole number."),
        "range": N_("This number is out of range."),
    }

    def __init__(self, *, lowest: int = 0, highest: int = 2**31 - 1, **kwargs: Any) -> None:
        super().__init__(strict=True, **kwargs)
        self.validators.append(validate.Range(min=lowest, max=highest, error=str(self.error_messages["range"])))


class Moment(fields.AwareDateTime):
    """A moment with its offset from UTC, of this millennium; handed on in UTC."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "null": N_("Please fill this in."),
        "invalid": N_("Write a moment with its offset from UTC, as 2026-05-01T09:00:00+08:00."),
        "invalid_awareness": N_("Write a moment with its offset from UTC, as 2026-05-01T09:00:00+08:00."),
        "range": N_("This moment is out of range."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            moment = super()._deserialize(value, attr, data, **kwargs)
        except OverflowError as error:
            raise self.make_error("range") from error
        if not 2000 < moment.year < 3000:
            raise self.make_error("range")
        return moment.astimezone(UTC)


class LocalMoment(fields.NaiveDateTime):
    """What a browser's field for day and time holds: a moment at the spot; handed on in UTC."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "invalid": N_("Choose a day and a time."),
        "invalid_awareness": N_("Choose a day and a time."),
        "range": N_("This moment is out of range."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        if not isinstance(value, str) or not _LOCAL.fullmatch(value):
            raise self.make_error("invalid")
        moment = super()._deserialize(value, attr, data, **kwargs)
        if not 2000 < moment.year < 3000:
            raise self.make_error("range")
        return moment.replace(tzinfo=SHANGHAI).astimezone(UTC)


def read_json(incoming: Request, *, limit_bytes: int = 2 * 1024 * 1024) -> Any:
    """The body as JSON, by orjson: deep nesting, NaN and lone surrogates are refused, never a 500."""
    body = incoming.get_data(cache=False)
    if len(body) > limit_bytes:
        raise Invalid("body_too_large", N_("The request body is too large."))
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise Invalid("not_json", N_("The request body is no JSON: %(reason)s"), reason=str(error)[:200]) from error


def load(schema: Schema, data: Any) -> Any:
    """Load strictly; raises Invalid("invalid_fields") that names each field and its reasons."""
    try:
        return schema.load(data)
    except ValidationError as error:
        raise Invalid("invalid_fields", N_("Some fields are missing or wrong."), fields=faults_of(error)) from error


def load_form(schema: Schema) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The posted form as (data, {field: [translated reasons]}); data is empty when anything is wrong."""
    data, faults = read_form(schema)
    return ({}, faults) if faults else (data, {})


def read_form(schema: Schema) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The same, but data holds every field that is right: for who has more to say about those.

    An empty input counts as absent, a doubled one is refused by its name; of a list there may be several.
    """
    several = {name for name, field in schema.fields.items() if isinstance(field, fields.List)}
    doubled = {
        name: [gettext("This was sent twice.")]
        for name, values in request.form.lists()
        if len(values) > 1 and name not in several
    }
    given: dict[str, Any] = {name: value for name, value in request.form.items() if value.strip()}
    given |= {name: request.form.getlist(name) for name in several & given.keys()}
    data: dict[str, Any]
    faults: dict[str, list[str]] = {}
    try:
        data = schema.load(given)
    except ValidationError as error:
        data = dict(error.valid_data or {})
        for name, texts in faults_of(error).items():
            # A form shows what is wrong with one of several beside all of them.
            field = name.partition(".")[0] if name.partition(".")[0] in several else name
            faults.setdefault(field, []).extend(gettext(text) for text in texts)
    return {name: value for name, value in data.items() if name not in doubled}, faults | doubled


def faults_of(error: ValidationError) -> dict[str, list[str]]:
    messages: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return flat(messages)


def flat(messages: Mapping[str, Any], prefix: str = "") -> dict[str, list[str]]:
    """marshmallow's nested messages as {"scans.0.code": [reason, …]}."""
    found: dict[str, list[str]] = {}
    for name, value in messages.items():
        path = f"{prefix}{name}"
        if isinstance(value, Mapping):
            found |= flat(value, f"{path}.")
        else:
            found[path] = [str(text) for text in value]
    return found
