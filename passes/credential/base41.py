"""base41: two bytes in three characters, most significant first; a last odd byte in two (CREDENTIAL.md)."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-./:"
_VALUES = {character: value for value, character in enumerate(ALPHABET)}


def encode(data: bytes) -> str:
    """`data` in base41."""
    parts: list[str] = []
    for at in range(0, len(data) - 1, 2):
        high, rest = divmod(data[at] << 8 | data[at + 1], 1681)
        middle, low = divmod(rest, 41)
        parts.append(ALPHABET[high] + ALPHABET[middle] + ALPHABET[low])
    if len(data) % 2:
        high, low = divmod(data[-1], 41)
        parts.append(ALPHABET[high] + ALPHABET[low])
    return "".join(parts)


def decode(text: str) -> bytes:
    """The bytes of `text`; ValueError for a strange character, a length or a group that no bytes give."""
    try:
        values = [_VALUES[character] for character in text]
    except KeyError as strange:
        raise ValueError(f"not a base41 character: {strange}") from None
    if len(values) % 3 == 1:
        raise ValueError("a single character is left over")
    whole = len(values) - len(values) % 3
    data = bytearray()
    for at in range(0, whole, 3):
        number = values[at] * 1681 + values[at + 1] * 41 + values[at + 2]
        if number > 65535:
            raise ValueError("a group of three is above 65535")
        data += number.to_bytes(2, "big")
    if whole < len(values):
        number = values[-2] * 41 + values[-1]
        if number > 255:
            raise ValueError("the last pair is above 255")
        data.append(number)
    return bytes(data)
