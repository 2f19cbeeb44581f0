"""Standard Webhooks: how a message is signed, where it may go, and when it is tried again."""

import pytest

from sync.hub.hq import standard

DAY_MS = 86_400_000


def test_a_message_is_signed_as_the_specification_says() -> None:
    key = standard.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = standard.signature(
        [key], id_="msg_p5jXN8AQM9LWM0D4loKWxJek", at_s=1614265330, body=b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert 24 <= len(standard.key_of(standard.new_secret())) <= 64


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.1.2.3/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://[64:ff9b:1::a00:1]/",
        "https://[::7f00:1]/",
        "https://[fec0::1]/",
        "https://[3fff::1]/",
        "https://[5f00::1]/",
        "https://100.64.0.1/",
        "https://user:pass@example.com/",
        "https:///x",
        "https://[::1",
        "ftp://example.com/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\n",
        "https://caf\u00e9.example/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com/%zz",
        "https://exa%20mple.com/",
        f"https://{'a' * 64}.example/",
    ],
)
def test_an_address_of_our_own_network_or_that_is_none_is_never_told(url: str) -> None:
    assert standard.refused_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.com:8443/a/b;c?x=1&y=%C3%A9",
        "https://xn--caf-dma.example/~me",
        "https://8.8.8.8/",
        "https://[2001:4860:4860::8888]/",
    ],
)
def test_a_public_address_may_be_told(url: str) -> None:
    assert standard.refused_url(url) == ""


def test_an_origin_that_the_settings_name_may_be_told_at_what_is_an_address() -> None:
    ours = ("http://crm.internal:9000", "https://exa mple")
    assert standard.refused_url("http://crm.internal:9000/x", allowed=ours) == ""
    for url in ("http://crm.internal:9000/\r\nX: y", "https://exa mple/x", "http://a@crm.internal:9000/"):
        assert standard.refused_url(url, allowed=ours)


def test_what_was_not_taken_is_tried_ever_later_and_never_all_at_once() -> None:
    pauses = [standard.pause_ms(tries, chance=lambda: 0.5) for tries in range(1, 12)]
    assert pauses[:3] == [5_000, 300_000, 1_800_000]
    assert pauses == sorted(pauses)
    assert pauses[-1] == DAY_MS
    assert standard.pause_ms(1, chance=lambda: 0.0) < 5_000 < standard.pause_ms(1, chance=lambda: 1.0)
