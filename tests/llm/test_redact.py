"""A key is found in everything that is written, in whatever spelling; ordinary text is left alone."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aigchip_tui.llm.redact import is_secret, redactor

CANARY = 'canary/"key"+0123 äß'
REDACT = redactor({"OPENAI_API_KEY": CANARY, "HOME": "/home/somebody", "LANG": "en_US.UTF-8"})


@pytest.mark.parametrize(
    "written",
    [
        CANARY,
        json.dumps({"x": CANARY}),
        json.dumps({"x": CANARY}, ensure_ascii=False),
        quote(CANARY, safe=""),
        base64.b64encode(CANARY.encode()).decode(),
        base64.urlsafe_b64encode(CANARY.encode()).decode(),
    ],
)
def test_the_key_is_found_in_every_spelling(written: str) -> None:
    text = REDACT.text(f"before {written} after")
    assert "canary" not in text
    assert base64.b64encode(CANARY.encode()).decode()[:12] not in text
    assert text.startswith("before ")
    assert text.rstrip('}" ').endswith("after")
    assert REDACT(f"before {written} after".encode()) == text.encode()


def test_a_journal_line_stays_json() -> None:
    line = json.dumps({"prompt": f"my key is {CANARY}, keep it", "n": 1}).encode()
    assert json.loads(REDACT(line)) == {"prompt": "my key is [redacted], keep it", "n": 1}


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnopqrstuv",
        "ghp_abcdefghijklmnopqrst0123",
        "Authorization: Bearer abcdefghij0123456789",
        "https://user:hunter2@example.org/v1",
        "AKIAABCDEFGHIJKLMNOP",
        "hf_abcdefghijklmnopqrstuvwx",
    ],
)
def test_what_is_shaped_like_a_key_is_redacted_whatever_the_environment(text: str) -> None:
    redacted = redactor({}).text(text)
    assert "[redacted]" in redacted
    assert "hunter2" not in redacted


@pytest.mark.parametrize(
    "text",
    [
        "hls::stream<hls::vector<data_t, 16>>& in, int i : 4 @ 200 MHz",
        "https://docs.example.org/a@b",
        "for (int i = 0; i < 8; ++i) sum += a[i]; // task-oriented, risk-free",
        "/home/somebody/sessions en_US.UTF-8",
    ],
)
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert REDACT.text(text) == text


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [
        ("OPENAI_API_KEY", "abcdefgh", True),
        ("MY_TOKEN", "abcdefgh", True),
        ("DB_PASSWORD", "abcdefgh", True),
        ("XILINX_SECRETS", "abcdefgh", True),
        ("AWS_SECRET_ACCESS_KEY", "abcdefgh", True),
        ("OPENAI_API_KEY", "short", False),
        ("MAX_TOKENS", "100000000", False),
        ("SSH_AUTH_SOCK", "/tmp/ssh-1/agent.1", False),
        ("XAUTHORITY", "/home/me/.Xauthority", False),
        ("KEYBOARD_LAYOUT", "us-international", False),
        ("HOME", "/home/somebody", False),
    ],
)
def test_which_variables_hold_secrets(name: str, value: str, secret: bool) -> None:
    assert is_secret(name, value) is secret


@given(st.binary(max_size=200))
def test_any_bytes_pass(data: bytes) -> None:
    assert isinstance(REDACT(data), bytes)


@given(st.text(min_size=8, max_size=30), st.text(max_size=20))
def test_no_secret_survives(secret: str, around: str) -> None:
    redact = redactor({"A_KEY": secret})
    if not is_secret("A_KEY", secret):
        return
    try:
        data = (around + secret + around).encode()
    except UnicodeEncodeError:
        return
    assert secret.encode() not in redact(data).replace(b"[redacted]", b"\x00")
