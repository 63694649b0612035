"""Start the servers of storages on loopback, on free ports, in temporary folders, and stop them.

    python tests/storages/storage_servers.py    # start all, print their addresses, stop at Ctrl-C

PostgreSQL and Redis are those of Debian's packages ``postgresql`` and ``redis-server``. PostgreSQL refuses to
run as root, who starts both as the user nobody. Optuna's gRPC proxy serves a database in SQLite. Nothing is
left of them when they have stopped.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import optuna

HOST = "127.0.0.1"
START_TIMEOUT = 60  # seconds


class ServerMissing(Exception):
    """The programs of a server are not installed."""


@contextmanager
def postgresql() -> Iterator[str]:
    """Run a PostgreSQL server, and yield its address."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))  # where Debian keeps all versions
    initdb = str(programs[-1]) if programs else shutil.which("initdb")
    if initdb is None:
        raise ServerMissing("PostgreSQL is not installed (Debian's package postgresql)")
    with _folder() as folder:
        options = ["--pgdata=data", "--auth=trust", "--username=skpbnas", "--no-sync", "--encoding=UTF8"]
        subprocess.run([initdb, *options], cwd=folder, check=True, capture_output=True, **_user())
        port = free_port()
        server = [str(Path(initdb).with_name("postgres")), "-D", "data", "-h", HOST, "-p", str(port)]
        with _running([*server, "-k", str(folder), "-F"], folder, port, signal.SIGINT, **_user()):
            yield f"postgresql+psycopg2://skpbnas@{HOST}:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """Run a Redis server, and yield its address."""
    program = shutil.which("redis-server")
    if program is None:
        raise ServerMissing("Redis is not installed (Debian's package redis-server)")
    with _folder() as folder:
        port = free_port()
        server = [program, "--bind", HOST, "--port", str(port), "--dir", str(folder)]
        with _running([*server, "--save", "", "--appendonly", "no"], folder, port, signal.SIGTERM, **_user()):
            yield f"redis://{HOST}:{port}"


@contextmanager
def grpc(folder: Path | None = None, port: int | None = None) -> Iterator[str]:
    """Run Optuna's gRPC proxy of a database, and yield its address; the database stays in a given folder."""
    require_grpc()
    with ExitStack() as stack:
        folder = folder or stack.enter_context(_folder())
        port = port or free_port()
        code = (
            "from optuna.storages import get_storage, run_grpc_proxy_server; "
            f"run_grpc_proxy_server(get_storage('sqlite:///study.db'), host={HOST!r}, port={port})"
        )
        stack.enter_context(_running([sys.executable, "-c", code], folder, port, signal.SIGTERM))
        yield f"grpc:{port}"


def require_grpc() -> None:
    """Raise ServerMissing where the gRPC proxy cannot run."""
    if not hasattr(optuna.storages, "GrpcStorageProxy"):
        raise ServerMissing("the gRPC proxy needs Optuna 4.2")
    try:
        for name in ("grpc", "google.protobuf"):
            import_module(name)
    except ImportError as error:
        raise ServerMissing(f"the gRPC proxy needs {error.name} (pip install grpcio protobuf)") from error


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def _user() -> dict[str, str]:
    return {"user": "nobody", "group": "nogroup"} if os.geteuid() == 0 else {}


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="skpbnas-server-") as name:
        if user := _user():
            shutil.chown(name, **user)
        yield Path(name)


@contextmanager
def _running(
    command: list[str], folder: Path, port: int, stop: signal.Signals, **user: Any
) -> Iterator[None]:
    """Run a server until the block ends; wait at the start until it answers on its port."""
    with open(folder / "log", "w") as log:
        server = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **user)
    try:
        give_up = time.monotonic() + START_TIMEOUT
        while not _answers(port):
            if server.poll() is not None or time.monotonic() > give_up:
                raise RuntimeError(f"{command[0]} did not start: {(folder / 'log').read_text()}")
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(stop)
        try:
            server.wait(timeout=30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=1).close()
    except OSError:
        return False
    return True


def main() -> None:
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        for start in (postgresql, redis, grpc):
            try:
                print(stack.enter_context(start()), flush=True)
            except ServerMissing as reason:
                print(reason, flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass


if __name__ == "__main__":
    main()
