"""What an operator writes is a host and a port, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guard.journal.forward.address import Address


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("logs.town.lg.jp", "logs.town.lg.jp", 6514),
        ("logs:10514", "logs", 10514),
        ("192.0.2.7:6514", "192.0.2.7", 6514),
        ("[2001:db8::7]", "2001:db8::7", 6514),
        ("[2001:DB8:0::7]:1", "2001:db8::7", 1),
    ],
)
def test_a_host_and_a_port_are_read(text: str, host: str, port: int) -> None:
    address = Address.read(text)
    assert (address.host, address.port) == (host, port)
    assert Address.read(str(address)) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        " logs",
        "logs:",
        "logs:0",
        "logs:65536",
        "logs:6514/tcp",
        "tls://logs",
        "logs..jp",
        "-logs",
        "2001:db8::7",
        "[192.0.2.7]",
        "[]:6514",
        "[:::]",
        "記録",
        "a" * 64,
        ".".join(["a" * 60] * 5),
        "logs\n",
    ],
)
def test_all_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Address.read(text)


@given(st.text())
def test_any_text_is_an_address_that_reads_back_or_refused(text: str) -> None:
    try:
        address = Address.read(text)
    except ValueError:
        return
    assert Address.read(str(address)) == address
