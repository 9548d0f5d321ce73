"""The only place that reads the clock. Everything else is handed `now`."""

from datetime import UTC, date, datetime, time, timedelta
from time import monotonic as seconds_running
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

__all__ = ["SHANGHAI", "day_start", "local_day", "local_time", "now", "seconds_running"]


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)


def local_time(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


def local_day(moment: datetime) -> date:
    """The calendar day at the spot."""
    return moment.astimezone(SHANGHAI).date()


def day_start(day: date, *, plus_seconds: int = 0) -> datetime:
    """00:00:00 of a local day, as UTC, moved by plus_seconds. China has no daylight saving."""
    midnight = datetime.combine(day, time(), SHANGHAI).astimezone(UTC)
    return midnight + timedelta(seconds=plus_seconds)
