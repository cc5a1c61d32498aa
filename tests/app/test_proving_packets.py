"""Proofs of packets: RFC 9162 paths under the state root, and against every change of a byte."""

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from qfs import packet as packet_
from qfs.app.proving import history_of, prove_one, prove_packet_of, verify, verify_file
from qfs.canon import ZERO_DIGEST
from qfs.errors import InputError, ProofError, UsageError
from qfs.kernel.proofs import prove_packet, read_proof, verify_packet_proof
from qfs.shell import log, providers
from tests.app.logs import make_log

PACKETS = 12


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("ledger")
    make_log(directory, PACKETS, signed=True)
    return directory


def recomputed(ids: list[bytes], roots: list[bytes]) -> bytes:
    """The tree's root by the definition of RFC 9162 §2.1.1, written anew."""

    def mth(leaves: list[bytes]) -> bytes:
        if len(leaves) == 1:
            return sha256(b"\0" + leaves[0]).digest()
        split = 1
        while split * 2 < len(leaves):
            split *= 2
        return sha256(b"\1" + mth(leaves[:split]) + mth(leaves[split:])).digest()

    befores = [bytes(32), *roots[:-1]]
    return mth([one + before for one, before in zip(ids, befores, strict=True)])


def test_the_tree_is_the_one_of_the_rfc_over_ids_and_roots(ledger: Path) -> None:
    frames = log.read(ledger).frames
    world, history = history_of(ledger, providers.DEFAULT)
    ids = [packet_.decode(frame.body).id for frame in frames[1:]]
    assert history == list(zip([world.ledger, *ids], [frame.root for frame in frames], strict=True))
    for size in range(1, PACKETS + 2):
        roots = [frame.root for frame in frames[:size]]
        tree = recomputed([world.ledger, *ids][:size], list(roots))
        if size == PACKETS + 1:
            assert world.packets.root() == tree
            assert world.packets.size == size


def test_every_packet_is_proved_with_nothing_but_the_root(ledger: Path, tmp_path: Path) -> None:
    frames = log.read(ledger).frames
    root = frames[-1].root
    for seq in range(PACKETS + 1):
        file = tmp_path / f"{seq}.proof"
        made = prove_packet_of(ledger, seq, file)
        checked = verify_file(file, root.hex())
        assert made == checked
        assert (checked.verified, checked.there, checked.packet) == (True, True, seq)
        before = ZERO_DIGEST if seq == 0 else frames[seq - 1].root
        assert checked.root_before == before
        if seq:
            assert checked.identity == packet_.decode(frames[seq].body).id
        other = verify_file(file, frames[-2].root.hex())
        assert (other.verified, other.identity, other.packet) == (False, None, None)


def test_that_a_packet_is_not_there_yet_is_proved_too(ledger: Path, tmp_path: Path) -> None:
    root = log.read(ledger).frames[-1].root
    file = tmp_path / "absent.proof"
    prove_one(ledger, None, PACKETS + 1, file)
    checked = verify_file(file, root.hex())
    assert (checked.verified, checked.there, checked.identity) == (True, False, None)
    assert checked.packets == PACKETS


def test_no_change_of_a_byte_of_a_packets_proof_is_taken(ledger: Path) -> None:
    world, history = history_of(ledger, providers.DEFAULT)
    for seq in (0, 5, PACKETS, PACKETS + 3):
        data = prove_packet(world, history, seq).to_bytes()
        taken = []
        for place in range(len(data)):
            changed = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
            try:
                report = verify(changed, world.root, "changed")
            except InputError:
                continue
            if report.verified and (report.packet, report.there) != (seq ^ 1, False):
                taken.append(place)
        assert taken == []


def test_a_proof_that_lies_is_refused(ledger: Path) -> None:
    world, history = history_of(ledger, providers.DEFAULT)
    there, absent = prove_packet(world, history, 3), prove_packet(world, history, 99)
    assert read_proof(there.to_bytes()) == there
    for lie in (
        replace(there, seq=4),
        replace(there, packet=history[4][0]),
        replace(there, before=history[3][1]),
        replace(there, path=there.path[:-1]),
        replace(there, path=(*there.path, ZERO_DIGEST)),
        replace(there, seq=99),
        replace(absent, seq=3),
        replace(there, covered=replace(there.covered, packets=ZERO_DIGEST)),
    ):
        with pytest.raises(ProofError):
            verify_packet_proof(world.root, lie)


def test_another_history_proves_nothing(ledger: Path) -> None:
    world, history = history_of(ledger, providers.DEFAULT)
    for bad in (history[:-1], [*history, history[-1]], [history[1], *history[1:]]):
        with pytest.raises(UsageError, match="a history of"):
            prove_packet(world, bad, 1)


def test_what_cannot_be_asked_is_a_mistake_of_the_caller(ledger: Path, tmp_path: Path) -> None:
    for account, seq in ((None, None), (1, 1), (None, -1), (None, 1 << 63)):
        with pytest.raises(UsageError):
            prove_one(ledger, account, seq, tmp_path / "proof")
    (tmp_path / "proof").write_text("mine")
    with pytest.raises(InputError, match="exists"):
        prove_packet_of(ledger, 1, tmp_path / "proof")
