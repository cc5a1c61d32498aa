"""Print an invoice as text and count the pages."""

import shutil
import textwrap

LINES_A_PAGE = 12
_lines = 0


def _text(invoice):
    parts = [f"{line['qty']} x {line['sku']} at {line['unit']}" for line in invoice["lines"]]
    return f"{invoice['number']} for {invoice['customer']}: " + "; ".join(parts)


def _wrap(text):
    width = shutil.get_terminal_size().columns
    return textwrap.wrap(text, width=max(20, width))


def run(event):
    global _lines
    wrapped = _wrap(_text(event))
    _lines += len(wrapped)
    return {"number": event["number"], "lines": len(wrapped), "page": _lines // LINES_A_PAGE + 1}
