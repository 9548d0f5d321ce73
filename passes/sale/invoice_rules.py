"""The tax number of a Chinese organisation: its unified social credit code (GB 32100-2015)."""

from passes.errors import N_

LENGTH = 18
# Without I, O, S, V and Z, which are read as figures.
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = [3**place % len(ALPHABET) for place in range(LENGTH - 1)]

SHAPE = N_("A tax number has 18 figures and capital letters, without I, O, S, V and Z.")
CHECK = N_("The last character does not fit the other 17: please compare the number with the business licence.")


def normalised(number: str) -> str:
    """Without blanks and dashes, in capitals."""
    return "".join(character for character in number.upper() if character not in " \u3000\t-")


def check_character(first: str) -> str:
    """The 18th character that belongs to the first 17, which are all of the alphabet."""
    total = sum(ALPHABET.index(character) * weight for character, weight in zip(first, _WEIGHTS, strict=True))
    return ALPHABET[-total % len(ALPHABET)]


def tax_number_fault(number: str) -> str | None:
    """What is wrong with a normalised number, or None."""
    if len(number) != LENGTH or any(character not in ALPHABET for character in number):
        return SHAPE
    return None if check_character(number[:-1]) == number[-1] else CHECK
