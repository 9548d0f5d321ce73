"""What a few answers can be said to prove."""

from dataclasses import dataclass
from math import sqrt

# Two-sided 95 %.
Z = 1.959964


@dataclass(frozen=True)
class Satisfaction:
    """answers: how many; good: how many gave the best score. share and lower are None without answers."""

    answers: int
    good: int

    @property
    def share(self) -> float | None:
        return self.good / self.answers if self.answers else None

    @property
    def lower(self) -> float | None:
        """The share that is at least true, so that three happy visitors do not beat three hundred."""
        return wilson_lower_bound(self.good, self.answers) if self.answers else None


def wilson_lower_bound(good: int, answers: int) -> float:
    """Lower end of Wilson's score interval (E. B. Wilson, JASA 22, 1927) for good of answers, 95 %."""
    if answers <= 0 or not 0 <= good <= answers:
        raise ValueError(f"{good} of {answers}")
    share = good / answers
    middle = share + Z * Z / (2 * answers)
    reach = Z * sqrt(share * (1 - share) / answers + Z * Z / (4 * answers * answers))
    return min(share, max(0.0, (middle - reach) / (1 + Z * Z / answers)))
