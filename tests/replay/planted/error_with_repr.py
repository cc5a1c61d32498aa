"""Check invoices and report what is wrong with the lines, for the accountant's list."""


class TaxRule:
    def __init__(self, name, percent, ceiling):
        self.name = name
        self.percent = percent
        self.ceiling = ceiling

    def applies(self, line):
        return float(line["unit"]) * line["qty"] <= self.ceiling


RULES = {
    "standard": TaxRule("standard", 19, 200),
    "reduced": TaxRule("reduced", 7, 150),
    "zero": TaxRule("zero", 0, 100),
}


def _problems(invoice):
    for line in invoice["lines"]:
        rule = RULES[line["tax"]]
        if not rule.applies(line):
            yield f"{line['sku']}: {rule} does not allow {line['qty']} x {line['unit']}"


def run(event):
    found = list(_problems(event))
    return {"number": event["number"], "ok": not found, "problems": found}
