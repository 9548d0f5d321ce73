"""Amounts are integer fen; only a reader sees yuan."""


def yuan(amount_fen: int) -> str:
    """19900 → "¥199", 1250 → "¥12.50": the same in both languages, as on a price board."""
    sign = "-" if amount_fen < 0 else ""
    whole, fen = divmod(abs(amount_fen), 100)
    return f"{sign}¥{whole:,}" if fen == 0 else f"{sign}¥{whole:,}.{fen:02d}"
