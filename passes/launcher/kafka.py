"""An embedded Apache Kafka: one KRaft broker on this machine's loopback."""

import base64
import shutil
import subprocess
import uuid
from pathlib import Path

from passes.launcher.kafka_jars import java_program, kafka_jars
from passes.launcher.places import free_port, is_port_free
from passes.launcher.problems import CannotStart, is_disk_full, refuse_a_full_disk
from passes.launcher.processes import Child, Command, LineSink, wait_until, write_to

STARTED = "Kafka Server started"
START_SECONDS = 120
# A single broker acknowledges before the data is on the disk; a power cut would lose events that are marked as sent.
# So every message is flushed, and nothing is ever thrown away.
SETTINGS = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
log.dirs={data}
auto.create.topics.enable=false
num.partitions=12
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
log.flush.interval.messages={flush_interval}
log.retention.ms=-1
log.retention.bytes=-1
"""


class EmbeddedKafka:
    """A broker with its data below `folder`. `durable=False` is for tests: nothing is flushed to the disk."""

    name = "kafka"

    def __init__(
        self,
        folder: Path,
        port: int | None = None,
        *,
        durable: bool = True,
        sink: LineSink | None = None,
        run_dir: Path | None = None,
    ) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.port = port or free_port()
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._durable = durable
        self._sink = sink or write_to(folder / "kafka.log")
        self._run_dir = run_dir
        self._last_lines: list[str] = []
        self._child: Child | None = None

    def start(self) -> str:
        """Make the data where there is none, start the broker, return its address once it serves clients."""
        self.folder.mkdir(parents=True, exist_ok=True)
        refuse_a_full_disk(self.folder, 100)
        if not is_port_free(self.port):
            raise CannotStart(f"Port {self.port}, wanted by Kafka, is taken.")
        settings = self.folder / "server.properties"
        settings.write_text(self._settings(self.data))
        base = self._java_base()
        if not self.data.exists():
            self._format(base)
        argv = [*base, "-Xmx320m", "-XX:TieredStopAtLevel=1", "kafka.Kafka", str(settings)]
        self._child = Child(
            Command("kafka", argv, cwd=self.folder, stop_seconds=30),
            self._on_line,
            run_dir=self._run_dir,
            ready_text=STARTED,
        )
        self._child.start()
        child = self._child
        wait_until(lambda: child.ready.is_set() or child.exit_code() is not None, START_SECONDS)
        if not child.ready.is_set():
            child.stop(force=True)
            words = "\n".join(self._last_lines)
            advice = " The disk is full: free some space and start again." if is_disk_full(words) else ""
            raise CannotStart(f"Kafka did not start on {self.data}.{advice} Its last words:\n{words}")
        return self.bootstrap

    @property
    def child(self) -> Child:
        """The running broker."""
        if self._child is None:
            raise RuntimeError("Kafka was not started")
        return self._child

    def stop(self) -> None:
        """Stop it cleanly."""
        if self._child:
            self._child.stop()

    def _settings(self, data: Path) -> str:
        controller_port = free_port()
        flush_interval = 1 if self._durable else 10_000
        return SETTINGS.format(
            port=self.port, controller_port=controller_port, data=data.resolve(), flush_interval=flush_interval
        )

    def _java_base(self) -> list[str]:
        quiet = "-Dorg.slf4j.simpleLogger"
        return [
            str(java_program()),
            "-cp",
            f"{kafka_jars()}/*",
            "-XX:+UseSerialGC",
            f"{quiet}.defaultLogLevel=warn",
            f"{quiet}.log.kafka.server.KafkaRaftServer=info",
            # Two warnings that every start and every stop of a single broker gives.
            f"{quiet}.log.org.apache.kafka.controller.QuorumController=error",
            f"{quiet}.log.org.apache.kafka.clients.NetworkClient=error",
            f"{quiet}.showDateTime=true",
            f"{quiet}.dateTimeFormat=HH:mm:ss",
        ]

    def _format(self, base: list[str]) -> None:
        # A format that was cut off leaves only this folder behind; the finished one appears by a rename.
        beside = self.folder / "data.unfinished"
        shutil.rmtree(beside, ignore_errors=True)
        settings = self.folder / "format.properties"
        settings.write_text(self._settings(beside))
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        # One id in 64 begins with a dash: behind a space the tool would take it for an option.
        format_it = ("kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", "-c", str(settings))
        tool = ["-XX:TieredStopAtLevel=1", *format_it]
        made = subprocess.run([*base, *tool], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(beside, ignore_errors=True)
            raise CannotStart(f"Kafka could not set up its data in {self.folder}: {made.stdout}{made.stderr}")
        settings.unlink()
        beside.rename(self.data)

    def _on_line(self, line: str) -> None:
        self._last_lines = [*self._last_lines[-9:], line]
        self._sink(line)
