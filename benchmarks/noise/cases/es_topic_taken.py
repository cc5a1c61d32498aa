"""An error prints the addresses of both objects."""

from eventsourcing.utils import TopicError, register_topic


class One:
    pass


class Two:
    pass


register_topic("a:b", One)
try:
    register_topic("a:b", Two)
except TopicError as error:
    print(error)
