#!/usr/bin/python3
"""What there is to sample around a seed: how many candidates, how far away, and how often they have the seed's label.

Takes a random sample of the labelled nodes of a dataset folder. Candidates are the neighbours and the distinct ends of
walks of two steps, as the sampler has them. Needs numpy.

    tests/bench/accuracy/candidates.py data/debian_packages/dataset
"""
import argparse
import pathlib

import numpy


def symmetric_rows(edges, num_nodes):
    """Offsets and columns of the graph with every edge both ways, without self-loops and duplicates."""
    both = numpy.concatenate([edges, edges[::-1]], axis=1)
    keys = numpy.unique(both[0] * num_nodes + both[1])
    sources, targets = keys // num_nodes, keys % num_nodes
    kept = sources != targets
    return numpy.searchsorted(sources[kept], numpy.arange(num_nodes + 1)), targets[kept]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=3000, help="nodes that are looked at")
    options = parser.parse_args()
    labels = numpy.load(options.dataset / "labels.npy")
    offsets, columns = symmetric_rows(numpy.load(options.dataset / "edges.npy").astype(numpy.int64), len(labels))
    row = lambda node: columns[offsets[node]:offsets[node + 1]]
    labelled = numpy.flatnonzero(labels >= 0)
    counts, two_steps, same, same_near, same_any = [], [], [], [], []
    random = numpy.random.default_rng(1)
    for seed in random.choice(labelled, min(options.seeds, len(labelled)), replace=False):
        near = row(seed)
        same_any.append((labels[labelled] == labels[seed]).mean())
        counts.append(len(near))
        if not len(near):
            continue
        far = numpy.unique(numpy.concatenate([row(node) for node in near]))
        candidates = numpy.concatenate([near, far])
        counts[-1] = len(candidates)
        two_steps.append(len(far) / len(candidates))
        same.append((labels[candidates] == labels[seed]).mean())
        same_near.append((labels[near] == labels[seed]).mean())
    mean = lambda values: 100 * numpy.mean(values)
    print(f"candidates of the median node: {int(numpy.median(counts)):,}")
    print(f"of them two steps away (mean over nodes that have any): {mean(two_steps):.0f} %")
    print(f"with the seed's label: candidates {mean(same):.0f} %, neighbours {mean(same_near):.0f} %, "
          f"all nodes {mean(same_any):.0f} %")


if __name__ == "__main__":
    main()
