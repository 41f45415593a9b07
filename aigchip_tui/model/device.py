"""Devices: what an FPGA offers to an accelerator, found by board, part or alias; a user's YAML adds more."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from aigchip_tui.model.errors import AigchipError
from aigchip_tui.model.strictyaml import integer_of, load_yaml, mapping_of

_REQUIRED = ("name", "part", "family", "lut", "ff", "dsp", "bram18", "ddr_gbps")
_KEYS = (*_REQUIRED, "uram", "board", "memory", "aliases")
# Vitis families whose slices hold a DSP48E1 (25x18); the others have a DSP48E2 (27x18).
_DSP48E1_FAMILIES = frozenset({"zynq", "artix7", "kintex7", "virtex7", "spartan7"})
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One FPGA on its board: whole-device resources and the peak bandwidth of its external memory.

    `bram18` counts 18 Kbit halves, `uram` 288 Kbit blocks, `ddr_gbps` is 1e9 bytes a second at peak (DDR or
    HBM).
    """

    name: str
    part: str
    family: str
    lut: int
    ff: int
    dsp: int
    bram18: int
    uram: int
    ddr_gbps: float
    board: str = ""
    memory: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def has_uram(self) -> bool:
        """True if the device has UltraRAM."""
        return self.uram > 0

    @property
    def dsp_slice(self) -> str:
        """Name of the DSP primitive of this family."""
        return "DSP48E1" if self.family in _DSP48E1_FAMILIES else "DSP48E2"

    @property
    def names(self) -> tuple[str, ...]:
        """All names under which the device is found, as `normal_name` writes them."""
        found = [self.name, self.part, self.board, *self.aliases]
        return tuple(dict.fromkeys(normal_name(each) for each in found if each))


def normal_name(text: str) -> str:
    """A device's name without case, blanks and punctuation: `Kria K26` and `kria-k26` are the same."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def read_devices(text: str | bytes, *, source: str) -> tuple[Device, ...]:
    """Devices of a YAML document `devices: [{name, part, family, lut, ff, dsp, bram18, uram, ddr_gbps,
    aliases}]`.

    Raises AigchipError naming the entry and key that is wrong.
    """
    document = mapping_of(load_yaml(text, source=source), where=source, known=("devices",), required=("devices",))
    entries = document["devices"]
    if not isinstance(entries, list) or not entries:
        raise AigchipError(f"{source}: 'devices' must be a list of at least one device.")
    return tuple(_device_of(entry, where=f"{source}: device {i + 1}") for i, entry in enumerate(entries))


def _device_of(entry: object, *, where: str) -> Device:
    values = mapping_of(entry, where=where, known=_KEYS, required=_REQUIRED)
    texts = {key: _text_of(values.get(key, ""), where=f"{where}, {key}") for key in ("board", "memory")}
    names = {key: _identifier_of(values[key], where=f"{where}, {key}") for key in ("name", "part", "family")}
    aliases = values.get("aliases", [])
    if not isinstance(aliases, list):
        raise AigchipError(f"{where}, aliases: expected a list of names.")
    bandwidth = values["ddr_gbps"]
    if isinstance(bandwidth, bool) or not isinstance(bandwidth, int | float) or not 0 < bandwidth <= 100_000:
        raise AigchipError(f"{where}, ddr_gbps: expected gigabytes a second above 0, not {bandwidth!r}.")
    counts = {
        key: integer_of(values.get(key, 0), where=f"{where}, {key}", least=0 if key == "uram" else 1, most=10**8)
        for key in ("lut", "ff", "dsp", "bram18", "uram")
    }
    return Device(
        name=names["name"],
        part=names["part"],
        family=names["family"],
        board=texts["board"],
        memory=texts["memory"],
        lut=counts["lut"],
        ff=counts["ff"],
        dsp=counts["dsp"],
        bram18=counts["bram18"],
        uram=counts["uram"],
        ddr_gbps=float(bandwidth),
        aliases=tuple(_identifier_of(alias, where=f"{where}, aliases") for alias in aliases),
    )


def _identifier_of(value: object, *, where: str) -> str:
    # Parts reach Tcl and make, so nothing but identifiers passes.
    if not isinstance(value, str) or not _IDENTIFIER.fullmatch(value):
        raise AigchipError(f"{where}: {value!r} is not a name of letters, digits and . _ + -.")
    return value


def _text_of(value: object, *, where: str) -> str:
    if not isinstance(value, str) or len(value) > 80 or not value.isprintable():
        raise AigchipError(f"{where}: expected one line of at most 80 characters.")
    return value


@cache
def built_in_devices() -> tuple[Device, ...]:
    """The devices that ship with the product."""
    path = Path(__file__).parent / "data" / "devices.yaml"
    return read_devices(path.read_bytes(), source=path.name)


def device_index(extra: Iterable[Device] = ()) -> Mapping[str, Device]:
    """Every known name to its device; a device of `extra` takes the place of a built-in one of equal name."""
    index: dict[str, Device] = {}
    for each in (*built_in_devices(), *extra):
        for name in each.names:
            index[name] = each
    return index


def device(name: str, *, extra: Iterable[Device] = ()) -> Device:
    """The device called `name` (board, part with or without package, or alias).

    Raises AigchipError with the nearest names if there is none.
    """
    index = device_index(extra)
    wanted = normal_name(name)
    if wanted in index:
        return index[wanted]
    # A full part with another package or speed grade (xczu7ev-fbvb900-1-e) is the same silicon.
    for known in sorted(index, key=len, reverse=True):
        if known.startswith("xc") and len(known) >= 5 and wanted.startswith(known):
            return index[known]
    raise AigchipError(f"Unknown device {name!r}.", hint=nearest_names(wanted, index))


def nearest_names(wanted: str, index: Mapping[str, Device]) -> str:
    """A sentence naming the devices whose names are nearest to `wanted`, or all if none is near."""
    near = [index[key].name for key in difflib.get_close_matches(wanted, list(index), n=4, cutoff=0.55)]
    if near:
        return f"Nearest: {', '.join(dict.fromkeys(near))}."
    return f"Known: {', '.join(dict.fromkeys(each.name for each in index.values()))}."
