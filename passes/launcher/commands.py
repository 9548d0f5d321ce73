"""`youyou run | status | env | migrate | topics | prepare | web | secrets`."""

import os
import shlex
from pathlib import Path
from secrets import token_hex

import click

from passes.launcher import preparation
from passes.launcher.places import is_port_free
from passes.launcher.plan import HOST
from passes.launcher.problems import CannotStart
from passes.launcher.run import as_json, environment
from passes.launcher.run import run as run_everything
from passes.launcher.run import status as status_of
from passes.launcher.services import web_command
from passes.launcher.state import Secrets
from passes.settings import KNOWN, Settings, SettingsRefused

folder_option = click.option(
    "--var", "folder", type=click.Path(path_type=Path, file_okay=False), default="var", help="The folder of the data."
)


def _settings() -> Settings:
    try:
        return Settings.read(os.environ)
    except SettingsRefused as refused:
        raise click.ClickException(str(refused)) from refused


@click.command()
@folder_option
@click.option("--port", type=click.IntRange(1, 65535), default=8000, help="The port of the web.")
def run(folder: Path, port: int) -> None:
    """Start everything on this machine and watch it; Ctrl-C stops it."""
    try:
        raise SystemExit(run_everything(os.environ, folder, port))
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from problem


@click.command()
@folder_option
@click.option("--json", "for_programs", is_flag=True, help="For programs.")
def status(folder: Path, for_programs: bool) -> None:
    """Say what runs where. Exit status 1 when nothing runs."""
    found = status_of(folder)
    if for_programs:
        click.echo(as_json(found))
    else:
        for line in _in_words(found):
            click.echo(line)
    raise SystemExit(0 if found["running"] else 1)


def _in_words(found: dict[str, object]) -> list[str]:
    if not found["running"]:
        return [f"Nothing runs on {found['var']}."]
    lines = [f"Runs on {found['var']}" + ("" if found["ready"] else ", still starting")]
    addresses, processes = found.get("addresses"), found.get("processes")
    if isinstance(addresses, dict):
        lines += [f"  {name:<13}{address}" for name, address in addresses.items()]
    if isinstance(processes, list):
        for process in processes:
            state = f"runs for {process['seconds']} s" if process["running"] else "does not run"
            lines.append(f"  {process['name']:<13}process {process['pid']} {state}")
    return lines


@click.command()
@folder_option
def env(folder: Path) -> None:
    """Print the settings of the running copy for a shell: eval "$(youyou env)"."""
    try:
        values = environment(folder)
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from problem
    for name, value in values.items():
        if name in KNOWN:
            click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
def migrate() -> None:
    """Bring the database named by DATABASE_URL to the newest revision."""
    try:
        preparation.migrate(_settings().database_url)
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from problem


@click.command()
def topics() -> None:
    """Create the missing topics at the broker."""
    try:
        made = preparation.make_topics(_settings())
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from problem
    click.echo(f"Created {', '.join(made)}" if made else "Every topic is there")


@click.command()
def prepare() -> None:
    """Everything an installation needs before it starts: migrate, topics, catalogue, keys, a first account."""
    settings = _settings()
    try:
        preparation.migrate(settings.database_url)
        preparation.make_topics(settings)
    except CannotStart as problem:
        raise click.ClickException(str(problem)) from problem
    password = preparation.fill(settings, settings.database_url, click.echo)
    if password:
        click.echo(f"First account: admin, password {password} (to be changed at the first sign-in)")


@click.command()
@click.option("--host", default=HOST, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000)
def web(host: str, port: int) -> None:
    """Run the web server alone, in this process."""
    settings = _settings()
    if not is_port_free(port, host):
        raise click.ClickException(f"Port {port} is taken by another program. Choose another one with --port.")
    argv = web_command(port, host)
    click.echo(f"Serving {settings.public_url} from {host}:{port}")
    os.execv(argv[0], argv)


@click.command()
@click.option("--sandbox", is_flag=True, help="With the test cashier: no money moves.")
def secrets(sandbox: bool) -> None:
    """Print new secrets as the lines of an .env file. Keep them: YOUYOU_SECRET_KEY cannot be replaced."""
    made = Secrets.make()
    values = {"YOUYOU_SECRET_KEY": made.secret_key, "POSTGRES_PASSWORD": token_hex(16)}
    if sandbox:
        values |= {
            "APP_ENV": "development",
            "PAYMENTS": "sandbox",
            "STRIPE_SECRET_KEY": made.cashier_key,
            "STRIPE_WEBHOOK_SECRETS": made.webhook_secret,
            "STRIPE_API_BASE": f"http://{HOST}:9000",
            "YOUYOU_CASHIER_PORT": "9000",
            "IMAGE_TARGET": "sandbox",
            "COMPOSE_PROFILES": "sandbox",
        }
    for name, value in values.items():
        click.echo(f"{name}={value}")


COMMANDS: tuple[click.Command, ...] = (run, status, env, migrate, topics, prepare, web, secrets)
