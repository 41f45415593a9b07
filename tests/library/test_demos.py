"""Demonstrations on disk: what is read, what is refused and in which words, and the user's own."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aigchip_tui.library.adding import Proven, RefusedDemoError, add_demos
from aigchip_tui.library.demos import (
    Demo,
    DemoError,
    DemoLibrary,
    load_demos,
    parse_instruction,
    unproven_demos,
    user_root,
)
from aigchip_tui.library.extremes import extremes, with_number
from aigchip_tui.model.errors import AigchipError

SAMPLES = Path(__file__).parent / "samples"
LANE = SAMPLES / "toy" / "lane"


def copy(tmp_path: Path, name: str = "tree_register_8", to: str = "toy/lane/mine") -> Path:
    target = tmp_path / to
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(LANE / name, target)
    return target


def test_demos_are_read_with_settings_lines_and_code() -> None:
    library = load_demos("toy", roots=[SAMPLES])
    assert library.modules == ("lane",)
    demo = library.of("lane")[-1]
    assert demo.label == "lane/tree_register_8"
    assert demo.settings == {"elements": 8, "sum": "tree", "exit": "register", "skip": 3}
    assert demo.instruction[0] == "Each token packs 8 elements."
    assert demo.code == (LANE / "tree_register_8" / "code.hpp").read_text()
    assert [segment.line for segment in demo.segments] == [1, 4, 2, 5, 3, 5, 2, 3, 5, 3, 5]
    assert load_demos("nothing", roots=[SAMPLES]).demos == ()


def test_the_hash_changes_with_each_file(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    hashes = {load_demos("toy", roots=[tmp_path]).hash}
    for name in ("code.hpp", "instruction.md", "demo.yaml"):
        path = folder / name
        path.write_text(path.read_text() + "\n")
        hashes.add(load_demos("toy", roots=[tmp_path]).hash)
    assert len(hashes) == 4


def test_later_roots_replace_and_add(tmp_path: Path) -> None:
    copy(tmp_path, to="toy/lane/tree_direct_32")
    copy(tmp_path, to="toy/lane/zz_mine")
    library = load_demos("toy", roots=[SAMPLES, tmp_path])
    assert len(library.demos) == 5
    assert next(d for d in library.demos if d.name == "tree_direct_32").settings["elements"] == 8


@pytest.mark.parametrize(
    ("file", "text", "says"),
    [
        ("instruction.md", "1. One.\n3. Three.\n", 'row 2: "3. Three." is not numbered line 2'),
        ("instruction.md", "One.\n", "row 1"),
        ("instruction.md", "\n", "no numbered line"),
        ("demo.yaml", "note: x\n", "settings"),
        ("demo.yaml", "settings: {a: 1}\nnoet: x\n", "noet"),
        ("demo.yaml", "settings: {a: [1]}\n", "maps names to whole numbers or words"),
        ("demo.yaml", "settings: {a: 1, a: 2}\n", "twice"),
        ("demo.yaml", "settings: &x {a: 1}\n", "anchor"),
        ("code.hpp", "x" * 300_000, "larger than 256 KiB"),
    ],
)
def test_a_bad_file_is_told_in_one_sentence(tmp_path: Path, file: str, text: str, says: str) -> None:
    (copy(tmp_path) / file).write_text(text)
    with pytest.raises(AigchipError) as caught:
        load_demos("toy", roots=[tmp_path])
    assert says in str(caught.value)
    assert file in str(caught.value)


def test_a_missing_file_and_bad_bytes_are_told(tmp_path: Path) -> None:
    folder = copy(tmp_path)
    (folder / "code.hpp").write_bytes(b"\xff\xfe")
    with pytest.raises(DemoError, match="not UTF-8"):
        load_demos("toy", roots=[tmp_path])
    (folder / "code.hpp").unlink()
    with pytest.raises(DemoError, match=r"has no code\.hpp"):
        load_demos("toy", roots=[tmp_path])


def test_white_space_in_lines_is_evened() -> None:
    assert parse_instruction("1.  One   two. \n\n2. Three.\n", where="x") == ("One two.", "Three.")


def _green(demo: Demo, library: DemoLibrary) -> Proven:
    assert any(other.hash == demo.hash for other in library.demos)
    return Proven(template="t", asked=(demo.label,))


def test_a_demo_of_the_user_is_used_as_long_as_it_is_what_was_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    folder = copy(tmp_path / "source", to="toy/lane/mine")
    known = [load_demos("toy", roots=[SAMPLES])]
    add_demos(folder, known=known, prove=_green)
    assert [demo.label for demo in load_demos("toy").demos] == ["lane/mine"]
    assert unproven_demos("toy") == ()
    mine = user_root() / "toy" / "lane" / "mine"
    (mine / "code.hpp").write_text((mine / "code.hpp").read_text() + "// later\n")
    assert load_demos("toy").demos == ()
    assert [demo.label for demo in unproven_demos("toy")] == ["lane/mine"]
    copy(user_root(), to="toy/lane/by_hand")
    assert load_demos("toy").demos == ()
    (mine / "proof.json").write_text("{")
    assert load_demos("toy").demos == ()


def test_a_demo_that_is_red_on_the_ladder_is_not_added(tmp_path: Path) -> None:
    folder = copy(tmp_path / "source", to="toy/lane/mine")

    def red(demo: Demo, library: DemoLibrary) -> Proven:
        return Proven(template="t", asked=(demo.label,), wrong=("lane/mine: module_sim: values differ",))

    with pytest.raises(RefusedDemoError, match="not proven: lane/mine: module_sim"):
        add_demos(folder, known=[load_demos("toy", roots=[SAMPLES])], prove=red, root=tmp_path / "user")
    assert not (tmp_path / "user").exists()


def test_adding_copies_a_checked_demo(tmp_path: Path) -> None:
    folder = copy(tmp_path / "source", to="toy/lane/mine")
    known = [load_demos("toy", roots=[SAMPLES])]
    added = add_demos(folder, known=known, prove=_green, root=tmp_path / "user")
    assert [demo.label for demo in added] == ["lane/mine"]
    library = load_demos("toy", roots=[SAMPLES, tmp_path / "user"])
    assert len(library.demos) == 5
    assert sorted(path.name for path in (tmp_path / "user" / "toy" / "lane").iterdir()) == ["mine"]
    add_demos(tmp_path / "source", known=known, prove=_green, root=tmp_path / "user2")
    assert (tmp_path / "user2" / "toy" / "lane" / "mine" / "code.hpp").exists()


def test_adding_refuses_what_breaks_a_law_and_leaves_nothing(tmp_path: Path) -> None:
    folder = copy(tmp_path / "source", to="toy/lane/mine")
    code = (folder / "code.hpp").read_text()
    (folder / "code.hpp").write_text(code.replace("i < step", "i <= step"))
    with pytest.raises(RefusedDemoError, match="Nothing was copied") as caught:
        add_demos(folder, known=[load_demos("toy", roots=[SAMPLES])], prove=_green, root=tmp_path / "user")
    assert {finding.code for finding in caught.value.findings} == {"L5"}
    assert not (tmp_path / "user").exists()


@pytest.mark.parametrize(
    ("to", "says"),
    [
        ("other/lane/mine", "no template 'other'"),
        ("toy/train/mine", "no module 'train'"),
        ("toy/lane/tree_direct_32", "exists already"),
    ],
)
def test_adding_refuses_unknown_places(tmp_path: Path, to: str, says: str) -> None:
    folder = copy(tmp_path / "source", to=to)
    with pytest.raises(DemoError, match=says):
        add_demos(folder, known=[load_demos("toy", roots=[SAMPLES])], prove=_green, root=tmp_path / "user")


def test_the_first_demo_of_a_module_is_added_when_the_template_has_the_module(tmp_path: Path) -> None:
    folder = copy(tmp_path / "source", to="toy/train/mine")
    known, root = [load_demos("toy", roots=[SAMPLES])], tmp_path / "user"
    added = add_demos(folder, known=known, modules={"toy": ("lane", "train")}, prove=_green, root=root)
    assert added[0].module == "train"


def test_adding_refuses_a_folder_without_a_demo(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="holds no demo"):
        add_demos(tmp_path, known=[], prove=_green, root=tmp_path / "user")
    with pytest.raises(DemoError, match="is not a folder"):
        add_demos(tmp_path / "nothing", known=[], prove=_green, root=tmp_path / "user")


def test_extremes_change_one_number_to_its_least_and_greatest_legal_value() -> None:
    demo = load_demos("toy", roots=[SAMPLES]).of("lane")[-1]
    legal = []
    for elements in (2, 4, 8, 64):
        for skip in (3, 9):
            lines = list(demo.instruction)
            lines[0] = f"Each token packs {elements} elements."
            lines[3] = f"The first {skip} tokens of a command are skipped."
            legal.append(({"elements": elements, "skip": skip}, lines))
    found = extremes(demo, legal)
    assert [(e.line, e.old, e.new, e.settings["elements"], e.settings["skip"]) for e in found] == [
        (1, "8", "2", 2, 3),
        (1, "8", "64", 64, 3),
        (4, "3", "9", 8, 9),
    ]
    assert found[1].code == demo.code.replace("ELEMENTS = 8;", "ELEMENTS = 64;")
    assert found[1].instruction[0] == "Each token packs 64 elements."


def test_a_number_that_does_not_stand_once_has_no_extreme() -> None:
    demo = load_demos("toy", roots=[SAMPLES]).of("lane")[-1]
    with pytest.raises(DemoError, match="has 0 numbers"):
        with_number(demo, 2, "5")
