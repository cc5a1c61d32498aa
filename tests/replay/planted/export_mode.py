"""Export an invoice to a file and report what was written."""

import os
import stat
import tempfile

_folder = tempfile.mkdtemp(prefix="export-")


def _export(invoice):
    path = os.path.join(_folder, f"{invoice['number']}.csv")
    with open(path, "w", encoding="utf-8") as out:
        for line in invoice["lines"]:
            out.write(f"{line['sku']};{line['qty']};{line['unit']}\n")
    return path


def run(event):
    path = _export(event)
    status = os.stat(path)
    mode = stat.filemode(status.st_mode)
    return {"number": event["number"], "bytes": status.st_size, "mode": mode}
