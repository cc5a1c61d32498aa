"""A class's identifier type is what an earlier call has found on a base."""

import sys
from typing import Generic, TypeVar
from uuid import UUID

from eventsourcing.domain import HasOriginatorIDVersion

T = TypeVar("T")


class Base(Generic[T]):
    originator_id_type = UUID


class Shop(Base[UUID]):
    pass


if sys.argv[1] == "2":
    HasOriginatorIDVersion.find_originator_id_type.__func__(Shop, Base)
print("originator_id_type" in vars(Shop))
