"""Ports, folders and disks, asked before anything starts."""

import socket
import stat
from pathlib import Path

import pytest

from passes.launcher import places
from passes.launcher.places import is_port_free, others_can_reach, server_home
from passes.launcher.problems import CannotStart, is_disk_full, refuse_a_full_disk


def test_a_port_shared_by_so_reuseport_is_taken() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not is_port_free(server.getsockname()[1])


def test_a_port_nobody_listens_on_is_free() -> None:
    assert is_port_free(places.free_port())


def test_no_port_is_chosen_twice_nor_lent_to_an_outgoing_connection() -> None:
    chosen = [places.free_port() for _ in range(50)]
    assert len(set(chosen)) == 50
    assert all(port < 32_768 for port in chosen)


def test_a_full_disk_is_told_before_it_hurts(tmp_path: Path) -> None:
    refuse_a_full_disk(tmp_path, 0)
    with pytest.raises(CannotStart, match="The disk is full: .* VAR="):
        refuse_a_full_disk(tmp_path, 10**12)
    assert is_disk_full("PANIC: could not write to file: No space left on device")


def test_a_private_parent_keeps_its_rights_and_the_data_goes_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "server_account", lambda: places.pwd.getpwuid(places.os.getuid()))
    monkeypatch.setattr(places, "SYSTEM_FOLDER", tmp_path / "system")
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    assert not others_can_reach(private / "var" / "postgres")
    home = server_home(private / "var" / "postgres")
    assert home.parent == tmp_path / "system"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    assert (private / "var" / "postgres").resolve() == home
    assert server_home(private / "var" / "postgres") == home


def test_a_link_to_data_that_is_gone_is_explained(tmp_path: Path) -> None:
    (tmp_path / "postgres").symlink_to(tmp_path / "gone")
    with pytest.raises(CannotStart, match="which is gone"):
        server_home(tmp_path / "postgres")
