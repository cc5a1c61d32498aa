"""Every member of an archive carries the time at which it was written."""

import sys
import time
from types import SimpleNamespace

from vyper.compiler.output_bundle import VyperArchiveWriter
from vyper.compiler.settings import Settings

time.sleep(2.1 * (sys.argv[1] == "2"))
writer = VyperArchiveWriter(SimpleNamespace())
writer.write_sources({"a.vy": SimpleNamespace(contents="x")})
writer.write_storage_layout_overrides("a.vy", SimpleNamespace(path="layout.json", contents="{}"))
writer.write_search_paths(["."])
writer.write_settings(Settings())
writer.write_settings(None)
writer.write_integrity("0")
writer.write_compilation_target(["a.vy"])
writer.write_version("0")
print([(each.filename, each.date_time) for each in writer.archive.infolist()])
