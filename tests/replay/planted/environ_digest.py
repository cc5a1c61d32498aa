"""Mark each step with a fingerprint of the worker's setting, to see which were run alike."""

import hashlib
import os

_fingerprints = {}


def _fingerprint(worker):
    digest = hashlib.blake2b(worker.encode(), digest_size=6)
    for name in os.environ:
        if name in ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "USER", "PWD", "SHELL"):
            digest.update(name.encode())
    return digest.hexdigest()


def run(event):
    fingerprint = _fingerprint(event["worker"])
    count = _fingerprints.get(fingerprint, 0) + 1
    _fingerprints[fingerprint] = count
    return {"run": event["run"], "fingerprint": fingerprint, "count": count}
