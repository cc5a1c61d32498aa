"""For services: a handler that cannot be reached by anything but an admitted packet."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from qfs.crypto import Verifier
from qfs.gate.admission import Refusal, verify
from qfs.kernel import Admitted, World

P = ParamSpec("P")
T = TypeVar("T")


def requires_packet(
    handler: Callable[Concatenate[Admitted, P], T],
) -> Callable[Concatenate[bytes, World, Verifier, P], T | Refusal]:
    """Return the handler behind the gate: it takes bytes, a world and a verifier instead.

    The handler runs with the Admitted alone; a refused packet returns its Refusal and the handler
    is not called. Raises ProviderFault when the verifier cannot answer.
    """

    def guarded(
        data: bytes, world: World, verifier: Verifier, /, *args: P.args, **kwargs: P.kwargs
    ) -> T | Refusal:
        admitted = verify(data, world, verifier)
        if isinstance(admitted, Refusal):
            return admitted
        return handler(admitted, *args, **kwargs)

    return guarded
