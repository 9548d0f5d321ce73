"""What is left of the scans of a holder whose data were erased: what was decided, where and when."""

from collections.abc import Sequence

from sqlalchemy import func, update
from sqlalchemy.orm import Session

from passes.gate.models import Scan


def erase_holders(session: Session, pass_ids: Sequence[int]) -> int:
    """Blank whom the gates were told these passes belong to; a gate that repeats its question hears no name any more.

    Returns how many scans.
    """
    statement = (
        update(Scan)
        .where(Scan.pass_id.in_(pass_ids), func.jsonb_typeof(Scan.response["holder"]) == "object")
        .values(response=Scan.response.concat({"holder": None}))
        .returning(Scan.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.scalars(statement).all())
