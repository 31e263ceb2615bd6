#!/usr/bin/env python3
"""gigahop's samplers beside what a user could use instead, one thread each, interleaved.

  compare.py GRAPH_FOLDER... --bench build/release/tests/bench/sampler/sampler_bench
             [--python PYTHON_WITH_PYG] [--dgl-python PYTHON_WITH_DGL] [--rounds 3] [--seconds 5]

A graph folder is the partition of a graph in one part, which every peer reads as arrays (`gigahop partition DATASET
--output FOLDER --parts 1 --set partition.method=HASH`); tests/bench/partition/graphs.py says how R-MAT 20 and 22 are
made. K = 50, batches of 1024 seeds, each round other seeds. Peers:

  scipy       the paper's way: rows of A and of A A for the batch, numpy's choice of K - 1 without replacement per seed
  pyg         torch.ops.torch_sparse.neighbor_sample, what torch-geometric's NeighborLoader runs: 7 neighbours, 7 of
              each
  pyg_apart   the same, one seed a call, so that the neighbourhoods of seeds are apart as ours are
  dgl         dgl.dataloading.NeighborSampler([7, 7])
  dgl_apart   the same, one seed a call
  graphbolt   dgl.graphbolt's sample_neighbor [7, 7]

7 + 7 x 7 = 56 nodes of a seed where rows are long enough. pyg, dgl and graphbolt draw the neighbours of a node once for
all seeds of the batch that reach it, and never uniformly from the two-hop neighbourhood: less work than ours. Ours
includes what a new salt costs. Seconds are processor time; medians over the rounds. Every worker checks that what it
sampled are neighbours of neighbours; gigahop's checks are in sampler_bench.
A peer that does not start is named with its reason.
"""
import argparse
import importlib.util
import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

K = 50
FAN_OUT = [7, 7]
BATCH = 1024
PEERS = ["scipy", "pyg", "pyg_apart", "dgl", "dgl_apart", "graphbolt"]
APART = ["scipy", "pyg_apart", "dgl_apart"]
OURS = {"COORDINATED, 1 group": ["groups=1"], "COORDINATED, 16 groups": ["groups=16"], "INDEPENDENT": ["independent=1"]}


class Graph:
    def __init__(self, folder):
        import numpy
        part = pathlib.Path(folder) / "part-0000"
        self.row_offsets = numpy.load(part / "row_offsets.npy")
        self.column_ids = numpy.load(part / "column_ids.npy")
        self.num_nodes = len(self.row_offsets) - 1

    def row(self, node):
        return self.column_ids[self.row_offsets[node]:self.row_offsets[node + 1]]

    def check(self, seed, nodes):
        """nodes: sampled of the seed."""
        reached = {int(seed)} | {int(node) for node in self.row(seed)}
        left = {int(node) for node in nodes} - reached
        for neighbour in self.row(seed):
            if not left:
                break
            left.difference_update(int(node) for node in self.row(neighbour))
        assert not left, f"{sorted(left)[:5]} are no candidates of {seed}"


def scipy_sampler(graph):
    import numpy
    import scipy.sparse
    ones = numpy.ones(len(graph.column_ids), dtype=numpy.int8)
    shape = (graph.num_nodes, graph.num_nodes)
    adjacency = scipy.sparse.csr_matrix((ones, graph.column_ids, graph.row_offsets), shape=shape)
    draws = numpy.random.default_rng(1)

    def sample(seeds):
        # In pieces: A A of a batch of R-MAT has more entries than memory has room for.
        sampled = []
        for begin in range(0, len(seeds), 64):
            one = adjacency[seeds[begin:begin + 64]]
            two = one @ adjacency
            for b in range(one.shape[0]):
                candidates = numpy.concatenate([one.indices[one.indptr[b]:one.indptr[b + 1]],
                                                two.indices[two.indptr[b]:two.indptr[b + 1]]])
                if len(candidates):
                    candidates = draws.choice(candidates, K - 1, replace=len(candidates) < K - 1)
                sampled.append(candidates)
        return sampled

    return sample, lambda sampled: sum(map(len, sampled)), lambda sampled, seeds: [
        graph.check(seeds[b], sampled[b]) for b in range(8)]


def torch_csr(graph):
    import torch
    torch.set_num_threads(1)
    return torch.from_numpy(graph.row_offsets), torch.from_numpy(graph.column_ids).long()


def pyg_sampler(graph, apart):
    import numpy
    import torch
    folder = pathlib.Path(importlib.util.find_spec("torch_sparse").submodule_search_locations[0])
    torch.ops.load_library(folder / "_neighbor_sample_cpu.so")
    row_offsets, column_ids = torch_csr(graph)

    def of(seeds):
        return torch.ops.torch_sparse.neighbor_sample(row_offsets, column_ids, seeds, FAN_OUT, False, True)

    def check(sampled, seeds):
        if apart:
            for b in range(8):
                graph.check(seeds[b], sampled[b][0].numpy())
            return
        nodes, sources, targets, _ = sampled[0]
        for edge in range(0, len(sources), max(1, len(sources) // 100)):
            assert int(nodes[sources[edge]]) in numpy.asarray(graph.row(int(nodes[targets[edge]])))

    def sample(seeds):
        tensor = torch.from_numpy(seeds)
        return [of(tensor[b:b + 1]) for b in range(len(seeds))] if apart else [of(tensor)]

    return sample, lambda sampled: sum(len(one[1]) for one in sampled), check


def dgl_sampler(graph, apart):
    import dgl
    import torch
    row_offsets, column_ids = torch_csr(graph)
    whole = dgl.graph(("csc", (row_offsets, column_ids, [])), num_nodes=graph.num_nodes)
    sampler = dgl.dataloading.NeighborSampler(FAN_OUT)

    def check(sampled, seeds):
        block = sampled[0][2][0]
        sources, targets = block.edges()
        for edge in range(0, len(sources), max(1, len(sources) // 100)):
            source = int(block.srcdata[dgl.NID][sources[edge]])
            assert source in graph.row(int(block.dstdata[dgl.NID][targets[edge]]))

    def sample(seeds):
        pieces = torch.from_numpy(seeds).split(1 if apart else len(seeds))
        return [sampler.sample(whole, piece) for piece in pieces]

    return sample, lambda sampled: sum(block.num_edges() for one in sampled for block in one[2]), check


def graphbolt_sampler(graph):
    import dgl.graphbolt as graphbolt
    import torch
    row_offsets, column_ids = torch_csr(graph)
    whole = graphbolt.fused_csc_sampling_graph(row_offsets, column_ids)

    def sample(seeds):
        items = graphbolt.ItemSet(torch.from_numpy(seeds), names="seed_nodes")
        pipe = graphbolt.ItemSampler(items, batch_size=BATCH).sample_neighbor(whole, FAN_OUT)
        return next(iter(pipe)).sampled_subgraphs

    def check(sampled, seeds):
        layer = sampled[0]
        offsets = layer.sampled_csc.indptr
        for target in range(0, len(offsets) - 1, max(1, len(offsets) // 100)):
            row = graph.row(int(layer.original_column_node_ids[target]))
            for source in layer.sampled_csc.indices[offsets[target]:offsets[target + 1]]:
                assert int(layer.original_row_node_ids[source]) in row

    return sample, lambda sampled: sum(len(layer.sampled_csc.indices) for layer in sampled), check


def work(peer, folder, seconds, seed):
    import numpy
    graph = Graph(folder)
    sample, num_nodes, check = {"scipy": scipy_sampler, "pyg": lambda g: pyg_sampler(g, False),
                                "pyg_apart": lambda g: pyg_sampler(g, True),
                                "dgl": lambda g: dgl_sampler(g, False), "dgl_apart": lambda g: dgl_sampler(g, True),
                                "graphbolt": graphbolt_sampler}[peer](graph)
    order = numpy.random.default_rng(seed)

    def seeds_of_batch(size):
        return order.choice(graph.num_nodes, size, replace=False)

    size = 64 if peer == "scipy" else BATCH
    sample(seeds_of_batch(size))
    seeds = nodes = 0
    spent = 0.0
    while spent < seconds:
        batch = seeds_of_batch(size)
        began = time.process_time()
        sampled = sample(batch)
        spent += time.process_time() - began
        seeds += len(batch)
        nodes += num_nodes(sampled)
    check(sampled, batch)
    print(json.dumps({"seeds_per_second": seeds / spent, "nodes_per_second": nodes / spent}))


def run(command):
    environment = dict(os.environ, OMP_NUM_THREADS="1", MKL_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                       OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", DGLBACKEND="pytorch")
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    if ended.returncode != 0:
        return {"failed": (ended.stderr.strip().splitlines() or ["no message"])[-1]}
    return json.loads(ended.stdout.strip().splitlines()[-1])


def compare(folder, arguments):
    commands = {name: [arguments.bench, folder, f"batches={arguments.batches}", *settings]
                for name, settings in OURS.items()}
    commands["INDEPENDENT"][2] = f"batches={max(1, arguments.batches // 16)}"
    for peer in arguments.peers:
        python = arguments.dgl_python if peer in ("dgl", "dgl_apart", "graphbolt") else arguments.python
        commands[peer] = [python, __file__, "--worker", peer, folder, "--seconds", str(arguments.seconds)]
    results = {name: [] for name in commands}
    for round_ in range(arguments.rounds):
        for name, command in commands.items():
            extra = ["--seed", str(round_)] if name in PEERS else []
            results[name].append(run(command + extra))
    print(f"\n{folder}: median of {arguments.rounds} rounds\n"
          "| sampler | seeds/s | nodes/s | over the best that keeps seeds apart | over the best of all, nodes/s |\n"
          "|---|---|---|---|---|")
    medians = {}
    for name, rounds in results.items():
        if any("failed" in one for one in rounds):
            print(f"| {name} | does not run: {next(one['failed'] for one in rounds if 'failed' in one)[:200]} | | | |")
            continue
        medians[name] = [statistics.median(one[key] for one in rounds)
                         for key in ("seeds_per_second", "nodes_per_second")]
    best_apart = max((medians[peer][0] for peer in APART if peer in medians), default=float("nan"))
    best_of_all = max((medians[peer][1] for peer in PEERS if peer in medians), default=float("nan"))
    for name, (seeds, nodes) in medians.items():
        ratios = f"{seeds / best_apart:.1f} x | {nodes / best_of_all:.1f} x" if name in OURS else "|"
        print(f"| {name} | {seeds:,.0f} | {nodes:,.0f} | {ratios} |")
    sys.stdout.flush()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("graphs", nargs="+", metavar="GRAPH_FOLDER")
    parser.add_argument("--bench", help="the built sampler_bench")
    parser.add_argument("--python", default=sys.executable, help="has numpy, scipy and torch_sparse")
    parser.add_argument("--dgl-python", default=sys.executable, help="has numpy and dgl")
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=PEERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=5, help="of a peer in a round")
    parser.add_argument("--batches", type=int, default=512, help="of ours in a round")
    parser.add_argument("--worker", choices=PEERS, help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return work(arguments.worker, arguments.graphs[0], arguments.seconds, arguments.seed)
    model = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True,
                            cwd=pathlib.Path(__file__).parent).stdout.strip()
    print(f"{model[0]}, {os.cpu_count()} cores, commit {commit}, K = {K}, B = {BATCH}, one thread each")
    for folder in arguments.graphs:
        compare(folder, arguments)


if __name__ == "__main__":
    main()
