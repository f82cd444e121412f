"""Machine code of the kernels for an H200, made without one: instructions an element, local memory.

    python benchmarks/gpu_code.py [--out benchmarks/results/gpu_code.json]

Needs jax 0.10.2 with the packages jax-cuda12-plugin, jax-cuda12-pjrt, nvidia-cuda-nvcc-cu12 and triton
(for cuobjdump). Nothing runs on a GPU: the figures say how much a kernel has to execute, not how fast it
is. Exits with 1 where a kernel is over its limit.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

_HOLDER = tempfile.TemporaryDirectory(prefix="gpu_code_")
DUMP = Path(_HOLDER.name)
os.environ["JAX_PLATFORMS"] = "cpu"
os.environ["JAX_SKIP_CUDA_CONSTRAINTS_CHECK"] = "1"
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_dump_to={DUMP}".strip()

import jax  # noqa: E402 - after the environment that it reads
import jax.numpy as jnp  # noqa: E402
import numpy as np  # noqa: E402
from jax.experimental import topologies  # noqa: E402
from jax.sharding import SingleDeviceSharding  # noqa: E402

from keystream._kernels.dropout import kernel_dropout  # noqa: E402

TARGET = Path(__file__).parent / "data" / "h200.txtpb"
SHAPE = (8192, 1024)
RATE = 0.1
TILE = 2048  # elements that a program of a kernel takes
PACKAGES = ("jax", "jaxlib", "jax-cuda12-pjrt", "nvidia-cuda-nvcc-cu12", "triton")
LIMITS = {"8-bit": 20.0, "exact": 85.0}


def h200() -> Any:
    """The device that programs are compiled for, described by a text file."""
    topology = topologies.get_topology_desc(
        platform="cuda",
        topology_name="h200",
        target_config=TARGET.read_text(),
        topology="1x1x1",
    )
    return topology.devices[0]


def compile_for(
    device: Any, function: Callable[..., Any], *arrays: jax.ShapeDtypeStruct
) -> list[str]:
    """The PTX of each kernel that XLA makes of a program."""
    before = set(DUMP.glob("*.ptx"))
    sharding = SingleDeviceSharding(device)
    avals = [jax.ShapeDtypeStruct(a.shape, a.dtype, sharding=sharding) for a in arrays]
    jax.jit(function).trace(*avals).lower(lowering_platforms=("cuda",)).compile()
    dumped = [path.read_text() for path in set(DUMP.glob("module_*.ptx")) - before]
    return sorted(text for text in dumped if ".entry" in text)  # others hold constants only


def tool(package: str, *parts: str) -> str:
    """The path of a program that a package brings along."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        sys.exit(f"{package} is not installed: see the head of this file")
    return str(Path(next(iter(spec.submodule_search_locations)), *parts))


def machine_code(ptx: str) -> tuple[str, str]:
    """SASS of PTX, and what ptxas says of registers, stack and spills."""
    source, binary = DUMP / "one.ptx", DUMP / "one.cubin"
    source.write_text(ptx)
    ptxas = tool("nvidia.cuda_nvcc", "bin", "ptxas")
    said = subprocess.run(
        [ptxas, "-v", "-arch=sm_90a", str(source), "-o", str(binary)],
        check=True,
        capture_output=True,
        text=True,
    ).stderr
    cuobjdump = tool("triton", "backends", "nvidia", "bin", "cuobjdump")
    sass = subprocess.run(
        [cuobjdump, "-sass", str(binary)], check=True, capture_output=True, text=True
    ).stdout
    return sass, said


def opcodes(sass: str) -> Counter[str]:
    """How often each instruction stands in a kernel; idle ones and the loop after its end, aside."""
    found = re.findall(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\d+ )?([A-Z][A-Z0-9_.]*)[^;]*;", sass)
    return Counter(name.split(".")[0] for name in found if name.split(".")[0] not in ("NOP", "BRA"))


def report(ptx: str) -> dict[str, Any]:
    """Instructions an element of a kernel, and its registers and local memory."""
    sass, said = machine_code(ptx)
    counted = opcodes(sass)
    (name,) = re.findall(r"\.entry (\w+)\(", ptx)
    threads = int(re.findall(r"\.(?:reqntid|maxntid) (\d+)", ptx)[0])
    elements = TILE / threads
    logic = sum(counted[name] for name in ("LOP3", "SHF", "IADD3", "PRMT", "SEL", "FSEL", "ISETP"))
    return {
        "kernel": name,
        "instructions_an_element": round(counted.total() / elements, 2),
        "integer_and_logic": round(logic / elements, 2),
        "multiply_add": round(counted["IMAD"] / elements, 2),
        "elements_a_thread": elements,
        "registers": int(re.findall(r"Used (\d+) registers", said)[0]),
        "local_bytes": sum(
            int(n)
            for n in re.findall(r"(\d+) bytes (?:stack frame|spill stores|spill loads)", said)
        ),
        "opcodes": dict(counted.most_common()),
    }


def programs() -> dict[str, Callable[..., Any]]:
    """Forward, and forward with backward, of each mode: functions of key words and array."""

    def forward(words: Any, x: Any, lane_bits: int | None) -> Any:
        return kernel_dropout(jax.random.wrap_key_data(words), x, RATE, lane_bits=lane_bits)

    def both(words: Any, x: Any, lane_bits: int | None) -> Any:
        y, pull = jax.vjp(lambda x: forward(words, x, lane_bits), x)
        return y, pull(y)[0]

    return {
        f"{name} {way}": partial(run, lane_bits=lane_bits)
        for name, lane_bits in (("8-bit", 8), ("exact", None))
        for way, run in (("forward", forward), ("forward+backward", both))
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, help="where to save the figures, JSON")
    out, device = parser.parse_args().out, h200()
    words = jax.ShapeDtypeStruct((2,), np.uint32)
    found: dict[str, list[dict[str, Any]]] = {}
    over: list[str] = []
    for name, function in programs().items():
        for dtype in ("bfloat16", "float32"):
            label = f"{name} {dtype}"
            x = jax.ShapeDtypeStruct(SHAPE, jnp.dtype(dtype))
            found[label] = [report(ptx) for ptx in compile_for(device, function, words, x)]
            for kernel in found[label]:
                heavy = kernel["instructions_an_element"] > LIMITS[name.split()[0]]
                if (heavy and dtype == "bfloat16") or kernel["local_bytes"]:
                    over.append(label)
                print(
                    f"{label:32} {kernel['kernel']:8} {kernel['registers']} registers"
                    f" {kernel['local_bytes']} local bytes"
                    f" {kernel['instructions_an_element']:6} instructions an element"
                )
    if out:
        out.write_text(json.dumps(document(found), indent=1) + "\n")
    if over:
        print("over their limits: " + ", ".join(over))
    return 1 if over else 0


def document(found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What is saved: the figures, with what they were made by and of."""
    return {
        "device": "NVIDIA H200, compiled for without a device",
        "versions": {package: version(package) for package in PACKAGES},
        "shape": SHAPE,
        "rate": RATE,
        "limits": LIMITS,
        "programs": found,
    }


if __name__ == "__main__":
    sys.exit(main())
