"""The machine program's decisions, what they change, and the sentences that stay true.

The order of checks (a refusal is the first that fails): digests; of a requirement its place in the
log, whether it is the first, its certifiers; of a certificate whether one is required, who asks,
whether it is another.
"""

from itertools import pairwise
from typing import assert_never

from qfs.canon import DIGEST_BYTES
from qfs.crypto.ports import KeyId
from qfs.kernel import Context, Decision, DeltaInvariant, Reducer, StateInvariant
from qfs.machines.trust.program.commands import COMMANDS, Certify, Command, Require
from qfs.machines.trust.program.events import (
    EFFECTS,
    EVENTS,
    Certified,
    Event,
    Refusal,
    Required,
)
from qfs.machines.trust.program.state import CERTIFIERS_MAX, Certificate, State, genesis

Answer = Decision[Event, State] | Refusal


def decide(state: State, command: Command, context: Context) -> Answer:
    """Answer one command; the order of checks is the module's."""
    if not _is_well_formed(command.certificate):
        return Refusal.DIGEST_MALFORMED
    match command:
        case Require(certificate, certifiers):
            if not all(len(key) == DIGEST_BYTES for key in certifiers):
                return Refusal.DIGEST_MALFORMED
            if context.seq != 0:
                return Refusal.NOT_IN_GENESIS
            if state.certificate is not None:
                return Refusal.ALREADY_REQUIRED
            if not _are_certifiers(certifiers):
                return Refusal.CERTIFIERS_MALFORMED
            return Decision((Required(certificate, certifiers),))
        case Certify(certificate):
            if state.certificate is None:
                return Refusal.NOTHING_REQUIRED
            if context.actor not in state.certifiers:
                return Refusal.NOT_A_CERTIFIER
            if certificate.document == state.certificate.document:
                return Refusal.ALREADY_CERTIFIED
            return Decision((Certified(certificate),))
    assert_never(command)


def evolve(state: State, event: Event) -> State:
    """Return the state after an event; never refuses."""
    match event:
        case Required(certificate, certifiers):
            return State(certifiers, certificate)
        case Certified(certificate):
            return State(state.certifiers, certificate)
    assert_never(event)


def _is_well_formed(certificate: Certificate) -> bool:
    named = (certificate.program, certificate.document, certificate.signer)
    return all(len(name) == DIGEST_BYTES for name in named)


def _are_certifiers(keys: tuple[KeyId, ...]) -> bool:
    if not 1 <= len(keys) <= CERTIFIERS_MAX:
        return False
    return all(first < second for first, second in pairwise(keys))


def _certifiers_are_those_of_the_genesis(before: State, event: Event, after: State) -> bool:
    if isinstance(event, Required):
        return not before.certifiers and after.certifiers == event.certifiers
    return after.certifiers == before.certifiers


def _who_may_certify_is_known(state: State) -> bool:
    if state.certificate is None:
        return not state.certifiers
    return _is_well_formed(state.certificate) and _are_certifiers(state.certifiers)


MACHINE: Reducer[State, Command, Event] = Reducer(
    name="program",
    version=1,
    genesis=genesis,
    decide=decide,
    evolve=evolve,
    commands=COMMANDS,
    events=EVENTS,
    refusals=Refusal,
    effects=EFFECTS,
    invariants=(
        DeltaInvariant(
            "the_certifiers_are_those_of_the_genesis", _certifiers_are_those_of_the_genesis
        ),
    ),
    state_invariants=(StateInvariant("who_may_certify_is_known", _who_may_certify_is_known),),
)
