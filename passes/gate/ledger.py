"""What passes have used of their limits and codes: read under their locks, moved scan by scan, written relatively."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import text
from sqlalchemy.orm import Session

from passes.entitlement.facts import Counter
from passes.gate.queries import CounterKey, Counters, UseKey

# One statement for all that a request writes of this room: rows travel as JSON, a list costs what one scan costs.
# The counters move relatively, so their CHECK sees what any other transaction added.
_WRITE = text("""
    WITH kept AS (
        INSERT INTO scan (enrolment_id, scan_id, sequence, lane_id, venue_id, content_hash, code_type, code_body,
                          pass_id, benefit_id, confirmed, scanned_at, recorded_at, local_day,
                          shown, answer, verdict, response, shift_id, used_up)
        SELECT enrolment_id, scan_id, sequence, lane_id, venue_id, decode(content_hash, 'hex'), code_type,
               decode(code_body, 'hex'), pass_id, benefit_id, ARRAY(SELECT jsonb_array_elements_text(confirmed)),
               scanned_at, recorded_at, local_day, outcome, outcome, outcome, response, shift_id, used_up
        FROM jsonb_to_recordset(CAST(:scans AS jsonb)) AS row (
            enrolment_id uuid, scan_id uuid, sequence bigint, lane_id integer, venue_id text, content_hash text,
            code_type text, code_body text, pass_id bigint, benefit_id text, confirmed jsonb,
            scanned_at timestamptz, recorded_at timestamptz, local_day date, outcome text, response jsonb,
            shift_id bigint, used_up jsonb)
    ), moved AS (
        INSERT INTO pass_counter (pass_id, name, period, allowed, used)
        SELECT pass_id, name, period, allowed, used
        FROM jsonb_to_recordset(CAST(:moves AS jsonb)) AS row (
            pass_id bigint, name text, period text, allowed integer, used integer)
        ORDER BY pass_id, name, period
        ON CONFLICT ON CONSTRAINT pk_pass_counter
        DO UPDATE SET used = pass_counter.used + excluded.used, allowed = excluded.allowed
    )
    INSERT INTO code_use (pass_id, moment, benefit_id)
    SELECT pass_id, moment, benefit_id
    FROM jsonb_to_recordset(CAST(:uses AS jsonb)) AS row (pass_id bigint, moment bigint, benefit_id text)
""")


@dataclass(slots=True)
class Ledger:
    """The counters and used codes of one request's passes, as they were read under the pass locks."""

    counters: dict[int, Counters]
    uses: set[UseKey]
    moved: dict[CounterKey, tuple[int, int]] = field(default_factory=dict)
    used_up: list[UseKey] = field(default_factory=list)

    def counters_of(self, pass_id: int) -> Counters:
        """What the pass has used so far, the earlier scans of this request included."""
        return self.counters.setdefault(pass_id, {})

    def book(self, pass_id: int, moves: Sequence[Counter], use: UseKey | None) -> None:
        """One admitted scan: later scans of the same request see it."""
        used = self.counters_of(pass_id)
        for move in moves:
            used[move.name, move.period] = used.get((move.name, move.period), 0) + 1
            key = (pass_id, move.name, move.period)
            self.moved[key] = (self.moved.get(key, (0, 0))[0] + 1, move.limit)
        if use is not None:
            self.uses.add(use)
            self.used_up.append(use)

    def write(self, session: Session, scans: Sequence[dict[str, object]]) -> None:
        """Keep the scans, move the counters, use up the codes."""
        moves = [
            {"pass_id": pass_id, "name": name, "period": period, "used": used, "allowed": allowed}
            for (pass_id, name, period), (used, allowed) in self.moved.items()
        ]
        uses = [
            {"pass_id": pass_id, "moment": moment, "benefit_id": benefit_id}
            for pass_id, moment, benefit_id in self.used_up
        ]
        rows = {"scans": _json(scans), "moves": _json(moves), "uses": _json(uses)}
        session.connection().execute(_WRITE, rows)


def _json(rows: Sequence[dict[str, object]]) -> str:
    return orjson.dumps(rows).decode()
