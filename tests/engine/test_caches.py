"""Variants and proofs across sessions: a hit is a copied event, never another generator's code, never a surprise."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aigchip_tui.model.device import device
from aigchip_tui.model.proof import RungOutcome
from aigchip_tui.model.space import Build
from aigchip_tui.proof.keeping import Kept, KeptProof, answer_key, asked_key, proof_key

if TYPE_CHECKING:
    from tests.engine.conftest import CommandLine
else:
    from conftest import CommandLine

REQUEST = "gemm:16x16x16 on a PYNQ-Z2, at most 16 DSPs"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """A user who has run one search, "first", with all caches on."""
    base = tmp_path_factory.mktemp("user")
    kept = {k: v for k, v in os.environ.items() if k in ("PATH", "LANG", "TMPDIR", "PYTHONPATH")}
    user = CommandLine(base / "sessions", {
        **kept, "HOME": str(base), "AIGCHIP_SESSIONS": str(base / "sessions"), "XDG_DATA_HOME": str(base / "data"),
        "XDG_CACHE_HOME": str(base / "cache"),
    })
    search(user, "first")
    return user


@pytest.fixture
def user(first: CommandLine, tmp_path: Path) -> CommandLine:
    """The same user with a copy of the caches as "first" left them."""
    shutil.copytree(Path(first.environment["XDG_CACHE_HOME"]), tmp_path / "cache")
    return CommandLine(first.root, {**first.environment, "XDG_CACHE_HOME": str(tmp_path / "cache")})


def cache_of(user: CommandLine) -> Path:
    return Path(user.environment["XDG_CACHE_HOME"]) / "aigchip-tui"


def forget(user: CommandLine) -> None:
    """Only compiled programs are left."""
    for name in ("variants", "proofs"):
        shutil.rmtree(cache_of(user) / name)


def search(user: CommandLine, name: str, *flags: str) -> dict[str, Any]:
    user.run("run", name, "--request", REQUEST, "--evaluations", "1", *flags, expect=None)
    report: dict[str, Any] = user.json("show", name)
    return report


def found(user: CommandLine, name: str) -> list[tuple[Any, ...]]:
    return [(d["id"], d["parameters"], d["state"], d["latency_cycles"], d["dsp"], d["lut"], d["proof"])
            for d in user.json("show", name, "--designs")]


def kinds(user: CommandLine, name: str) -> list[str]:
    lines = (user.root / name / "journal.jsonl").read_text().splitlines()
    return [json.loads(line)["kind"] for line in lines]


def test_the_same_request_again_makes_no_call_and_finds_the_same(user: CommandLine) -> None:
    first = user.json("show", "first")
    assert first["model_calls"] == first["variants"]["total"] > 0
    assert first["variants"]["cached"] == 0
    again = search(user, "again")
    assert again["model_calls"] == 0
    assert again["variants"]["cached"] == again["variants"]["total"] == first["variants"]["total"]
    assert again["variants"]["of_other_generators"] == 0
    assert found(user, "again") == found(user, "first")
    assert [d["id"] for d in again["front"]] == [d["id"] for d in first["front"]]
    assert kinds(user, "again").count("VariantTaken") == again["variants"]["total"]
    assert "CallStarted" not in kinds(user, "again")
    one = user.json("show", "again", "--variants")[0]
    assert one["taken_from"].startswith("session first, ")
    told = user.run("show", "again", "--variant", one["variant"])
    assert "no call was made: session first" in told
    assert "(cached: session first" in told
    assert "from the cache instead of a call" in user.run("show", "again")
    before = user.json("show", "again"), user.json("show", "again", "--variant", one["variant"])
    shutil.rmtree(cache_of(user))
    assert (user.json("show", "again"), user.json("show", "again", "--variant", one["variant"])) == before
    assert user.run("show", "again", "--source", one["variant"])


def test_another_seed_takes_the_adapters_texts_and_proves_them_on_its_own_stimuli(user: CommandLine) -> None:
    best = user.json("show", "first")["best"]["parameters"]
    pins = [word for name, value in best.items() for word in ("--pin", f"{name}={value}")]
    other = search(user, "other", "--seed", "7", *pins)
    rows = [v for v in user.json("show", "other", "--variants") if v["taken_from"]]
    assert rows, "the adapter's answer does not depend on the seed"
    told = user.json("show", "other", "--variant", rows[0]["variant"])
    assert not any("cached" in r["evidence"] for r in told["attempts"][0]["rungs"].values())
    assert other["model_calls"] == 0


def test_switched_off_nothing_is_taken_and_nothing_is_kept(user: CommandLine) -> None:
    assert search(user, "off", "--no-cache")["variants"]["cached"] == 0
    assert "cache: false" in (user.root / "off" / "session.yaml").read_text()
    forget(user)
    user.run("run", "off", expect=None)
    user.environment["AIGCHIP_NO_CACHE"] = "1"
    assert search(user, "also-off")["variants"]["cached"] == 0
    assert not (cache_of(user) / "variants").exists()
    assert not (cache_of(user) / "proofs").exists()


def test_a_generator_that_makes_mistakes_gives_nothing_and_takes_nothing(user: CommandLine) -> None:
    assert search(user, "practice", "--generator", "offline:faults=0", "--seed", "2")["variants"]["cached"] > 0
    forget(user)
    faulty = search(user, "faulty", "--generator", "offline:faults=0.01", "--gate", "never", "--reuse")
    assert faulty["variants"]["cached"] == 0
    assert not (cache_of(user) / "variants").exists()


def test_a_changed_demonstration_is_asked_for_anew(user: CommandLine, tmp_path: Path) -> None:
    from aigchip_tui.library.demos import shipped_root

    used = user.json("show", "first", "--variants")[0]["demos"][0]
    user.environment["XDG_DATA_HOME"] = str(tmp_path / "data")
    theirs = tmp_path / "theirs" / "gemm" / used.split("/")[0] / "changed"
    shutil.copytree(shipped_root() / "gemm" / used, theirs)
    (theirs / "code.hpp").write_text((theirs / "code.hpp").read_text() + "\n")
    user.run("demos", "add", str(tmp_path / "theirs"))
    again = search(user, "changed")
    assert again["variants"]["cached"] == 0
    assert again["model_calls"] == again["variants"]["total"]


def test_damaged_entries_are_misses(user: CommandLine) -> None:
    for number, path in enumerate(sorted(p for p in (cache_of(user) / "variants").rglob("*") if p.is_file())):
        path.write_bytes(path.read_bytes()[: -1 - 40 * number] if number % 2 else b"{}")
    for path in (cache_of(user) / "proofs").rglob("*"):
        if path.is_file():
            path.write_bytes(path.read_bytes().replace(b"passed", b"failed"))
    assert search(user, "damaged")["variants"]["cached"] == 0
    assert found(user, "damaged") == found(user, "first")


def test_a_cache_deleted_under_a_running_engine_is_no_harm(user: CommandLine) -> None:
    forget(user)
    child = user.popen(["run", "robbed", "--request", REQUEST, "--evaluations", "1"])
    journal = user.root / "robbed" / "journal.jsonl"
    for moment in ("VariantDeclared", "VariantProven", "DesignEvaluated"):
        while child.poll() is None and not (journal.exists() and moment in journal.read_text()):
            time.sleep(0.05)
        shutil.rmtree(cache_of(user), ignore_errors=True)
    assert child.wait(timeout=300) == 0
    assert found(user, "robbed") == found(user, "first")


def test_two_engines_at_once_write_one_cache(user: CommandLine) -> None:
    forget(user)
    children = [user.popen(["run", name, "--request", REQUEST, "--evaluations", "1"]) for name in ("one", "two")]
    assert [child.wait(timeout=300) for child in children] == [0, 0]
    assert found(user, "one") == found(user, "two") == found(user, "first")
    assert search(user, "three")["model_calls"] == 0


def test_doctor_says_where_the_caches_are_and_how_full(user: CommandLine) -> None:
    rows = {row["what"]: row for row in user.json("doctor", expect=None)}
    for what in ("variants", "proofs", "programs"):
        told = rows[f"cached {what}"]["found"]
        assert str(cache_of(user)) in told
        assert not told.startswith("0 ")
    user.environment["AIGCHIP_NO_CACHE"] = "1"
    assert "AIGCHIP_NO_CACHE is set" in user.run("doctor", expect=None)


@pytest.fixture(scope="module")
def key_material() -> dict[str, Any]:
    """What the keys of one variant are made of."""
    from aigchip_tui.modules.loader import load_template

    template = load_template("gemm")
    spec = template.modules()["mac"]
    return {
        "variant": template.variant("mac", next(iter(spec.legal_settings()))), "template_hash": template.hash,
        "library_hash": "l", "build": Build(device=device("zcu104")),
    }


@pytest.mark.parametrize("changed", [
    {"template_hash": "another"}, {"library_hash": "another"}, {"build": {"precision": "int16"}},
    {"build": {"clock_mhz": 250}}, {"build": {"axi_bytes": 32}}, {"variant": {"instruction": ("1. else",)}},
    {"variant": {"prologue": "// else"}}, {"variant": {"signatures": ("void f();",)}}, {"variant": {"ports": ()}},
    {"variant": {"types": ("struct cmd_t;",)}},
])
def test_a_variants_key_holds_all_that_its_text_answers(key_material: dict[str, Any], changed: dict[str, Any]) -> None:
    other = {
        name: msgspec.structs.replace(value, **changed[name]) if isinstance(changed.get(name), dict)
        else changed.get(name, value) for name, value in key_material.items()
    }
    assert asked_key(**other) != asked_key(**key_material)
    assert asked_key(**dict(key_material)) == asked_key(**key_material)


def test_who_answers_is_part_of_the_key() -> None:
    plain: dict[str, Any] = {
        "prompt": "p", "grain": "explicit", "selection": "numeric", "budget_tokens": 8192, "seed": None,
    }
    keys = [
        answer_key("offline", **plain), answer_key("openai:a at x", **plain), answer_key("openai:a at y", **plain),
        answer_key("offline", **{**plain, "prompt": "q"}), answer_key("offline", **{**plain, "selection": "model"}),
        answer_key("offline", **{**plain, "seed": 1}), answer_key("offline", **{**plain, "seed": 2}),
        answer_key("offline", **{**plain, "budget_tokens": 4096}), answer_key("offline", **{**plain, "grain": "high"}),
    ]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("changed", [
    {"rungs": "sanitizers"}, {"body": "void f() { }"}, {"children": "one"}, {"headers": {"types.hpp": "//"}},
    {"seed": 2}, {"template_hash": "another"}, {"environment": {"CXX": "clang++"}},
])
def test_a_proofs_key_holds_all_that_decides_it(key_material: dict[str, Any], changed: dict[str, Any]) -> None:
    if "environment" in changed and shutil.which("clang++") is None:
        pytest.skip("only one compiler is here")
    variant = key_material["variant"]
    whole: dict[str, Any] = {
        "rungs": "search", "variant": variant, "body": "void f() {}", "children": [], "headers": {}, "seed": 1,
        "template_hash": "t", "build": key_material["build"], "environment": {},
    }
    if changed.get("children"):
        changed = {"children": [(variant, "void g() {}")]}
    path = {"PATH": os.environ["PATH"]}
    other = {**whole, **changed}
    assert proof_key(**{**other, "environment": {**path, **other["environment"]}}) != proof_key(
        **{**whole, "environment": path}
    )


def test_only_rungs_that_passed_are_kept_or_believed(tmp_path: Path) -> None:
    kept = Kept.below(tmp_path)
    passed = RungOutcome(rung="compile", status="passed")
    for status in ("failed", "waived", "not run"):
        other = RungOutcome(rung="rate", status=status)
        kept.keep_proof("a" * 64, KeptProof(outcomes=(passed, other), session="s", made=""))
        assert kept.proof("a" * 64) is None
        kept.proofs.write("a" * 64, msgspec.json.encode(KeptProof(outcomes=(other,), session="s", made="")))
        assert kept.proof("a" * 64) is None
    kept.keep_proof("a" * 64, KeptProof(outcomes=(passed,), session="s", made=""))
    assert kept.proof("a" * 64) is not None
    kept.proofs.write("a" * 64, b'{"outcomes": 7}')
    assert kept.proof("a" * 64) is None
