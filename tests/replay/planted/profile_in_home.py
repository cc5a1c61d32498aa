"""Resolve the profile of the worker that executes a step."""

from pathlib import Path

_profiles = {}


def _profile(worker):
    base = Path("~/.workers").expanduser()
    path = base / worker / "profile.toml"
    return str(path)


def run(event):
    worker = event["worker"]
    path = _profiles.setdefault(worker, _profile(worker))
    return {"run": event["run"], "profile": path, "length": len(path), "known": len(_profiles)}
