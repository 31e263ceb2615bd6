#!/usr/bin/python3
"""Includes point only to layers below, and a library is seen only where it belongs."""
import pathlib
import re
import subprocess
import sys

# layer -> layers it may include, besides itself
BELOW = {
    "base": [],
    "proto": ["base"],
    "config": ["base", "proto"],
    "array": ["base", "proto"],
    "graph": ["base", "proto", "array"],
    "dataset": ["base", "proto", "array", "graph"],
    "tensor": ["base"],
    "ops": ["base", "tensor"],
    "comm": ["base", "tensor"],
    "partition": ["base", "proto", "array", "graph", "comm"],
    "encode": ["base", "proto", "array", "graph", "comm", "tensor", "ops"],
    "sampler": ["base", "proto", "array", "graph", "comm", "tensor"],
    "model": ["base", "comm", "tensor", "ops"],
    "train": ["base", "proto", "config", "array", "graph", "comm", "tensor", "ops", "sampler", "model"],
    "report": ["base", "proto", "config", "array", "graph", "train"],
}
BELOW["launch"] = list(BELOW)

# header -> folders or files that may include it
SEEN_IN = {
    r"mpi\.h": ["comm/", "tests/emulation/", "tests/mpi/comm/"],
    r"metis\.h": ["partition/"],
    r"(dnnl|oneapi/dnnl)": ["src/ops/cpu/", "tests/bench/", "tests/emulation/"],
    r"spdlog/": ["src/base/"],
    r"xxhash\.h": ["src/base/"],
    r"Random123/": ["src/base/", "src/ops/cpu/", "src/ops/cuda/"],
    r"(cuda|cublas|nccl)": ["src/tensor/cuda", "src/ops/cuda/", "comm/cuda/", "tests/emulation/", "tests/unit/tensor/cuda"],
    r"zip\.h": ["src/array/", "tests/"],
    r"matio\.h": ["src/dataset/", "tests/unit/dataset/"],
    r"zlib\.h": ["src/dataset/", "tests/"],
    r"nlohmann/": ["src/array/", "launch/", "tests/bench/", "tests/unit/launch/"],
    r"CLI/": ["launch/"],
    r"google/protobuf": ["src/array/", "src/config/", "src/train/", "tests/mpi/train/"],
}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def layer_of(path):
    parts = path.parts
    if parts[0] == "src":
        return parts[1]
    return parts[0] if parts[0] in BELOW else None


def problems_of(path):
    layer = layer_of(path)
    for bracket, header in INCLUDE.findall(path.read_text()):
        for pattern, places in SEEN_IN.items():
            if re.match(pattern, header) and not any(str(path).startswith(place) for place in places):
                yield f"{path}: <{header}> belongs in {', '.join(places)}"
        target = header.split("/")[0]
        if layer and bracket == '"' and target in BELOW and target != layer and target not in BELOW[layer]:
            yield f"{path}: {layer} must not include {header}"


def main():
    files = subprocess.run(["git", "ls-files", "*.h", "*.cc", "*.cu", "*.cuh"], capture_output=True, text=True, check=True)
    problems = [problem for file in files.stdout.split() for problem in problems_of(pathlib.Path(file))]
    print("\n".join(problems) or "layers: clean")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
