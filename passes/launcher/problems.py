"""What keeps the launcher from starting, in words for the person at the terminal."""

import shutil
from pathlib import Path


class CannotStart(Exception):
    """Something must be put right first; the text says what and how."""


def refuse_a_full_disk(folder: Path, needed_mb: int) -> None:
    """Raise `CannotStart` where fewer than `needed_mb` megabytes are free in the file system of `folder`."""
    free_mb = shutil.disk_usage(folder).free // 1_000_000
    if free_mb < needed_mb:
        raise CannotStart(
            f"The disk is full: {free_mb} MB are free at {folder}, at least {needed_mb} MB are needed. "
            "Free some space, or keep the data elsewhere with VAR=/another/folder."
        )


def is_disk_full(line: str) -> bool:
    """Whether a line of output says that the disk is full."""
    return "No space left on device" in line
