"""The graphs that partitions are compared on: made by gigahop once into a folder, with their symmetric adjacency beside.

A graph is a folder with dataset/ and row_offsets.npy [N + 1] int64, column_ids.npy [entries] int32, is_train.npy [N]:
both directions of every edge, without self-loops and duplicates, which is what every competitor gets.
"""
import pathlib
import subprocess

import numpy

FEW_LABELS = ["train_share=0.01", "valid_share=0.006", "test_share=0.006", "feature_width=0"]


def blocks(nodes, classes, *settings, edges=10, mixing=0.3):
    return ["kind=BLOCK_MODEL", f"num_nodes={nodes}", f"edges_per_node={edges}", f"num_classes={classes}",
            f"mixing={mixing}", *settings]


GRAPHS = {
    "rmat17": ["kind=RMAT", f"num_nodes={2**17}", "edges_per_node=16"],
    "rmat20": ["kind=RMAT", f"num_nodes={2**20}", "edges_per_node=16"],
    "rmat22": ["kind=RMAT", f"num_nodes={2**22}", "edges_per_node=16"],
    "blocks100k": blocks(100_000, 100),
    "blocks1m": blocks(1_000_000, 320),
    "blocks5m": blocks(5_000_000, 1000),
    "equal1m": blocks(1_000_000, 320, "degree_exponent=0", "community_exponent=0"),
    "papers2m": blocks(2_000_000, 172, edges=14, mixing=0.45),
    "geometric1m": ["kind=GEOMETRIC", "num_nodes=1000000", "edges_per_node=7.5"],
    "grid2_1m": ["kind=GRID", "dimensions=2", "num_nodes=1000000"],
    "grid3_1m": ["kind=GRID", "dimensions=3", "num_nodes=1000000"],
    "debian": None,
    # For trying the scripts out.
    "blocks10k": blocks(10_000, 20),
    "grid2_10k": ["kind=GRID", "dimensions=2", "num_nodes=10000"],
}
TRIALS = {"blocks10k", "grid2_10k"}


class Graph:
    def __init__(self, folder):
        self.folder = folder
        self.dataset = folder / "dataset"
        self.row_offsets = numpy.load(folder / "row_offsets.npy")
        self.column_ids = numpy.load(folder / "column_ids.npy", mmap_mode="r")
        self.is_train = numpy.load(folder / "is_train.npy")

    @property
    def num_nodes(self):
        return len(self.row_offsets) - 1

    @property
    def num_entries(self):
        return int(self.row_offsets[-1])


def symmetric_adjacency(edges, num_nodes):
    """Row offsets and column ids of both directions of all edges, each once, without self-loops."""
    keys = numpy.empty(2 * edges.shape[1], dtype=numpy.int64)
    half = edges.shape[1]
    numpy.multiply(edges[0], num_nodes, out=keys[:half])
    keys[:half] += edges[1]
    numpy.multiply(edges[1], num_nodes, out=keys[half:])
    keys[half:] += edges[0]
    keys.sort()
    keep = numpy.ones(len(keys), dtype=bool)
    keep[1:] = keys[1:] != keys[:-1]
    keep &= keys % (num_nodes + 1) != 0  # u N + u
    keys = keys[keep]
    row_offsets = numpy.searchsorted(keys, numpy.arange(num_nodes + 1, dtype=numpy.int64) * num_nodes)
    keys %= num_nodes
    return row_offsets.astype(numpy.int64), keys.astype(numpy.int32)


def make_dataset(name, dataset, gigahop):
    if GRAPHS[name] is None:
        command = [gigahop, "import", "--format", name.upper(), "--output", str(dataset)]
    else:
        command = [gigahop, "generate", "--output", str(dataset)]
        for setting in FEW_LABELS + GRAPHS[name]:
            command += ["--set", f"generate.{setting}"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def graph_of(name, work, gigahop):
    """The graph in work/NAME, made if it is not there."""
    folder = pathlib.Path(work) / name
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "dataset").exists():
        make_dataset(name, folder / "dataset", gigahop)
    if not (folder / "is_train.npy").exists():
        num_nodes = len(numpy.load(folder / "dataset" / "labels.npy", mmap_mode="r"))
        edges = numpy.load(folder / "dataset" / "edges.npy", mmap_mode="r")
        row_offsets, column_ids = symmetric_adjacency(edges, num_nodes)
        numpy.save(folder / "row_offsets.npy", row_offsets)
        numpy.save(folder / "column_ids.npy", column_ids)
        is_train = numpy.zeros(num_nodes, dtype=numpy.uint8)
        is_train[numpy.load(folder / "dataset" / "train.npy")] = 1
        numpy.save(folder / "is_train.npy", is_train)
    return Graph(folder)
