#!/usr/bin/python3
"""Test accuracy of every kind of attention and of sampling, over several seeds, as a table in Markdown.

The workspace must hold an encoded partition (made by `gigahop run --config CONFIG`). Each run is a `gigahop train` under
mpirun; what is quoted is the test accuracy at the epoch with the best validation accuracy, as metrics.jsonl has it.
Runs that are there already are not repeated.

    tests/bench/accuracy/accuracy.py --config configs/debian_packages.textproto --partition data/debian_packages/partition
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess

VARIANTS = {
    "NONE": ["model.attention=NONE"],
    "LOCAL": ["model.attention=LOCAL"],
    "GLOBAL": ["model.attention=GLOBAL"],
    "FULL": ["model.attention=FULL"],
    "FULL, independent samples": ["model.attention=FULL", "sampler.sampling=INDEPENDENT"],
    "FULL, samples never renewed": ["model.attention=FULL", "sampler.resample_every_epochs=0"],
    "FULL, independent, never renewed": [
        "model.attention=FULL", "sampler.sampling=INDEPENDENT", "sampler.resample_every_epochs=0"],
}


def train(options, variant, seed, run_folder):
    settings = VARIANTS[variant] + [f"seed={seed}"] + options.set
    command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(options.ranks), options.gigahop, "train",
               options.partition, "--config", options.config, "--run", str(run_folder)]
    for setting in settings:
        command += ["--set", setting]
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with open(f"{run_folder}.log", "w") as log:
        subprocess.run(command, check=True, env=environment, stdout=log, stderr=log)


def best_epoch(run_folder):
    lines = [json.loads(line) for line in open(run_folder / "metrics.jsonl")]
    epochs = [line for line in lines if line.get("kind") == "epoch" and "valid_accuracy" in line]
    best = max(epochs, key=lambda line: line["valid_accuracy"])
    return {"test": 100 * best["test_accuracy"],
            "seeds_per_second": statistics.median(line["seeds_per_second"] for line in epochs)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--config", required=True)
    parser.add_argument("--partition", required=True)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--runs", default="runs/accuracy", help="folder of the runs")
    parser.add_argument("--set", action="append", default=[], help="further settings for all runs")
    options = parser.parse_args()

    print("| variant | test accuracy, mean of seeds | deviation | seeds/s |\n|---|---|---|---|", flush=True)
    for variant in options.variants:
        results = []
        for seed in options.seeds:
            run_folder = pathlib.Path(options.runs) / f"{variant.lower().replace(', ', '-').replace(' ', '-')}-seed{seed}"
            run_folder.parent.mkdir(parents=True, exist_ok=True)
            if not (run_folder / "done").exists():
                train(options, variant, seed, run_folder)
                (run_folder / "done").touch()
            results.append(best_epoch(run_folder))
        accuracies = [result["test"] for result in results]
        deviation = statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")
        rate = statistics.median(result["seeds_per_second"] for result in results)
        print(f"| {variant} | {statistics.mean(accuracies):.1f} % | {deviation:.2f} | {rate:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
