"""The README's commands do what it says."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from passes.settings import KNOWN
from tests.conftest import ROOT, clone, drop
from tests.launcher.copies import Copy

BLOCKS = re.findall(r"```sh test\n(.*?)```", (ROOT / "README.md").read_text(), re.S)


@pytest.fixture(scope="module")
def folder(postgres_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout in which `make run` is running, on a port of its own."""
    made = tmp_path_factory.mktemp("readme")
    (made / "passes").symlink_to(ROOT / "passes")
    database = clone(postgres_url, None)
    copy = Copy(made / "var", EVENTS="direct", DATABASE_URL=database)
    copy.start()
    try:
        copy.wait_until_ready()
        (made / "port").write_text(str(copy.port))
        yield made
    finally:
        copy.stop()
        copy.remove()
        drop(postgres_url, database)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.splitlines()[0][:40] for block in BLOCKS])
def test_a_block_of_the_readme_runs(block: str, folder: Path) -> None:
    script = block.replace(":8000", ":" + (folder / "port").read_text())
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["sh", "-eu", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip()


def test_every_setting_stands_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in sorted(KNOWN) if f"`{name}`" not in text] == []


def test_every_picture_of_the_readme_is_there_with_words_for_who_cannot_see_it() -> None:
    pictures = re.findall(r'<img src="([^"]+)" alt="([^"]*)"', (ROOT / "README.md").read_text())
    assert len(pictures) > 3
    assert [name for name, words in pictures if not (ROOT / name).is_file() or len(words) < 20] == []
