"""Run one load profile; exits as k6 does, 99 where a threshold is crossed."""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from running import running

FOLDER = Path(__file__).resolve().parent
PROFILES: dict[str, dict[str, str]] = {  # with the settings of the service that is started for each
    "smoke": {},
    "saturation": {},
    "overload": {"SHELFWATCH_QUEUE_LIMIT": "4"},  # a capacity of a few
}


def main() -> int:
    """Start the service where no address is given, and k6."""
    parser = argparse.ArgumentParser(prog="scripts/load/run", description=__doc__)
    parser.add_argument("profile", choices=PROFILES)
    parser.add_argument("url", nargs="?", help="a running service; without one, it is started here")
    options = parser.parse_args()
    here = Path(sys.executable).parent / "k6"
    k6 = str(here) if here.exists() else shutil.which("k6")
    if k6 is None:
        parser.error("k6 is missing: scripts/install dev brings it")
    with contextlib.ExitStack() as stack:
        url = options.url or stack.enter_context(running(**PROFILES[options.profile])).url
        command = [k6, "run", "--quiet", "--no-usage-report", FOLDER / f"{options.profile}.js"]
        return subprocess.run(command, env={**os.environ, "SHELFWATCH_URL": url.rstrip("/")}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
