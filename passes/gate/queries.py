"""Reading scans, counters and used codes."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Text, Uuid, any_, bindparam, func, select
from sqlalchemy.orm import Session

from passes.booking.queries import BOOKED_JSON, read_booked
from passes.entitlement.facts import Booked, CounterKey
from passes.gate.models import CodeUse, PassCounter, Scan
from passes.gate.rules import Answer
from passes.lifecycle.queries import OPEN_HOLDS

Counts = dict[CounterKey, int]
"""Uses so far, those beyond a limit included."""
BOOKED_AHEAD = timedelta(days=366)
UseKey = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class FirstAnswer:
    """What a device was told when it first sent this scan id, and the SHA-256 of what it had sent, in hex."""

    content_hash: str
    response: Answer


@dataclass(frozen=True, slots=True)
class Known:
    """What the decisions on some scans depend on, by pass. Of counters and used_codes only what was used."""

    answers: dict[UUID, FirstAnswer]
    held: frozenset[int]
    counters: dict[int, Counts]
    used_codes: set[UseKey]
    reservations: dict[int, tuple[Booked, ...]]


# One statement, built once: on the way of every scan each round trip costs more than what it reads.
_answers = select(
    func.jsonb_agg(func.jsonb_build_array(Scan.scan_id, func.encode(Scan.content_hash, "hex"), Scan.response))
).where(Scan.enrolment_id == bindparam("enrolment_id"), Scan.scan_id == any_(bindparam("scan_ids", type_=ARRAY(Uuid))))
_uses = PassCounter.used + PassCounter.overdrawn
# All that the passes used in these periods, not only of the benefit asked for: a refusal says where else they work.
_counters = select(
    func.jsonb_agg(func.jsonb_build_array(PassCounter.pass_id, PassCounter.name, PassCounter.period, _uses))
).where(
    PassCounter.pass_id == any_(bindparam("pass_ids", type_=ARRAY(BigInteger))),
    PassCounter.period == any_(bindparam("periods", type_=ARRAY(Text))),
)
_code = (
    func.unnest(
        bindparam("code_passes", type_=ARRAY(BigInteger)),
        bindparam("code_moments", type_=ARRAY(BigInteger)),
        bindparam("code_benefits", type_=ARRAY(Text)),
    )
    .table_valued("pass_id", "moment", "benefit_id", name="wanted_code")
    .render_derived()
)
_codes = select(func.jsonb_agg(func.jsonb_build_array(CodeUse.pass_id, CodeUse.moment, CodeUse.benefit_id))).join_from(
    CodeUse,
    _code,
    (CodeUse.pass_id == _code.c.pass_id)
    & (CodeUse.moment == _code.c.moment)
    & (CodeUse.benefit_id == _code.c.benefit_id),
)
_held = select(func.array_agg(OPEN_HOLDS.subquery().c.pass_id))
_KNOWN = select(
    _answers.scalar_subquery(),
    _held.scalar_subquery(),
    _counters.scalar_subquery(),
    _codes.scalar_subquery(),
    BOOKED_JSON.scalar_subquery(),
)


def read_known(
    session: Session,
    *,
    enrolment_id: UUID,
    scan_ids: Collection[UUID],
    pass_ids: Collection[int],
    periods: Collection[str],
    codes: Collection[UseKey],
    since: datetime,
    now: datetime,
) -> Known:
    """First answers, open holds, uses so far, reservations not over at `since`.

    Ask under the pass locks, in a statement after the one that took them.
    """
    wanted = {
        "enrolment_id": enrolment_id,
        "scan_ids": list(scan_ids),
        "pass_ids": list(pass_ids),
        "now": now,
        "periods": list(periods),
        "code_passes": [pass_id for pass_id, _, _ in codes],
        "code_moments": [moment for _, moment, _ in codes],
        "code_benefits": [benefit_id for _, _, benefit_id in codes],
        "booked_since": since,
        "booked_until": now + BOOKED_AHEAD,
    }
    answers, held, used, used_codes, booked = session.connection().execute(_KNOWN, wanted).one()
    counters: dict[int, Counts] = {}
    for pass_id, name, period, n in used or ():
        counters.setdefault(pass_id, {})[name, period] = n
    return Known(
        {UUID(scan_id): FirstAnswer(content_hash, response) for scan_id, content_hash, response in answers or ()},
        frozenset(held or ()),
        counters,
        {(pass_id, moment, benefit_id) for pass_id, moment, benefit_id in used_codes or ()},
        read_booked(booked),
    )


def used_counters(session: Session, pass_id: int) -> Counts:
    """All that a pass has used, by (counter name, period): what its wallet shows."""
    rows = session.execute(select(PassCounter.name, PassCounter.period, _uses).where(PassCounter.pass_id == pass_id))
    return {(name, period): uses for name, period, uses in rows}
