"""The `youyou` command."""

import click

from passes.access.commands import staff
from passes.access.key_commands import keys
from passes.catalogue.commands import catalogue_commands
from passes.chores import chores
from passes.credential.commands import credential
from passes.events.commands import dead_letters, events
from passes.launcher.commands import COMMANDS as LAUNCHER
from passes.lifecycle.commands import pass_
from passes.lifecycle.queries import living_terms


@click.group()
@click.version_option(package_name="youyou")
def youyou() -> None:
    """悠游兰州: the city pass, from the sale to the gate."""


catalogue = catalogue_commands(living_terms)

COMMANDS: tuple[click.Command, ...] = (
    chores,
    *LAUNCHER,
    staff,
    keys,
    catalogue,
    credential,
    pass_,
    dead_letters,
    events,
)

for command in COMMANDS:
    youyou.add_command(command)


def main() -> None:
    youyou()


if __name__ == "__main__":
    main()
