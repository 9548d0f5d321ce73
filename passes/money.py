"""Amounts are integer fen; only a reader sees yuan."""

# Currencies without hundredths, as the payment provider counts them: an amount is whole units.
_WHOLE = frozenset(
    {"bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf"} | {"vnd", "vuv", "xaf", "xof", "xpf"}
)


def yuan(amount_fen: int) -> str:
    """19900 → "¥199", 1250 → "¥12.50": the same in both languages, as on a price board."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{sign}¥{whole:,}" if fen == 0 else f"{sign}¥{whole:,}.{fen:02d}"


def in_currency(amount: int, currency: str | None) -> str:
    """The same of money that came in another currency: 1250, "usd" → "USD 12.50"; None is yuan."""
    if currency is None or currency == "cny":
        return yuan(amount)
    if currency in _WHOLE:
        return f"{currency.upper()} {amount:,}"
    whole, cents = divmod(amount, 100)
    return f"{currency.upper()} {whole:,}.{cents:02d}"
