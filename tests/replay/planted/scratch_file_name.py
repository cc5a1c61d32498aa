"""Write the XML form of an invoice to a scratch file for the mailer."""

import os
import tempfile

_queue = []


def _xml(invoice):
    rows = "".join(f"<l sku='{line['sku']}' n='{line['qty']}'/>" for line in invoice["lines"])
    return f"<invoice number='{invoice['number']}'>{rows}</invoice>"


def _scratch(text):
    handle, path = tempfile.mkstemp(suffix=".xml")
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    os.unlink(path)
    return os.path.basename(path)


def run(event):
    name = _scratch(_xml(event))
    _queue.append(name)
    return {"number": event["number"], "attachment": name, "queued": len(_queue)}
