"""HTTP, once for all rooms: schemas at the door, problem+json, languages, headers, the OpenAPI document."""

from passes.http.fields import Count, LocalMoment, Moment, Text, load, load_form, read_form
from passes.http.languages import language, pick
from passes.http.openapi import Example, accepts, answers, asks, explained
from passes.http.problems import Page, Paging, page_request

__all__ = [
    "Count",
    "Example",
    "LocalMoment",
    "Moment",
    "Page",
    "Paging",
    "Text",
    "accepts",
    "answers",
    "asks",
    "explained",
    "language",
    "load",
    "load_form",
    "page_request",
    "pick",
    "read_form",
]
