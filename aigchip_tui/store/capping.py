"""Caps a long log to its head and its tail, which hold the cause and the end of it."""

from __future__ import annotations

import codecs

HEAD_BYTES = 48 * 1024
TAIL_BYTES = 48 * 1024


class CappedLog:
    """Collects a log of any length in bounded memory: the first `head` and the last `tail` bytes.

    What is between is counted and named in one line; cuts fall on line ends where one is near.
    """

    def __init__(self, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> None:
        self._head_limit = head
        self._tail_limit = tail
        self._head = bytearray()
        self._tail = bytearray()
        self._dropped = 0
        self._dropped_lines = 0

    def feed(self, data: bytes) -> None:
        """Add the next bytes of the log."""
        room = self._head_limit - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room < len(data) else b""
        if len(self._tail) > 2 * self._tail_limit + 4096:
            self._drop(len(self._tail) - self._tail_limit)

    def _drop(self, count: int) -> None:
        self._dropped += count
        self._dropped_lines += self._tail.count(b"\n", 0, count)
        del self._tail[:count]

    def text(self) -> str:
        """The log as text; bytes that are not UTF-8 are shown as U+FFFD."""
        head, tail = bytes(self._head), bytes(self._tail)
        dropped, lines = self._dropped, self._dropped_lines
        if len(tail) > self._tail_limit:
            cut = len(tail) - self._tail_limit
            dropped, lines, tail = dropped + cut, lines + tail.count(b"\n", 0, cut), tail[cut:]
        if dropped == 0:
            return (head + tail).decode("utf-8", "replace")
        end_of_line = head.rfind(b"\n") + 1
        if end_of_line > len(head) // 2:
            dropped += len(head) - end_of_line
            head = head[:end_of_line]
        start_of_line = tail.find(b"\n") + 1
        if 0 < start_of_line < len(tail) // 2:
            dropped, lines, tail = dropped + start_of_line, lines + 1, tail[start_of_line:]
        newline = "" if head.endswith(b"\n") or not head else "\n"
        note = f"{newline}[... {dropped} bytes, {lines} line ends left out ...]\n"
        # A character cut in two shows nothing rather than a replacement mark: the log did not contain one.
        first = codecs.getincrementaldecoder("utf-8")("replace").decode(head)
        inside = next((place for place in range(min(3, len(tail))) if tail[place] & 0xC0 != 0x80), min(3, len(tail)))
        return first + note + tail[inside:].decode("utf-8", "replace")


def cap_text(text: str | bytes, *, head: int = HEAD_BYTES, tail: int = TAIL_BYTES) -> str:
    """`text` itself when it is short, else its head, a line that counts what is left out, and its tail."""
    log = CappedLog(head=head, tail=tail)
    log.feed(text.encode("utf-8", "replace") if isinstance(text, str) else text)
    return log.text()
