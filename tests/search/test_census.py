"""The space is counted: exactly where a product says it, estimated where rules join parameters."""

from __future__ import annotations

from aigchip_tui.model.device import device
from aigchip_tui.model.space import Build
from aigchip_tui.model.workload import workload
from aigchip_tui.search.census import census, census_lines


def test_counts_are_products_of_the_vocabulary() -> None:
    counted = census(Build(device=device("zcu104"), dsp_limit=1024), workload("squeezenet@64"), samples=3000)
    assert counted.vocabulary == 83 * 83 * 20 * 2**3 * 2 * 7**3 * 7**6 * 5 * 2
    assert counted.built == 83 * 83 * 20 * 7**3 * 7**6 * 3 * 2
    assert 0 < counted.legal < counted.built
    assert counted.legal_error < counted.legal
    assert counted.variants_in_all < 10_000 < counted.legal
    assert counted == census(Build(device=device("zcu104"), dsp_limit=1024), workload("squeezenet@64"), samples=3000)


def test_a_smaller_device_has_fewer_legal_designs() -> None:
    work = workload("gemm:64x64x64")
    large = census(Build(device=device("u250")), work, samples=3000)
    small = census(Build(device=device("pynq-z2")), work, samples=3000)
    assert small.legal < large.legal


def test_lines_name_every_module() -> None:
    counted = census(Build(device=device("zcu104")), workload("gemm:64x64x64"), samples=200)
    text = "\n".join(census_lines(counted))
    assert all(name in text for name in counted.variants)
    assert "estimate" in text
