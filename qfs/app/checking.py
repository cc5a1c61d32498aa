"""`qfs ledger check`: hold a ledger to every sentence that it must keep, by name.

- The log is derived again, signatures verified, every root compared: a packet that cannot be is a
  halt. What each machine says of its own state, and a naive recount, are held against the end.
- Proofs are made and verified for a spread of accounts and packets, and for one that is not there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qfs.app.ledger import ledger_of
from qfs.app.machines import MACHINES
from qfs.app.recount import Recount
from qfs.app.sentences import sentences
from qfs.app.worlds import derive_all
from qfs.canon import Digest
from qfs.errors import InputError, ProofError
from qfs.kernel import Executed, World, restore_world
from qfs.kernel.proofs import prove_packet, verify_packet_proof
from qfs.ledger import proofs
from qfs.ledger.state import ACCOUNT_MAX
from qfs.shell import log, providers

PROVED = 16
"""So many accounts, and so many packets, are proved; spread over all of them."""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Each sentence that a ledger must keep, and whether it does."""

    packets: int
    state_root: Digest
    checks: tuple[tuple[str, bool], ...]
    torn_at: int | None
    """Offset at which a crash tore the log; None when it ends well."""

    @property
    def holds(self) -> bool:
        """Whether every sentence is true."""
        return all(holds for _, holds in self.checks)

    def document(self) -> dict[str, object]:
        """Return the JSON document."""
        return {
            "schema": "qfs.ledger.check/1",
            "packets": self.packets,
            "state_root": self.state_root.hex(),
            "checks": [{"name": name, "holds": holds} for name, holds in self.checks],
            "torn_at": self.torn_at,
        }


def check(directory: Path, provider: str = providers.DEFAULT) -> CheckReport:
    """Re-derive a ledger and hold it to every sentence; changes nothing.

    Halts at the first packet that cannot be re-derived. A snapshot of the world, read back into
    fresh tables, must lead to the same root.
    """
    reading, corrupt = log.survey(directory)
    kept = reading.pruned
    history: list[tuple[Digest, Digest]] = (
        [] if kept is None else list(zip(kept.ids, kept.roots, strict=True))[:-1]
    )
    world: World | None = None
    recount = Recount()
    ran: list[Executed] = []
    verifier = providers.verifier(provider)
    for step in derive_all(
        directory, reading, verifier=verifier, corrupt=corrupt, watch=ran.append
    ):
        if world is None and "ledger" in step.world.states:
            recount.begin(ledger_of(step.world))
        recount.packet(step, ran)
        ran.clear()
        world = step.world
        history.append((world.head, world.root))
    if world is None:
        raise InputError("a log without a genesis frame", place=str(directory))
    checks = [
        ("every_packet_and_root_is_re_derived", True),
        ("what_was_acknowledged_is_recovered", reading.durable <= len(reading.frames)),
        *sentences(world),
    ]
    if "ledger" in world.states:
        checks += [*recounted(recount, world), *proved(world, history)]
    again = restore_world(MACHINES, b"".join(world.snapshot()))
    checks.append(("a_snapshot_leads_to_the_same_root", again.root == world.root))
    return CheckReport(world.seq, world.root, tuple(checks), reading.torn_at)


def recounted(recount: Recount, world: World) -> list[tuple[str, bool]]:
    """Return what a naive recount of the log says of the ledger, sentence by sentence."""
    return [
        ("recount.balances_and_nonces_equal_a_naive_model", recount.agrees(ledger_of(world))),
        ("recount.each_movement_conserves_each_token", recount.conserved),
        ("recount.no_balance_was_ever_negative", recount.above_zero),
        ("recount.each_nonce_is_used_once_and_in_order", recount.nonces_once),
        ("recount.no_key_is_used_twice_while_it_is_kept", recount.keys_once),
    ]


def proved(world: World, history: Sequence[tuple[Digest, Digest]]) -> list[tuple[str, bool]]:
    """Return whether proofs lead to the world's root and say what the state says."""
    accounts = ledger_of(world).accounts
    absent = next(one for one in range(ACCOUNT_MAX) if one not in accounts)
    return [
        (
            "proofs.each_account_is_as_its_proof_says",
            all(_account_is_proved(world, one) for one in [*spread(accounts.keys()), absent]),
        ),
        (
            "proofs.each_packet_is_where_its_proof_says",
            all(
                _packet_is_proved(world, history, seq)
                for seq in [*spread(range(len(history))), len(history)]
            ),
        ),
    ]


def spread(all_: Sequence[int]) -> list[int]:
    """Return at most PROVED of them, evenly spread, the first and the last among them."""
    if len(all_) <= PROVED:
        return list(all_)
    return [all_[index * (len(all_) - 1) // (PROVED - 1)] for index in range(PROVED)]


def _account_is_proved(world: World, account: int) -> bool:
    try:
        said = proofs.verify_account(world.root, proofs.prove_account(world, account))
    except ProofError:
        return False
    return said == (account, ledger_of(world).accounts.get(account))


def _packet_is_proved(world: World, history: Sequence[tuple[Digest, Digest]], seq: int) -> bool:
    try:
        there = verify_packet_proof(world.root, prove_packet(world, history, seq))
    except ProofError:
        return False
    return there is (seq < len(history))
