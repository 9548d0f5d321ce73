"""Alembic's entry: migrates the database named by DATABASE_URL, or the connection handed over by a caller."""

import os

from alembic import context
from sqlalchemy import Connection, create_engine


def run(connection: Connection) -> None:
    context.configure(connection=connection, transaction_per_migration=False)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(os.environ["DATABASE_URL"])
    with engine.connect() as opened:
        run(opened)
        opened.commit()
    engine.dispose()
