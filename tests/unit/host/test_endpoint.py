"""Where a node is, and that nothing secret about it is ever shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartchain.errors import SettingsError
from smartchain.host.endpoint import Endpoint, parse_header, proxy_for

SECRET = "https://user:p%40ssword@eth.example:8443/v3/0123456789abcdef?token=fedcba"


@pytest.mark.parametrize(
    "url",
    ["", "eth.example", "ftp://eth.example", "http://", "http://:8545", "http://h:0", "http://h:99999", "http://[::1"],
)
def test_refuses_what_is_no_url_of_a_node(url: str) -> None:
    with pytest.raises(SettingsError):
        Endpoint(url)


@pytest.mark.parametrize("url", ["ws://h:8546", "wss://h/key"])
def test_refuses_a_web_socket_and_says_what_to_give_instead(url: str) -> None:
    with pytest.raises(SettingsError, match="http"):
        Endpoint(url)


def test_refuses_a_url_with_a_line_break() -> None:
    with pytest.raises(SettingsError, match="control characters"):
        Endpoint("http://h/ a\r\nX: y")


def test_refuses_a_time_out_of_nothing_and_a_ca_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="time-out"):
        Endpoint("http://h", timeout_s=0)
    with pytest.raises(SettingsError, match="CA file"):
        Endpoint("https://h", ca_file=tmp_path / "none.pem")


@pytest.mark.parametrize("line", ["", "no colon", ": value", "a b: value", "X-Key: two\nlines", "X-Key: ü"])
def test_refuses_a_header_that_cannot_be_sent(line: str) -> None:
    with pytest.raises(SettingsError) as refused:
        parse_header(line)

    assert "two" not in str(refused.value)


def test_refuses_a_proxy_that_speaks_no_http() -> None:
    with pytest.raises(SettingsError, match="socks5"):
        Endpoint("https://h", proxy="socks5://127.0.0.1:1080")


@pytest.mark.parametrize("url", [SECRET, "https://h/abcdefgh#frag", "http://tok3n@h"])
def test_shows_scheme_and_host_and_nothing_else(url: str) -> None:
    endpoint = Endpoint(url, {"X-Key": "s3cret-header"})

    shown = f"{endpoint} {endpoint!r} {endpoint.name}"

    assert not any(
        secret in shown for secret in ("user", "ssword", "v3", "0123", "fedcba", "abcdefgh", "tok3n", "s3cret", "frag")
    )


@pytest.mark.parametrize(
    ("url", "name"),
    [
        (SECRET, "https://eth.example:8443"),
        ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
        ("https://h:443/x", "https://h"),
        ("http://h:80", "http://h"),
        ("http://[::1]:8545/", "http://[::1]:8545"),
    ],
)
def test_is_named_by_scheme_host_and_port(url: str, name: str) -> None:
    assert Endpoint(url).name == name


def test_sends_user_and_password_as_basic_authentication_and_keeps_them_out_of_the_url() -> None:
    endpoint = Endpoint(SECRET)

    assert endpoint.request_headers["Authorization"] == "Basic dXNlcjpwQHNzd29yZA=="
    assert endpoint.request_url == "https://eth.example:8443/v3/0123456789abcdef?token=fedcba"


def test_a_header_given_by_hand_wins_over_basic_authentication() -> None:
    endpoint = Endpoint.parse(SECRET, ["authorization: Bearer abc"])

    assert endpoint.request_headers == {"authorization": "Bearer abc"}


def test_takes_its_own_secrets_out_of_a_node_s_words() -> None:
    endpoint = Endpoint(SECRET, {"X-Key": "s3cret-header"})

    said = endpoint.redact("bad key 0123456789abcdef, fedcba, p@ssword or s3cret-header")

    assert said == "bad key …, …, … or …"


@pytest.mark.parametrize(
    ("url", "environment", "proxy"),
    [
        ("https://h", {}, None),
        ("https://h", {"HTTPS_PROXY": "http://p:3128"}, "http://p:3128"),
        ("https://h", {"HTTPS_PROXY": "p:3128"}, "http://p:3128"),
        ("http://h", {"HTTPS_PROXY": "http://p:3128"}, None),
        ("http://h", {"HTTP_PROXY": "http://one", "http_proxy": "http://two"}, "http://two"),
        ("https://h", {"ALL_PROXY": "http://all"}, "http://all"),
        ("https://h", {"ALL_PROXY": "http://all", "https_proxy": "http://own"}, "http://own"),
        ("https://node.example", {"ALL_PROXY": "http://p", "NO_PROXY": ".example"}, None),
        ("https://node.example", {"ALL_PROXY": "http://p", "no_proxy": "x, Example"}, None),
        ("https://node.example:8545", {"ALL_PROXY": "http://p", "NO_PROXY": "node.example:8545"}, None),
        ("https://node.example:1", {"ALL_PROXY": "http://p", "NO_PROXY": "node.example:8545"}, "http://p"),
        ("https://notexample", {"ALL_PROXY": "http://p", "NO_PROXY": "example"}, "http://p"),
        ("https://h", {"ALL_PROXY": "http://p", "NO_PROXY": "*"}, None),
        ("http://127.0.0.1:8545", {"HTTP_PROXY": "http://p"}, None),
        ("http://localhost:8545", {"HTTP_PROXY": "http://p"}, None),
    ],
)
def test_takes_the_proxy_that_the_environment_asks_for(
    url: str, environment: dict[str, str], proxy: str | None
) -> None:
    assert proxy_for(url, environment) == proxy
    assert Endpoint.parse(url, environment=environment).proxy == proxy
