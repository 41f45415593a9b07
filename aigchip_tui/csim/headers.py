"""Where the HLS headers are: ours, and Xilinx' ap_int and ap_fixed from Vitis or from the hls4ml wheel."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Mapping
from pathlib import Path

from aigchip_tui.model.errors import MissingToolError

INCLUDE = Path(__file__).with_name("include")
"""Our own headers; first on the include path."""

AP_TYPES_SHA256: dict[str, str] = {
    "ap_common.h":
        "d61258f6ebca39dc11492965e6e7a1508499478b6c4ac435cf83cd454738e0a5",
    "ap_decl.h":
        "cf51ec1fed914af4a8a1f4d947b4477aa21f02711856e1dc22efeeb5ef608c48",
    "ap_fixed.h":
        "de5778ab2178ef99c3b68e7b00772c2ddf8f7e827b765a650e864f2d7228e9de",
    "ap_fixed_base.h":
        "09dd402506631f154a6efa38c3d6bdca5904c8d8dd5c747b545f625281936f4a",
    "ap_fixed_ref.h":
        "4cef7266a7567f4564b17986e1237dfe7fc20d8415594e32ba36b461f92b402c",
    "ap_fixed_special.h":
        "c977d09e301cf2f26fe53e91f5ae0bfde03453f6b4ca9ccafd14a7f32ab3b7fb",
    "ap_int.h":
        "9d38b2ac537c20f08646ce516290a42d3f72e08c5aaa84541ed21ba5488e2cd0",
    "ap_int_base.h":
        "2ade108df516f39afc9718d8e044aa7a547f0a7a4cd2e6dbe0ae5dd86d3718c4",
    "ap_int_ref.h":
        "e6bb0e75a6e5c1e0bd84a1ad43c2a4b6bd3beec110f75833487e46e6133b9b96",
    "ap_int_special.h":
        "1c8bd146e88a1a90270a98a05115f470e4145fcf1d6e9de51a4516a5b8253022",
    "ap_shift_reg.h":
        "c2a7bc8f78a46dd6625f062c62502c15b3857902e161721b2a8442e9f2467ae7",
    "etc/ap_private.h":
        "4c37711885f4af70fa425f0a797a1c79198785d970140dc092bdfebef31502d9",
}
"""The Apache-2.0 files of ap_types as released with hls4ml 1.2 and 1.3, by SHA-256."""


def headers_for(sources: Mapping[str, str], environment: Mapping[str, str]) -> list[Path]:
    """Folders that these texts need behind our own headers: that of ap_int and ap_fixed where one is named, or none.

    Raises:
        MissingToolError: it is needed and not there, see `find_headers`.
    """
    named = any(word in text for text in sources.values() for word in ("ap_int", "ap_uint", "ap_fixed", "ap_ufixed"))
    return [find_headers(environment)] if named else []


def find_headers(environment: Mapping[str, str]) -> Path:
    """The folder with ap_int.h and ap_fixed.h: `XILINX_HLS`/include when set, else the verified files of the wheel.

    The package is located, never imported. The folder goes on the path by -isystem, behind our own headers.

    Raises:
        MissingToolError: neither is there, or a file of the wheel is not the one we know.
    """
    vendor = environment.get("XILINX_HLS", "")
    if vendor and (Path(vendor) / "include" / "ap_int.h").is_file():
        return Path(vendor) / "include"
    spec = importlib.util.find_spec("hls4ml")
    if spec is None or not spec.submodule_search_locations:
        raise MissingToolError(
            "The ap_int headers are missing.",
            hint="Install hls4ml >= 1.2, < 1.4, or set XILINX_HLS to a Vitis HLS folder.",
        )
    folder = Path(next(iter(spec.submodule_search_locations))) / "templates" / "vivado" / "ap_types"
    for name, digest in AP_TYPES_SHA256.items():
        path = folder / name
        if not path.is_file():
            raise MissingToolError(f"The hls4ml package has no {name}.", hint="Install hls4ml >= 1.2, < 1.4.")
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise MissingToolError(
                f"The file {name} of the hls4ml package is not the released one.",
                hint="Install hls4ml 1.2 or 1.3 again.",
            )
    return folder
