"""Finding, hashing and loading templates."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.modules.loader import (
    bases_of,
    files_hash,
    load_template,
    template_folders,
    template_hash,
    template_path,
)
from aigchip_tui.modules.protocol import HostDriver, ModuleSpec, Template

REPO = Path(__file__).resolve().parents[2]


def test_the_checkouts_template_loads_by_name_and_by_path() -> None:
    by_name, by_path = load_template("gemm"), load_template(REPO / "templates" / "gemm")
    assert isinstance(by_name, Template)
    assert isinstance(by_name, HostDriver)
    assert (by_name.name, by_name.hash) == (by_path.name, by_path.hash)
    assert by_name.hash == files_hash(REPO / "templates" / "gemm")
    assert all(isinstance(spec, ModuleSpec) for spec in by_name.modules().values())
    assert REPO / "templates" in template_folders()


def test_an_unknown_template_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(AigchipError, match=r"gem'.*Did you mean gemm\?"):
        load_template("gem")


def test_the_hash_follows_names_and_bytes_but_not_bytecode(tmp_path: Path) -> None:
    (tmp_path / "template.py").write_text("one")
    before = files_hash(tmp_path)
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "template.pyc").write_bytes(b"x")
    assert files_hash(tmp_path) == before
    (tmp_path / "template.py").write_text("two")
    assert files_hash(tmp_path) != before
    (tmp_path / "template.py").write_text("one")
    (tmp_path / "template.py").rename(tmp_path / "other.py")
    assert files_hash(tmp_path) != before


def test_a_changed_copy_is_loaded_beside_the_original(tmp_path: Path) -> None:
    shutil.copytree(REPO / "templates" / "gemm", tmp_path / "gemm")
    source = tmp_path / "gemm" / "template.py"
    source.write_text(source.read_text().replace('VERSION: Final = "1"', 'VERSION: Final = "changed"'))
    ours, copy = load_template("gemm"), load_template("gemm", extra=[tmp_path])
    assert (ours.version, copy.version) == ("1", "changed")
    assert ours.hash != copy.hash
    assert template_path("gemm", extra=[tmp_path]) == tmp_path / "gemm"


def test_a_folder_that_is_no_template_is_told_in_one_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "__init__.py").write_text("")
    (broken / "template.py").write_text("create = lambda digest: object()\n")
    with pytest.raises(AigchipError, match="does not return a Template"):
        load_template(broken)
    (broken / "template.py").write_text("import not_a_module_of_anybody\n")
    with pytest.raises(AigchipError, match="does not load"):
        load_template(broken)


def test_a_template_built_on_another_one_follows_its_hash(tmp_path: Path) -> None:
    folder = REPO / "templates" / "rowwise"
    assert bases_of(folder) == ("gemm",)
    assert load_template("rowwise").hash == template_hash(folder) != files_hash(folder)
    alone = tmp_path / "alone"
    shutil.copytree(folder, alone)
    (alone / "BASES").unlink()
    assert template_hash(alone) == files_hash(alone)
    (alone / "BASES").write_text("rowwise\n")
    with pytest.raises(AigchipError, match="rowwise is built on another one"):
        template_hash(alone)
    (alone / "BASES").write_text("gem\n")
    with pytest.raises(AigchipError, match="No template 'gem'"):
        template_hash(alone)


def test_a_template_from_outside_may_be_built_on_ours(tmp_path: Path) -> None:
    shutil.copytree(REPO / "templates" / "rowwise", tmp_path / "mine")
    template = load_template(tmp_path / "mine")
    assert "row_array" in template.modules()
    assert template.hash == template_hash(tmp_path / "mine")
