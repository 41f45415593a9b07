"""Devices are found by board, part and alias; unknown and unsafe ones are refused in one sentence."""

from __future__ import annotations

import pytest

from aigchip_tui.model.device import Device, built_in_devices, device, read_devices
from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.strictyaml import load_yaml

ENTRY = "name: mine, part: xcabc1, family: zynquplus, lut: 1000, ff: 2000, dsp: 10, bram18: 8, ddr_gbps: 1.5"


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("ZCU104", "zcu104"), ("xczu7ev", "zcu104"), ("xczu7ev-fbvb900-1-e", "zcu104"), ("zcu102", "zcu102"),
        ("Ultra96-V2", "ultra96-v2"), ("PYNQ Z2", "pynq-z2"), ("xc7z020clg484-1", "pynq-z2"), ("Kria K26", "k26"),
        ("KV260", "k26"), ("Alveo U50", "u50"), ("u200", "u200"), ("alveo u250", "u250"), ("xcu280", "u280"),
    ],
)  # fmt: skip
def test_every_board_is_found_in_any_spelling(name: str, found: str) -> None:
    assert device(name).name == found


def test_zcu104_has_the_figures_of_its_part() -> None:
    zcu104 = device("zcu104")
    assert (zcu104.lut, zcu104.ff, zcu104.dsp, zcu104.bram18, zcu104.uram) == (230400, 460800, 1728, 624, 96)
    assert zcu104.ddr_gbps == 19.2
    assert zcu104.dsp_slice == "DSP48E2"
    assert device("pynq-z2").dsp_slice == "DSP48E1"


def test_no_name_means_two_devices() -> None:
    names = [name for each in built_in_devices() for name in each.names]
    assert len(names) == len(set(names))


def test_unknown_device_names_the_nearest() -> None:
    with pytest.raises(AigchipError, match=r"Unknown device 'zcu105'.*zcu104"):
        device("zcu105")
    with pytest.raises(AigchipError, match=r"Unknown device 'toaster'.*Known: zcu104"):
        device("toaster")


def test_a_users_yaml_adds_a_device_and_may_replace_one() -> None:
    mine = read_devices(f"devices: [{{{ENTRY}, aliases: [bench-board]}}]", source="d.yaml")
    assert device("Bench board", extra=mine).dsp == 10
    assert device("mine", extra=mine).uram == 0
    other: tuple[Device, ...] = read_devices(f"devices: [{{{ENTRY.replace('mine', 'zcu104')}}}]", source="d.yaml")
    assert device("zcu104", extra=other).dsp == 10


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"devices: [{{{ENTRY}, color: red}}]", "unknown key 'color'"),
        (f"devices: [{{{ENTRY.replace('dsp: 10', 'dsp: -1')}}}]", "dsp: -1 is outside"),
        (f"devices: [{{{ENTRY.replace('dsp: 10, ', '')}}}]", "'dsp' is missing"),
        (f"devices: [{{{ENTRY.replace('xcabc1', 'x; exec rm')}}}]", "is not a name"),
        (f"devices: [{{{ENTRY.replace('1.5', '.nan')}}}]", "ddr_gbps"),
        (f"devices: [{{{ENTRY}}}]\ndevices: []", "occurs twice"),
        ("a: &x [1]\nb: *x", "anchors and aliases"),
        ("!!python/object/apply:os.system ['true']", "could not determine a constructor"),
        ("[" * 100 + "]" * 100, "nested deeper"),
        ("devices: {", "line"),
        ("x: " + "a" * 1_000_001, "at most 1000000"),
    ],
)
def test_unsafe_or_wrong_yaml_is_one_sentence(text: str, says: str) -> None:
    with pytest.raises(AigchipError, match=says) as caught:
        read_devices(text, source="d.yaml")
    assert "\n" not in str(caught.value)


def test_plain_yaml_is_read_as_written() -> None:
    assert load_yaml("a: [1, two, 3.5, null, true]", source="t") == {"a": [1, "two", 3.5, None, True]}
