"""How long what is kept about a person, said once: the privacy notice and the retention chore read it here."""

from datetime import timedelta

YEAR = timedelta(days=365)

HOLDER_AFTER_END = 3 * YEAR  # whatever says who the holder was
UNPAID_ORDER = timedelta(days=30)
LETTERS = timedelta(days=180)
PROVIDER_MESSAGES = timedelta(days=180)
LOOKUPS = timedelta(days=1)


def may_erase(state: str, *, refund_under_way: bool, disputed: bool) -> str | None:
    """None where this pass's data may be erased now; else why not: refund_under_way | dispute_open | pass_alive."""
    if refund_under_way:
        return "refund_under_way"
    if disputed:
        return "dispute_open"
    return None if state in ("expired", "void") else "pass_alive"
