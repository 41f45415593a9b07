"""Coverage answers all, simulates what is chosen, says what was not run, and goes on where it stopped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from aigchip_tui.csim.batch import simulate_batch
from aigchip_tui.library.demos import DemoLibrary
from aigchip_tui.llm.adapter import answer
from aigchip_tui.model.module import Settings
from aigchip_tui.proof.covered import Covered, coverage_key
from aigchip_tui.proof.selecting import pairs_of, pairwise, sampled, sized_numbers

if TYPE_CHECKING:
    from tests.proof.covering_house import LIBRARY, TEMPLATE, House
else:
    from covering_house import LIBRARY, TEMPLATE, House


def _all(settings: Any) -> Any:
    return settings


def _broken(module: str, old: str, new: str) -> DemoLibrary:
    """The library with a mistake in every demo of a module."""
    demos = tuple(
        msgspec.structs.replace(d, code=d.code.replace(old, new), hash=f"{d.hash}!") if d.module == module else d
        for d in LIBRARY.demos
    )
    assert demos != LIBRARY.demos
    return msgspec.structs.replace(LIBRARY, demos=demos)


def test_every_setting_of_a_module_is_answered_compiled_and_simulated(tmp_path: Path) -> None:
    report = House(tmp_path).cover("mac", _all)
    assert (report.legal, report.asked, report.simulated, report.not_run) == (14, 14, 14, 0)
    assert (report.refused, report.red) == ((), ())
    assert sum(report.origins.values()) == 14


def test_a_precision_of_equal_lines_is_a_variant_of_its_own(tmp_path: Path) -> None:
    """int8 and int16 lanes have one text and two proofs: neither stands for the other."""
    report = House(tmp_path).cover("dma_load", _all)
    kinds = [dict(settings) for settings in TEMPLATE.modules()["dma_load"].legal_settings()]
    assert {settings.get("precision", "int8") for settings in kinds} == {"int8", "int16"}
    assert report.legal == report.asked == report.simulated == len(kinds)
    assert report.alike == 0


def test_what_was_only_answered_is_not_run(tmp_path: Path) -> None:
    report = House(tmp_path).cover("mac", None)
    assert (report.asked, report.simulated, report.red, report.not_run) == (14, 0, (), 14)


def test_a_batch_with_one_wrong_member_names_it_alone(tmp_path: Path) -> None:
    """The mistake is in one format's line, so only its settings are red."""
    library = _broken("mac", "static_cast<std::int32_t>(a) * b", "static_cast<std::int32_t>(a) * -b")
    report = House(tmp_path, library).cover("mac", _all)
    assert (report.simulated, len(report.red), report.not_run) == (10, 4, 0)
    assert all("format=half_" in each for each in report.red)


def test_text_that_does_not_compile_is_red_at_compile(tmp_path: Path) -> None:
    report = House(tmp_path, _broken("mac", "sum_in + product", "sum_in + produkt")).cover("mac", _all)
    assert len(report.red) == 14
    assert {each.partition(": ")[2].partition(":")[0] for each in report.red} == {"compile"}


def test_one_text_that_does_not_compile_hides_no_other_of_its_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def counted(members: Any, **words: Any) -> Any:
        asked.append(len(members))
        return simulate_batch(members, **words)

    monkeypatch.setattr("aigchip_tui.proof.covering.simulate_batch", counted)
    library = _broken("mac", "static_cast<std::int32_t>(a) * b", "static_cast<std::int32_t>(a) * nowhere")
    report = House(tmp_path, library).cover("mac", _all)
    assert (report.simulated, len(report.red)) == (10, 4)
    assert all("format=half_" in each and ": compile: " in each for each in report.red)
    assert asked == [14, 7, 7]


def test_settings_are_answered_once_and_those_of_equal_ports_share_a_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the headers' templates make of a port's types is then compiled once for all of them."""
    answered: list[str] = []
    ports: list[tuple[str, ...]] = []

    def once(messages: Any) -> Any:
        answered.append(messages[-1]["content"])
        return answer(messages)

    def green(members: Any, **_: Any) -> tuple[bool, ...]:
        ports.extend((m.variant.elements, *(port.cpp_type for port in m.variant.ports)) for m in members)
        return (True,) * len(members)

    monkeypatch.setattr("aigchip_tui.llm.coverage.answer", once)
    monkeypatch.setattr("aigchip_tui.proof.covering.simulate_batch", green)
    report = House(tmp_path).cover("dma_store", lambda settings: settings[::-2])
    assert report.simulated == len(ports) == (report.legal + 1) // 2
    assert len(answered) == len(set(answered)) == report.asked
    assert ports == sorted(ports)
    assert len({elements for elements, *_ in ports}) == 2, "of both precisions"


def test_a_wrong_pragma_that_no_simulation_sees_is_red(tmp_path: Path) -> None:
    report = House(tmp_path, _broken("mac", "impl=dsp", "impl=fabric")).cover("mac", _all)
    assert len(report.red) == 8
    assert all("multiplier=dsp" in each and ": conformance: " in each for each in report.red), report.red


def test_a_setting_that_the_demos_do_not_show_is_listed_as_refused(tmp_path: Path) -> None:
    kept = tuple(d for d in LIBRARY.demos if "half" not in d.name)
    report = House(tmp_path, msgspec.structs.replace(LIBRARY, demos=kept)).cover("mac", _all)
    assert (len(report.refused), report.simulated) == (4, 10)
    assert all("format=half_" in each and "no example has a line" in each for each in report.refused)


def test_a_second_run_goes_on_where_the_first_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = House(tmp_path)
    half = first.cover("mac", lambda settings: settings[:5])
    assert (half.simulated, half.not_run) == (5, 9)
    asked: list[int] = []

    def counted(members: Any, **words: Any) -> Any:
        asked.append(len(members))
        return simulate_batch(members, **words)

    monkeypatch.setattr("aigchip_tui.proof.covering.simulate_batch", counted)
    second = House(tmp_path).cover("mac", _all)
    assert (second.simulated, second.not_run) == (14, 0)
    assert asked == [9]
    assert second.origins == half.origins


def test_findings_of_other_demonstrations_or_another_compiler_do_not_count(tmp_path: Path) -> None:
    key = coverage_key(TEMPLATE, LIBRARY, "mac", "one")
    assert key != coverage_key(TEMPLATE, LIBRARY, "mac", "other")
    changed = _broken("mac", "sum_in + product", "product + sum_in")
    assert key != coverage_key(TEMPLATE, changed, "mac", "one")
    assert coverage_key(TEMPLATE, LIBRARY, "pe_lane", "one") != coverage_key(TEMPLATE, changed, "pe_lane", "one")
    assert coverage_key(TEMPLATE, LIBRARY, "fill", "one") == coverage_key(TEMPLATE, changed, "fill", "one")
    House(tmp_path).cover("mac", _all)
    assert len(Covered(tmp_path / "found", "gemm", "mac", "another key").simulated) == 0


def test_a_torn_file_loses_its_last_line_only(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.cover("mac", _all)
    file = tmp_path / "found" / "gemm-mac.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    key = coverage_key(TEMPLATE, LIBRARY, "mac", "a compiler")
    torn = Covered(tmp_path / "found", "gemm", "mac", key)
    assert (len(torn.answers), len(torn.simulated)) == (14, 13)
    assert house.cover("mac", _all).simulated == 14
    assert len(Covered(tmp_path / "found", "gemm", "mac", key).simulated) == 14


def test_a_cover_of_pairs_holds_every_pair_of_values_in_few_settings() -> None:
    legal: list[Settings] = list(TEMPLATE.modules()["fill"].legal_settings())
    chosen = pairwise(legal, 1)
    assert {pair for each in legal for pair in pairs_of(each)} == {pair for each in chosen for pair in pairs_of(each)}
    assert len(chosen) < len(legal) / 4
    assert chosen == pairwise(legal, 1)
    assert chosen != pairwise(legal, 2)
    assert all(each in legal for each in chosen)


def test_a_number_of_many_values_stands_in_pairs_of_its_sizes_and_each_value_stands() -> None:
    """All pairs of 64 by 64 widths would be all settings."""
    legal: list[Settings] = list(TEMPLATE.modules()["gearbox"].legal_settings())
    assert sized_numbers(legal) == {"in_units", "out_units"}
    chosen = pairwise(legal, 1)
    for name in legal[0]:
        assert {each[name] for each in chosen} == {each[name] for each in legal}
    sizes = [{tuple(int(each[name]).bit_length() for name in ("in_units", "out_units")) for each in some}
             for some in (legal, chosen)]
    assert sizes[0] == sizes[1]
    assert len(chosen) < len(legal) / 100
    assert sized_numbers(list(TEMPLATE.modules()["drain"].legal_settings())) == frozenset()


def test_a_sample_is_drawn_from_its_seed() -> None:
    legal: list[Settings] = [{"x": value} for value in range(50)]
    assert sampled(legal, 5, 1) == sampled(legal, 5, 1) != sampled(legal, 5, 2)
    assert sampled(legal, 60, 1) == legal
    assert len(pairwise(legal, 1)) == 50
