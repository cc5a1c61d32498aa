"""Keep the stock sheet in a file and name its version after the file's time."""

import json
import os
import tempfile

_handle, _path = tempfile.mkstemp(suffix=".json")
os.close(_handle)
_sheet = {}


def _save():
    with open(_path, "w", encoding="utf-8") as out:
        json.dump(_sheet, out, sort_keys=True)
    return os.stat(_path).st_mtime_ns


def run(event):
    sku = event["sku"]
    _sheet[sku] = _sheet.get(sku, 0) + event["delta"]
    version = _save()
    return {"at": event["at"], "level": _sheet[sku], "version": f"v{version // 1000 % 10**9}"}
