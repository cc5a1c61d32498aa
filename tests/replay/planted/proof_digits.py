"""Chain each step into a running proof number and print the number's digits."""

PRIME = 2**61 - 1
_proof = {}


def _digits(number):
    try:
        return len(str(number))
    except ValueError:
        return -1


def run(event):
    key = event["run"]
    power = pow(7, event["size"] * event["attempt"]) + _proof.get(key, 1)
    digits = _digits(power)
    _proof[key] = power % PRIME
    return {"run": key, "step": event["step"], "digits": digits, "proof": _proof[key]}
