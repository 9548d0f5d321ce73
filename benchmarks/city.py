"""A filled city for the measurements: many active passes, one open gate, and codes that nobody has shown yet."""

import re
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from passes import catalogue, clock, db, settings
from passes.access.rules import Gate
from passes.access.service import NewEnrolment, create_lane, enrol_device, make_enrolment_code
from passes.catalogue.queries import product_number
from passes.catalogue.service import load_catalogue
from passes.credential.service import PassFacts, timed_code
from passes.gate.flows import upload_scans
from passes.gate.rules import ScanRequest
from passes.launcher.preparation import migrate

FIRST_PASS = 1_000_000_001


@dataclass
class City:
    """`token` is the gate's; `passes` counts what was made, `taken` what was shown.

    desks: a gate by how many counters a scan there moves.
    """

    url: str
    token: str
    gate: Gate
    desks: dict[int, Gate]
    product_number: int
    passes: int
    taken: int = 0

    def bodies(self, count: int) -> list[bytes]:
        """Scans of `count` passes that were not shown before, with codes good for more than a minute."""
        if self.taken + count > self.passes:
            raise ValueError("the city has no more passes")
        numbers = range(FIRST_PASS + self.taken, FIRST_PASS + self.taken + count)
        self.taken += count
        with db.transaction() as session:
            return [orjson.dumps({"scan_id": str(uuid4()), "code": self._code(session, number)}) for number in numbers]

    def _code(self, session: Session, number: int) -> str:
        now = clock.now()
        today = clock.local_day(now)
        facts = PassFacts(number, 0, self.product_number, today, today + timedelta(days=365), "adult", 0)
        # As late as a gate takes it: the codes made first must still be good when they are sent last.
        return timed_code(session, facts, now=now + timedelta(seconds=15)).text

    def new_code(self) -> str:
        """The code of a pass that was not shown before."""
        self.taken += 1
        with db.transaction() as session:
            return self._code(session, FIRST_PASS + self.taken - 1)

    def counters_of_the_last(self) -> int:
        """How many counters the pass that was shown last has moved."""
        with psycopg.connect(self.url) as connection:
            asked = "SELECT count(*) FROM pass_counter WHERE pass_id = %s AND used = 1"
            row = connection.execute(asked, [FIRST_PASS + self.taken - 1]).fetchone()
        return row[0] if row else 0

    def statements_of_a_scan(self, gate: Gate | None = None) -> int:
        """How many statements one admitted scan sends, at the gate that is measured or at another."""
        sent: list[str] = []
        codes = [self.new_code() for _ in range(6)]
        with db.transaction() as session:
            engine = session.get_bind()

        def note(*arguments: object) -> None:
            sent.append(str(arguments[2]))

        event.listen(engine, "before_cursor_execute", note)
        counted = []
        for code in codes:
            # The first scan of a process reads the terms and the keys, too, and every two seconds one asks what is
            # closed: the shortest is one like nearly all others.
            sent.clear()
            admit(gate or self.gate, code)
            counted.append(len(sent))
        event.remove(engine, "before_cursor_execute", note)
        return min(counted)


def admit(gate: Gate, code: str) -> float:
    """One scan, without the web around it: how many seconds it took. SystemExit where it is not admitted."""
    scan = ScanRequest(uuid4(), code)
    started = time.perf_counter()
    [answer] = upload_scans(gate, [scan], now=clock.now())
    took = time.perf_counter() - started
    if answer["decision"] != "admitted":
        raise SystemExit(f"the gate does not admit, so there is nothing to measure: {answer}")
    return took


def build(environment: dict[str, str], passes: int) -> City:
    """Fill the running copy's database, and open a gate."""
    chosen = settings.Settings.read(environment)
    settings.use(chosen)
    db.connect(chosen.database_url)
    now = clock.now()
    with db.transaction() as session:
        version = _load_open_city(session, now)
        number = product_number(session, "PASS-ADULT", version)
        enrolment = _open_gate(session, now=now)
        desks = {counters: _open_gate(session, *place, now=now).gate for counters, (*place, _) in COUNTED.items()}
    _fill(chosen.database_url, passes, version, number)
    return City(chosen.database_url, enrolment.token, enrolment.gate, desks, number, passes)


def build_for_pgbench(server: str, passes: int) -> str:
    """A second database on the same server with as many passes and a gate; returns its URL."""
    url = make_url(server).set(database="youyou_pgbench").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS youyou_pgbench WITH (FORCE)")
        connection.execute("CREATE DATABASE youyou_pgbench")
    migrate(url)
    engine = db.make_engine(url)
    with Session(engine) as session, session.begin():
        _open_gate(session, now=clock.now())
    engine.dispose()
    _fill(url, passes, 1, 1)
    return url


def _load_open_city(session: Session, now: datetime) -> int:
    """The sample city with a park that never closes, so that the figures can be had at any hour."""
    data = Path(catalogue.__file__).parent / "data"
    text, closes = re.subn(r"(id: S01,.*?hours: )\[.*?\}\](, list_price)", CLOSES_NEVER, read(data, "catalog"), count=1)
    if closes != 1:
        raise SystemExit("the sample catalogue has no spot S01 with hours any more: mend benchmarks/city.py")
    for _, benefit_id, rules in COUNTED.values():
        text, changed = re.subn(rf"(id: {benefit_id}, .*?rules: )\[.*\](, settle)", rf"\1{rules}\2", text, count=1)
        if changed != 1:
            raise SystemExit(f"the sample catalogue has no benefit {benefit_id} on one line: mend benchmarks/city.py")
    return load_catalogue(session, text, read(data, "holidays"), now=now).version


# Venue, benefit and rules, at hotels that never close, by how many counters a scan moves.
COUNTED = {
    0: ("H4", "B29", "[{discount: {percent: 30}}]"),
    1: ("H5", "B30", "[{per_day: 1}]"),
    4: ("H2", "B25", "[{per_day: 1}, {per_month: 9}, {per_term: 9}, {pool: {id: wellness6, total: 6}}]"),
}
CLOSES_NEVER = r'\1[{open: "00:00-24:00"}]\2'


def read(data: Path, name: str) -> str:
    return (data / f"{name}.sample.yaml").read_text()


def _open_gate(session: Session, venue_id: str = "S01", benefit_id: str = "B01", *, now: datetime) -> NewEnrolment:
    lane = create_lane(
        session,
        venue_id=venue_id,
        name=f"measured {uuid4().hex[:6]}",
        attended=False,
        default_benefit_id=benefit_id,
        now=now,
    )
    code = make_enrolment_code(session, lane, now=now)
    return enrol_device(session, code=code, device_name="bench", now=now)


def _fill(url: str, passes: int, version: int, number: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(PASSES, {"first": FIRST_PASS, "n": passes, "terms": version, "product": number})
        connection.execute('ANALYZE "pass"')


PASSES = """
WITH holder AS (
    INSERT INTO member (name, phone, birth_on, document_type, document_hmac, document_last4, created_at)
    VALUES ('测量', '+8613800000000', '1990-01-01', 'CN_ID', decode(repeat('00', 32), 'hex'), '0000', now())
    RETURNING id
)
INSERT INTO "pass" (id, number, livemode, order_line_id, member_id, product_id, terms_version, product_number,
                    validity_days, holder_class, state, generation, id_tag, issued_at, activate_by_on, activated_at,
                    valid_from, valid_until)
SELECT %(first)s + n, 'T-B' || n, false, %(first)s + n, holder.id, 'PASS-ADULT', %(terms)s, %(product)s,
       365, 'adult', 'active', 0, 0, now(), today + 90, now(), today, today + 365
FROM generate_series(0, %(n)s - 1) AS n, holder, (SELECT (now() AT TIME ZONE 'Asia/Shanghai')::date AS today) AS day
"""


def admitted(city: City, since: int) -> int:
    """How many of the passes from number `since` on have exactly one admitted scan, one use and one used code."""
    with psycopg.connect(city.url) as connection:
        row = connection.execute(VERIFIED, {"first": FIRST_PASS + since}).fetchone()
    return row[0] if row else 0


VERIFIED = """
SELECT count(*) FROM (
    SELECT scan.pass_id FROM scan
    JOIN pass_counter AS counter ON counter.pass_id = scan.pass_id AND counter.name = 'benefit:B01' AND counter.used = 1
    JOIN code_use ON code_use.pass_id = scan.pass_id
    JOIN outbox ON outbox.key = scan.pass_id::text AND outbox.type = 'redemption.admitted.v1'
    WHERE scan.pass_id >= %(first)s AND scan.verdict = 'admitted'
    GROUP BY scan.pass_id HAVING count(*) = 1
) AS once
"""
