"""A class's identifier type is what an earlier call has found."""

import sys
from typing import Generic, TypeVar
from uuid import UUID

from eventsourcing.domain import HasOriginatorIDVersion

T = TypeVar("T")


class Base(Generic[T]):
    pass


class Shop(Base[UUID]):
    pass


if sys.argv[1] == "2":
    HasOriginatorIDVersion.find_originator_id_type.__func__(Shop, Base)
print(getattr(Shop, "originator_id_type", None))
