"""What is installed is pinned by hash, from no particular registry."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda path: path.name)
def test_every_pinned_package_has_a_hash_and_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    for entry in re.split(r"\n(?=\S)", text.strip()):
        assert re.match(r"[\w.-]+==[^\s]+", entry), entry
        assert "--hash=sha256:" in entry, entry


def test_what_is_tested_is_what_runs() -> None:
    def pins(path: Path) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text(), re.MULTILINE))

    tested = pins(ROOT / "requirements-dev.lock")
    for name in ("requirements.lock", "requirements-embedded.lock"):
        assert pins(ROOT / name).items() <= tested.items()


def test_npm_packages_have_hashes_and_no_address() -> None:
    lock = json.loads((ROOT / "passes" / "web" / "package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert packages
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())
    assert not any("resolved" in package for package in packages.values())
