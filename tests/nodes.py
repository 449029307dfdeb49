"""Real OpenSearch nodes for tests, started by ``infra/opensearch/node.py``."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

SCRIPT = Path(__file__).parents[1] / "infra" / "opensearch" / "node.py"

# Seconds for a node to answer: the first time, Maven fetches what it is made of.
_FIRST, _START = 540, 120

# For an answer: machines that run tests have much else to do.
PATIENCE = 60.0


def lacking() -> str:
    """What this machine lacks to run a node, "" when nothing."""
    java = shutil.which("java") or sorted(Path("/usr/lib/jvm").glob("*/bin/java"))
    missing = [
        name for name, there in (("Java", java), ("Maven", shutil.which("mvn"))) if not there
    ]
    return f"no OpenSearch node without {' and '.join(missing)}" if missing else ""


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@dataclass
class Node:
    """A node of ours. folder: its data, its log and its Java's number."""

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def signal(self, number: signal.Signals) -> None:
        """To Java itself."""
        os.kill(int((self.folder / "pid").read_text()), number)

    def ready(self) -> None:
        """Wait until it answers."""
        limit = time.monotonic() + _FIRST + _START
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_cluster/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        log = self.folder / "log"
        told = log.read_text("utf-8", "replace")[-3_000:] if log.exists() else ""
        raise AssertionError(f"the OpenSearch node did not start\n{told}")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def start(alive: int, options: Sequence[str] = ()) -> Node:
    """A node on a free port; it ends with the process ``alive`` at the latest."""
    # Not in the folder of pytest, where only its own account may look.
    folder = Path(tempfile.mkdtemp(prefix="debouches-opensearch-"))
    folder.chmod(0o755)
    port, transport = free_port(), free_port()
    command = [sys.executable, str(SCRIPT), f"--folder={folder}", f"--port={port}"]
    command += [f"--transport={transport}", f"--while={alive}", *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    return Node(folder, port, process)


# The worker that started the node lets go of it without ending it.
_started: list[Node] = []


def shared(folder: Path) -> str:
    """Address of the node of this session, started by the first who asks. folder: of the session,
    the same for all workers."""
    note = folder / "opensearch.json"
    with FileLock(folder / "opensearch.lock"):
        if not note.exists():
            # The session's first process outlives its workers.
            first = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
            node = start(first)
            _started.append(node)
            node.ready()
            told = {"url": node.url, "folder": str(node.folder)}
            note.write_text(json.dumps(told))
    return str(json.loads(note.read_text())["url"])


def stop_shared(folder: Path) -> None:
    """End the node of this session, if one was started."""
    note = folder / "opensearch.json"
    if note.exists():
        told = json.loads(note.read_text())
        note.unlink()
        # Its data go with it: it has nothing to put in order.
        os.kill(int((Path(told["folder"]) / "pid").read_text()), signal.SIGKILL)
        shutil.rmtree(told["folder"], ignore_errors=True)
