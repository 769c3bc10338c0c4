"""The subscription of a ws process: confirmed before it is relied on, and no longer kept than needed."""

import threading
from types import SimpleNamespace

import pytest

import ws
from app import bell
from tests.town import eventually

USER = 7


@pytest.fixture
def service(app, settings):
    """The ws service in this process, with its connection to a real Redis."""
    service = ws.create_app(settings)
    with service.app_context():
        eventually(lambda: is_up(service))
        yield service
    service.extensions["connections"].close()
    service.extensions["bell"].redis.close()


def is_up(service):
    return service.extensions["subscriber"]._pubsub is not None


def subscribers():
    with bell.client() as client:
        ((_, count),) = client.pubsub_numsub(bell.channel(USER))
    return count


def test_subscribe_user_returns_after_the_confirmation(service):
    subscriber = service.extensions["subscriber"]
    returned = threading.Event()

    def subscribe():
        with service.app_context():
            subscriber.subscribe_user(USER)
        returned.set()

    with bell.client() as client:
        client.execute_command("CLIENT", "PAUSE", "1000", "ALL")
    thread = threading.Thread(target=subscribe)
    thread.start()
    assert not returned.wait(0.5)  # Redis confirms nothing while it is paused
    assert returned.wait(5)
    thread.join()
    assert subscribers() == 1


def test_unsubscribe_user_with_a_new_connection_keeps_the_subscription(service):
    subscriber, hub = service.extensions["subscriber"], service.extensions["hub"]
    subscriber.subscribe_user(USER)
    connection = SimpleNamespace(user_id=USER)
    hub.add(connection)
    subscriber.unsubscribe_user(USER)
    subscriber.subscribe_user(USER + 1)  # confirmed after whatever was sent before it
    assert subscribers() == 1
    assert hub.remove(connection)
    subscriber.unsubscribe_user(USER)
    eventually(lambda: subscribers() == 0)


def test_subscription_left_over_ends_with_the_next_message(service):
    service.extensions["subscriber"].subscribe_user(USER)
    bell.ring([(USER, '{"type":"typing"}')])
    eventually(lambda: subscribers() == 0)


def test_closed_socket_leaves_no_subscription(town, connect):
    anna = town.person()
    channel = town.namespace().name(f"user:{anna.id}")
    sockets = [connect(anna), connect(anna)]
    assert town.subscribers(channel) >= 1
    for socket in sockets:
        socket.close()
    eventually(lambda: town.subscribers(channel) == 0)
