"""An aggregate's identifier is drawn by chance."""

from eventsourcing.domain import Aggregate

print(Aggregate.create_id())
