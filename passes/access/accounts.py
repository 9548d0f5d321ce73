"""Use cases of staff accounts: making, inviting, changing, shutting. Each says in the audit log who did it (`by`)."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from passes.access import passwords, rules
from passes.access.models import StaffAccount, StaffLink
from passes.access.queries import staff_of
from passes.access.rules import Staff
from passes.access.service import write_audit
from passes.access.sessions import end_sessions
from passes.errors import N_, Conflict, Invalid, NotFound

FIRST_LOGIN = "admin"
LINK_LIFE = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class Invitation:
    """A link that lets one person choose the password of one account. The token is shown this once."""

    staff_id: int
    login: str
    name: str
    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OpenLink:
    """Whose password a link may choose."""

    staff_id: int
    login: str
    name: str


def ensure_first_staff(session: Session, now: datetime) -> str | None:
    """Make the first account, `admin`, when there is none at all; its password, or None when there was one."""
    if session.scalar(select(StaffAccount.id).limit(1)) is not None:
        return None
    return create_staff(session, login=FIRST_LOGIN, name="Admin", role=rules.ADMIN, now=now)


def create_staff(session: Session, *, login: str, name: str, role: str, now: datetime, by: Staff | None = None) -> str:
    """A new account; returns its first password, which must be changed at the first sign-in."""
    password = passwords.generated()
    staff_id = _add_account(session, login=login, name=name, role=role, email=None, password=password, now=now)
    write_audit(session, by, "staff.created", f"staff:{staff_id}", now=now, login=rules.normal_login(login), role=role)
    return password


def invite_staff(
    session: Session, *, login: str, name: str, role: str, email: str | None, by: Staff | None, now: datetime
) -> Invitation:
    """A new account without a password, and the link by which its owner chooses one."""
    staff_id = _add_account(session, login=login, name=name, role=role, email=email, password=None, now=now)
    write_audit(session, by, "staff.invited", f"staff:{staff_id}", now=now, login=rules.normal_login(login), role=role)
    return _new_link(session, locked_staff(session, staff_id), by=by, now=now)


def _add_account(
    session: Session, *, login: str, name: str, role: str, email: str | None, password: str | None, now: datetime
) -> int:
    login, name = rules.normal_login(login), name.strip()
    faults = _faults(name=name, role=role, email=email)
    if not rules.is_login(login):
        faults["login"] = [N_("Use 2 to 40 letters a–z, digits, dots, hyphens or underscores.")]
    if faults:
        raise Invalid("staff_not_valid", N_("The account was not created. Look at the marked fields."), fields=faults)
    created: int | None = session.scalar(
        insert(StaffAccount)
        .values(
            login=login,
            name=name,
            role=role,
            email=email,
            password_hash=passwords.hashed(password) if password else None,
            must_change_password=password is not None,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=[StaffAccount.login])
        .returning(StaffAccount.id)
    )
    if created is None:
        taken = N_("This sign-in name is taken. Choose another one.")
        raise Conflict("login_taken", taken, fields={"login": [taken]})
    return created


def _faults(*, name: str, role: str, email: str | None) -> dict[str, list[str]]:
    faults = {}
    if not 1 <= len(name) <= 80:
        faults["name"] = [N_("Write 1 to 80 characters.")]
    if role not in rules.ROLES:
        faults["role"] = [N_("Choose one of the roles offered.")]
    if email is not None and not rules.is_email(email):
        faults["email"] = [N_("This is no complete e-mail address.")]
    return faults


def update_staff(
    session: Session, staff_id: int, *, name: str, role: str, email: str | None, by: Staff | None, now: datetime
) -> bool:
    """Change name, role and e-mail; whether anything differed. A new role counts from the next request on."""
    name = name.strip()
    faults = _faults(name=name, role=role, email=email)
    if faults:
        raise Invalid("staff_not_valid", N_("Nothing was saved. Look at the marked fields."), fields=faults)
    admins = _locked_admins(session)
    account = locked_staff(session, staff_id)
    if account.role != role and admins == [staff_id]:
        raise _last_admin("role")
    wanted = {"name": name, "role": role, "email": email}
    changes = {key: [getattr(account, key), value] for key, value in wanted.items() if getattr(account, key) != value}
    for key, (_, value) in changes.items():
        setattr(account, key, value)
    if changes:
        write_audit(session, by, "staff.changed", f"staff:{staff_id}", now=now, login=account.login, **changes)
    return bool(changes)


def reset_password(session: Session, staff_id: int, *, now: datetime, by: Staff | None = None) -> str:
    """A new first password, told on the command line; every session ends, a disabled account stays disabled."""
    account = locked_staff(session, staff_id)
    password = passwords.generated()
    _set_password(session, account, password, must_change=True, now=now)
    write_audit(session, by, "staff.password_reset", f"staff:{staff_id}", now=now, login=account.login)
    return password


def make_link(session: Session, staff_id: int, *, by: Staff | None, now: datetime) -> Invitation:
    """A link to choose a new password. The old one is worth nothing from now on, and every session ends."""
    account = locked_staff(session, staff_id)
    if account.disabled_at is not None:
        raise Conflict("staff_disabled", N_("This account is disabled. Enable it first, then make a link."))
    if by is not None and by.id == staff_id:
        raise Conflict("own_account", N_("This is your own account. Change its password under “My account”."))
    account.password_hash = None
    account.must_change_password = False
    account.session_epoch += 1
    end_sessions(session, staff_id, now=now)
    write_audit(session, by, "staff.link_made", f"staff:{staff_id}", now=now, login=account.login)
    return _new_link(session, account, by=by, now=now)


def _new_link(session: Session, account: StaffAccount, *, by: Staff | None, now: datetime) -> Invitation:
    """The one link of the account: those made before are worth nothing."""
    _drop_open_links(session, account.id)
    token = secrets.token_urlsafe(32)
    session.add(
        StaffLink(
            token_hash=rules.secret_hash(token),
            staff_id=account.id,
            made_by_staff_id=by.id if by else None,
            made_at=now,
            expires_at=now + LINK_LIFE,
        )
    )
    session.flush()
    return Invitation(account.id, account.login, account.name, token, now + LINK_LIFE)


def _drop_open_links(session: Session, staff_id: int) -> None:
    session.execute(delete(StaffLink).where(StaffLink.staff_id == staff_id, StaffLink.used_at.is_(None)))


def find_open_link(session: Session, token: str, *, now: datetime) -> OpenLink | None:
    """The account whose password this link may choose; None when used, too old or unknown."""
    if not rules.is_token(token):
        return None
    row = session.execute(
        select(StaffAccount.id, StaffAccount.login, StaffAccount.name)
        .join(StaffLink, StaffLink.staff_id == StaffAccount.id)
        .where(
            StaffLink.token_hash == rules.secret_hash(token),
            StaffLink.used_at.is_(None),
            StaffLink.expires_at > now,
            StaffAccount.disabled_at.is_(None),
        )
    ).first()
    return OpenLink(*row) if row else None


def use_link(session: Session, token: str, *, password: str, now: datetime) -> str:
    """Choose the password; whoever's UPDATE finds the link unused has it. Returns the login to sign in with."""
    found = find_open_link(session, token, now=now)
    used = found and session.scalar(
        update(StaffLink)
        .where(StaffLink.token_hash == rules.secret_hash(token), StaffLink.used_at.is_(None))
        .values(used_at=now)
        .returning(StaffLink.staff_id)
    )
    if found is None or used is None:
        raise NotFound("link_unknown", N_("This link was used or has run out. Ask an admin for a new one."))
    account = locked_staff(session, found.staff_id)
    _set_password(session, account, password, must_change=False, now=now)
    owner = staff_of(account)
    write_audit(session, owner, "staff.password_chosen", f"staff:{owner.id}", now=now, login=owner.login)
    return account.login


def change_password(session: Session, staff_id: int, *, password: str, now: datetime) -> int:
    """Set a password its owner chose and end every session; returns the epoch for the session to go on with."""
    account = locked_staff(session, staff_id)
    _set_password(session, account, password, must_change=False, now=now)
    write_audit(session, staff_of(account), "staff.password_changed", f"staff:{staff_id}", now=now, login=account.login)
    return account.session_epoch


def _set_password(session: Session, account: StaffAccount, password: str, *, must_change: bool, now: datetime) -> None:
    """End every session; a link that was sent out for another choice, perhaps to a wrong address, opens nothing."""
    _drop_open_links(session, account.id)
    account.password_hash = passwords.hashed(rules.normal_password(password))
    account.must_change_password = must_change
    account.session_epoch += 1
    end_sessions(session, account.id, now=now)
    session.flush()


def disable_staff(session: Session, staff_id: int, *, now: datetime, by: Staff | None = None) -> None:
    """End every session and refuse further ones. The last admin who can sign in cannot be disabled."""
    admins = _locked_admins(session)
    account = locked_staff(session, staff_id)
    if account.disabled_at is not None:
        return
    if admins == [staff_id]:
        raise _last_admin("")
    account.disabled_at = now
    account.session_epoch += 1
    end_sessions(session, staff_id, now=now)
    write_audit(session, by, "staff.disabled", f"staff:{staff_id}", now=now, login=account.login)


def enable_staff(session: Session, staff_id: int, *, now: datetime, by: Staff | None = None) -> None:
    """Let a disabled account sign in again with its old password."""
    account = locked_staff(session, staff_id)
    if account.disabled_at is None:
        return
    account.disabled_at = None
    write_audit(session, by, "staff.enabled", f"staff:{staff_id}", now=now, login=account.login)


def sign_out_everywhere(session: Session, staff_id: int, *, by: Staff | None, now: datetime) -> int:
    """End every session of somebody's account; how many there were."""
    account = locked_staff(session, staff_id)
    account.session_epoch += 1
    ended = end_sessions(session, staff_id, now=now)
    write_audit(session, by, "staff.signed_out", f"staff:{staff_id}", now=now, login=account.login, browsers=ended)
    return ended


def record_sign_in(session: Session, staff_id: int, *, now: datetime) -> None:
    """Note the moment: all steps are taken, not only the password's."""
    locked_staff(session, staff_id).last_sign_in_at = now


def renew_hash(session: Session, staff_id: int, *, password: str) -> None:
    """Store the password just typed anew when the hash's parameters have changed."""
    account = locked_staff(session, staff_id)
    if account.password_hash is not None and passwords.is_outdated(account.password_hash):
        account.password_hash = passwords.hashed(password)


def locked_staff(session: Session, staff_id: int) -> StaffAccount:
    """The account, locked until the transaction ends; or NotFound."""
    account = session.get(StaffAccount, staff_id, with_for_update=True, populate_existing=True)
    if account is None:
        raise NotFound("staff_not_found", N_("We know no staff account with this number."))
    return account


def _locked_admins(session: Session) -> list[int]:
    """The admins who may sign in, locked: two who shut each other out at once must not both succeed."""
    admins = session.scalars(
        select(StaffAccount.id)
        .where(
            StaffAccount.role == rules.ADMIN,
            StaffAccount.disabled_at.is_(None),
            StaffAccount.password_hash.is_not(None),
        )
        .order_by(StaffAccount.id)
        .with_for_update(key_share=True)
    )
    return list(admins)


def _last_admin(field: str) -> Conflict:
    text = N_("This is the last account that may manage staff. Create another admin first.")
    return Conflict("last_admin", text, fields={field: [text]} if field else None)
