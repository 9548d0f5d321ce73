"""Drawing a code: one alphanumeric segment, a fixed mask, one run-length SVG path. The only import of qrcode."""

from dataclasses import dataclass

from qrcode import constants, main

QUIET_MODULES = 4
_MASK = 2  # one mask instead of eight trials; the readers do not mind which


@dataclass(frozen=True)
class Drawing:
    """A QR code as one SVG path. `size` counts modules with the quiet zone on both sides: the viewBox's edge."""

    size: int
    path: str


SCREEN = constants.ERROR_CORRECT_M
PAPER = constants.ERROR_CORRECT_Q  # paper is folded and stained


def matrix(text: str, correction: int = SCREEN) -> list[list[bool]]:
    """The modules of `text` at an error correction, without a quiet zone."""
    code = main.QRCode(error_correction=correction, border=0, mask_pattern=_MASK)
    code.add_data(text, optimize=0)
    code.make(fit=True)
    return [[bool(module) for module in row] for row in code.modules]


def draw(text: str, correction: int = SCREEN) -> Drawing:
    """The picture of `text`: each run of dark modules in a row is one rectangle of the path."""
    rows = matrix(text, correction)
    parts: list[str] = []
    for y, row in enumerate(rows, QUIET_MODULES):
        start: int | None = None
        for x, dark in enumerate([*row, False], QUIET_MODULES):
            if dark and start is None:
                start = x
            elif not dark and start is not None:
                parts.append(f"M{start} {y}h{x - start}v1h{start - x}z")
                start = None
    return Drawing(len(rows) + 2 * QUIET_MODULES, "".join(parts))
