"""Beginning, showing and checking a ledger."""

from dataclasses import replace
from pathlib import Path

import pytest

from qfs.app.checking import check
from qfs.app.ledger import InitRequest, init, ledger_of, state
from qfs.app.machines import MACHINES
from qfs.app.sentences import sentences
from qfs.app.worlds import read_world
from qfs.errors import InputError, UsageError
from qfs.kernel import StateInvariant
from qfs.ledger import TOKENS
from qfs.shell import providers
from tests.app.markets import ISSUE, OPEN_A, OPEN_B, PAY, Market, key, write_keys


def request(folder: Path, ledger: str = "ledger") -> InitRequest:
    return InitRequest(folder / ledger, (folder / "root.pub.pem",), (folder / "operator.pub.pem",))


def test_a_ledger_is_the_same_for_the_same_keys_and_name(tmp_path: Path) -> None:
    write_keys(tmp_path)
    one, other = init(request(tmp_path, "one")), init(request(tmp_path, "other"))
    assert one == other
    named = init(replace(request(tmp_path, "named"), name="another"))
    assert named.ledger != one.ledger
    assert one.keys == (
        (key("root").public.id.hex(), "root"),
        (key("operator").public.id.hex(), "operator"),
    )


def test_further_operators_may_debit_the_ledgers_own_accounts(tmp_path: Path) -> None:
    write_keys(tmp_path)
    both = (tmp_path / "operator.pub.pem", tmp_path / "alice.pub.pem")
    init(replace(request(tmp_path), operators=both))
    world = read_world(tmp_path / "ledger", providers.verifier()).world
    delegated = [place for place, _ in ledger_of(world).delegations.items()]
    assert {key_id for _, key_id in delegated} == {key("alice").public.id}
    assert len(delegated) == len(TOKENS) + 2


def test_what_cannot_begin_a_ledger_is_an_error_and_makes_nothing(tmp_path: Path) -> None:
    write_keys(tmp_path)
    good = request(tmp_path)
    garbage = tmp_path / "garbage.pub.pem"
    garbage.write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    calls = [
        (replace(good, root_keys=()), "--root-key"),
        (replace(good, operators=()), "--operator"),
        (replace(good, operators=good.root_keys), "given twice"),
        (replace(good, submitters=(garbage,)), "garbage"),
        (replace(good, submitters=(tmp_path / "root.pem",)), "no SPKI"),
        (replace(good, submitters=(tmp_path / "none",)), "none"),
        (replace(good, name=""), "name of 0"),
        (replace(good, name="x" * 65), "name of 65"),
    ]
    for bad, message in calls:
        with pytest.raises((InputError, UsageError, ValueError), match=message):
            init(bad)
        assert not good.directory.exists()


def test_a_ledger_is_never_begun_over_another(tmp_path: Path) -> None:
    market = Market(tmp_path)
    before = market.contents()
    with pytest.raises(UsageError, match="holds a ledger already"):
        init(request(tmp_path))
    assert market.contents() == before


def test_the_state_lists_each_account_with_exact_amounts(tmp_path: Path) -> None:
    market = Market(tmp_path)
    psync = {**ISSUE, "token": "PSYNC", "amount": "3"}
    pay = {**PAY, "token": "PSYNC", "amount": "0.000000000000000011"}
    market.submit(market.script(OPEN_A, OPEN_B, psync, pay))
    report = state(market.directory)
    rows = {row.id: row for row in report.accounts}
    assert dict(rows[2000].balances)["PSYNC"] == "2.999999999999999987"
    assert dict(rows[2001].balances)["PSYNC"] == "0.000000000000000011"
    assert dict(rows[1000].balances)["PSYNC"] == "0.000000000000000002"
    assert rows[2000].owner == key("alice").public.id.hex()
    assert [row.nonce for row in report.accounts if row.id == 2000] == [1]
    assert ("PSYNC", "3", "10000000000") in report.tokens
    assert ("CHR", "10000000000", "10000000000") in report.tokens
    document = report.document()
    assert document["schema"] == "qfs.ledger.state/1"
    assert document["packets"] == 4


def test_a_broken_sentence_is_named_with_its_machine(tmp_path: Path) -> None:
    market = Market(tmp_path)
    world = read_world(market.directory, providers.verifier()).world
    broken = StateInvariant("pigs_fly", lambda state: False)
    machines = {
        name: replace(machine, state_invariants=(broken, *machine.state_invariants))
        for name, machine in MACHINES.items()
    }
    assert all(holds for _, holds in sentences(world))
    false = [name for name, holds in sentences(world, machines) if not holds]
    assert false == ["keys.pigs_fly", "ledger.pigs_fly", "notary.pigs_fly"]


def test_what_is_no_ledger_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"no log")
    for path in (tmp_path, tmp_path / "none", tmp_path / "file"):
        for use in (state, check):
            with pytest.raises(InputError):
                use(path)
