"""A wallet link opens one pass, for its life and 30 days, until it is revoked; nobody can guess one."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from passes.clock import day_start
from passes.errors import Conflict, NotFound
from passes.lifecycle.models import Pass, WalletLink
from passes.lifecycle.queries import get_pass_by_wallet_token, link_token, wallet_path
from passes.lifecycle.service import activate_pass, auto_start_passes, renew_wallet_link, revoke_wallet_link
from tests.factories import active_pass, issued_pass

DAY = timedelta(days=1)


def token_of(session: Session, pass_: Pass) -> str:
    return wallet_path(session, pass_.id).removeprefix("/w/")


def link_of(session: Session, pass_: Pass) -> WalletLink:
    return session.scalars(select(WalletLink).where(WalletLink.pass_id == pass_.id)).one()


def test_a_link_opens_its_pass(session: Session, now: datetime) -> None:
    mine, other = issued_pass(session, now=now), issued_pass(session, now=now)
    assert get_pass_by_wallet_token(session, token_of(session, mine), now) is mine
    assert get_pass_by_wallet_token(session, token_of(session, other), now) is other
    assert len(token_of(session, mine)) == 32


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: token[:-1],
        lambda token: token + "A",
        lambda token: ("B" if token[0] == "A" else "A") + token[1:],
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:11] + "AAAAAAAAAAAAAAAAAAAAA",
        lambda token: "../../etc/passwd",
        lambda token: "兰州",
        lambda token: "=" * 32,
        lambda token: "A" * 32,
        lambda token: token.replace("_", "/").replace("-", "+") + "=",
    ],
)
def test_anything_but_the_whole_link_is_unknown(session: Session, now: datetime, spoil: object) -> None:
    token = token_of(session, issued_pass(session, now=now))
    assert callable(spoil)
    with pytest.raises(NotFound, match="wallet_link_unknown"):
        get_pass_by_wallet_token(session, spoil(token), now)


def test_a_true_link_of_a_lost_row_is_unknown(session: Session, now: datetime) -> None:
    with pytest.raises(NotFound, match="wallet_link_unknown"):
        get_pass_by_wallet_token(session, link_token(2**40), now)


def test_a_link_lives_30_days_longer_than_its_pass(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    token = token_of(session, pass_)
    assert pass_.valid_until is not None
    end = day_start(pass_.valid_until + 30 * DAY)
    assert get_pass_by_wallet_token(session, token, end - timedelta(seconds=1)) is pass_
    with pytest.raises(NotFound, match="wallet_link_expired"):
        get_pass_by_wallet_token(session, token, end)


def test_the_link_of_an_unactivated_pass_outlives_the_latest_possible_life(session: Session, now: datetime) -> None:
    pass_ = issued_pass(session, now=now)
    promised = link_of(session, pass_).expires_at
    auto_start_passes(session, now=now + 95 * DAY)
    session.flush()
    assert link_of(session, pass_).expires_at == promised
    early = issued_pass(session, now=now)
    activate_pass(session, early.id, now=now)
    assert link_of(session, early).expires_at == promised - 90 * DAY


def test_a_renewed_link_revokes_the_one_before(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    old = token_of(session, pass_)
    renew_wallet_link(session, pass_.id, now=now)
    new = token_of(session, pass_)
    assert old != new
    assert get_pass_by_wallet_token(session, new, now) is pass_
    with pytest.raises(NotFound, match="wallet_link_revoked"):
        get_pass_by_wallet_token(session, old, now)


def test_a_revoked_link_stays_closed_and_another_can_be_made(session: Session, now: datetime) -> None:
    pass_ = active_pass(session, now=now)
    token = token_of(session, pass_)
    assert revoke_wallet_link(session, pass_.id, now=now)
    assert not revoke_wallet_link(session, pass_.id, now=now)
    with pytest.raises(NotFound, match="wallet_link_revoked"):
        get_pass_by_wallet_token(session, token, now)
    with pytest.raises(Conflict, match="wallet_link_revoked"):
        wallet_path(session, pass_.id)
    renew_wallet_link(session, pass_.id, now=now)
    assert token_of(session, pass_) != token


def test_the_secret_of_a_link_is_not_in_the_database(session: Session, now: datetime) -> None:
    link = link_of(session, issued_pass(session, now=now))
    assert {column.name for column in WalletLink.__table__.columns} == {
        "id", "pass_id", "created_at", "expires_at", "revoked_at",
    }  # fmt: skip
    assert link_token(link.id) != link_token(link.id + 1)
