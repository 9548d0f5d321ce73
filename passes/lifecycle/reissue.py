"""Making every code of a pass worthless that was drawn or printed before."""

from datetime import datetime

from sqlalchemy.orm import Session

from passes.access.rules import HOLDER, Staff
from passes.access.service import write_audit
from passes.credential.service import revoke_generation
from passes.errors import N_, Conflict
from passes.lifecycle.models import Pass
from passes.lifecycle.queries import get_pass, lock_passes

LAST_GENERATION = 255


def replace_codes(session: Session, pass_id: int, *, now: datetime, by: Staff | None = None) -> Pass:
    """Count the pass's generation up: gates refuse every code of the earlier ones, printed cards too.

    by: None where the holder does it. Conflict("codes_replaced_too_often") when the counter, a byte, is full.
    """
    pass_ = lock_passes(session, [pass_id]).get(pass_id) or get_pass(session, pass_id)
    if pass_.generation >= LAST_GENERATION:
        raise Conflict(
            "codes_replaced_too_often",
            N_("The codes of this pass were replaced too often. Ask the service desk for another pass."),
        )
    revoke_generation(session, pass_.id, pass_.generation, now=now)
    pass_.generation += 1
    facts: dict[str, object] = {"generation": pass_.generation} | ({} if by else {"by": HOLDER})
    write_audit(session, by, "pass.codes_replaced", f"pass:{pass_.id}", now=now, **facts)
    session.flush()
    return pass_
