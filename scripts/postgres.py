"""A PostgreSQL server of our own in a temporary folder, for tests and measurements."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path

PLACES = ("/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt")  # Debian, Homebrew


def find_programs() -> Path | None:
    """The folder with `initdb` and `postgres`, the newest version where there are several."""
    found = [file for place in PLACES for file in Path(place).glob("*/bin/initdb")]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path))
    usable = [file.parent for file in found if (file.parent / "postgres").exists()]
    return max(
        usable, key=lambda folder: [int(part) for part in folder.parent.name.split(".") if part.isdigit()], default=None
    )


class NotInstalledError(RuntimeError):
    """There is no PostgreSQL here."""


class PostgresServer:
    """A server on a free port of loopback that trusts whoever connects; files are gone after `close`.

    Raises `NotInstalledError`, or `RuntimeError` where one of its programs fails.
    """

    def __init__(self) -> None:
        programs = find_programs()
        if programs is None:
            raise NotInstalledError("PostgreSQL is not installed: run scripts/install-postgres")
        self.programs = programs
        self.folder = Path(tempfile.mkdtemp(prefix="shelfwatch-postgres-"))
        # PostgreSQL refuses to run as root.
        self.user = _other_user() if os.getuid() == 0 else None
        if self.user:
            shutil.chown(self.folder, self.user)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._run("initdb", "-D", "data", "-U", "shelfwatch", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N")
        self.start()

    def url(self, database: str = "postgres") -> str:
        """The address of one of its databases."""
        return f"postgresql://shelfwatch@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Start and wait until it answers."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c max_connections=200 "
        options += "-c fsync=off"  # no test cuts the power; the programs under test are what is killed
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """Stop at once, whoever is connected."""
        self._run("pg_ctl", "-D", "data", "-m", "fast", "-w", "stop")

    def make(self, database: str) -> str:
        """Make an empty database; its address."""
        import psycopg

        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{database}"')
        return self.url(database)

    def close(self) -> None:
        """Stop and remove every file."""
        with contextlib.suppress(RuntimeError):  # it was stopped
            self._run("pg_ctl", "-D", "data", "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            user=self.user,
            group=self.user and pwd.getpwnam(self.user).pw_gid,
            extra_groups=[] if self.user else None,
            stdin=subprocess.DEVNULL,
            stdout=(self.folder / "output").open("ab"),
            stderr=subprocess.STDOUT,
            timeout=120,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{(self.folder / 'output').read_text()}")


def _other_user() -> str:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return "nobody"
