#!/usr/bin/python3
"""A model of the time of a training step on R ranks: its parts counted, fitted and shown against runs on this machine, then
what it predicts for ogbn-papers100M, as tables in Markdown.

    tests/bench/scaling/scaling.py PARTITION --work /var/tmp/scaling --network 10Gbit/s:10e9:50e-6 --cores 32

PARTITION is encoded, in two parts; steps are fitted and shown on it. For the counts a graph with the power laws of
papers100M (configs/papers100m_rehearsal.textproto) but 100,000 nodes is made below --work and cut into 2 to 64 parts.

Counted   by scaling_bench (built with GIGAHOP_BENCH), one rank per part: seeds, sample entries, distinct nodes, remote rows,
          bytes and messages by phase. What a step sums over ranks follows from the model's shape; the script ends with an
          error unless this is what scaling_bench and `gigahop train` count.
Fitted    alpha and beta of all-reduce and of messages between two ranks here; the rates of cost_model.py from steps of
          other batch and sample sizes than those that are shown. Processor seconds, since the machine may do other work.
Shown     steps of `gigahop train` on one and two ranks, one thread each: the difference of a long and a short run.
Extrapolated, assumed: said above the tables.
"""
import argparse
import json
import math
import os
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy

import cost_model
from cost_model import Network, Shape, predict

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "overlap"))
from overlap import launch  # noqa: E402

PARTS = [2, 4, 8, 16, 32, 64]
RANKS = [8, 16, 32, 64, 128, 256]
LOADING = ["sampling", "features"]
KINDS = ["messages", "bytes", "collectives", "collective_bytes"]
GRAPH = ["kind=BLOCK_MODEL", "num_nodes=100000", "edges_per_node=14.55", "num_classes=172", "mixing=0.45",
         "feature_width=128", "feature_dtype=FLOAT16", "train_share=0.1"]
FITTED = [(batch, sample) for batch in (128, 256, 768) for sample in (15, 40)]
SHOWN = (512, 25)
SHORT_RUN, LONG_RUN = 2, 12  # steps
PAPERS = Shape(F=128, H=512, A=2, G=128, M=4096, C=172)
PAPERS_SAMPLE, PAPERS_BATCH = 100, 1024
BOUND = "weak, seeds share no node"


def print_row(*cells):
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def print_header(*cells):
    print()
    print_row(*cells)
    print("|" + "---|" * len(cells))


def settings(batch, sample):
    return ["threads=1", "sampler.cache_policy=NONE", f"sampler.sample_size={sample}", f"train.batch_size={batch}"]


def scaling_bench(options, num_ranks, *words):
    program = options.build / "tests/bench/scaling/scaling_bench"
    return launch([program, *words], num_ranks, extra=["--oversubscribe"])


def gigahop(options, num_ranks, *words):
    command = [options.build / "launch/gigahop", *words]
    launch(["sh", "-c", 'exec "$@" > /dev/null', "sh", *command], num_ranks, extra=["--oversubscribe"])


def partition_of(options, num_parts):
    """Encoded, made if it is not there."""
    dataset, partition = options.work / "dataset", options.work / f"parts{num_parts}"
    if not dataset.exists():
        gigahop(options, 1, "generate", "--output", dataset, *(w for s in GRAPH for w in ("--set", f"generate.{s}")))
    if not (partition / "part-0000/tokens.npy").exists():
        gigahop(options, 2, "partition", dataset, "--output", partition, "--parts", num_parts)
        gigahop(options, 2, "encode", partition, "--positional", "FASTRP", "--width", "64", "--token-dtype", "FLOAT16",
                "--set", "threads=1")
    return partition


def mean(steps, name, which="most"):
    return statistics.fmean(step[name][which] for step in steps)


def counts_of(steps):
    """Of the rank that has most, mean of the steps."""
    return {name: mean(steps, name) for name in ("seeds", "entries", "nodes", "pairs")}


def traffic_of(steps):
    return {phase: {kind: mean(steps, f"{phase}.{kind}") for kind in KINDS} for phase in LOADING}


def count_plans(options):
    """Steps by number of parts; the first of each draws what belongs to the epoch."""
    print(f"\nCounted, K={PAPERS_SAMPLE}, batch {PAPERS_BATCH}, {GRAPH[1]}, no cache; most: of the rank that has most:")
    print_header("parts", "seeds, most", "distinct nodes a seed", "remote", "MB of rows sent, mean", "most", "messages, most",
                 "KB for sampling, most", "MB for sampling in the first step, most")
    plans = {}
    for parts in PARTS:
        lines = scaling_bench(options, parts, "plans", partition_of(options, parts), options.plan_steps + 1,
                              *settings(PAPERS_BATCH, PAPERS_SAMPLE))
        first, steps = lines[0], lines[1:]
        plans[parts] = lines
        print_row(parts, f"{mean(steps, 'seeds'):.0f}", f"{mean(steps, 'nodes', 'sum') / mean(steps, 'seeds', 'sum'):.1f}",
                  f"{100 * remote_share(steps):.1f} %", f"{mean(steps, 'features.bytes', 'sum') / parts / 1e6:.2f}",
                  f"{mean(steps, 'features.bytes') / 1e6:.2f}",
                  f"{mean(steps, 'features.messages') + mean(steps, 'sampling.messages'):.0f}",
                  f"{mean(steps, 'sampling.bytes') / 1e3:.0f}", f"{first['sampling.bytes']['most'] / 1e6:.2f}")
    return plans


def remote_share(steps):
    return mean(steps, "remote_nodes", "sum") / mean(steps, "nodes", "sum")


def fit_links(options):
    """This machine as a network."""
    lines = scaling_bench(options, 2, "links")
    fits = {}
    print("\nFitted, two ranks here (alpha + beta n):")
    print_header("operation", "alpha us", "1 / beta GB/s", "largest error")
    for operation in ("all_reduce", "exchange"):
        points = [line for line in lines if line["operation"] == operation]
        fits[operation] = cost_model.fit_line([p["bytes"] for p in points], [p["seconds"] for p in points])
        alpha, beta, error = fits[operation]
        print_row(operation, f"{1e6 * alpha:.2f}", f"{1e-9 / beta:.2f}", f"{100 * error:.0f} %")
    reduce_, exchange = fits["all_reduce"], fits["exchange"]
    # On two ranks Network.all_reduce has two rounds and moves n bytes.
    return (Network("here", reduce_[0] / 2, reduce_[1], 0.0), Network("here", exchange[0], exchange[1], exchange[0]))


def fit_steps(options, shape):
    steps = []
    names = ["load_seconds", "step_seconds", "seeds", "entries", "nodes", "pairs"]
    for batch, sample in FITTED:
        words = [*settings(batch, sample), f"model.hidden_width={shape.H}"]
        lines = scaling_bench(options, 1, "steps", options.partition, 4, *words)
        steps += [{name: line[name]["sum"] for name in names} for line in lines[1:]]
    processor, error = cost_model.fit_processor(shape, steps)
    print(f"\nFitted, one core, {len(steps)} steps of (batch, K) = {FITTED}: "
          f"{1e9 * processor.per_parameter:.1f} ns a parameter,\n"
          f"{processor.row_rate / 1e9:.1f} GFLOP/s in products of rows, {processor.attention_rate / 1e9:.1f} in attention "
          f"within samples,\n{1e6 * processor.load_per_node:.2f} us to load a node; largest error {100 * error:.0f} %")
    return processor


def train(options, num_ranks, num_steps, shape):
    """The summary of a run, with the processor seconds of all ranks."""
    with tempfile.TemporaryDirectory() as folder:
        words = [f"model.hidden_width={shape.H}", f"train.max_steps={num_steps}", *settings(*SHOWN)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        gigahop(options, num_ranks, "train", options.partition, "--run", folder, *(w for s in words for w in ("--set", s)))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        summary = json.loads((pathlib.Path(folder) / "metrics.jsonl").read_text().splitlines()[-1])
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    traffic = {phase["phase"]: [int(phase.get(name, 0)) for name in ("messages", "bytes", "collectives", "collective_bytes")]
               for phase in summary.get("traffic", [])}
    return summary["seconds"], processor, traffic


def show(options, shape, processor, links):
    all_reduce, exchange = links
    print(f"\nShown, batch and K = {SHOWN}, ms of a step, measured: median of {options.rounds} rounds (least, most):")
    print_header("ranks", "compute", "sums over ranks", "load", "predicted", "measured, processor time of a rank",
                 "measured, wall")
    for ranks in (1, 2):
        counted = scaling_bench(options, ranks, "steps", options.partition, LONG_RUN, *settings(*SHOWN),
                                f"model.hidden_width={shape.H}")[SHORT_RUN:]
        p = predict(shape, counts_of(counted), traffic_of(counted), ranks, processor, all_reduce, exchange, hidden=False)
        runs = [[train(options, ranks, steps, shape) for steps in (SHORT_RUN, LONG_RUN)] for _ in range(options.rounds)]
        wall, used = ([1e3 * (long[i] - short[i]) / (LONG_RUN - SHORT_RUN) for short, long in runs] for i in (0, 1))
        measured = [f"{statistics.median(ms):.0f} ({min(ms):.0f}, {max(ms):.0f})" for ms in ([u / ranks for u in used], wall)]
        print_row(ranks, f"{1e3 * p.compute:.0f}", f"{1e3 * p.reduce:.1f}", f"{1e3 * p.load:.1f}",
                  f"{1e3 * p.step:.0f}", *measured)
    compare_traffic(shape, ranks, counted, *runs[0])


def compare_traffic(shape, ranks, counted, short, long):
    steps = LONG_RUN - SHORT_RUN
    print(f"\nBytes of {steps} steps on {ranks} ranks, messages and collectives:")
    print_header("phase", "scaling_bench", "from the shape", "gigahop train")
    from_shape = {phase: size * steps * ranks for phase, size in shape.collective_bytes().items()}
    for phase in [*LOADING, *from_shape]:
        ours = [sum(step[f"{phase}.{kind}"]["sum"] for step in counted) for kind in KINDS]
        accounted = [b - a for a, b in zip(short[2][phase], long[2][phase])]
        print_row(phase, f"{ours[1] + ours[3]:,.0f}", f"{from_shape[phase]:,}" if phase in from_shape else "",
                  f"{accounted[1] + accounted[3]:,}")
        if ours != accounted or from_shape.get(phase, ours[3]) != ours[3]:
            sys.exit(f"{phase}: {ours} and {accounted} differ")


class Extrapolation:
    """From plans on P parts to a rank of many, and its description."""
    rule = ("distinct nodes of a rank: c seeds^g, fitted to all P; remote share and bytes for sampling a seed: linear in\n"
            "log2 P, fitted to P >= 8, the share at most 1; bytes a fetched node, messages and collectives a peer, and what the rank\n"
            "with most has above the mean: those of the largest P")

    def __init__(self, plans):
        steps = {parts: lines[1:] for parts, lines in plans.items()}
        last = max(steps)
        self.power, logarithm = numpy.polyfit([math.log(mean(s, "seeds")) for s in steps.values()],
                                              [math.log(mean(s, "nodes")) for s in steps.values()], 1)
        self.factor = math.exp(logarithm)
        self.share = self.line(steps, remote_share)
        self.sampling = self.line(steps, lambda s: mean(s, "sampling.bytes", "sum") / mean(s, "seeds", "sum"))
        self.per_row = mean(steps[last], "features.bytes", "sum") / mean(steps[last], "fetched_nodes", "sum")
        self.excess = {p: mean(steps[last], f"{p}.bytes") * last / mean(steps[last], f"{p}.bytes", "sum") for p in LOADING}
        self.per_peer = {p: mean(steps[last], f"{p}.messages") / (last - 1) for p in LOADING}
        self.collectives = {p: mean(steps[last], f"{p}.collectives") for p in LOADING}

    @staticmethod
    def line(by_parts, value):
        parts = [p for p in by_parts if p >= 8]
        return numpy.poly1d(numpy.polyfit([math.log2(p) for p in parts], [value(by_parts[p]) for p in parts], 1))

    def counts(self, seeds):
        return {"seeds": seeds, "entries": PAPERS_SAMPLE * seeds, "pairs": PAPERS_SAMPLE**2 * seeds,
                "nodes": min(self.factor * seeds**self.power, PAPERS_SAMPLE * seeds)}

    def traffic(self, counts, ranks):
        rows = counts["nodes"] * min(1.0, self.share(math.log2(ranks)))
        sent = {"features": rows * self.per_row, "sampling": counts["seeds"] * self.sampling(math.log2(ranks))}
        return {p: {"messages": self.per_peer[p] * (ranks - 1), "collectives": self.collectives[p],
                    "bytes": sent[p] * self.excess[p]} for p in LOADING}


def predict_papers(options, plans, processor, overhead):
    rule = Extrapolation(plans)
    many = processor.times(options.cores)
    print(f"\nPredicted, ogbn-papers100M, {PAPERS}, K={PAPERS_SAMPLE}.\nExtrapolated: {rule.rule}; "
          f"here {rule.factor:.0f} seeds^{rule.power:.3f}.\nAssumed: {options.cores} cores a rank for the step, each as fast as "
          f"one here, as many for loading beside it; no row is cached;\na graph of {GRAPH[1]} shares rows between seeds and parts as "
          "papers100M does; the network carries what all\nranks send at once, and a message costs "
          f"{1e6 * overhead:.1f} us to hand over, as here. Evaluation and\nthe first step of an epoch, in which sketches "
          f"are made, are left out. Strong: batch {PAPERS_BATCH}; weak: {PAPERS_BATCH // RANKS[0]} seeds a rank.")
    for network in options.networks:
        network = Network(network[0], network[2], 8 / network[1], overhead)
        print(f"\n{network.name}, {1e6 * network.alpha:.0f} us:")
        print_header("scaling", "ranks", "seeds a rank", "compute ms", "sums waited for ms", "load ms", "step ms",
                     "waiting for data", "MB to fetch, most", "seeds/s", "of ideal")
        for scaling in ("strong", "weak", BOUND):
            base = None
            for ranks in RANKS:
                seeds = PAPERS_BATCH / (ranks if scaling == "strong" else RANKS[0])
                counts = rule.counts(seeds)
                if scaling == BOUND:
                    counts["nodes"] = counts["entries"]
                traffic = rule.traffic(counts, ranks)
                p = predict(PAPERS, counts, traffic, ranks, many, network, network, hidden=True)
                rate = seeds * ranks / p.step
                base = base or rate / ranks
                sent = sum(phase["bytes"] for phase in traffic.values())
                print_row(scaling, ranks, f"{seeds:.0f}", f"{1e3 * p.compute:.0f}", f"{1e3 * p.reduce:.1f}",
                          f"{1e3 * p.load:.0f}", f"{1e3 * p.step:.0f}", f"{100 * max(0, 1 - (p.compute + p.reduce) / p.step):.0f} %",
                          f"{sent / 1e6:.1f}", f"{rate:,.0f}", f"{100 * rate / ranks / base:.0f} %")


def shape_of(options):
    """Of the model that is trained here."""
    features = numpy.load(options.partition / "part-0000/tokens.npy", mmap_mode="r").shape[2]
    positional = numpy.load(options.partition / "part-0000/positional.npy", mmap_mode="r").shape[1]
    classes = re.search(r"num_classes: (\d+)", (options.partition / "partition.textproto").read_text()).group(1)
    return Shape(F=features, H=options.hidden, A=2, G=positional, M=4096, C=int(classes))


def network_of(text):
    name, bits, alpha = text.split(":")
    return name, float(bits), float(alpha)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition", type=pathlib.Path)
    parser.add_argument("--work", type=pathlib.Path, required=True)
    parser.add_argument("--build", type=pathlib.Path, default=pathlib.Path("build/release"))
    parser.add_argument("--hidden", type=int, default=128, help="H of the steps that are fitted and shown")
    parser.add_argument("--plan-steps", type=int, default=4, help="counted, after the first of the epoch")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cores", type=int, default=32, help="of a rank, for the step, in the prediction")
    parser.add_argument("--network", dest="networks", type=network_of, nargs="+", metavar="NAME:BITS_PER_SECOND:SECONDS",
                        default=[("10 Gbit/s", 10e9, 50e-6), ("100 Gbit/s", 100e9, 5e-6)])
    options = parser.parse_args()
    options.build = options.build.resolve()
    return options


def main():
    options = parse_options()
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], stdout=subprocess.PIPE, text=True, check=False)
    print(f"{os.cpu_count()} cores, commit {commit.stdout.strip()}, {' '.join(sys.argv)}")
    options.work.mkdir(parents=True, exist_ok=True)
    plans = count_plans(options)
    shape = shape_of(options)
    links = fit_links(options)
    processor = fit_steps(options, shape)
    show(options, shape, processor, links)
    predict_papers(options, plans, processor, links[1].overhead)


if __name__ == "__main__":
    main()
