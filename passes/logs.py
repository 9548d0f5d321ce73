"""JSON lines on standard error, each with the request or batch it belongs to."""

import logging
import re
import sys
from contextvars import ContextVar

from pythonjsonlogger.json import JsonFormatter

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
_trace: ContextVar[str | None] = ContextVar("traceparent", default=None)

# W3C trace context, version 00: version ff, upper case and all-zero ids are refused.
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


class _RequestId(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


def set_up(process: str, *, level: int = logging.INFO) -> None:
    """Send every logger of this process to standard error as JSON. Called once, by whoever starts the process."""
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_RequestId())
    handler.setFormatter(
        JsonFormatter(
            "%(asctime)s %(levelname)s %(name)s %(message)s %(request_id)s",
            rename_fields={"asctime": "time", "levelname": "level", "name": "logger"},
            static_fields={"process": process},
            json_ensure_ascii=False,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    logging.getLogger("kafka").setLevel(logging.WARNING)
    logging.getLogger("stripe").setLevel(logging.WARNING)


def traceparent() -> str | None:
    """The W3C trace context of the request at hand, or None."""
    return _trace.get()


def take_traceparent(value: str | None) -> None:
    """Adopt the caller's trace context where it is well formed; forget the last request's otherwise."""
    _trace.set(value if value and _TRACEPARENT.fullmatch(value) else None)
