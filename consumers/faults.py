"""Whose fault it is: the record's, the database's or broker's, or ours."""

from sqlalchemy.exc import DBAPIError, TimeoutError

# Serialization failure, deadlock, lock not free, cancelled, the server goes away, lost connection, out of resources.
NEVER_POISON = ("40001", "40P01", "55P03", "57014", "57P0", "08", "53", "25P0")


class SourceFault(Exception):
    """The broker or the leader's connection fails now; the same read may succeed later."""


class Stop(Exception):
    """The worker cannot go on by itself: someone has to look. The message says at what and what to do."""


class Fenced(Exception):
    """Another owner has moved the checkpoint on; what this worker did is rolled back."""


def is_database_fault(error: BaseException) -> bool:
    """True where the database, not the record, is in trouble."""
    if isinstance(error, TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state: str | None = getattr(error.orig, "sqlstate", None)
    if state is None:
        return error.connection_invalidated or type(error).__name__ in ("OperationalError", "InterfaceError")
    return state.startswith(NEVER_POISON)
