"""METIS and KaMinPar on a graph of graphs.py, each in a process of its own, whose time and peak memory are its own.

    python3 peers.py metis|metis_nodes|kaminpar GRAPH_FOLDER PARTS SEED IMBALANCE OUT

writes OUT.npy, the part of every node, and OUT.json: `seconds` of the partitioning call alone, `processor_seconds` of the whole process, `peak_bytes` of the
process less what the interpreter held before it loaded the graph. KaMinPar's Python interface returns a list, which
counts (40 bytes a node); it reads 64-bit ids from a ParHIP file that is made beside the graph.
"""
import ctypes
import ctypes.util
import json
import pathlib
import sys
import time

import numpy

from graphs import Graph
from quality import constraint_weights

NUM_METIS_OPTIONS = 40  # of METIS 5.1, as are the two indices
METIS_OPTION_SEED = 8
METIS_OPTION_NUMBERING = 17


def memory_bytes(field):
    for line in open("/proc/self/status"):
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    return 0


def as_pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def metis(folder, num_parts, seed, imbalance, only_nodes):
    """METIS_PartGraphKway of the distribution: 32-bit indices, defaults, the constraints that gigahop has."""
    library = ctypes.CDLL(ctypes.util.find_library("metis"))
    graph = Graph(folder)
    if graph.num_entries >= 2**31:
        raise SystemExit("METIS with 32-bit indices cannot hold this graph")
    weights = constraint_weights(graph, num_parts)
    names = ["nodes"] if only_nodes else list(weights)
    node_weights = numpy.column_stack([weights[name] for name in names]).astype(numpy.int32, order="C")
    row_offsets = graph.row_offsets.astype(numpy.int32)
    column_ids = numpy.array(graph.column_ids)
    num_nodes = graph.num_nodes
    del graph, weights
    options = numpy.full(NUM_METIS_OPTIONS, -1, dtype=numpy.int32)
    options[METIS_OPTION_SEED] = seed
    options[METIS_OPTION_NUMBERING] = 0
    allowed = numpy.full(len(names), 1 + imbalance, dtype=numpy.float32)
    parts = numpy.empty(num_nodes, dtype=numpy.int32)
    integer = ctypes.c_int32
    start = time.monotonic()
    code = library.METIS_PartGraphKway(
        ctypes.byref(integer(num_nodes)), ctypes.byref(integer(len(names))), as_pointer(row_offsets),
        as_pointer(column_ids), as_pointer(node_weights), None, None, ctypes.byref(integer(num_parts)), None,
        as_pointer(allowed), as_pointer(options), ctypes.byref(integer(0)), as_pointer(parts))
    seconds = time.monotonic() - start
    if code != 1:
        raise SystemExit(f"METIS returned {code}")
    return parts, seconds


def parhip_file(folder):
    """Header (version 3: no weights, 64-bit ids; nodes; entries), byte offset of every row, column ids."""
    path = folder / "graph.parhip"
    if not path.exists():
        graph = Graph(folder)
        header = numpy.array([3, graph.num_nodes, graph.num_entries], dtype=numpy.uint64)
        with open(path, "wb") as file:
            header.tofile(file)
            (graph.row_offsets * 8 + (3 + graph.num_nodes + 1) * 8).astype(numpy.uint64).tofile(file)
            for first in range(0, graph.num_entries, 1 << 22):
                graph.column_ids[first:first + (1 << 22)].astype(numpy.uint64).tofile(file)
    return path


def kaminpar(folder, num_parts, seed, imbalance):
    """KaMinPar's default on one thread, nodes alone balanced."""
    import kaminpar as library
    path = folder / "graph.parhip"
    graph = library.load_graph(str(path), library.GraphFileFormat.PARHIP)
    library.reseed(seed)
    partitioner = library.KaMinPar(num_threads=1, ctx=library.default_context())
    start = time.monotonic()
    parts = partitioner.compute_partition(graph, num_parts, imbalance)
    seconds = time.monotonic() - start
    return numpy.array(parts, dtype=numpy.int32), seconds


def main():
    name, folder, num_parts, seed, imbalance, output = sys.argv[1:7]
    arguments = (pathlib.Path(folder), int(num_parts), int(seed), float(imbalance))
    if name == "kaminpar":
        import kaminpar as _  # its libraries are no part of what the graph takes
    before = memory_bytes("VmRSS")
    parts, seconds = kaminpar(*arguments) if name == "kaminpar" else metis(*arguments, name == "metis_nodes")
    peak = memory_bytes("VmHWM") - before
    numpy.save(output + ".npy", parts)
    pathlib.Path(output + ".json").write_text(json.dumps(
        {"seconds": seconds, "processor_seconds": time.process_time(), "peak_bytes": peak}))


if __name__ == "__main__":
    main()
