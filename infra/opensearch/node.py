#!/usr/bin/env python3
"""Runs one OpenSearch node, without a container engine and on 127.0.0.1 only:

    infra/opensearch/node.py --folder /tmp/noeud --port 9200

It stays in the foreground and stops with SIGTERM or Ctrl-C. FOLDER/pid holds the number of the
Java process, FOLDER/log what it says. OpenSearch refuses root, who runs it as another account.
For tests and trials: there is no TLS and no password. In production: `compose.yml`."""

import argparse
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import distribution

# Those that still have the security manager that this version relies on.
_JAVAS = ("java-17*", "java-21*", "java-11*")

_LOGGING = """status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%c{1.}] %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
"""


def java() -> str | None:
    """The Java to run, None when there is none."""
    own = Path(os.environ.get("JAVA_HOME", "/nowhere")) / "bin/java"
    known = [
        found for name in _JAVAS for found in sorted(Path("/usr/lib/jvm").glob(f"{name}/bin/java"))
    ]
    return next((str(path) for path in (own, *known) if path.exists()), shutil.which("java"))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--folder", type=Path, required=True, help="data and logs of this node")
    parser.add_argument("--port", type=int, default=9200, help="HTTP")
    parser.add_argument("--transport", type=int, help="between nodes (PORT + 100)")
    parser.add_argument("--heap", default="512m")
    parser.add_argument("--user", default="nobody", help="account that runs it when you are root")
    parser.add_argument("--name", default="n1")
    parser.add_argument("--cluster", default="debouches")
    parser.add_argument(
        "--peers", default="", help="nodes of the cluster, this one too: n1=9300,n2=9301,n3=9302"
    )
    parser.add_argument("--while", dest="alive", type=int, help="stop when this process ends")
    return parser.parse_args()


def _settings(asked: argparse.Namespace) -> str:
    lines = [
        f"cluster.name: {asked.cluster}",
        f"node.name: {asked.name}",
        "network.host: 127.0.0.1",
        f"http.port: {asked.port}",
        f"transport.port: {asked.transport or asked.port + 100}",
        f"path.data: {asked.folder}/data",
        f"path.logs: {asked.folder}/logs",
    ]
    if asked.peers:
        peers = dict(one.split("=") for one in asked.peers.split(","))
        lines.append(
            f"discovery.seed_hosts: [{', '.join(f'127.0.0.1:{p}' for p in peers.values())}]"
        )
        lines.append(f"cluster.initial_cluster_manager_nodes: [{', '.join(peers)}]")
    else:
        lines.append("discovery.type: single-node")
    return "\n".join(lines) + "\n"


def _prepare(asked: argparse.Namespace) -> None:
    for name in ("config", "data", "logs", "tmp"):
        (asked.folder / name).mkdir(parents=True, exist_ok=True)
    (asked.folder / "config" / "opensearch.yml").write_text(_settings(asked), "utf-8")
    (asked.folder / "config" / "log4j2.properties").write_text(_LOGGING, "utf-8")


def _given_away(folder: Path, account: str) -> dict[str, object]:
    """Root gives the folder to the account that will run the node."""
    if os.geteuid() != 0:
        return {}
    owner = pwd.getpwnam(account)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    return {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}


def _command(asked: argparse.Namespace, home: Path, binary: str) -> list[str]:
    return [
        binary,
        f"-Xms{asked.heap}",
        f"-Xmx{asked.heap}",
        "-XX:+UseSerialGC",
        "-Djava.security.manager=allow",
        f"-Dopensearch.path.home={home}",
        f"-Dopensearch.path.conf={asked.folder}/config",
        "-Dopensearch.distribution.type=tar",
        f"-Djava.io.tmpdir={asked.folder}/tmp",
        "-Djava.locale.providers=SPI,COMPAT",
        "-Dlog4j2.disable.jmx=true",
        "-Dlog4j.shutdownHookEnabled=false",
        "-Dio.netty.noUnsafe=true",
        "-Dio.netty.noKeySetOptimization=true",
        "--add-opens=java.base/java.io=ALL-UNNAMED",
        "-cp",
        f"{home}/lib/*",
        "org.opensearch.bootstrap.OpenSearch",
    ]


def _wait(node: "subprocess.Popen[bytes]", alive: int | None) -> int:
    """Until the node ends, or the process that it is for."""
    if alive is None:
        return node.wait()
    ends = [os.pidfd_open(node.pid)]
    try:
        ends.append(os.pidfd_open(alive))
        select.select(ends, [], [])
    except ProcessLookupError:
        pass
    if node.poll() is None:
        node.terminate()
    return node.wait()


def main() -> int:
    """Exit status of the node; 2 without Java or Maven."""
    asked = _arguments()
    asked.folder = asked.folder.resolve()
    binary = java()
    if binary is None or shutil.which("mvn") is None:
        print("Java 17 and Maven are needed: infra/install-system", file=sys.stderr)
        return 2
    home = distribution.installed()
    _prepare(asked)
    account = _given_away(asked.folder, asked.user)
    with (asked.folder / "log").open("ab") as log:
        node = subprocess.Popen(
            _command(asked, home, binary),
            cwd=asked.folder,
            stdout=log,
            stderr=log,
            **account,  # type: ignore[call-overload]
        )
    (asked.folder / "pid").write_text(str(node.pid))
    signal.signal(signal.SIGTERM, lambda *_: node.terminate())
    try:
        return _wait(node, asked.alive)
    except KeyboardInterrupt:
        return node.wait()


if __name__ == "__main__":
    sys.exit(main())
