"""An event's time is the clock's."""

from eventsourcing.domain import datetime_now_with_tzinfo

print(datetime_now_with_tzinfo())
