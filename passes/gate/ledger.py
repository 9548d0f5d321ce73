"""What passes have used of their limits and codes: read under their locks, moved scan by scan, written relatively."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from passes.entitlement.facts import Counter
from passes.gate.models import CodeUse, PassCounter
from passes.gate.queries import CounterKey, UseKey, find_counters, find_used_codes

_use = insert(CodeUse)
_count = upsert(PassCounter)
# A relative move: the CHECK sees what another transaction added meanwhile.
_move = _count.on_conflict_do_update(
    constraint="pk_pass_counter",
    set_={"used": PassCounter.used + _count.excluded.used, "allowed": _count.excluded.allowed},
)


@dataclass(slots=True)
class Ledger:
    """The counters and used codes of one request's passes. Make it by `read`, under the pass locks."""

    counters: dict[CounterKey, int]
    uses: set[UseKey]
    moved: dict[CounterKey, tuple[int, int]] = field(default_factory=dict)
    used_up: list[UseKey] = field(default_factory=list)

    @classmethod
    def read(cls, session: Session, counters: Collection[CounterKey], uses: Collection[UseKey]) -> "Ledger":
        return cls(find_counters(session, counters), find_used_codes(session, uses))

    def book(self, pass_id: int, moves: Sequence[Counter], use: UseKey | None) -> None:
        """One admitted scan: later scans of the same request see it."""
        for move in moves:
            key = (pass_id, move.name, move.period)
            self.counters[key] = self.counters.get(key, 0) + 1
            self.moved[key] = (self.moved.get(key, (0, 0))[0] + 1, move.limit)
        if use is not None:
            self.uses.add(use)
            self.used_up.append(use)

    def write(self, session: Session) -> None:
        """Counters first, then codes, each sorted: two requests never wait for each other in a circle."""
        connection = session.connection()
        if self.moved:
            rows = [
                {"pass_id": pass_id, "name": name, "period": period, "used": n, "allowed": limit}
                for (pass_id, name, period), (n, limit) in sorted(self.moved.items())
            ]
            connection.execute(_move, rows)
        if self.used_up:
            rows = [{"pass_id": p, "moment": moment, "benefit_id": b} for p, moment, b in sorted(self.used_up)]
            connection.execute(_use, rows)
