"""The one redactor: takes secrets out of everything before it is journalled, stored, logged or sent."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

_SECRET_NAME = re.compile(
    r"(KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|AUTH|COOKIE)S?(_|$)|_PAT$", re.IGNORECASE
)
_NO_SECRET_NAME = re.compile(r"(SOCK|SOCKET|_FILE|_PATH|_DIR|AUTHORITY|_NAME|_ID|_URL|_HOST)$", re.IGNORECASE)
_SHAPES = (
    rb"sk-[A-Za-z0-9_-]{16,}",
    rb"gh[pousr]_[A-Za-z0-9]{20,}",
    rb"github_pat_[A-Za-z0-9_]{20,}",
    rb"hf_[A-Za-z0-9]{20,}",
    rb"AKIA[0-9A-Z]{16}",
    rb"xox[abprs]-[A-Za-z0-9-]{10,}",
    rb"eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}",
    rb"(?<=Bearer )[A-Za-z0-9._~+/=-]{12,}",
    rb"(?<=://)[^/\s:@\"']{1,64}:[^/\s@\"']{1,256}(?=@)",
)
MIN_LENGTH = 8
"""A shorter value of a secret variable is not searched for: it would be found in ordinary text."""


class Redactor:
    """Replaces the secrets of an environment, and anything shaped like a key, by `[redacted]`.

    A secret is found as it is, and as JSON, URL and base64 write it. Calling it takes and gives bytes;
    `text` strings.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        forms = {form for name, value in environment.items() if is_secret(name, value) for form in _forms(value)}
        known = [re.escape(form.encode()) for form in sorted(forms, key=len, reverse=True)]
        self._pattern = re.compile(b"|".join([*known, *_SHAPES]))

    def __call__(self, data: bytes) -> bytes:
        return self._pattern.sub(b"[redacted]", data)

    def text(self, text: str) -> str:
        """The text without secrets."""
        return self(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")


def is_secret(name: str, value: str) -> bool:
    """Whether an environment variable holds a secret, by its name, and is long enough to be searched for."""
    if len(value.strip()) < MIN_LENGTH or value.strip().isdigit():
        return False
    return bool(_SECRET_NAME.search(name)) and not _NO_SECRET_NAME.search(name)


def _forms(value: str) -> Iterator[str]:
    for bare in {value, value.strip()}:
        yield bare
        yield json.dumps(bare)[1:-1]
        yield json.dumps(bare, ensure_ascii=False)[1:-1]
        yield quote(bare, safe="")
        yield base64.b64encode(bare.encode()).decode().rstrip("=")
        yield base64.urlsafe_b64encode(bare.encode()).decode().rstrip("=")


def redactor(environment: Mapping[str, str]) -> Redactor:
    """The redactor for this environment."""
    return Redactor(environment)
