"""What the forms of sale windows take."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from marshmallow import Schema, fields

from passes.clock import SHANGHAI
from passes.errors import N_
from passes.http import Count, Text


class LocalMoment(fields.Field[datetime]):
    """A day and a time of the clocks at the spot, as <input type="datetime-local"> sends it; loaded as aware."""

    default_error_messages = {
        "required": N_("Please fill this in."),
        "invalid": N_("Please give day and time like 2026-11-25T10:00."),
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        try:
            moment = datetime.fromisoformat(str(value).strip())
        except ValueError as error:
            raise self.make_error("invalid") from error
        if moment.tzinfo is not None or not 2020 <= moment.year <= 2100:
            raise self.make_error("invalid")
        return moment.replace(tzinfo=SHANGHAI)


class FormCount(Count):
    """The same from a form, where every number is text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.strict = False


class WindowForm(Schema):
    """Change a window. closes_at: empty = no end."""

    opens_at = LocalMoment(required=True)
    closes_at = LocalMoment(load_default=None)
    quota = FormCount(required=True, highest=10_000_000)


class NewWindowForm(WindowForm):
    """Add one."""

    product_id = Text(required=True, max_length=40)
