"""Issuer keys are made ahead, once, and a timed code is good for its minute and no longer."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from time import perf_counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from passes.credential.codec import Verdict, verify
from passes.credential.models import IssuerKey
from passes.credential.queries import get_trust, read_trust
from passes.credential.service import PassFacts, ensure_issuer_keys, revoke_generation, timed_code
from passes.db import transaction
from passes.settings import Settings

FACTS = PassFacts(
    serial=12345678,
    generation=0,
    product_number=7,
    valid_from=date(2026, 1, 1),
    valid_until=date(2028, 1, 1),
    holder_class="senior",
    id_tag=4711,
)


def shown_at(session: Session, text: str, moment: datetime) -> Verdict:
    return verify(text, now=int(moment.timestamp()), venue_number=3, trust=read_trust(session, moment))


def test_two_codes_20_s_apart_differ_and_the_first_is_refused_after_its_window(session: Session, now: datetime) -> None:
    first = timed_code(session, FACTS, now=now)
    second = timed_code(session, FACTS, now=now + timedelta(seconds=20))
    assert first.text != second.text
    assert first.expires_at == now + timedelta(seconds=60)
    for age, codes in {0: "ok ok", 80: "ok ok", 81: "code_stale ok", 100: "code_stale ok"}.items():
        moment = now + timedelta(seconds=age)
        assert " ".join(shown_at(session, code.text, moment).code for code in (first, second)) == codes


def test_a_timed_code_says_what_was_bought(session: Session, now: datetime) -> None:
    code = timed_code(session, FACTS, now=now)
    assert len(code.text) == 128
    token = shown_at(session, code.text, now).token
    assert token is not None
    assert (token.type, token.serial, token.product, token.id_tag) == ("T", 12345678, 7, 4711)
    assert token.holder_class == "senior"
    assert token.moment == int(now.timestamp()) + 60


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (datetime(2025, 12, 31, 15, 59, 59, tzinfo=UTC), "pass_not_yet_valid"),
        (datetime(2025, 12, 31, 16, 0, tzinfo=UTC), "ok"),
        (datetime(2027, 12, 31, 15, 59, 59, tzinfo=UTC), "ok"),
        (datetime(2027, 12, 31, 16, 0, tzinfo=UTC), "pass_expired"),
    ],
)
def test_the_exclusive_end_is_inclusive_on_the_wire(session: Session, day: datetime, code: str) -> None:
    assert shown_at(session, timed_code(session, FACTS, now=day).text, day).code == code


def test_keys_of_the_next_period_are_made_ahead_and_only_once(session: Session, now: datetime) -> None:
    assert ensure_issuer_keys(session, now=now) == 4
    assert ensure_issuer_keys(session, now=now) == 0
    assert ensure_issuer_keys(session, now=now + timedelta(days=10)) == 1
    rows = session.execute(select(IssuerKey.types, IssuerKey.not_before).order_by(IssuerKey.kid)).all()
    assert [f"{''.join(types)} {begin:%Y-%m-%dT%H}" for types, begin in rows] == [
        "DT 2026-10-31T16",
        "DT 2026-11-30T16",
        "C 2025-12-31T16",
        "C 2026-12-31T16",
        "DT 2026-12-31T16",
    ]


def test_a_code_of_the_old_key_is_good_for_three_days_into_the_new_month(session: Session) -> None:
    last_second = datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC)
    code = timed_code(session, FACTS, now=last_second)
    assert shown_at(session, code.text, last_second + timedelta(seconds=30)).code == "ok"
    kid = get_trust(session, now=last_second).keys[verify_kid(session, code.text, last_second)]
    assert kid.not_after == int((last_second + timedelta(hours=72, seconds=1)).timestamp())


def verify_kid(session: Session, text: str, moment: datetime) -> int:
    token = shown_at(session, text, moment).token
    assert token is not None
    return token.kid


def test_the_new_key_signs_only_when_no_slow_gate_can_refuse_it(session: Session) -> None:
    start = datetime(2026, 11, 30, 16, 0, tzinfo=UTC)
    ensure_issuer_keys(session, now=start - timedelta(days=1))
    before = verify_kid(session, timed_code(session, FACTS, now=start - timedelta(minutes=1)).text, start)
    just_after = verify_kid(session, timed_code(session, FACTS, now=start + timedelta(minutes=59)).text, start)
    settled_at = start + timedelta(minutes=60)
    settled = verify_kid(session, timed_code(session, FACTS, now=settled_at).text, settled_at)
    assert before == just_after != settled


def test_processes_that_start_together_make_one_set_of_keys(database: str, now: datetime) -> None:
    barrier = Barrier(8)

    def start(_: int) -> int:
        barrier.wait()
        with transaction() as session:
            return ensure_issuer_keys(session, now=now)

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(start, range(8))) == [0] * 7 + [4]
    with transaction() as session:
        assert session.scalar(select(func.count()).select_from(IssuerKey)) == 4


def test_kids_come_back_when_all_256_were_used(session: Session) -> None:
    moment = datetime(2026, 11, 25, tzinfo=UTC)
    ensure_issuer_keys(session, now=moment)
    for month in range(12 * 25):
        moment = datetime(2026 + (11 + month) // 12, (11 + month) % 12 + 1, 15, tzinfo=UTC)
        ensure_issuer_keys(session, now=moment)
        trust = read_trust(session, moment)
        assert sum("T" in key.types for key in trust.keys.values()) == 2
    kids = session.scalars(select(IssuerKey.kid)).all()
    assert len(kids) > len(set(kids))
    code = timed_code(session, FACTS, now=moment)
    assert shown_at(session, code.text, moment).code == "pass_expired"


def test_the_database_refuses_two_keys_under_one_kid_at_one_time(session: Session, now: datetime) -> None:
    ensure_issuer_keys(session, now=now)
    key = session.scalars(select(IssuerKey).limit(1)).one()
    copy = {name: getattr(key, name) for name in ("kid", "algorithm", "public_key", "private_key_sealed", "made_at")}
    session.add(IssuerKey(**copy, types=["T"], not_before=key.not_after, not_after=key.not_after + timedelta(days=1)))
    with pytest.raises(IntegrityError, match="issuer_key_kid_in_use"):
        session.flush()


def test_a_private_key_is_never_stored_readable(session: Session, now: datetime, settings: Settings) -> None:
    ensure_issuer_keys(session, now=now)
    for key in session.scalars(select(IssuerKey)):
        assert len(key.private_key_sealed) == 12 + 32 + 16
        assert key.public_key not in key.private_key_sealed
    assert settings.derive("issuer-keys") != settings.derive("id-tag")


def test_a_revoked_generation_and_every_lower_one_are_refused(session: Session, now: datetime) -> None:
    code = timed_code(session, FACTS, now=now)
    assert verify(code.text, now=int(now.timestamp()), venue_number=0, trust=get_trust(session, now=now)).code == "ok"
    revoke_generation(session, FACTS.serial, 1, now=now)
    revoke_generation(session, FACTS.serial, 0, now=now)
    trust = get_trust(session, now=now)
    assert trust.revoked == {FACTS.serial: 1}
    assert verify(code.text, now=int(now.timestamp()), venue_number=0, trust=trust).code == "credential_revoked"


def test_verifying_a_timed_code_takes_under_two_milliseconds(session: Session, now: datetime) -> None:
    text = timed_code(session, FACTS, now=now).text
    trust = get_trust(session, now=now)
    begin = perf_counter()
    for _ in range(100):
        assert verify(text, now=int(now.timestamp()), venue_number=0, trust=trust).code == "ok"
    assert perf_counter() - begin < 0.2
