"""`python -m tests.fonts` prints the path of a fontconfig file that adds the Chinese font of a wheel."""

import sys
from importlib.util import find_spec
from pathlib import Path

CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir>{folder}</dir>
  <cachedir>{cache}</cachedir>
</fontconfig>
"""


def font_folder() -> Path:
    """Where the wheel keeps its font; it is not imported, only looked at."""
    spec = find_spec("noto_cjk_sans_otc")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("the package noto-cjk-sans-otc is not installed")
    return Path(spec.submodule_search_locations[0])


def main() -> None:
    kept = Path(sys.prefix) / "share" / "youyou"
    kept.mkdir(parents=True, exist_ok=True)
    path = kept / "fonts.conf"
    path.write_text(CONFIGURATION.format(folder=font_folder(), cache=kept / "fontcache"))
    print(path)


if __name__ == "__main__":
    main()
