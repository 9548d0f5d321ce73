"""Reading scans, counters and used codes."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from passes.gate.models import CodeUse, PassCounter, Scan
from passes.gate.rules import Answer

CounterKey = tuple[int, str, str]
UseKey = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What a device was told when it first sent this scan id."""

    content_hash: bytes
    response: Answer


def find_first_answers(session: Session, enrolment_id: UUID, scan_ids: Collection[UUID]) -> dict[UUID, FirstAnswer]:
    rows = session.execute(
        select(Scan.scan_id, Scan.content_hash, Scan.response).where(
            Scan.enrolment_id == enrolment_id, Scan.scan_id.in_(scan_ids)
        )
    )
    return {scan_id: FirstAnswer(content_hash, response) for scan_id, content_hash, response in rows}


def find_counters(session: Session, keys: Iterable[CounterKey]) -> dict[CounterKey, int]:
    """Uses so far by (pass, counter name, period); what was never used is left out. Ask under the pass lock."""
    wanted = sorted(set(keys))
    if not wanted:
        return {}
    rows = session.execute(
        select(PassCounter.pass_id, PassCounter.name, PassCounter.period, PassCounter.used).where(
            tuple_(PassCounter.pass_id, PassCounter.name, PassCounter.period).in_(wanted)
        )
    )
    return {(pass_id, name, period): used for pass_id, name, period, used in rows}


def find_used_codes(session: Session, keys: Iterable[UseKey]) -> set[UseKey]:
    """Those of these codes that were used up for their benefit. Ask under the pass lock."""
    wanted = sorted(set(keys))
    if not wanted:
        return set()
    rows = session.execute(
        select(CodeUse.pass_id, CodeUse.moment, CodeUse.benefit_id).where(
            tuple_(CodeUse.pass_id, CodeUse.moment, CodeUse.benefit_id).in_(wanted)
        )
    )
    return {(pass_id, moment, benefit_id) for pass_id, moment, benefit_id in rows}


def used_counters(session: Session, pass_id: int) -> dict[tuple[str, str], int]:
    """All that a pass has used, by (counter name, period): what its wallet shows."""
    rows = session.execute(
        select(PassCounter.name, PassCounter.period, PassCounter.used).where(PassCounter.pass_id == pass_id)
    )
    return {(name, period): used for name, period, used in rows}
