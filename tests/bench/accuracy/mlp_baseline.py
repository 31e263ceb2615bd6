#!/usr/bin/env python3
"""What a plain MLP in PyTorch reaches on the same nodes: on x alone, and on [x, Âx, Â²x]. Needs numpy and torch.

    tests/bench/accuracy/mlp_baseline.py data/debian_packages/partition
"""
import argparse
import pathlib
import statistics

import numpy
import torch


def load(partition):
    """Tokens [N, 3, F], labels [N] and splits, all parts one after the other."""
    tokens, labels, splits, first = [], [], {"train": [], "valid": [], "test": []}, 0
    for part in sorted(pathlib.Path(partition).glob("part-*")):
        tokens.append(numpy.load(part / "tokens.npy").astype(numpy.float32))
        labels.append(numpy.load(part / "labels.npy"))
        for name, rows in splits.items():
            rows.append(numpy.load(part / f"{name}.npy").astype(numpy.int64) + first)
        first += len(labels[-1])
    join = lambda arrays: torch.from_numpy(numpy.concatenate(arrays))
    return join(tokens), join(labels), {name: join(rows) for name, rows in splits.items()}


def accuracy_of_mlp(x, labels, splits, seed, options):
    torch.manual_seed(seed)
    x = (x - x[splits["train"]].mean(0)) / (x[splits["train"]].std(0) + 1e-6)
    layer = lambda a, b: [torch.nn.Linear(a, b), torch.nn.BatchNorm1d(b), torch.nn.ReLU(), torch.nn.Dropout(0.5)]
    model = torch.nn.Sequential(*layer(x.shape[1], options.width), *layer(options.width, options.width),
                                torch.nn.Linear(options.width, int(labels.max()) + 1))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    best = (0, 0)
    for _ in range(options.epochs):
        model.train()
        for batch in splits["train"][torch.randperm(len(splits["train"]))].split(1024):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), labels[batch]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            right = model(x).argmax(1) == labels
        best = max(best, tuple(right[splits[name]].float().mean().item() for name in ("valid", "test")))
    return 100 * best[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--width", type=int, default=256)
    options = parser.parse_args()
    tokens, labels, splits = load(options.partition)
    for name, x in [("x", tokens[:, 0]), ("[x, Âx, Â²x]", tokens.flatten(1))]:
        results = [accuracy_of_mlp(x, labels, splits, seed, options) for seed in options.seeds]
        print(f"| MLP on {name} | {statistics.mean(results):.1f} % | {statistics.stdev(results):.2f} |", flush=True)


if __name__ == "__main__":
    main()
