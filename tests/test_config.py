"""Settings."""

import pytest

from app import config


def test_defaults_need_nothing():
    settings = config.load({})
    assert (settings["PORT"], settings["WS_PORT"], settings["CORS_ORIGINS"]) == (8088, 8089, ["*"])
    assert (settings["JWT_SECRET"], settings["REDIS_URL"]) == ("", "redis://localhost:6379/0")


def test_an_empty_variable_is_unset():
    assert config.load({setting.name: "" for setting in config.SETTINGS}) == config.load({})


def test_ws_takes_the_one_port_of_a_host_that_gives_each_process_one():
    assert config.load({"PORT": "5000"})["WS_PORT"] == 5000
    assert config.load({"PORT": "5000", "WS_PORT": "5001"})["WS_PORT"] == 5001


def test_the_older_redis_variable_works_and_the_newer_wins():
    assert config.load({"REDIS_ADDR": "host:1234"})["REDIS_URL"] == "redis://host:1234/0"
    assert (
        config.load({"REDIS_ADDR": "host:1234", "REDIS_URL": "rediss://x"})["REDIS_URL"]
        == "rediss://x"
    )


def test_a_password_in_an_address_is_not_shown():
    with pytest.raises(config.BadSetting, match="^REDIS_URL must be") as error:
        config.load({"REDIS_URL": "reds://:hunter2@localhost"})
    assert "hunter2" not in str(error.value)


def test_there_must_be_time_to_answer_a_ping():
    with pytest.raises(config.BadSetting, match="WS_SILENCE_SECONDS must be more"):
        config.load({"WS_PING_SECONDS": "35"})


@pytest.mark.parametrize("port", ["8088", "8089", "8087"])
def test_metrics_are_on_no_public_port(port):
    with pytest.raises(
        config.BadSetting, match="^METRICS_PORT and the port after it must be others"
    ):
        config.load({"METRICS_PORT": port})
    assert config.load({"METRICS_PORT": "9100"})["METRICS_PORT"] == 9100


def test_origins_are_a_list():
    settings = config.load({"CORS_ORIGINS": "https://a.example/, http://localhost:3000"})
    assert settings["CORS_ORIGINS"] == ["https://a.example", "http://localhost:3000"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("WS_PORT", "-1"),
        ("WEB_CONCURRENCY", "0"),
        ("WS_CONCURRENCY", "²"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_ADDR", "localhost"),
        ("REDIS_ADDR", "localhost:port"),
        ("REDIS_URL", "redis://localhost:port"),
        ("REDIS_URL", "redis://"),
        ("REDIS_URL", "redis://["),
        ("CORS_ORIGINS", "https://["),
        ("CORS_ORIGINS", "https://"),
        ("PORT", "9" * 5000),
        ("WS_PUBLIC_URL", "https://a.example"),
        ("CORS_ORIGINS", "a.example"),
        ("JWT_SECRET", "too short"),
        ("BCRYPT_COST", "3"),
        ("BCRYPT_COST", "17"),
        ("WS_PING_SECONDS", "x"),
        ("WS_SILENCE_SECONDS", "0"),
        ("METRICS_PORT", "65535"),
        ("METRICS_HOST", "localhost"),
        ("SENTRY_DSN", "https://sentry.example/1"),
        ("SENTRY_DSN", "sentry.example"),
        ("SENTRY_DSN", "https://key@a.example/\N{SUPERSCRIPT TWO}"),
    ],
)
def test_a_bad_value_is_one_line_that_names_the_variable(name, value):
    with pytest.raises(config.BadSetting) as error:
        config.load({name: value})
    assert str(error.value).startswith(f"{name} must be ")
    assert "\n" not in str(error.value)
    assert (value in str(error.value)) == (name != "JWT_SECRET" and "@" not in value)
