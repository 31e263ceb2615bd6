#!/usr/bin/python3
"""Writes the seeds of the fuzzers into seeds/TARGET, but for the manifests, which tests/support writes. Found cases stay."""
import gzip
import io
import json
import pathlib
import struct

import numpy
import scipy.io
import scipy.sparse

SEEDS = pathlib.Path(__file__).parent / "seeds"


def npy(array):
    buffer = io.BytesIO()
    numpy.save(buffer, array)
    return buffer.getvalue()


def npz(save, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def safetensors(header, data):
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + data


def mat(compressed):
    """What `gigahop import --format MAT` takes by default."""
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, {"edge_index": numpy.array([[0, 1, 2], [1, 2, 3]]), "years": numpy.array([[1., 2, 3, 4]]),
                              "node_feat": scipy.sparse.csc_matrix(numpy.eye(4, 3))}, do_compression=compressed)
    return buffer.getvalue()


def graph():
    """What `gigahop import --format NPZ` takes by default."""
    masks = numpy.eye(3, 4, dtype=bool)
    return {"edges": numpy.array([[0, 1], [1, 2], [2, 3]]), "node_features": numpy.ones((4, 2), numpy.float32),
            "node_labels": numpy.array([0, 1, 0, 1]), "train_masks": masks[:1], "val_masks": masks[1:2],
            "test_masks": masks[2:]}


PACKAGES = """Package: alpha
Section: universe/libs
Pre-Depends: beta
Depends: beta (>= 1) | gamma:any, delta [amd64]
Description: First of two
 with a second line
 .
 and a third
Tag: role::program, use::checking

Package: beta
Recommends: alpha
Description-en: Second
"""

CONFIG = """workspace: "w"
generate { kind: PLANTED_PARTITION num_nodes: 2000 feature_width: 16 separation: 0.3 }
partition { num_parts: 4 }
encode { positional_width: 8 fastrp_weights: [0, 1, 2] }
model { hidden_width: 16 attention: FULL }
train { epochs: 3 learning_rate: 5e-3 precision: BF16 }
"""


def seeds():
    yield "npy", "int64", npy(numpy.arange(6).reshape(2, 3))
    yield "npy", "int32", npy(numpy.arange(6, dtype=numpy.int32))
    yield "npy", "float64_scalar", npy(numpy.array(1.5))
    yield "npy", "float16", npy(numpy.array([[1, numpy.nan]], numpy.float16))
    yield "npy", "bool", npy(numpy.array([True, False]))
    yield "npy", "fortran", npy(numpy.asfortranarray(numpy.ones((2, 3))))
    yield "npy", "none", npy(numpy.zeros((0, 7), numpy.uint64))
    yield "npz", "stored", npz(numpy.savez, **graph())
    yield "npz", "deflated", npz(numpy.savez_compressed, **graph())
    f32 = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    i64 = {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}
    yield "safetensors", "two", safetensors({"__metadata__": {"a": "b"}, "weight": f32, "step": i64}, bytes(32))
    yield "safetensors", "empty", safetensors({}, b"")
    yield "config", "file", CONFIG.encode()
    yield "config", "override", b"encode.fastrp_weights=[0,1,2]"
    yield "config", "override_text", b'import.source="a b"'
    yield "csv", "features", b"x,y\n1,2.5\n-3e2,0\n7,1e-9\n"
    yield "csv", "features.gz", gzip.compress(b"1,2.5\n-3e2,0\n7,1e-9\n", mtime=0)
    yield "csv", "members.gz", gzip.compress(b"1\n0\n", mtime=0) + gzip.compress(b"1\n", mtime=0)
    yield "csv", "labels", b"0\r\nnan\r\n1.0\r\n"
    yield "mat", "plain.mat", mat(False)
    yield "mat", "deflated.mat", mat(True)
    yield "edges", "commented", b"# source target\n0 1\n1\t2\n% x\n\n2,0 17\n"
    yield "edges", "titled.gz", gzip.compress(b"source;target\n0;1\n1;2\n", mtime=0)
    yield "metis", "plain", b"% a path\n3 2\n2\n1 3\n2\n"
    yield "metis", "weighted", b"3 2 111 2\n1 5 6 2 9\n1 5 6 1 9 3 7\n1 5 6 2 7\n"
    yield "packages", "two", PACKAGES.encode()


def main():
    for target, name, content in seeds():
        folder = SEEDS / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main()
