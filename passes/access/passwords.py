"""Argon2id with the parameters of OWASP's second row: 19 MiB, two passes, one lane; about 26 ms."""

import secrets
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from passes.access.rules import CODE_ALPHABET

# At most two at once in a process: 38 MiB, and sign-ins never take every thread from the gates.
_SLOTS = BoundedSemaphore(2)
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# The hash of a random text nobody kept: an unknown name takes as long as a wrong password.
NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$rdQJCJupgik4fnq6Z9LEuw$xqTbL82vuZZB0u0CWpi1dm//07VjZoy/btjhDhJK9a0"


def generated() -> str:
    """Twenty characters in four groups, about 97 bits, without look-alikes."""
    alphabet = CODE_ALPHABET.lower()
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(4))


def hashed(password: str) -> str:
    """The stored form of a normalised password."""
    with _SLOTS:
        return _HASHER.hash(password)


def matches(password_hash: str | None, password: str) -> bool:
    """Whether this is the password; None stands for a name nobody has and takes the same time."""
    with _SLOTS:
        try:
            return _HASHER.verify(password_hash or NOBODY, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(password_hash: str) -> bool:
    """Whether the parameters have changed since this hash was made."""
    return _HASHER.check_needs_rehash(password_hash)
