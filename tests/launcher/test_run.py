"""`youyou run` as a whole: everything up, everything watched, everything down."""

import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from click.testing import CliRunner

from passes.launcher.commands import env, run, status
from passes.launcher.kafka_jars import kafka_jars
from tests.launcher.copies import READY, Copy, wait_for, youyou

PROCESSES = {"postgres", "kafka", "relay", "analytics", "satisfaction", "chores", "cashier", "web"}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copy]:
    kafka_jars()  # a machine that fetches them now may take longer than a copy has to start
    running = Copy(tmp_path_factory.mktemp("copy") / "var")
    running.start()
    running.wait_until_ready()
    yield running
    running.remove()


@pytest.fixture
def own_copy(tmp_path: Path) -> Iterator[Copy]:
    """One that is not started yet, without Kafka."""
    made = Copy(tmp_path / "var", EVENTS="direct")
    yield made
    made.remove()


def still_alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE}


def statuses(addresses: dict[str, str]) -> dict[str, int]:
    found = {}
    for name, address in addresses.items():
        try:
            with urllib.request.urlopen(address, timeout=20) as answer:
                found[name] = answer.status
        except urllib.error.HTTPError as refused:
            found[name] = refused.code
    return found


def test_every_printed_address_answers(copy: Copy) -> None:
    addresses = copy.status()["addresses"]
    assert set(addresses) == {"shop", "gate", "dashboard", "back office", "test cashier"}
    assert {name: code for name, code in statuses(addresses).items() if code >= 400} == {}
    for address in addresses.values():
        assert address in copy.said()


def test_every_process_of_the_river_runs(copy: Copy) -> None:
    assert set(copy.records()) == PROCESSES
    assert all(record.is_alive() for record in copy.records().values())


def test_status_says_it_to_people_and_programs(copy: Copy) -> None:
    for_people = CliRunner().invoke(status, ["--var", str(copy.folder)])
    assert for_people.exit_code == 0
    assert f"http://127.0.0.1:{copy.port}/gate" in for_people.output
    found = json.loads(CliRunner().invoke(status, ["--var", str(copy.folder), "--json"]).output)
    assert found["running"]
    assert found["ready"]
    assert {process["name"] for process in found["processes"] if process["running"]} == PROCESSES


def test_status_of_a_folder_where_nothing_runs(tmp_path: Path) -> None:
    asked = CliRunner().invoke(status, ["--var", str(tmp_path)])
    assert (asked.exit_code, asked.output) == (1, f"Nothing runs on {tmp_path}.\n")


def test_the_settings_of_the_running_copy_serve_the_command_line(copy: Copy) -> None:
    asked = CliRunner().invoke(env, ["--var", str(copy.folder)])
    settings = dict(line.removeprefix("export ").split("=", 1) for line in asked.output.splitlines())
    listed = youyou("staff", "list", **{name: value.strip("'") for name, value in settings.items()})
    assert listed.stdout.startswith("admin\t"), listed.stderr


def test_each_process_speaks_behind_its_name_and_into_its_file(copy: Copy) -> None:
    assert "\npostgres    | " in copy.said()
    wanted = {f"{name}.log" for name in ("launcher", "postgres", "kafka", "cashier", "relay")}
    # The relay stands back while the others start, so its first word may come late.
    wait_for(60, lambda: wanted <= set(os.listdir(copy.folder / "log")), "every log file")


def test_the_first_password_is_shown_and_kept_private(copy: Copy) -> None:
    assert "admin, first password " in copy.said()
    for name in ("secrets.json", "run/environment.json"):
        assert (copy.folder / name).stat().st_mode & 0o077 == 0


def test_a_second_copy_on_the_same_folder_is_refused(copy: Copy) -> None:
    asked = CliRunner().invoke(run, ["--var", str(copy.folder), "--port", "1"])
    assert asked.exit_code == 1
    assert "A copy already runs" in asked.output


def test_a_taken_port_is_refused_before_anything_starts(copy: Copy, tmp_path: Path) -> None:
    asked = youyou("run", "--var", str(tmp_path / "var"), "--port", str(copy.port))
    assert asked.returncode == 1
    assert f"Port {copy.port} is taken" in asked.stdout
    assert not (tmp_path / "var" / "postgres").exists()


def test_an_unknown_setting_is_refused_before_anything_starts(tmp_path: Path) -> None:
    asked = youyou("run", "--var", str(tmp_path / "var"), "--port", "1", YOUYOU_NONSENSE="1")
    assert asked.returncode == 1
    assert "YOUYOU_NONSENSE is unknown" in asked.stdout
    assert not (tmp_path / "var" / "postgres").exists()


def test_a_process_that_dies_is_named_and_started_again(copy: Copy) -> None:
    killed = copy.records()["analytics"].pid
    os.kill(killed, signal.SIGKILL)
    wait_for(30, lambda: "analytics runs again" in copy.said(), copy.said())
    assert "analytics ended unexpectedly (killed by SIGKILL)" in copy.said()
    assert copy.records()["analytics"].pid != killed


def test_a_launcher_killed_outright_is_cleaned_up_after_and_the_data_is_kept(own_copy: Copy) -> None:
    copy = own_copy
    copy.start()
    copy.wait_until_ready()
    password = copy.said().split("first password ")[1].split(",")[0]
    left = {record.pid for record in copy.records().values()}
    assert set(copy.records()) == PROCESSES - {"kafka", "relay", "analytics", "satisfaction"} | {"direct"}
    copy.send(signal.SIGKILL)
    copy.wait()
    assert still_alive(left) == left
    began = time.monotonic()
    copy.start()
    copy.wait_until_ready()
    assert time.monotonic() - began < 60
    assert "An earlier run was cut off" in copy.said()
    assert still_alive(left) == set()
    assert f"first password {password}," in copy.said()
    running = {record.pid for record in copy.records().values()}
    assert copy.stop() == 0
    assert still_alive(running) == set()
    assert copy.records() == {}
    order = [line.removeprefix("Stopping ") for line in copy.said().splitlines() if line.startswith("Stopping ")]
    assert order == ["web", "direct", "chores, cashier", "postgres"]


def test_ctrl_c_while_starting_leaves_nothing(own_copy: Copy) -> None:
    copy = own_copy
    copy.start()
    wait_for(60, lambda: "Migrating" in copy.said(), "it did not begin")
    copy.send(signal.SIGINT)
    assert copy.wait() == 0, copy.said()
    assert copy.records() == {}
    assert READY not in copy.said()
