"""What a use case may refuse with. The code is the contract; the message is an English msgid, translated later."""

from collections.abc import Mapping, Sequence


def N_(message: str) -> str:
    """Mark a text for the translation catalogue; it is translated where it is shown."""
    return message


class Problem(Exception):
    """The four kinds below share one shape and nothing else.

    code: stable, lower_snake_case. message: msgid, may hold %(name)s filled from facts.
    fields: {field name: [msgid, …]} for bad input.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        fields: Mapping[str, Sequence[str]] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(f"{code}: {message % facts if facts else message}")
        self.code = code
        self.message = message
        self.fields = {name: list(reasons) for name, reasons in (fields or {}).items()}
        self.facts = facts


class NotFound(Problem):
    """What was named does not exist (404)."""


class Invalid(Problem):
    """The request contradicts itself or the rules of its fields (422)."""


class Conflict(Problem):
    """The request was good but the state of things forbids it now (409)."""


class NotAllowed(Problem):
    """The caller is known and may not do this (403)."""


class NotSignedIn(Problem):
    """The caller is not known (401)."""


class TooMany(Problem):
    """The caller must wait (429). Fact: retry_after_seconds."""


class Unavailable(Problem):
    """Something we depend on does not answer now; the same request may succeed later (503)."""
