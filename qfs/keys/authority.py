"""Who may ask what of the key registry: roles, one's own line, and the root threshold.

- Genesis is agreed upon by whoever takes part in the ledger, so its commands need no authority.
- An approval counts for APPROVAL_PACKETS packets, while its root line stands, and once.
- The line that asks counts among those that approve.
"""

from qfs.canon import Digest
from qfs.crypto import KeyId
from qfs.kernel import Context
from qfs.keys.commands import Command
from qfs.keys.possession import subject_of
from qfs.keys.state import (
    Role,
    State,
    newest_of,
    principal_roles,
    roots_standing,
    threshold,
)

APPROVAL_PACKETS = 100_000


def founding(context: Context) -> bool:
    """Say whether the command stands in genesis."""
    return context.seq == 0


def has_role(state: State, context: Context, *roles: Role) -> bool:
    """Say whether the actor's line has one of the roles."""
    held = principal_roles(state, context.actor)
    return any(role in held for role in roles)


def agreed(state: State, command: Command, context: Context) -> bool:
    """Say whether enough standing root lines, the asking one included, approve a command."""
    subject = subject_of(command)
    since = context.seq - APPROVAL_PACKETS
    yes = 0
    for principal in roots_standing(state, context.seq):
        approval = state.approvals.get((subject, bytes(principal)))
        if principal == context.actor or (approval is not None and approval > since):
            yes += 1
    return yes >= threshold(state, context.seq)


def is_approved(state: State, subject: Digest) -> bool:
    """Say whether any root line, standing or not, has an approval of the subject on record."""
    return any(
        (subject, bytes(principal)) in state.approvals
        for principal in state.roots.keys()  # noqa: SIM118 (a Table iterates only when asked)
    )


def leaves_too_few(state: State, key: KeyId, context: Context) -> bool:
    """Say whether ending a key would leave fewer root lines standing than the policy needs.

    True only for the newest key of a standing root line.
    """
    record = state.keys.get(key)
    if record is None or newest_of(state, record.principal) != key:
        return False
    roots = roots_standing(state, context.seq)
    return record.principal in roots and len(roots) - 1 < max(1, state.policy.threshold)
