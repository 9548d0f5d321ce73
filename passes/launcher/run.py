"""One run from the first check to the last process stopped."""

import errno
import json
import shutil
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from passes.launcher import preparation, services
from passes.launcher.kafka import EmbeddedKafka
from passes.launcher.output import Output
from passes.launcher.plan import Plan, check_broker, check_ports, make_plan
from passes.launcher.postgres import EmbeddedPostgres
from passes.launcher.problems import CannotStart, refuse_a_full_disk
from passes.launcher.state import Folder, Secrets
from passes.launcher.supervisor import StopAsked, Supervisor

STATE, ENVIRONMENT = "state.json", "environment.json"


def run(environ: Mapping[str, str], path: Path, port: int) -> int:
    """Start everything, watch it until Ctrl-C or SIGTERM, stop everything. Returns the exit status."""
    folder = Folder(path.absolute())
    folder.prepare()
    with folder.lock():
        folder.forget()
        output = Output(folder.log)
        supervisor = Supervisor(output.say)
        supervisor.listen()
        try:
            return _Run(folder, output, supervisor).go(environ, port)
        finally:
            output.close()


class _Run:
    """Carries what one run has made so far."""

    def __init__(self, folder: Folder, output: Output, supervisor: Supervisor) -> None:
        self._folder = folder
        self._output = output
        self._supervisor = supervisor
        self._began = time.monotonic()

    def go(self, environ: Mapping[str, str], port: int) -> int:
        status = 0
        try:
            plan = self._settle(environ, port)
            self._start(plan)
            self._supervisor.watch()
        except StopAsked:
            pass
        except CannotStart as problem:
            self._output.say(f"Cannot go on. {problem}")
            status = 1
        except OSError as problem:
            reason = "The disk is full" if problem.errno == errno.ENOSPC else problem.strerror or str(problem)
            self._output.say(f"Cannot go on. {reason}: {problem.filename or self._folder.path}")
            status = 1
        finally:
            # Also after a fault that nobody foresaw: no process is left behind.
            self._supervisor.stop_all()
            self._folder.forget()
            self._output.say("Stopped.")
        return status

    def _settle(self, environ: Mapping[str, str], port: int) -> Plan:
        refuse_a_full_disk(self._folder.path, 50)
        secrets = Secrets.load(self._folder)
        # The settings are checked first; the ports last, since an earlier run's processes may still hold them.
        make_plan(environ, self._folder, secrets, port)
        orphans = self._folder.stop_orphans()
        if orphans:
            self._output.say(f"An earlier run was cut off; stopped what it had left: {', '.join(orphans)}")
        plan = make_plan(environ, self._folder, secrets, port)
        check_ports(plan)
        check_broker(plan)
        shutil.rmtree(self._folder.metrics, ignore_errors=True)
        self._folder.metrics.mkdir()
        return plan

    def _start(self, plan: Plan) -> None:
        with ThreadPoolExecutor(1) as pool:
            broker = pool.submit(self._start_kafka, plan) if plan.kafka_port else None
            try:
                plan = self._start_postgres(plan)
                self._supervisor.check()
                self._output.say("Migrating the database")
                preparation.migrate(plan.settings.database_url)
                made = preparation.fill(plan.settings, plan.settings.database_url, self._output.say)
                password = self._keep_password(made)
            finally:
                self._add_kafka(broker)
        if plan.settings.kafka_bootstrap_servers:
            topics = preparation.make_topics(plan.settings)
            if topics:
                self._output.say(f"Created {len(topics)} topics")
        self._start_services(plan)
        self._folder.write(STATE, self._state(plan))
        self._welcome(plan, password)

    def _start_postgres(self, plan: Plan) -> Plan:
        if not plan.has_own_postgres:
            return plan
        path = self._folder.path / "postgres"
        self._output.say("Starting PostgreSQL" if path.exists() else "Setting up PostgreSQL")
        server = EmbeddedPostgres(path, sink=self._output.sink("postgres"), run_dir=self._folder.run)
        url = server.start()
        self._supervisor.add(server)
        environment = {**plan.environment, "DATABASE_URL": url}
        return replace(plan, environment=environment, settings=replace(plan.settings, database_url=url))

    def _start_kafka(self, plan: Plan) -> EmbeddedKafka:
        path = self._folder.path / "kafka"
        self._output.say("Starting Kafka" if path.exists() else "Setting up Kafka (its jars are fetched once)")
        broker = EmbeddedKafka(path, plan.kafka_port, sink=self._output.sink("kafka"), run_dir=self._folder.run)
        broker.start()
        return broker

    def _add_kafka(self, broker: "Future[EmbeddedKafka] | None") -> None:
        if broker is not None:
            self._supervisor.add(broker.result())

    def _start_services(self, plan: Plan) -> None:
        self._folder.write(ENVIRONMENT, dict(sorted(plan.environment.items())))
        commands = services.commands(
            port=plan.port, direct=plan.settings.events == "direct", with_cashier=plan.cashier_port is not None
        )
        self._output.say(f"Starting {', '.join(commands)}")
        for name, argv in commands.items():
            self._supervisor.check()
            service = services.Service(
                name, argv, plan.environment, sink=self._output.sink(name), run_dir=self._folder.run
            )
            service.start()
            self._supervisor.add(service)
        self._supervisor.wait_for(lambda: services.answers(plan.port, "/readyz"), "web", services.READY_SECONDS)

    def _keep_password(self, password: str | None) -> str:
        """The first account's password stays in secrets.json, so that a later start can show it again."""
        secrets = Secrets.load(self._folder)
        if password:
            secrets = replace(secrets, first_password=password)
            secrets.save(self._folder)
        return secrets.first_password

    def _state(self, plan: Plan) -> dict[str, object]:
        return {
            "ready": True,
            "var": str(self._folder.path),
            "addresses": plan.addresses(),
            "ports": {"web": plan.port, "cashier": plan.cashier_port, "kafka": plan.kafka_port},
            "events": plan.settings.events,
            "payments": plan.settings.payments,
            "app_env": plan.settings.app_env,
            "kafka_bootstrap_servers": plan.settings.kafka_bootstrap_servers,
            "database_url": plan.settings.database_url if plan.has_own_postgres else None,
        }

    def _welcome(self, plan: Plan, password: str) -> None:
        lines = ["", f"悠游兰州 is ready ({time.monotonic() - self._began:.1f} s)."]
        lines += [f"  {name:<13}{address}" for name, address in plan.addresses().items()]
        words = f"admin, first password {password}, to be changed at the first sign-in"
        lost = 'admin (password lost? eval "$(youyou env)" && youyou staff reset admin)'
        lines.append(f"  {'staff':<13}{words if password else lost}")
        lines += [f"  {'data':<13}{self._folder.path}", "Ctrl-C stops everything. `youyou status` says what runs.", ""]
        self._output.say("\n".join(lines))


def status(path: Path) -> dict[str, object]:
    """What runs on this folder: `running`, the addresses and ports, and every process with its number."""
    folder = Folder(path.absolute())
    noted = folder.read(STATE)
    processes = [
        {"name": name, "pid": record.pid, "running": record.is_alive(), "seconds": round(time.time() - record.started)}
        for name, record in folder.records().items()
    ]
    running = folder.is_locked()
    base: dict[str, object] = {"running": running, "ready": False, "var": str(folder.path)}
    return {**base, **(noted if running else {}), "processes": processes}


def environment(path: Path) -> dict[str, str]:
    """The settings the running copy gave its processes."""
    folder = Folder(path.absolute())
    if not folder.is_locked():
        raise CannotStart(f"Nothing runs on {folder.path}.")
    return {name: str(value) for name, value in folder.read(ENVIRONMENT).items()}


def as_json(content: object) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False)
