"""An upload from first to last: one transaction if all goes well, one for each scan if something does not."""

import logging
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from passes.access.rules import Gate
from passes.db import transaction
from passes.errors import Conflict, Problem
from passes.gate.rules import Answer, ScanRequest, fault_answer
from passes.gate.service import record_scans
from passes.metrics import scans_total

log = logging.getLogger(__name__)

# A deadlock, a lost race or a restarted database is over once it was reported: the same work then succeeds.
# It is safe to repeat even where the commit's fate is unknown: a scan id is answered once.
TRIES = 3
SQLSTATES_TO_RETRY = frozenset({"40001", "40P01", "23505"})


def upload_scans(gate: Gate, scans: Sequence[ScanRequest], *, now: datetime) -> list[Answer]:
    """Answers in the order of the scans. A single scan raises what a list answers in its place."""
    try:
        answers = _in_one_transaction(gate, scans, now)
    except (OperationalError, Problem):
        raise
    except Exception:
        if len(scans) == 1:
            raise
        log.exception("an upload failed as a whole: each of its %d scans is taken on its own", len(scans))
        answers = [_alone(gate, scan, now) for scan in scans]
    for answer in answers:
        scans_total.labels(answer["decision"], answer["refusal_code"] or "").inc()
    return answers


def _in_one_transaction(gate: Gate, scans: Sequence[ScanRequest], now: datetime) -> list[Answer]:
    for left in reversed(range(TRIES)):
        try:
            with transaction() as session:
                return record_scans(session, gate, scans, now=now)
        except DBAPIError as error:
            if not left or not (error.connection_invalidated or is_over(error)):
                raise
    raise AssertionError("the last try returns or raises")


def is_over(error: DBAPIError) -> bool:
    return getattr(error.orig, "sqlstate", None) in SQLSTATES_TO_RETRY


def _alone(gate: Gate, scan: ScanRequest, now: datetime) -> Answer:
    try:
        return _in_one_transaction(gate, [scan], now)[0]
    except OperationalError:
        raise
    except (Conflict, IntegrityError) as problem:
        code = problem.code if isinstance(problem, Conflict) else "scan_failed"
        return fault_answer(str(scan.scan_id), code, {})
    except Exception:
        log.exception("scan %s failed", scan.scan_id)
        return fault_answer(str(scan.scan_id), "scan_failed", {})
