"""The way to Redis, when Redis is away for a while."""

import pytest

from app import bell


@pytest.fixture
def pair(person):
    anna, boris = person(), person()
    return anna, boris, anna.match(boris)


def test_the_first_publish_that_succeeds_after_a_failure_tells_every_ws(pair, app, redis_url):
    anna, _, chat_id = pair
    bells = app.extensions["bell"]
    working = bells.redis
    with working.pubsub() as listener:
        with app.app_context():
            listener.subscribe(bell.resync_channel())
        assert listener.get_message(timeout=5)["type"] == "subscribe"
        bells.redis = bell.connect("unix:///nowhere.sock")
        anna.write(chat_id, "unheard")
        assert (bells.failures, bells.told) == (1, 0)
        bells.redis = working
        anna.write(chat_id, "heard")
        assert listener.get_message(timeout=5)["type"] == "message"
        anna.write(chat_id, "heard")
        assert listener.get_message(timeout=0.2) is None


def test_a_redis_that_is_away_is_not_asked_by_everyone(pair, app, monkeypatch, caplog):
    anna, _, chat_id = pair
    bells, asked = app.extensions["bell"], []
    working, bells.redis = bells.redis, bell.connect("unix:///nowhere.sock")
    pipeline = bells.redis.pipeline
    monkeypatch.setattr(
        bells.redis, "pipeline", lambda **options: asked.append(1) or pipeline(**options)
    )
    for number in range(20):
        anna.write(chat_id, f"{number}")
    assert len(asked) == bell.FAILURES
    assert caplog.text.count("publishing fails") == 1
    assert anna.call("POST", "/ws/start").status == 503
    bells.redis, bells.breaker._opened = working, bells.breaker._opened - bell.PAUSE_SECONDS
    anna.post("/ws/start")


def test_a_failure_while_another_call_succeeds_is_not_forgotten(pair, app, monkeypatch):
    anna, _, chat_id = pair
    bells = app.extensions["bell"]
    pipeline = bells.redis.pipeline

    def fail_beside(**options):
        bells.failures += 1
        return pipeline(**options)

    monkeypatch.setattr(bells.redis, "pipeline", fail_beside)
    anna.write(chat_id, "heard")
    assert bells.failures > bells.told
