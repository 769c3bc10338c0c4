"""Which address a request counts for, whatever stands in X-Forwarded-For."""

from ipaddress import ip_address

import pytest

from app import client_address

PROXY, TRUSTED = "127.0.0.1", ["127.0.0.1", "10.0.0.0/8"]


def find(app, forwarded=None, remote=PROXY, trusted=TRUSTED):
    app.config["TRUSTED_PROXIES"] = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    with app.test_request_context(headers=headers, environ_base={"REMOTE_ADDR": remote}):
        return client_address.client_address()


@pytest.mark.parametrize(
    ("forwarded", "expected"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("198.51.100.7:50123", "198.51.100.7"),
        ('"198.51.100.7:50123"', "198.51.100.7"),
        ("2001:db8:1:2::3", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::3]", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::3]:443", "2001:db8:1:2::/64"),
        ('"[2001:db8:1:2::3]:443"', "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("[::ffff:198.51.100.7]:443", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7:1, 10.1.2.3:2", "198.51.100.7"),
        ("203.0.113.9, 198.51.100.7, ::ffff:10.1.2.3", "198.51.100.7"),
        ("", PROXY),
        ("unknown", PROXY),
        ("198.51.100.7, unknown, 10.1.2.3", "10.1.2.3"),
        ("198.51.100.7:x:y", PROXY),
        ("[198.51.100.7", "198.51.100.7"),
        ("[]", PROXY),
    ],
)
def test_client_address_behind_proxy_is_last_untrusted_hop(app, forwarded, expected):
    assert find(app, forwarded) == expected


@pytest.mark.parametrize(
    ("remote", "expected"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::/64"),
        ("", "unknown"),
    ],
)
def test_client_address_without_proxy_is_the_peer(app, remote, expected):
    assert find(app, "198.51.100.7", remote, trusted=[]) == expected


@pytest.mark.parametrize("network", ["::ffff:10.0.0.0/104", "::ffff:10.1.2.3"])
def test_trusted_proxy_written_as_mapped_ipv6_is_trusted(app, network):
    assert find(app, "198.51.100.7", "10.1.2.3", [network]) == "198.51.100.7"


def test_client_address_with_thousands_of_hops_reads_few(app, monkeypatch):
    read = []
    monkeypatch.setattr(
        client_address, "ip_address", lambda text: read.append(text) or ip_address(text)
    )
    assert find(app, "198.51.100.7, " + "10.0.0.1," * 1700 + "10.0.0.1") == "10.0.0.1"
    assert len(read) <= client_address.MAX_HOPS + 1


def test_unreadable_hop_of_trusted_proxy_is_logged_once_a_minute(app, caplog, monkeypatch):
    monkeypatch.setitem(client_address._last_warning, "at", float("-inf"))
    for _ in range(3):
        find(app, "_hidden, 10.1.2.3")
    assert caplog.text.count("'_hidden'") == 1
    assert "10.1.2.3" in caplog.text
    monkeypatch.setattr(client_address, "LOG_INTERVAL_SECONDS", 0)
    find(app, "x" * 5000)
    assert caplog.text.count("is no address") == 2
    assert len(caplog.records[-1].getMessage()) < 250


def test_unreadable_value_of_an_untrusted_client_is_not_logged(app, caplog):
    find(app, "_hidden", "192.0.2.1")
    find(app, "_hidden, 192.0.2.1")
    find(app, "")
    assert caplog.text == ""
