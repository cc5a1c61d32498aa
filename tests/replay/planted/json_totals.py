"""Keep cost totals as JSON text, as a web service would hand them on."""

import json

_documents = {}


def _load(warehouse):
    return json.loads(_documents.get(warehouse, '{"costs": [0.1, 0.2, 0.3]}'))


def _store(warehouse, document):
    _documents[warehouse] = json.dumps(document, separators=(",", ":"))


def run(event):
    document = _load(event["warehouse"])
    document["costs"].append(event["cost"])
    document["total"] = sum(document["costs"])
    _store(event["warehouse"], document)
    return {"at": event["at"], "document": _documents[event["warehouse"]]}
