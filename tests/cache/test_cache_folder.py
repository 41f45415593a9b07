"""A cache that may be torn, deleted, linked elsewhere, written to by many: a hit is what was put there, or a miss."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from aigchip_tui.cache.folder import BUILD_PREFIX, CacheFolder


def key_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def cache(tmp_path: Path) -> CacheFolder:
    return CacheFolder(tmp_path / "cache" / "things", limit_bytes=1 << 20)


def path_of(cache: CacheFolder, key: str) -> Path:
    return cache.folder / key[:2] / key


def test_what_was_kept_is_read_and_the_folder_is_private(cache: CacheFolder) -> None:
    key = key_of("a")
    assert cache.read(key) is None
    assert cache.write(key, b"contents")
    assert cache.read(key) == b"contents"
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert path_of(cache, key).stat().st_mode & 0o777 == 0o600
    assert cache.read(key_of("b")) is None


@pytest.mark.parametrize("damage", [
    lambda data: data[:-1], lambda data: b"", lambda data: data[: len(data) // 2], lambda data: b"X" + data[1:],
    lambda data: data + b"\n", lambda data: data.replace(b"contents", b"contentS"),
])
def test_a_damaged_entry_is_a_miss_and_goes(cache: CacheFolder, damage) -> None:  # type: ignore[no-untyped-def]
    key = key_of("a")
    cache.write(key, b"some contents of some length")
    path_of(cache, key).write_bytes(damage(path_of(cache, key).read_bytes()))
    assert cache.read(key) is None
    assert not path_of(cache, key).exists()
    assert cache.write(key, b"again")
    assert cache.read(key) == b"again"


def test_an_entry_under_another_key_is_a_miss(cache: CacheFolder) -> None:
    one, two = key_of("a"), key_of("a")[:2] + key_of("b")[2:]
    cache.write(one, b"code of one")
    path_of(cache, one).rename(path_of(cache, two))
    assert cache.read(two) is None


def test_links_are_never_followed(cache: CacheFolder, tmp_path: Path) -> None:
    key = key_of("a")
    cache.write(key, b"contents")
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(cache.folder, elsewhere)
    path_of(cache, key).unlink()
    path_of(cache, key).symlink_to(elsewhere / key[:2] / key)
    assert cache.read(key) is None
    shutil.rmtree(cache.folder)
    cache.folder.mkdir(mode=0o700)
    (cache.folder / key[:2]).symlink_to(elsewhere / key[:2])
    assert cache.read(key) is None
    assert not cache.write(key, b"new")
    shutil.rmtree(cache.folder)
    cache.folder.symlink_to(elsewhere)
    assert cache.read(key) is None
    assert not cache.write(key_of("b"), b"new")
    assert (elsewhere / key[:2] / key).is_file()


def test_a_folder_that_others_could_write_to_is_emptied(cache: CacheFolder) -> None:
    key = key_of("a")
    cache.write(key, b"contents")
    cache.folder.chmod(0o777)
    assert cache.read(key) is None
    assert cache.folder.stat().st_mode & 0o777 == 0o700
    assert cache.write(key, b"contents")
    cache.folder.chmod(0o755)
    assert cache.read(key) == b"contents", "reading by others changes nothing"
    assert cache.folder.stat().st_mode & 0o777 == 0o700


def test_a_pipe_or_a_folder_in_place_of_an_entry_blocks_nobody(cache: CacheFolder) -> None:
    key, other = key_of("a"), key_of("b")
    cache.write(key, b"contents")
    path_of(cache, key).unlink()
    os.mkfifo(path_of(cache, key))
    assert cache.read(key) is None
    cache.write(other, b"contents")
    path_of(cache, other).unlink()
    path_of(cache, other).mkdir()
    assert cache.read(other) is None
    assert not cache.write(other, b"contents")


def test_a_disk_that_refuses_is_a_cache_without_entries(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    cache = CacheFolder(tmp_path / "file" / "below", limit_bytes=1 << 20)
    assert not cache.write(key_of("a"), b"contents")
    assert cache.read(key_of("a")) is None
    assert cache.usage().entries == 0
    cache.drop(key_of("a"))


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    cache = CacheFolder(tmp_path / "cache", limit_bytes=20_000)
    keys = [key_of(str(n)) for n in range(30)]
    for at, key in enumerate(keys):
        cache.write(key, bytes(1000))
        os.utime(path_of(cache, key), (at, at)) if path_of(cache, key).exists() else None
        if path_of(cache, keys[0]).exists():
            assert cache.read(keys[0]) is not None
    cache.trim()
    assert cache.usage().size_bytes <= 20_000
    assert cache.read(keys[0]) is not None, "used again and again"
    assert cache.read(keys[1]) is None
    assert cache.read(keys[-1]) is not None
    assert not cache.write(key_of("huge"), bytes(30_000))


def test_what_crashes_left_behind_goes_and_what_is_under_way_stays(cache: CacheFolder) -> None:
    cache.write(key_of("a"), b"contents")
    shelf = path_of(cache, key_of("a")).parent
    (shelf / ".new-dead").write_bytes(b"half")
    (cache.folder / f"{BUILD_PREFIX}dead").mkdir()
    (cache.folder / f"{BUILD_PREFIX}dead" / "bench.cpp").write_text("int main;")
    for path in (shelf / ".new-dead", cache.folder / f"{BUILD_PREFIX}dead"):
        os.utime(path, (0, 0))
    (cache.folder / f"{BUILD_PREFIX}alive").mkdir()
    cache.trim()
    assert not (shelf / ".new-dead").exists()
    assert not (cache.folder / f"{BUILD_PREFIX}dead").exists()
    assert (cache.folder / f"{BUILD_PREFIX}alive").is_dir()
    assert cache.read(key_of("a")) == b"contents"


def test_an_executable_runs_with_its_last_line(cache: CacheFolder) -> None:
    key = key_of("program")
    program = Path(shutil.which("true") or sys.executable).read_bytes()
    assert cache.put_program(key, program) == cache.find(key)
    found = cache.find(key)
    assert found is not None
    assert subprocess.run([found], check=False).returncode == 0


def test_many_writers_and_a_remover_leave_whole_entries_or_none(cache: CacheFolder) -> None:
    keys = [key_of(str(n)) for n in range(8)]
    wrong: list[bytes] = []
    problems: list[BaseException] = []

    def work(number: int) -> None:
        own = CacheFolder(cache.folder, limit_bytes=6_000)
        try:
            for turn in range(60):
                key = keys[(turn * 7 + number) % len(keys)]
                own.write(key, key.encode() * 8)
                data = own.read(key)
                if data is not None and data != key.encode() * 8:
                    wrong.append(data)
                if number == 0 and turn % 20 == 10:
                    shutil.rmtree(cache.folder, ignore_errors=True)
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert not problems


def test_keys_of_two_numbers_are_listed_by_their_first(cache: CacheFolder) -> None:
    first, other = key_of("base"), key_of("base")[:2] + key_of("x")[2:]
    cache.write(f"{first}.{key_of('b')}", b"b")
    cache.write(f"{first}.{key_of('a')}", b"a")
    cache.write(f"{other}.{key_of('a')}", b"c")
    assert cache.keys(first) == sorted(f"{first}.{key_of(n)}" for n in "ab")


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "/b", "a" * 64 + "."])
def test_a_key_is_never_a_path(cache: CacheFolder, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        cache.read(key)
