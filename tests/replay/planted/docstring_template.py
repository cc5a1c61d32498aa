"""Write reminders; the text is the docstring of the level's function."""

_sent = {}


def friendly(name):
    """Dear {name}, may we remind you of invoice {number}?"""
    return name


def firm(name):
    """To {name}: invoice {number} is overdue. Pay at once."""
    return name.upper()


def _text(level, invoice):
    template = level.__doc__ or "{number}"
    return template.format(name=level(invoice["customer"]), number=invoice["number"])


def run(event):
    customer = event["customer"]
    _sent[customer] = _sent.get(customer, 0) + 1
    level = friendly if _sent[customer] < 3 else firm
    return {"number": event["number"], "text": _text(level, event), "sent": _sent[customer]}
