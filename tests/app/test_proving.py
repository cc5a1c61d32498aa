"""Proofs of accounts: with nothing but a state root, and against every change of a byte."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qfs.app.proving import MAX_PROOF_BYTES, prove_account, verify, verify_file
from qfs.app.worlds import read_world
from qfs.canon import Digest
from qfs.errors import CanonError, InputError, ProofError, UsageError
from qfs.kernel import World
from qfs.kernel.proofs import (
    prove,
    read_proof,
    verify_world_proof,
)
from qfs.ledger.proofs import AccountProof, verify_account
from qfs.ledger.proofs import prove_account as prove_id
from qfs.shell import providers
from tests.app.markets import ISSUE, MARKET_DAY, OPEN_A, OPEN_B, Market, key


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Market:
    made = Market(tmp_path_factory.mktemp("market"))
    made.submit(MARKET_DAY)
    return made


@pytest.fixture(scope="module")
def world(market: Market) -> World:
    return read_world(market.directory, providers.verifier()).world


@pytest.fixture(scope="module")
def root(world: World) -> Digest:
    return world.root


def test_an_account_is_proved_with_nothing_but_the_root(
    market: Market, root: Digest, tmp_path: Path
) -> None:
    file = tmp_path / "account.proof"
    made = prove_account(market.directory, 1024, file)
    checked = verify_file(file, root.hex())
    assert made == checked
    assert (checked.verified, checked.open, checked.account) == (True, True, 1024)
    assert checked.owner == key("alice").public.id.hex()
    assert dict(checked.balances)["FLX"] != "0"
    assert checked.size < 4_000


def test_that_no_such_account_is_open_is_proved_too(
    market: Market, root: Digest, tmp_path: Path
) -> None:
    file = tmp_path / "absent.proof"
    prove_account(market.directory, 2**64 - 1, file)
    checked = verify_file(file, root.hex())
    assert (checked.verified, checked.open, checked.balances) == (True, False, ())


def test_another_root_is_not_proved(market: Market, root: Digest, tmp_path: Path) -> None:
    file = tmp_path / "account.proof"
    prove_account(market.directory, 1024, file)
    checked = verify_file(file, bytes(32).hex())
    assert (checked.verified, checked.account, checked.balances) == (False, None, ())
    assert root.hex() in checked.why_not


def test_no_change_of_a_byte_of_a_proof_is_taken(world: World, root: Digest) -> None:
    data = prove_id(world, 1024).to_bytes()
    taken = []
    for place in range(len(data)):
        changed = data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :]
        try:
            if verify(changed, root, "changed").verified:
                taken.append(place)
        except InputError:
            continue
    assert taken == []


@given(st.integers(0, 2**64 - 1) | st.sampled_from((1, 1000, 1001, 1024, 1035)))
def test_every_account_and_every_gap_is_proved(world: World, account: int) -> None:
    held = world.states["ledger"].accounts.get(account)
    proof = prove_id(world, account)
    assert AccountProof.from_bytes(proof.to_bytes()) == proof
    assert verify_account(world.root, proof) == (account, held)


@pytest.mark.parametrize(
    ("machine", "field", "of"),
    [("keys", "keys", "alice"), ("ledger", "delegations", "alice")],
)
def test_any_table_of_any_machine_is_proved(
    world: World, machine: str, field: str, of: str
) -> None:
    name = key(of).public.id
    asked = name if machine == "keys" else (1025, bytes(key("operator").public.id))
    found, value = verify_world_proof(world.root, prove(world, machine, field, asked))
    assert value is not None
    assert found == (name if machine == "keys" else list(asked))
    with pytest.raises(InputError, match="a proof about"):
        verify(prove(world, machine, field, asked).to_bytes(), world.root, "x")


def test_a_proof_that_lists_its_machine_or_table_twice_is_refused(world: World) -> None:
    proof = prove(world, "ledger", "delegations", (1025, bytes(key("operator").public.id)))
    for bad in (
        replace(proof, covered=replace(proof.covered, machines=proof.covered.machines * 2)),
        replace(proof, fields=proof.fields * 2),
        replace(proof, machine="nobody"),
        replace(proof, fields=proof.fields[1:]),
        replace(proof, field="used"),
    ):
        with pytest.raises(ProofError):
            verify_world_proof(world.root, bad)
    with pytest.raises(CanonError):
        read_proof(proof.to_bytes() + b"\x00")


def test_what_the_world_does_not_have_is_a_mistake_of_the_caller(world: World) -> None:
    for machine, field in (("nobody", "keys"), ("ledger", "accounts"), ("ledger", "none")):
        with pytest.raises(UsageError):
            prove(world, machine, field, 1)


def test_what_is_no_proof_is_an_error(market: Market, root: Digest, tmp_path: Path) -> None:
    junk, huge = tmp_path / "junk", tmp_path / "huge"
    junk.write_bytes(b"\x80")
    with huge.open("wb") as file:
        file.truncate(MAX_PROOF_BYTES + 1)
    for path in (junk, huge, tmp_path / "none", tmp_path):
        with pytest.raises(InputError):
            verify_file(path, root.hex())
    for text in ("", "zz", "00" * 31):
        with pytest.raises(UsageError):
            verify_file(junk, text)
    with pytest.raises(InputError, match="exists"):
        prove_account(market.directory, 1, junk)
    with pytest.raises(UsageError):
        prove_account(market.directory, 2**64, tmp_path / "new")
    with pytest.raises(InputError, match="cannot be made"):
        prove_account(market.directory, 1, tmp_path / "no" / "folder")


def test_a_proof_of_a_young_ledger_is_small(tmp_path: Path) -> None:
    young = Market(tmp_path)
    young.submit(young.script(OPEN_A, OPEN_B, ISSUE))
    report = prove_account(young.directory, 2000, tmp_path / "proof")
    assert dict(report.balances)["FLX"] == "10"
    assert report.size < 3_500
