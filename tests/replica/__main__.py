"""``cd tests && python -m replica``: the replica by hand, until Ctrl-C."""

import argparse
import threading
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from replica.server import Replica, serving
from replica.services import services
from replica.traps import TRAPS

USUAL = Path(__file__).parents[3] / "shared" / "data" / "notices"

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("--port", type=int, default=8099)
parser.add_argument("--notices", type=Path, default=USUAL, help="folder of real notices")
parser.add_argument(
    "--piege", action="append", default=[], choices=sorted(TRAPS), help="trap to set"
)
options = parser.parse_args()
traps = [TRAPS[name]() for name in options.piege]
made = services(options.notices, datetime.now(UTC).date())
with serving(Replica(made, traps), options.port) as replica:
    print(replica.address, *sorted(replica.services), sep="\n  ", flush=True)  # noqa: T201
    with suppress(KeyboardInterrupt):
        threading.Event().wait()
