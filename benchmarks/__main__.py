"""Scans and orders a second of the service as a user would run it, beside what they cannot beat, all in one run.

echo: the same web server with nothing in it. pgbench: the same SQL with nothing around it. A scan needs both, so
its limit is 1/(1/echo + 1/pgbench). One JSON line a measure, then a table. Not a test: the machine decides.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from benchmarks import city as cities
from benchmarks import load, orders
from benchmarks.counters import measure_counters, print_counters
from benchmarks.load import Figure
from passes.launcher.places import free_port, postgres_programs
from passes.launcher.services import web_command

SECONDS = 8
WARM_UP_SECONDS = 5
CONNECTIONS = (1, 8, 32)
ORDER_CONNECTIONS = 32
MOST_ORDERS_PER_SECOND = 800
PASSES = 60_000
# More fresh bodies than can be answered; a run that exhausts them ends early and is not wrong.
MOST_PER_SECOND = {1: 500, 8: 1200, 32: 1200}


def main() -> None:
    load.find_wrk()
    with tempfile.TemporaryDirectory(prefix="youyou-bench-") as folder, running(Path(folder) / "var") as environment:
        port = environment["PUBLIC_URL"].rsplit(":", 1)[1]
        city = cities.build(environment, PASSES)
        bare = cities.build_for_pgbench(city.url, PASSES)
        statements = city.statements_of_a_scan()
        if statements != load.statements():
            raise SystemExit("benchmarks/scan.sql no longer has the statements of a scan: mend it first")
        print(json.dumps({"measure": "statements of a scan", "statements": statements}), flush=True)
        counted = measure_counters(city)
        rows = []
        # What a service does once after its start (reading the terms, planning statements) is not measured.
        post_scans(city, port, 8, Path(folder) / "bodies", WARM_UP_SECONDS)
        with echo_server() as echo_port:
            for number, connections in enumerate(CONNECTIONS):
                bodies = Path(folder) / "bodies"
                echo = measure_echo(echo_port, connections, bodies)
                bench = measure_pgbench(bare, number, connections)
                scans = measure_scans(city, port, connections, bodies)
                limit = 1 / (1 / echo.per_second + 1 / bench.per_second)
                rows.append((connections, scans, echo, bench, limit))
            order_row = measure_orders(city.url, bare, port, echo_port, Path(folder) / "bodies")
        print_table(rows)
        print_counters(counted)
        print_table([order_row], "orders/s")


@contextmanager
def running(var: Path) -> Iterator[dict[str, str]]:
    """`youyou run` on data of its own; gives the settings of its processes."""
    youyou = [sys.executable, "-m", "passes.cli"]
    port = str(free_port())
    with (var.parent / "run.log").open("wb") as output:
        started = subprocess.Popen(
            [*youyou, "run", "--var", str(var), "--port", port],
            stdout=output,
            stderr=output,
            start_new_session=True,
            # Buyers come from many addresses, as behind a proxy; the limits by address are not what is measured.
            env=os.environ | {"YOUYOU_PROXIES": "1"},
        )
        try:
            for _ in range(600):
                time.sleep(0.2)
                asked = subprocess.run(
                    [*youyou, "status", "--var", str(var), "--json"], capture_output=True, check=False
                )
                if started.poll() is not None or (asked.stdout and json.loads(asked.stdout)["ready"]):
                    break
            if started.poll() is not None:
                raise SystemExit((var.parent / "run.log").read_text())
            shown = subprocess.run([*youyou, "env", "--var", str(var)], capture_output=True, text=True, check=True)
            # Lines of a shell: export NAME='value'.
            yield dict(word.split("=", 1) for line in shown.stdout.splitlines() for word in shlex.split(line)[1:])
        finally:
            started.terminate()
            started.wait(timeout=120)
            # As root below a private folder the data lies elsewhere, behind a link.
            shutil.rmtree((var / "postgres").resolve(), ignore_errors=True)


@contextmanager
def echo_server() -> Iterator[int]:
    """The floor, on the same server with the same flags."""
    port = free_port()
    command = ["benchmarks.echo:create_app" if part == "passes.app:create_app" else part for part in web_command(port)]
    with subprocess.Popen(command, start_new_session=True, env=os.environ | {"PYTHONWARNINGS": "ignore"}) as server:
        try:
            for _ in range(100):
                time.sleep(0.1)
                try:
                    request = urllib.request.Request(f"http://127.0.0.1:{port}/", data=b"{}", method="POST")
                    urllib.request.urlopen(request, timeout=2).close()
                    break
                except OSError:
                    continue
            yield port
        finally:
            server.terminate()


def measure_echo(port: int, connections: int, bodies: Path) -> Figure:
    line = json.dumps({"scan_id": "0" * 36, "code": "Y" * 128}).encode() + b"\n"
    bodies.write_bytes(line * 20_000 * SECONDS)
    figure = load.post(
        f"http://127.0.0.1:{port}/", bodies, connections=connections, seconds=SECONDS, token="none", wanted="scan_id"
    )
    return told("echo", connections, figure)


def measure_pgbench(url: str, number: int, connections: int) -> Figure:
    slot = PASSES // len(CONNECTIONS)
    figure = load.pgbench(
        postgres_programs() / "pgbench",
        url,
        clients=connections,
        seconds=SECONDS,
        first=cities.FIRST_PASS + number * slot,
        share=slot // connections,
    )
    return told("pgbench", connections, figure)


def measure_scans(city: cities.City, port: str, connections: int, bodies: Path) -> Figure:
    since = city.taken
    figure = post_scans(city, port, connections, bodies, SECONDS)
    rows = cities.admitted(city, since)
    # The answers under way when the time was up are in the database and were not seen.
    if figure.bad or not figure.good <= rows <= figure.good + connections:
        raise SystemExit(f"{figure.good} good and {figure.bad} bad answers, {rows} rows: {figure.sample}")
    return told("scans", connections, figure, rows=rows)


def post_scans(city: cities.City, port: str, connections: int, bodies: Path, seconds: int) -> Figure:
    bodies.write_bytes(b"\n".join(city.bodies(MOST_PER_SECOND[connections] * seconds)) + b"\n")
    return load.post(
        f"http://127.0.0.1:{port}/api/v1/scans",
        bodies,
        connections=connections,
        seconds=seconds,
        token=city.token,
        wanted='"decision":"admitted"',
    )


def measure_orders(
    url: str, bare: str, port: str, echo_port: int, bodies: Path
) -> tuple[int, Figure, Figure, Figure, float]:
    """Orders of one product with a quota, and what they cannot beat."""
    buyers = orders.open_sale(url)
    orders.open_sale(bare)
    if orders.statements_of_an_order() != orders.statements():
        raise SystemExit("benchmarks/order.sql no longer has the statements of an order: mend it first")
    echo = measure_echo(echo_port, ORDER_CONNECTIONS, bodies)
    program = postgres_programs() / "pgbench"
    bench = load.pgbench(program, bare, clients=ORDER_CONNECTIONS, seconds=SECONDS, script="order.sql")
    told("pgbench of orders", ORDER_CONNECTIONS, bench)
    figure = post_orders(buyers, port, bodies, WARM_UP_SECONDS)
    before = orders.count_orders(url)
    figure = post_orders(buyers, port, bodies, SECONDS)
    rows = orders.count_orders(url) - before
    if figure.bad or not figure.good <= rows <= figure.good + ORDER_CONNECTIONS:
        raise SystemExit(f"{figure.good} good and {figure.bad} bad answers, {rows} rows: {figure.sample}")
    told("orders", ORDER_CONNECTIONS, figure, rows=rows)
    return ORDER_CONNECTIONS, figure, echo, bench, 1 / (1 / echo.per_second + 1 / bench.per_second)


def post_orders(buyers: orders.Buyers, port: str, bodies: Path, seconds: int) -> Figure:
    bodies.write_bytes(b"\n".join(buyers.forms(MOST_ORDERS_PER_SECOND * seconds)) + b"\n")
    return load.post(
        f"http://127.0.0.1:{port}/buy",
        bodies,
        connections=ORDER_CONNECTIONS,
        seconds=seconds,
        token="",
        wanted="/orders/",
        kind="application/x-www-form-urlencoded",
        status=303,
    )


def told(measure: str, connections: int, figure: Figure, **more: object) -> Figure:
    print(json.dumps({"measure": measure, "connections": connections} | asdict(figure) | more), flush=True)
    return figure


def print_table(rows: list[tuple[int, Figure, Figure, Figure, float]], what: str = "scans/s") -> None:
    heads = ("c", what, "p50 ms", "p99 ms", "echo/s", "pgbench/s", "limit/s", "of limit")
    print("\n" + "".join(f"{head:>10}" for head in heads))
    for connections, scans, echo, bench, limit in rows:
        rates = (echo.per_second, bench.per_second, limit)
        cells = [f"{connections}", f"{scans.per_second:.0f}", f"{scans.p50_ms:.1f}", f"{scans.p99_ms:.1f}"]
        cells += [f"{rate:.0f}" for rate in rates] + [f"{scans.per_second / limit:.2f}"]
        print("".join(f"{cell:>10}" for cell in cells))


if __name__ == "__main__":
    main()
