"""A test case as raw bytes: what enters a module, and what an independent golden model says must leave it."""

from __future__ import annotations

import msgspec


class Ahead(msgspec.Struct, frozen=True, kw_only=True):
    """How far the tokens of one output stream are ahead of those of another.

    Before token i of `of` is written, exactly `tokens[i]` tokens of `stream` have been. Both are names of `expected`.
    Order within a stream is seen by its values; this is for order between streams, on which overlap depends.
    """

    stream: str
    of: str
    tokens: tuple[int, ...]


class TestCase(msgspec.Struct, frozen=True, kw_only=True):
    """One launch of a module or of an assembled design.

    All values are little-endian memory images, so that the process under test needs no parser and no golden
    result. `inputs` and `expected` hold the tokens of stream and block ports back to back, the bytes of array
    ports, and the value of scalar ports; an array of streams has one entry per stream, named `port[i]`.
    `counts` gives the number of tokens behind each entry of `inputs` and `expected` (the token size follows from
    it); array and scalar ports need none. `memories` and `expected_memories` are the contents of m_axi ports
    before and after the launch; a memory left out keeps what the case before it left there. `ahead` is the order
    between streams, where the contract has one.
    """

    __test__ = False

    name: str
    inputs: dict[str, bytes] = {}
    counts: dict[str, int] = {}
    expected: dict[str, bytes] = {}
    memories: dict[str, bytes] = {}
    expected_memories: dict[str, bytes] = {}
    ahead: tuple[Ahead, ...] = ()
