#!/usr/bin/python3
"""Time of a training step that is spent waiting for data, as a table in Markdown: two ranks on this machine, and two ranks
in network namespaces of their own with a link between them of 1 Gbit/s and 0.2 ms each way. The table names the round trip
of a byte over that link.

    tests/bench/overlap/overlap.py PARTITION [--steps 10] [--set sampler.sample_size=50 ...]

Runs the program overlap_bench (built with GIGAHOP_BENCH), which compares loading in line with the pipeline, both without
and with the row cache, and checks that they train alike; here it is checked that the link changes no loss either. The
namespaces need root and iproute2; they are removed at the end.
"""
import argparse
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from two_hosts import TwoHosts  # noqa: E402: found only now

ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
               "OMP_NUM_THREADS": "1"}


def launch(command, num_ranks=2, prefix=(), extra=(), variables=None):
    """The lines of JSON that it prints."""
    launched = [*prefix, "mpirun", "--bind-to", "none", "-n", str(num_ranks), *extra, *map(str, command)]
    done = subprocess.run(launched, env=os.environ | ENVIRONMENT | (variables or {}), stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_here(command):
    return "this machine", launch(command, extra=["--oversubscribe"])


def run_over_link(command, options):
    with tempfile.TemporaryDirectory() as folder, TwoHosts(folder) as hosts:
        description = f"{hosts.shape(options.rate, options.delay)}, round trip {1e6 * hosts.round_trip():.0f} us"
        extra = ["--host", ",".join(f"{address}:1" for address in hosts.addresses())]
        for name in ["btl_tcp_if_include", "oob_tcp_if_include"]:
            extra += ["--mca", name, hosts.network()]
        return description, launch(command, prefix=hosts.on_first([]), extra=extra, variables=hosts.variables())


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition", type=pathlib.Path)
    parser.add_argument("--bench", default="build/release/tests/bench/overlap/overlap_bench")
    parser.add_argument("--steps", type=int, default=10, help="timed, after one that is not")
    parser.add_argument("--set", nargs="*", default=[], dest="settings", metavar="path=value")
    parser.add_argument("--rate", default="1gbit")
    parser.add_argument("--delay", type=int, default=200, help="microseconds each way")
    return parser.parse_args()


def main():
    options = parse_options()
    settings = ["threads=1", "sampler.sample_size=50", "model.hidden_width=128", "train.batch_size=1024", *options.settings]
    command = [pathlib.Path(options.bench).resolve(), options.partition, options.steps, *settings]
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True, check=False)
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, commit {commit.stdout.strip()}, "
          f"{options.steps} steps, {' '.join(settings)}\n")
    print("| link | cache | loading | first batch s | step s | waiting for data | of that step | exchanging in the step |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    losses = set()
    for run in (lambda: run_here(command), lambda: run_over_link(command, options)):
        link, lines = run()
        for line in lines:
            losses.add(line["loss"])
            share = 100 * line["wait_seconds"] / line["step_seconds"]
            exchanging = 100 * line["comm_seconds"] / line["step_seconds"]
            print(f"| {link} | {line['cache']} | {line['loading']} | {line['first_seconds']:.2f} | {line['step_seconds']:.3f} "
                  f"| {1000 * line['wait_seconds']:.1f} ms | {share:.1f} % | {exchanging:.1f} % |", flush=True)
    if len(losses) != 1:
        sys.exit(f"losses differ: {losses}")


if __name__ == "__main__":
    main()
