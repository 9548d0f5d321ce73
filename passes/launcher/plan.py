"""What one run starts, on which ports and with which settings; settled and checked before anything starts."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from passes.launcher.places import free_port, is_port_free
from passes.launcher.problems import CannotStart
from passes.launcher.state import Folder, Secrets
from passes.settings import Settings, SettingsRefused

HOST = "127.0.0.1"
CASHIER_STEP = 1000
KAFKA_STEP = 1092


@dataclass(frozen=True)
class Plan:
    """`environment` is complete but for DATABASE_URL where PostgreSQL is embedded: only the running one knows it."""

    folder: Folder
    environment: dict[str, str]
    settings: Settings
    port: int
    cashier_port: int | None
    kafka_port: int | None
    has_own_postgres: bool

    @property
    def public_url(self) -> str:
        return self.settings.public_url

    def addresses(self) -> dict[str, str]:
        """What to open in a browser."""
        paths = {"shop": "/", "gate": "/gate", "dashboard": "/dashboard", "back office": "/admin"}
        found = {name: self.public_url + path for name, path in paths.items()}
        if self.cashier_port:
            found["test cashier"] = f"http://{HOST}:{self.cashier_port}/"
        return found


def make_plan(environ: Mapping[str, str], folder: Folder, secrets: Secrets, port: int) -> Plan:
    """Raises `CannotStart` with every fault of the settings, and for a port that is taken."""
    env = {name: value for name, value in environ.items() if value.strip()}
    if "APP_ENV" not in env and "PAYMENTS" not in env:
        env |= {"APP_ENV": "development", "PAYMENTS": "sandbox"}
    env.setdefault("PUBLIC_URL", f"http://{HOST}:{port}")
    env.setdefault("YOUYOU_SECRET_KEY", secrets.secret_key)
    has_own_postgres = "DATABASE_URL" not in env
    env.setdefault("DATABASE_URL", "postgresql://embedded/youyou")
    kafka_port = None
    if env.get("EVENTS", "kafka") == "kafka" and "KAFKA_BOOTSTRAP_SERVERS" not in env:
        kafka_port = _near(port + KAFKA_STEP)
        env["KAFKA_BOOTSTRAP_SERVERS"] = f"{HOST}:{kafka_port}"
    cashier_port = _plan_cashier(env, secrets, port)
    env["PROMETHEUS_MULTIPROC_DIR"] = str(folder.metrics.resolve())
    env["PYTHONUNBUFFERED"] = "1"
    try:
        settings = Settings.read(env)
    except SettingsRefused as refused:
        raise CannotStart("These settings cannot be used:\n  " + "\n  ".join(refused.faults)) from refused
    return Plan(folder, env, settings, port, cashier_port, kafka_port, has_own_postgres)


def check_ports(plan: Plan) -> None:
    """The web server would share a taken port without a word (SO_REUSEPORT), so we ask first."""
    for port, name in ((plan.port, "PORT"), (plan.cashier_port, "YOUYOU_CASHIER_PORT")):
        if port and not is_port_free(port):
            raise CannotStart(
                f"Port {port} is taken by another program. Choose another one, for instance {name}={port + 100}."
            )


def check_broker(plan: Plan) -> None:
    """A broker named from outside must listen before anything starts; its client would ask for half a minute."""
    named = plan.settings.kafka_bootstrap_servers
    if plan.kafka_port or named is None:
        return
    if not any(_listens(server.strip()) for server in named.split(",")):
        raise CannotStart(f"KAFKA_BOOTSTRAP_SERVERS: nobody listens at {named}. Start the broker or correct the name.")


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()
    except (OSError, ValueError, OverflowError):
        return False
    return True


def _plan_cashier(env: dict[str, str], secrets: Secrets, port: int) -> int | None:
    if env.get("PAYMENTS") != "sandbox":
        return None
    env.setdefault("STRIPE_SECRET_KEY", secrets.cashier_key)
    env.setdefault("STRIPE_WEBHOOK_SECRETS", secrets.webhook_secret)
    if "STRIPE_API_BASE" in env:
        return None
    wanted = env.get("YOUYOU_CASHIER_PORT", "")
    cashier_port = int(wanted) if wanted.isascii() and wanted.isdigit() else _near(port + CASHIER_STEP)
    env.setdefault("YOUYOU_CASHIER_PORT", str(cashier_port))
    env["STRIPE_API_BASE"] = f"http://{HOST}:{cashier_port}"
    return cashier_port


def _near(port: int) -> int:
    """This port where it is free, else any free one."""
    return port if port < 65536 and is_port_free(port) else free_port()


def project_folder() -> Path:
    """Where `passes`, `consumers` and `migrations` lie."""
    return Path(__file__).resolve().parent.parent.parent
