#!/usr/bin/python3
"""How well a model predicts nodes that came after its training, against one that was trained with them in the graph.

A tenth of the nodes of a dataset, drawn at random, is held back. A model is trained on the graph of the others; the tenth
is then appended with its edges (`gigahop import --append`), taken into the partition (`partition --refine`), encoded and
predicted. The other model is trained on the whole graph, partitioned from scratch, with the same training nodes: none of
the tenth is one. What is compared is the accuracy on those of the tenth that have a label. Prints a table in Markdown.

    tests/bench/append/append.py DATASET --config configs/planted_partition.textproto --work DIR --seeds 1 2 3 4
"""
import argparse
import os
import pathlib
import re
import statistics
import subprocess

import numpy

SHARE = 0.1


class Bench:
    def __init__(self, options):
        self.options = options
        self.work = pathlib.Path(options.work)
        self.work.mkdir(parents=True, exist_ok=True)

    def gigahop(self, *arguments, ranks=1):
        command = [self.options.gigahop, *map(str, arguments)]
        if arguments[0] != "import":
            command += ["--config", self.options.config, *(word for one in self.options.set for word in ("--set", one))]
        environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
        launcher = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks)]
        return subprocess.run(launcher + command, check=True, env=environment, stdout=subprocess.PIPE, text=True).stdout

    def import_edges(self, name, arrays, *more):
        files = []
        for key, values in arrays.items():
            path = self.work / f"{name}-{key}.npy"
            numpy.save(path, numpy.ascontiguousarray(values))
            files += [f"--{'source' if key == 'edges' else key}", path]
        self.gigahop("import", "--format", "EDGES", *files, "--output", self.work / name, *more)

    def split_dataset(self, dataset):
        """Writes the datasets `old` and `grown`; the held-back nodes have the last ids."""
        load = {path.stem: numpy.load(path, mmap_mode="r") for path in pathlib.Path(dataset).glob("*.npy")}
        num_nodes = len(load["labels"])
        order = numpy.random.default_rng(self.options.seed_of_tenth).permutation(num_nodes)
        self.num_old = num_nodes - int(SHARE * num_nodes)
        place = numpy.empty(num_nodes, numpy.int64)
        place[order] = numpy.arange(num_nodes)
        edges = place[load["edges"]]
        is_old = (edges < self.num_old).all(axis=0)
        self.labels = load["labels"][order]
        splits = {name: numpy.sort(place[load[name]]) for name in ("train", "valid", "test")}
        features = load["features"][order]
        self.import_edges("old", {"edges": edges[:, is_old], "features": features[:self.num_old],
                                  "labels": self.labels[:self.num_old],
                                  **{name: ids[ids < self.num_old] for name, ids in splits.items()}})
        self.import_edges("grown", {"edges": edges[:, ~is_old], "features": features[self.num_old:],
                                    "labels": self.labels[self.num_old:]}, "--append", self.work / "old")
        numpy.save(self.work / "held_back.npy", numpy.arange(self.num_old, num_nodes))

    def partition(self, dataset, name, *more):
        said = self.gigahop("partition", self.work / dataset, "--output", self.work / name, *more, ranks=self.options.ranks)
        self.gigahop("encode", self.work / name, ranks=self.options.ranks)
        cut, heaviest = re.search(r"cut ([\d.]+) %.*average: nodes ([\d.]+)", said).groups()
        print(f"{name}: cut {cut} % of the entries, heaviest part {heaviest} of the average", flush=True)

    def accuracy(self, trained_on, seed):
        run = self.work / f"run-{trained_on}-{seed}"
        if not (run / "metrics.jsonl").exists():
            self.gigahop("train", self.work / trained_on, "--run", run, "--set", f"seed={seed}", ranks=self.options.ranks)
        partition = "refined" if trained_on == "old-parts" else trained_on
        predictions = self.work / f"predictions-{trained_on}-{seed}"
        self.gigahop("predict", self.work / partition, "--checkpoint", run, "--output", predictions, "--nodes-file",
                     self.work / "held_back.npy", ranks=self.options.ranks)
        truth = self.labels[self.num_old:]
        return 100 * (numpy.load(predictions / "predictions.npy") == truth)[truth >= 0].mean()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--config", required=True)
    parser.add_argument("--work", required=True, help="a new folder")
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--seed-of-tenth", type=int, default=1, help="which nodes are held back")
    parser.add_argument("--set", action="append", default=[], help="settings for all runs")
    options = parser.parse_args()

    bench = Bench(options)
    bench.split_dataset(options.dataset)
    bench.partition("old", "old-parts")
    bench.partition("grown", "refined", "--refine", bench.work / "old-parts")
    bench.partition("grown", "whole-parts")
    print("\n| trained on | accuracy on the held-back tenth, mean of seeds | deviation |\n|---|---|---|")
    for trained_on, words in (("old-parts", "the other nine tenths"), ("whole-parts", "the whole graph")):
        accuracies = [bench.accuracy(trained_on, seed) for seed in options.seeds]
        deviation = statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")
        print(f"| {words} | {statistics.mean(accuracies):.2f} % | {deviation:.2f} |", flush=True)


if __name__ == "__main__":
    main()
