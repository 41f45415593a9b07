"""What is installed is what stands in the checkout: package, templates, demonstrations, the example session."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DATA = "aigchip_tui/_data/"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Files of the wheel by name."""
    out = tmp_path_factory.mktemp("wheel")
    done = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        capture_output=True, text=True, timeout=300, check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = out.glob("*.whl")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.mark.parametrize("part", ["templates", "demos", "sessions/example"])
def test_what_ships_beside_the_package_is_the_checkouts(wheel: dict[str, bytes], part: str) -> None:
    within = f"{DATA}{part}/"
    assert {name.removeprefix(within): data for name, data in wheel.items() if name.startswith(within)} == files(
        ROOT / part)


def test_the_package_is_the_checkouts_and_nothing_else_is_installed(wheel: dict[str, bytes]) -> None:
    package = {name: data for name, data in wheel.items() if not name.startswith(DATA) and ".dist-info/" not in name}
    assert package == {f"aigchip_tui/{name}": data for name, data in files(ROOT / "aigchip_tui").items()}
    assert {name.removeprefix(DATA).split("/")[0] for name in wheel if name.startswith(DATA)} == {
        "templates", "demos", "sessions"}
