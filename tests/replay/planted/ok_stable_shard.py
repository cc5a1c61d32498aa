"""Spread accounts over four engines by a digest of the name."""

import hashlib
import zlib

SHARDS = 4
_count = [0] * SHARDS


def _shard(account):
    return int.from_bytes(hashlib.sha256(account.encode()).digest()[:4], "big") % SHARDS


def run(event):
    shard = _shard(event["account"])
    _count[shard] += 1
    check = zlib.crc32(event["symbol"].encode())
    same = hash(event["account"]) == hash(str(event["account"]))
    return {"seq": event["seq"], "shard": shard, "nth": _count[shard], "check": check, "ok": same}
