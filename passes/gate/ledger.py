"""What passes have used of their limits and codes, and what is left of stock: read under locks, written relatively."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes.entitlement.facts import Counter, CounterKey
from passes.gate.queries import Counts, UseKey

# One statement for all that a request writes of this room: rows travel as JSON, a list costs what one scan costs.
# Counters and stock move relatively, so their CHECK sees what any other transaction added. Only a use beyond a limit
# may meet more uses than its own terms allow: those of a larger limit, in other terms.
_WRITE = text("""
    WITH kept AS (
        INSERT INTO scan (enrolment_id, scan_id, sequence, lane_id, venue_id, content_hash, code_type, code_body,
                          pass_id, benefit_id, confirmed, scanned_at, recorded_at, local_day,
                          shown, answer, verdict, response, shift_id, used_up)
        SELECT enrolment_id, scan_id, sequence, lane_id, venue_id, decode(content_hash, 'hex'), code_type,
               decode(code_body, 'hex'), pass_id, benefit_id, ARRAY(SELECT jsonb_array_elements_text(confirmed)),
               scanned_at, recorded_at, local_day, shown, answer, verdict, response, shift_id, used_up
        FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS row (
            enrolment_id uuid, scan_id uuid, sequence bigint, lane_id integer, venue_id text, content_hash text,
            code_type text, code_body text, pass_id bigint, benefit_id text, confirmed jsonb,
            scanned_at timestamptz, recorded_at timestamptz, local_day date, shown text, answer text, verdict text,
            response jsonb, shift_id bigint, used_up jsonb)
    ), moved AS (
        INSERT INTO pass_counter (pass_id, name, period, allowed, used, overdrawn)
        SELECT pass_id, name, period, allowed, used, overdrawn
        FROM jsonb_to_recordset(CAST(:moves AS jsonb)) AS row (
            pass_id bigint, name text, period text, allowed integer, used integer, overdrawn integer)
        ORDER BY pass_id, name, period
        ON CONFLICT ON CONSTRAINT pk_pass_counter
        DO UPDATE SET used = pass_counter.used + excluded.used,
                      overdrawn = pass_counter.overdrawn + excluded.overdrawn,
                      allowed = CASE WHEN excluded.used = 0 THEN greatest(excluded.allowed, pass_counter.used)
                                     ELSE excluded.allowed END
    ), taken AS (
        INSERT INTO stock_counter (name, period, allowed, used, overdrawn)
        SELECT name, period, allowed, used, overdrawn
        FROM jsonb_to_recordset(CAST(:stock AS jsonb)) AS row (
            name text, period text, allowed integer, used integer, overdrawn integer)
        ORDER BY name, period
        ON CONFLICT ON CONSTRAINT pk_stock_counter
        DO UPDATE SET used = stock_counter.used + excluded.used,
                      overdrawn = stock_counter.overdrawn + excluded.overdrawn,
                      allowed = CASE WHEN excluded.used = 0 THEN greatest(excluded.allowed, stock_counter.used)
                                     ELSE excluded.allowed END
    )
    INSERT INTO code_use (pass_id, moment, benefit_id)
    SELECT pass_id, moment, benefit_id
    FROM jsonb_to_recordset(CAST(:uses AS jsonb)) AS row (pass_id bigint, moment bigint, benefit_id text)
    ON CONFLICT DO NOTHING
""")


@dataclass(slots=True)
class Moved:
    """How far one counter moves in this request, within its limit and beyond it."""

    allowed: int | None
    used: int = 0
    overdrawn: int = 0


@dataclass(slots=True)
class Ledger:
    """The counters and used codes of one request's passes, as they were read under the pass locks; the venue's stock.

    Counts are of all uses, those beyond a limit included.
    """

    counters: dict[int, Counts]
    stock: Counts
    uses: set[UseKey]
    moved: dict[tuple[int, CounterKey], Moved] = field(default_factory=dict)
    taken: dict[CounterKey, Moved] = field(default_factory=dict)
    used_up: set[UseKey] = field(default_factory=set)

    def counters_of(self, pass_id: int) -> Counts:
        """What the pass has used so far, the earlier scans of this request included."""
        return self.counters.setdefault(pass_id, {})

    def book(
        self, pass_id: int, moves: Sequence[Counter], stock: Sequence[Counter], use: UseKey | None, *, fact: bool
    ) -> None:
        """One use: later scans of the same request see it.

        fact: the visitor went in whatever the limits say, so what is beyond them is overdrawn. Else a limit holds, and
        the CHECK of the table is the last to say so.
        """
        for move in moves:
            moved = self.moved.setdefault((pass_id, move.key), Moved(move.limit))
            _move(self.counters_of(pass_id), move, moved, fact)
        for one in stock:
            _move(self.stock, one, self.taken.setdefault(one.key, Moved(one.limit)), fact)
        if use is not None:
            self.uses.add(use)
            self.used_up.add(use)

    def write(self, session: Session, scans: Sequence[dict[str, object]]) -> None:
        """Keep the scans, move the counters and the stock, use up the codes."""
        moves = [{"pass_id": pass_id, **_row(key, moved)} for (pass_id, key), moved in self.moved.items()]
        stock = [_row(key, moved) for key, moved in self.taken.items()]
        uses = [
            {"pass_id": pass_id, "moment": moment, "benefit_id": benefit_id}
            for pass_id, moment, benefit_id in sorted(self.used_up)
        ]
        rows = {"scans": _json(scans), "moves": _json(moves), "stock": _json(stock), "uses": _json(uses)}
        session.connection().execute(_WRITE, rows)


def _move(counts: Counts, counter: Counter, moved: Moved, fact: bool) -> None:
    before = counts.get(counter.key, 0)
    counts[counter.key] = before + 1
    if fact and counter.limit is not None and before >= counter.limit:
        moved.overdrawn += 1
    else:
        moved.used += 1


def _row(key: CounterKey, moved: Moved) -> dict[str, object]:
    name, period = key
    return {
        "name": name,
        "period": period,
        "allowed": moved.allowed,
        "used": moved.used,
        "overdrawn": moved.overdrawn,
    }


def _json(rows: Sequence[dict[str, object]]) -> str:
    return orjson.dumps(rows).decode()
