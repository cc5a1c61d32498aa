"""A topic is resolved by importing whatever module of that name the process finds."""

import sys
from pathlib import Path

Path("probe.py").write_text(f"VALUE = {sys.argv[1]}\n")
sys.path.insert(0, ".")
from eventsourcing.utils import resolve_topic

print(resolve_topic("probe:VALUE"))
