"""wrk and pgbench: one run, one figure."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Figure:
    """Answers a second, the latencies in milliseconds, and what was not a good answer."""

    per_second: float
    p50_ms: float
    p99_ms: float
    good: int = 0
    bad: int = 0
    sample: str = ""


def find_wrk() -> str:
    """wrk's path; installed by apt where we are root on Debian. SystemExit with the command elsewhere."""
    found = shutil.which("wrk")
    if found:
        return found
    if os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "update", "-qq"], check=True)
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], check=True, stdout=subprocess.DEVNULL)
        return find_wrk()
    raise SystemExit("The load is made by wrk, which is missing. Install it: sudo apt-get install wrk")


def post(
    url: str,
    bodies: Path,
    *,
    connections: int,
    seconds: int,
    token: str,
    wanted: str,
    kind: str = "application/json",
    status: int = 200,
) -> Figure:
    """Post each line of the file once, looking at every answer. token: "" = each from an address of its own."""
    threads = min(2, connections)
    made = subprocess.run(
        [
            find_wrk(),
            f"-t{threads}",
            f"-c{connections}",
            f"-d{seconds}s",
            "--timeout",
            "10s",
            "-s",
            HERE / "post.lua",
            url,
        ],
        env={
            **os.environ,
            "BODIES": str(bodies),
            "THREADS": str(threads),
            "TOKEN": token,
            "WANTED": wanted,
            "TYPE": kind,
            "STATUS": str(status),
        },
        capture_output=True,
        text=True,
        check=True,
        timeout=seconds + 60,
    ).stdout
    found = re.search(r"^RESULT\t(.*)$", made, re.M)
    if found is None:
        raise SystemExit(f"wrk gave no result:\n{made}")
    good, bad, duration, p50, p99, errors, sample = found[1].split("\t")
    return Figure(int(good) / float(duration), float(p50), float(p99), int(good), int(bad) + int(errors), sample)


def pgbench(
    program: Path, url: str, *, clients: int, seconds: int, first: int = 0, share: int = 0, script: str = "scan.sql"
) -> Figure:
    """The SQL of one admitted scan, by PostgreSQL's own tool: each client has `share` passes from number `first` on.

    script: another file of statements, which may need no passes.
    """
    made = subprocess.run(
        [
            *(program, "-n", "-M", "prepared", "-f", HERE / script, "-c", str(clients), "-j", str(min(2, clients))),
            *("-T", str(seconds), "-D", f"first={first}", "-D", "n=-1", "-D", f"share={share}", url),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    tps = re.search(r"^tps = ([0-9.]+)", made.stdout, re.M)
    latency = re.search(r"^latency average = ([0-9.]+)", made.stdout, re.M)
    failed = re.search(r"^number of failed transactions: ([0-9]+)", made.stdout, re.M)
    if made.returncode or tps is None or latency is None:
        raise SystemExit(f"pgbench gave no result:\n{made.stdout}{made.stderr}")
    return Figure(float(tps[1]), float(latency[1]), float("nan"), bad=int(failed[1]) if failed else 0)


def statements() -> int:
    """How many statements scan.sql sends between BEGIN and COMMIT."""
    lines = (HERE / "scan.sql").read_text().splitlines()
    return sum(line.endswith(";") for line in lines) - 2
