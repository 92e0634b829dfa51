"""Proxies that the environment names are named in messages, without their passwords, if they are on the way."""

import pytest

from yetbetter.data.network import way_to

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.mark.parametrize(
    ("environment", "address", "named"),
    [
        ({}, "https://hub.example/v1", ""),
        ({"HTTPS_PROXY": "http://me:word@proxy:3128"}, "https://hub.example/v1", "http://proxy:3128 of HTTPS_PROXY"),
        ({"https_proxy": "proxy:3128"}, "https://hub.example", "proxy:3128 of https_proxy"),
        ({"ALL_PROXY": "socks5://me:word@proxy"}, "http://hub.example", "socks5://proxy of ALL_PROXY"),
        ({"HTTP_PROXY": "http://proxy"}, "https://hub.example", ""),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": ".example"}, "https://hub.example", ""),
        ({"HTTPS_PROXY": "http://proxy", "no_proxy": "*"}, "https://hub.example", ""),
    ],
)
def test_a_proxy_is_named_where_it_is_on_the_way_and_its_password_is_not(monkeypatch, environment, address, named):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    way = way_to(address)
    assert (named in way and "NO_PROXY=hub.example asks it directly" in way) if named else way == ""
    assert "word" not in way
