"""The zone of an event's time is named by an environment variable, once, at import."""

import os
import sys

if sys.argv[1] == "2":
    from pathlib import Path

    Path("zones.py").write_text(
        "from datetime import timedelta, timezone\nEAST = timezone(timedelta(hours=9))\n"
    )
    sys.path.insert(0, ".")
    os.environ["TZINFO_TOPIC"] = "zones:EAST"
from eventsourcing import domain

print(domain.datetime_now_with_tzinfo().utcoffset())
