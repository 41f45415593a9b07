"""Crashes on purpose, for tests: hooks for `Fs` that kill at one change, and a model of a power cut."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from aigchip_tui.store.fs import Op, OpName, Torn

Surviving = Literal["synced", "all", "names", "contents", "random"]
"""What a power cut leaves of changes not yet synced: none, all, names without contents, contents without names, or
any part of them."""


_TAKES_SPACE = {"create", "write", "mkdir", "link"}


class Crash(BaseException):
    """The process dies here. Not an Exception, so that no handler of ours mends it."""


class CrashAt:
    """A hook that dies at the change number `at` (from 0); a write lets `torn` of its bytes through first.

    Dead is dead: every later change dies too, clean-up included. `count` is the number of changes seen; with `at`
    below 0 it only counts. `problem` is raised instead of Crash, for instance OSError(ENOSPC), once or, with `lasting`,
    at every later write and new name too.
    """

    def __init__(
        self, at: int, *, torn: int = 0, only: Iterable[OpName] = (), problem: BaseException | None = None,
        lasting: bool = False,
    ) -> None:
        self.at = at
        self.count = 0
        self._torn = torn
        self._only = frozenset(only)
        self._problem = problem
        self._lasting = lasting

    def __call__(self, op: Op) -> None:
        if self._only and op.name not in self._only:
            return
        number, self.count = self.count, self.count + 1
        if self.at < 0 or number < self.at:
            return
        if number > self.at and self._problem is not None and not (self._lasting and op.name in _TAKES_SPACE):
            return
        problem = self._problem if self._problem is not None else Crash(f"{op.name} {op.path}")
        if op.name == "write" and number == self.at:
            raise Torn(min(self._torn, len(op.data)), problem)
        raise problem


class _Contents:
    def __init__(self, data: bytes = b"") -> None:
        self.live = bytearray(data)
        self.synced = data


class _Names:
    def __init__(self) -> None:
        self.live: dict[str, _Node] = {}
        self.synced: dict[str, _Node] = {}


_Node = _Contents | _Names


class PowerCut:
    """A hook that records changes below `base` (which must exist), and lays out what a power cut would leave.

    A model of a journaling file system at its worst: contents last only when synced, names only when their folder
    was synced; a rename is atomic.
    """

    def __init__(self, base: Path) -> None:
        self.base = base
        self.ops: list[Op] = []

    def __call__(self, op: Op) -> None:
        self.ops.append(op)

    def leave(self, cut: int, surviving: Surviving, *, torn: int = 0, seed: int = 0) -> None:
        """Make `base` what is found after a cut just before change number `cut`.

        If that change is a write, its first `torn` bytes were under way.
        """
        root = _Names()
        handles: dict[Path, _Contents] = {}
        for op in self.ops[:cut]:
            self._apply(root, handles, op)
        if cut < len(self.ops) and self.ops[cut].name == "write":
            handles[self.ops[cut].path].live += self.ops[cut].data[:torn]
        shutil.rmtree(self.base)
        self.base.mkdir(mode=0o700)
        self._lay(root, self.base, surviving, random.Random(seed))

    def _folder(self, root: _Names, path: Path) -> _Names:
        node: _Node = root
        for part in path.relative_to(self.base).parts:
            assert isinstance(node, _Names)
            node = node.live[part]
        assert isinstance(node, _Names)
        return node

    def _apply(self, root: _Names, handles: dict[Path, _Contents], op: Op) -> None:
        if not op.path.is_relative_to(self.base) or (op.path == self.base and op.name != "sync_folder"):
            return
        if op.name == "sync_folder":
            folder = self._folder(root, op.path)
            folder.synced = dict(folder.live)
            return
        names = self._folder(root, op.path.parent).live
        name = op.path.name
        if op.name in {"create", "mkdir"}:
            if name not in names:
                names[name] = _Contents() if op.name == "create" else _Names()
        elif op.name == "unlink" or (op.name == "rmdir" and name in names and not self._folder(root, op.path).live):
            names.pop(name, None)
        if op.name in {"create", "open"}:
            node = names[name]
            assert isinstance(node, _Contents)
            handles[op.path] = node
        elif op.name == "write":
            handles[op.path].live += op.data
        elif op.name == "overwrite":
            handles[op.path].live[op.offset:op.offset + len(op.data)] = op.data
        elif op.name == "sync":
            handles[op.path].synced = bytes(handles[op.path].live)
        elif op.name in {"rename", "link"}:
            assert op.target is not None
            target = self._folder(root, op.target.parent).live
            if op.name == "rename":
                target[op.target.name] = names.pop(name)
            elif op.target.name not in target:
                target[op.target.name] = names[name]

    def _lay(self, folder: _Names, path: Path, surviving: Surviving, draw: random.Random) -> None:
        names = folder.live if surviving in {"all", "names"} else folder.synced
        if surviving == "random":
            names = draw.choice((folder.live, folder.synced))
        for name, node in names.items():
            if isinstance(node, _Names):
                (path / name).mkdir(mode=0o700)
                self._lay(node, path / name, surviving, draw)
                continue
            data = bytes(node.live) if surviving in {"all", "contents"} else node.synced
            if surviving == "random":
                reached = draw.randint(min(len(node.synced), len(node.live)), len(node.live))
                data = bytes(node.live[:reached])
                if draw.random() < 0.3:
                    # The length reached the disk, the blocks did not.
                    data += bytes(len(node.live) - reached)
            (path / name).write_bytes(data)
            (path / name).chmod(0o600)
