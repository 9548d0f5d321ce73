"""A filled city for the measurements: many active passes, one open gate, and codes that nobody has shown yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import orjson
import psycopg
from sqlalchemy import event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from passes import clock, db, settings
from passes.access.rules import Gate
from passes.access.service import NewEnrolment, create_lane, enrol_device, make_enrolment_code
from passes.catalogue.queries import get_current_terms, product_number
from passes.catalogue.sheets import day_sheet
from passes.credential.service import PassFacts, timed_code
from passes.entitlement.daysheet import DaySheet
from passes.gate.flows import upload_scans
from passes.gate.rules import ScanRequest
from passes.launcher.preparation import migrate

FIRST_PASS = 1_000_000_001


@dataclass
class City:
    """`token` is the gate's; `passes` counts what was made, `taken` what was shown."""

    url: str
    token: str
    gate: Gate
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

    def statements_of_a_scan(self) -> int:
        """How many statements one admitted scan sends."""
        sent: list[str] = []
        with db.transaction() as session:
            code = self._code(session, FIRST_PASS + self.taken)
            engine = session.get_bind()
        self.taken += 1

        def note(*arguments: object) -> None:
            sent.append(str(arguments[2]))

        # The first scan of a process reads the terms and the keys, too: the second is one like all others.
        upload_scans(self.gate, [ScanRequest(uuid4(), "warm up")], now=clock.now())
        event.listen(engine, "before_cursor_execute", note)
        [answer] = upload_scans(self.gate, [ScanRequest(uuid4(), code)], now=clock.now())
        event.remove(engine, "before_cursor_execute", note)
        if answer["decision"] != "admitted":
            raise SystemExit(f"the gate does not admit, so there is nothing to measure: {answer}")
        return len(sent)


def build(environment: dict[str, str], passes: int) -> City:
    """Fill the running copy's database, and open a gate."""
    chosen = settings.Settings.read(environment)
    settings.use(chosen)
    db.connect(chosen.database_url)
    now = clock.now()
    with db.transaction() as session:
        version = get_current_terms(session).version
        number = product_number(session, "PASS-ADULT", version)
        sheet = day_sheet(session, version, clock.local_day(now))
        venue_id, benefit_id = _open_now(sheet, now)
        enrolment = _open_gate(session, venue_id, benefit_id, now=now)
    _fill(chosen.database_url, passes, version, number)
    return City(chosen.database_url, enrolment.token, enrolment.gate, number, passes)


def build_for_pgbench(server: str, passes: int) -> str:
    """A second database on the same server with as many passes and a gate; returns its URL."""
    url = make_url(server).set(database="youyou_pgbench").render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS youyou_pgbench WITH (FORCE)")
        connection.execute("CREATE DATABASE youyou_pgbench")
    migrate(url)
    engine = db.make_engine(url)
    with Session(engine) as session, session.begin():
        _open_gate(session, "S01", "B01", now=clock.now())
    engine.dispose()
    _fill(url, passes, 1, 1)
    return url


def _open_now(sheet: DaySheet, now: datetime) -> tuple[str, str]:
    """A spot whose entry is free of unfinished rules and open at this hour, so that the figures can be had at night."""
    second = sheet.second_of(now)
    for offer in sheet.offers.values():
        for venue_id, opening in offer.at.items():
            if not offer.unsupported and any(opens <= second < closes for opens, closes in opening.windows):
                return venue_id, offer.benefit_id
    raise SystemExit("No benefit is open at this hour. Measure between 07:00 and 20:00 in Lanzhou.")


def _open_gate(session: Session, venue_id: str, benefit_id: str, *, now: datetime) -> NewEnrolment:
    lane = create_lane(
        session,
        venue_id=venue_id,
        name=f"measured {uuid4().hex[:6]}",
        attended=False,
        default_benefit_id=benefit_id,
        now=now,
    )
    code = make_enrolment_code(session, lane, staff_id=None, now=now)
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
    JOIN pass_counter AS counter ON counter.pass_id = scan.pass_id AND counter.used = 1
    JOIN code_use ON code_use.pass_id = scan.pass_id
    JOIN outbox ON outbox.key = scan.pass_id::text AND outbox.type = 'redemption.admitted.v1'
    WHERE scan.pass_id >= %(first)s AND scan.verdict = 'admitted'
    GROUP BY scan.pass_id HAVING count(*) = 1
) AS once
"""
