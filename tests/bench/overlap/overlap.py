#!/usr/bin/python3
"""Time of a training step that is spent waiting for data, as a table in Markdown: two ranks on this machine, and two ranks
in network namespaces of their own with a link between them of 1 Gbit/s and 0.2 ms each way. Where the kernel has no netem,
the link has its rate (by tbf) but no delay, and the table says so.

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

NAMES = ["gigahop-a", "gigahop-b"]
NETWORK = "10.77.0"
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
               "OMP_NUM_THREADS": "1"}

# What mpirun calls instead of ssh: host, then the command for it. Host and host name of its own, or Open MPI would take
# both ends for one node and use shared memory.
AGENT = """#!/bin/sh
host=$1; shift
case $host in {network}.2) name={name};; esac
exec ip netns exec $name unshare --uts sh -c "hostname $name; $*"
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Link:
    """Two namespaces and a shaped pair of interfaces between them; `description` says what it came to."""

    def __init__(self, rate, delay):
        self.rate, self.delay = rate, delay

    def __enter__(self):
        self.__exit__()
        for name in NAMES:
            ip("netns", "add", name)
        ip("link", "add", "gigahop0", "netns", NAMES[0], "type", "veth", "peer", "name", "gigahop0", "netns", NAMES[1])
        for host, name in enumerate(NAMES, 1):
            inside = ["netns", "exec", name]
            ip(*inside, "ip", "address", "add", f"{NETWORK}.{host}/24", "dev", "gigahop0")
            ip(*inside, "ip", "link", "set", "lo", "up")
            ip(*inside, "ip", "link", "set", "gigahop0", "up")
            self.shape(inside)
        return self

    def shape(self, inside):
        add = ["ip", *inside, "tc", "qdisc", "add", "dev", "gigahop0", "root"]
        netem = [*add, "netem", "delay", self.delay, "rate", self.rate, "limit", "20000"]
        self.description = f"{self.rate}, {self.delay}"
        if subprocess.run(netem, stderr=subprocess.DEVNULL, check=False).returncode != 0:
            subprocess.run([*add, "tbf", "rate", self.rate, "burst", "128kb", "latency", "50ms"], check=True)
            self.description = f"{self.rate}, no delay"

    def __exit__(self, *_):
        for name in NAMES:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)


def launch(command, num_ranks=2, prefix=(), extra=()):
    """The lines of JSON that it prints."""
    launched = [*prefix, "mpirun", "--bind-to", "none", "-n", str(num_ranks), *extra, *map(str, command)]
    done = subprocess.run(launched, env=dict(os.environ, **ENVIRONMENT), stdout=subprocess.PIPE, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def run_here(command):
    return "this machine", launch(command, extra=["--oversubscribe"])


def run_over_link(command, options):
    with Link(options.rate, options.delay) as link, tempfile.TemporaryDirectory() as folder:
        agent = pathlib.Path(folder) / "agent"
        agent.write_text(AGENT.format(network=NETWORK, name=NAMES[1]))
        agent.chmod(0o755)
        network = f"{NETWORK}.0/24"
        extra = ["--host", f"{NETWORK}.1:1,{NETWORK}.2:1"]
        for name, value in {"plm_rsh_agent": agent, "pml": "ob1", "btl": "tcp,self", "btl_tcp_if_include": network,
                            "oob_tcp_if_include": network}.items():
            extra += ["--mca", name, str(value)]
        return link.description, launch(command, prefix=["ip", "netns", "exec", NAMES[0]], extra=extra)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition", type=pathlib.Path)
    parser.add_argument("--bench", default="build/release/tests/bench/overlap/overlap_bench")
    parser.add_argument("--steps", type=int, default=10, help="timed, after one that is not")
    parser.add_argument("--set", nargs="*", default=[], dest="settings", metavar="path=value")
    parser.add_argument("--rate", default="1gbit")
    parser.add_argument("--delay", default="200us", help="each way")
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
