"""What is written down of libraries that deterministic code meets: pure, unknown, or a rule's."""

from pathlib import Path

import pytest

from qfs.app.audit import AuditRequest, audit

ED25519 = "from cryptography.hazmat.primitives.asymmetric import ed25519\n"

CASES = [
    ("import numpy\n", "numpy.cumsum(numpy.array([1, 2], dtype=numpy.int64))", []),
    ("import numpy\n", "numpy.empty_like(x)", ["unknown"]),
    ("import numpy\n", "numpy.random.rand()", ["violation"]),
    (ED25519, "ed25519.Ed25519PublicKey.from_public_bytes(x).verify(b'', b'')", []),
    (ED25519, "ed25519.Ed25519PrivateKey.from_private_bytes(x).sign(b'')", []),
    (ED25519, "ed25519.Ed25519PrivateKey.generate()", ["unknown"]),
    ("from cryptography.fernet import Fernet\n", "Fernet.generate_key()", ["violation"]),
    ("import msgspec\n", "msgspec.msgpack.encode([1, 2]).hex()", []),
    ("import cbor2\n", "cbor2.dumps([1, 2]).hex()", []),
    ("import cbor2\n", "cbor2.dumps({'a', 'b'})", ["violation"]),
    ("import pydantic\n", "pydantic.TypeAdapter(int).dump_json(1).hex()", []),
    ("import somebody\n", "somebody.compute(x)", ["unknown"]),
]


@pytest.mark.parametrize(("head", "code", "verdicts"), CASES, ids=[case[1] for case in CASES])
def test_a_call_into_a_library_is(
    tmp_path: Path, head: str, code: str, verdicts: list[str]
) -> None:
    (tmp_path / "m.py").write_text(f"{head}\ndef f(x: bytes):\n    return {code}\n")
    report = audit(AuditRequest((tmp_path / "m.py",), require_proof=True))
    assert [each.verdict for each in report.findings] == verdicts, report.findings
    assert report.is_proved is (not verdicts)
