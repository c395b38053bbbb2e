"""What tests run in processes of their own. They fork from a server that has loaded the package, so they start fast."""

from __future__ import annotations

import multiprocessing
import os
import random
import threading
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from pathlib import Path

from shelfwatch.audits.database import Database
from shelfwatch.audits.dispatcher import Dispatcher, DispatchOptions
from shelfwatch.audits.folder import FolderPhotos
from shelfwatch.audits.migrate import upgrade

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["audits.workers", "audits.memories", "alembic.command"])


def start_up(url: str, barrier: Barrier) -> None:
    """Bring the tables up to date at the same moment as others do."""
    database = Database(url)
    barrier.wait()
    upgrade(database)
    database.close()


def record_forever(url: str, folder: Path, acknowledged: Connection) -> None:
    """Start as the service does, then record from four threads and send the id and photo of each audit."""
    from audits.memories import Memory

    memory = Memory(Database(url), FolderPhotos(folder))
    memory.start()
    sending = threading.Lock()

    def work(thread: int) -> None:
        chance = random.Random(os.getpid() * 10 + thread)
        while True:
            audit = memory.record(
                chance.randrange(1 << 20), bay=f"Bay {chance.randrange(3)}", key=chance.randbytes(8).hex()
            )
            with sending:
                acknowledged.send((audit.id, audit.photo))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def dispatch_forever(url: str, folder: Path, options: DispatchOptions) -> None:
    """Deliver what is due."""
    from audits.memories import Memory

    Dispatcher(Memory(Database(url), FolderPhotos(folder)), options).run()
