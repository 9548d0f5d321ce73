"""What the back office keeps for itself: when each chore last ran."""

from datetime import datetime

from sqlalchemy import func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.admin.models import ChoreRun


def note_chore(session: Session, name: str, every_seconds: float, *, error: str | None, now: datetime) -> None:
    """The chore has just run; error: what it died of, None when it came to its end."""
    new = insert(ChoreRun).values(
        name=name,
        every_seconds=every_seconds,
        ran_at=now,
        done_at=None if error else now,
        failures=1 if error else 0,
        last_error=error[:500] if error else None,
    )
    session.execute(
        new.on_conflict_do_update(
            constraint="pk_chore_run",
            set_={
                "every_seconds": new.excluded.every_seconds,
                "ran_at": new.excluded.ran_at,
                "done_at": func.coalesce(new.excluded.done_at, ChoreRun.done_at),
                "failures": ChoreRun.failures + 1 if error else 0,
                "last_error": new.excluded.last_error,
            },
        )
    )
