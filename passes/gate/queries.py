"""Reading scans, counters and used codes."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, any_, bindparam, func, select
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


# Built once: on the way of every scan, building a statement costs as much as running it.
_FIRST_ANSWERS = select(Scan.scan_id, Scan.content_hash, Scan.response).where(
    Scan.enrolment_id == bindparam("enrolment_id"), Scan.scan_id == any_(bindparam("scan_ids", type_=ARRAY(Uuid)))
)
_wanted_counters = (
    func.unnest(
        bindparam("passes", type_=ARRAY(BigInteger)),
        bindparam("names", type_=ARRAY(Text)),
        bindparam("periods", type_=ARRAY(Text)),
    )
    .table_valued("pass_id", "name", "period")
    .render_derived()
)
_COUNTERS = select(PassCounter.pass_id, PassCounter.name, PassCounter.period, PassCounter.used).join(
    _wanted_counters,
    (PassCounter.pass_id == _wanted_counters.c.pass_id)
    & (PassCounter.name == _wanted_counters.c.name)
    & (PassCounter.period == _wanted_counters.c.period),
)
_wanted_codes = (
    func.unnest(
        bindparam("passes", type_=ARRAY(BigInteger)),
        bindparam("moments", type_=ARRAY(BigInteger)),
        bindparam("benefits", type_=ARRAY(Text)),
    )
    .table_valued("pass_id", "moment", "benefit_id")
    .render_derived()
)
_USED_CODES = select(CodeUse.pass_id, CodeUse.moment, CodeUse.benefit_id).join(
    _wanted_codes,
    (CodeUse.pass_id == _wanted_codes.c.pass_id)
    & (CodeUse.moment == _wanted_codes.c.moment)
    & (CodeUse.benefit_id == _wanted_codes.c.benefit_id),
)


def find_first_answers(session: Session, enrolment_id: UUID, scan_ids: Collection[UUID]) -> dict[UUID, FirstAnswer]:
    rows = session.connection().execute(_FIRST_ANSWERS, {"enrolment_id": enrolment_id, "scan_ids": list(scan_ids)})
    return {scan_id: FirstAnswer(content_hash, response) for scan_id, content_hash, response in rows}


def find_counters(session: Session, keys: Collection[CounterKey]) -> dict[CounterKey, int]:
    """Uses so far by (pass, counter name, period); what was never used is left out. Ask under the pass lock."""
    if not keys:
        return {}
    passes, names, periods = zip(*keys, strict=True)
    wanted = {"passes": list(passes), "names": list(names), "periods": list(periods)}
    rows = session.connection().execute(_COUNTERS, wanted)
    return {(pass_id, name, period): used for pass_id, name, period, used in rows}


def find_used_codes(session: Session, keys: Collection[UseKey]) -> set[UseKey]:
    """Those of these codes that were used up for their benefit. Ask under the pass lock."""
    if not keys:
        return set()
    passes, moments, benefits = zip(*keys, strict=True)
    wanted = {"passes": list(passes), "moments": list(moments), "benefits": list(benefits)}
    return {
        (pass_id, moment, benefit_id)
        for pass_id, moment, benefit_id in session.connection().execute(_USED_CODES, wanted)
    }


def used_counters(session: Session, pass_id: int) -> dict[tuple[str, str], int]:
    """All that a pass has used, by (counter name, period): what its wallet shows."""
    rows = session.execute(
        select(PassCounter.name, PassCounter.period, PassCounter.used).where(PassCounter.pass_id == pass_id)
    )
    return {(name, period): used for name, period, used in rows}
