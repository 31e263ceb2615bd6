#!/usr/bin/python3
"""Test accuracy of every kind of attention, sampling and precision, over several seeds, as a table in Markdown.

The workspace must hold an encoded partition (made by `gigahop run --config CONFIG`). Each run is a `gigahop train` under
mpirun, or for PyTorch a largegt_torch.py with the same settings; what is quoted is the test accuracy at the epoch with the
best validation accuracy, as metrics.jsonl has it. Differences are to the first variant, +- the standard error of the
difference of the two means, all runs taken as independent. Runs that are there already are not repeated.

    tests/bench/accuracy/accuracy.py --config configs/debian_packages.textproto --partition data/debian_packages/partition

PyTorch needs a partition in one part, and an interpreter that has numpy, scipy, torch and safetensors:

    python tests/bench/accuracy/accuracy.py --config CONFIG --partition PARTITION --ranks 1 --set train.max_seconds=0 \\
        --variants PyTorch FULL "FULL, BF16"
"""
import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys

PYTORCH = "PyTorch"
TRAINER = pathlib.Path(__file__).resolve().parent / "largegt_torch.py"
VARIANTS = {
    "NONE": ["model.attention=NONE"],
    "LOCAL": ["model.attention=LOCAL"],
    "GLOBAL": ["model.attention=GLOBAL"],
    "FULL": ["model.attention=FULL"],
    "FULL, BF16": ["model.attention=FULL", "train.precision=BF16"],
    "FULL, independent samples": ["model.attention=FULL", "sampler.sampling=INDEPENDENT"],
    "FULL, samples never renewed": ["model.attention=FULL", "sampler.resample_every_epochs=0"],
    "FULL, independent, never renewed": [
        "model.attention=FULL", "sampler.sampling=INDEPENDENT", "sampler.resample_every_epochs=0"],
}


def train_command(options, settings, seed, run_folder):
    command = [options.gigahop, "train", options.partition, "--config", options.config, "--run", str(run_folder)]
    for setting in settings + [f"seed={seed}"] + options.set:
        command += ["--set", setting]
    return command


def train(options, variant, seed, run_folder):
    command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(options.ranks),
               *train_command(options, VARIANTS[variant], seed, run_folder)]
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with open(f"{run_folder}.log", "w") as log:
        subprocess.run(command, check=True, env=environment, stdout=log, stderr=log)


def train_with_pytorch(options, seed, run_folder):
    run_folder.mkdir(exist_ok=True)
    command = train_command(options, ["model.attention=FULL"], seed, run_folder) + ["--print-config"]
    config = run_folder / "config.textproto"
    config.write_text(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
    with open(run_folder / "metrics.jsonl", "w") as metrics, open(f"{run_folder}.log", "w") as log:
        subprocess.run([sys.executable, TRAINER, options.partition, "--config", config], check=True, stdout=metrics,
                       stderr=log)


def best_epoch(run_folder):
    lines = [json.loads(line) for line in open(run_folder / "metrics.jsonl")]
    epochs = [line for line in lines if line.get("kind") == "epoch" and "valid_accuracy" in line]
    best = max(epochs, key=lambda line: line["valid_accuracy"])
    return {"test": 100 * best["test_accuracy"],
            "seeds_per_second": statistics.median(line["seeds_per_second"] for line in epochs)}


def results_of_seeds(options, variant):
    results = []
    for seed in options.seeds:
        run_folder = pathlib.Path(options.runs) / f"{variant.lower().replace(', ', '-').replace(' ', '-')}-seed{seed}"
        run_folder.parent.mkdir(parents=True, exist_ok=True)
        if not (run_folder / "done").exists():
            if variant == PYTORCH:
                train_with_pytorch(options, seed, run_folder)
            else:
                train(options, variant, seed, run_folder)
            (run_folder / "done").touch()
        results.append(best_epoch(run_folder))
    return results


def deviation(accuracies):
    return statistics.stdev(accuracies) if len(accuracies) > 1 else float("nan")


def difference(accuracies, first):
    if accuracies is first:
        return ""
    error = math.hypot(*(deviation(values) / math.sqrt(len(values)) for values in (accuracies, first)))
    return f"{statistics.mean(accuracies) - statistics.mean(first):+.2f} +- {error:.2f}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--config", required=True)
    parser.add_argument("--partition", required=True)
    parser.add_argument("--ranks", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4])
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=[PYTORCH, *VARIANTS])
    parser.add_argument("--runs", default="runs/accuracy", help="folder of the runs")
    parser.add_argument("--set", action="append", default=[], help="further settings for all runs")
    options = parser.parse_args()

    print("| variant | test accuracy, mean of seeds | deviation | difference to the first | seeds/s |")
    print("|---|---|---|---|---|", flush=True)
    first = None
    for variant in options.variants:
        results = results_of_seeds(options, variant)
        accuracies = [result["test"] for result in results]
        first = first or accuracies
        rate = statistics.median(result["seeds_per_second"] for result in results)
        print(f"| {variant} | {statistics.mean(accuracies):.2f} % | {deviation(accuracies):.2f} | "
              f"{difference(accuracies, first)} | {rate:,.0f} |", flush=True)


if __name__ == "__main__":
    main()
