"""The rooms import downward only; the contracts stand in setup.cfg."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_every_import_contract_is_kept() -> None:
    # A process of its own: the linter sets up logging anew and would silence our loggers for the tests after it.
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--config", "setup.cfg", "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
