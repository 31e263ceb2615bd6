#!/usr/bin/python3
"""gigahop partition against METIS and KaMinPar: cut, balance, halo, time and memory on the same graphs in the same run.

    tests/bench/partition/compare.py --work /var/tmp/partition --graphs blocks100k grid2_1m --parts 8 --ranks 1 2 --seeds 1

Needs numpy; KaMinPar where `--methods` has it: `pip install numpy kaminpar`. Graphs are made once below --work
(graphs.py says how); results go to --work/results.jsonl, one line each, and are not measured again without --repeat; the
table of all that was selected is printed in Markdown. One function (quality.py) measures the parts of all competitors.

Seconds: the partitioning alone, i.e. the library call of METIS and KaMinPar, and the phase "partitioning" of gigahop;
"command" is all of `gigahop partition`, from reading edges to writing shards. Memory: peak resident memory summed over
ranks, the highest of all phases for gigahop, with the graph for all; the forecast is held against the heaviest rank.
Cuts are compared with METIS's under the same constraints, those with nodes alone balanced with KaMinPar's.
"""
import argparse
import json
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

import numpy

import graphs
from measured import run_ranks
from quality import evaluate

GIGAHOP_METHODS = ["multilevel", "multilevel_nodes", "gigahop_metis", "hash"]
PEERS = ["metis", "metis_nodes", "kaminpar"]
NODES_ALONE = ["multilevel_nodes", "metis_nodes", "kaminpar"]  # what they balance
ONE_RANK = ["gigahop_metis", "hash"]  # the same parts on every number of ranks
TITLES = {"multilevel": "gigahop MULTILEVEL", "multilevel_nodes": "gigahop MULTILEVEL, nodes alone",
          "gigahop_metis": "gigahop METIS", "hash": "gigahop HASH", "metis": "METIS",
          "metis_nodes": "METIS, nodes alone", "kaminpar": "KaMinPar, nodes alone"}


def fields_of(text):
    """The fields of a text proto without inner messages."""
    return {name: json.loads(value) for name, value in re.findall(r"(\w+): (\S+)", text)}


def forecast_of(log):
    """What the stage said beforehand that its heaviest rank would need."""
    units = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
    told = re.search(r"at most ([\d.]+) (\w+) where METIS runs, ([\d.]+) (\w+) on other ranks", log)
    return max(float(told[1]) * units[told[2]], float(told[3]) * units[told[4]]) if told else None


def run_gigahop(options, graph, method, num_parts, seed, num_ranks):
    output = options.work / "partition"
    shutil.rmtree(output, ignore_errors=True)
    name = method.removeprefix("gigahop_").removesuffix("_nodes").upper()
    balance = "NODES" if method.endswith("_nodes") else "TRAINING"
    command = [options.gigahop, "partition", graph.dataset, "--output", output, "--parts", num_parts, "--method", name,
               "--seed", seed, "--set", f"partition.imbalance={options.imbalance}", "--set", f"threads={options.threads}",
               "--set", f"partition.balance={balance}"]
    run = run_ranks(num_ranks, command, options.timeout)
    parts = numpy.load(output / "part_of_node.npy")
    manifest = (output / "partition.textproto").read_text()
    counted = [int(re.search(rf"{field}: (\d+)", manifest)[1]) for field in ("cut_edges", "communication_volume")]
    phases = {phase["phase"]: phase for phase in map(fields_of, re.findall(r"phases {(.*?)}", manifest, re.DOTALL))}
    shutil.rmtree(output)
    return parts, {"seconds": phases["partitioning"]["seconds"], "command_seconds": run.seconds,
                   "processor_seconds": run.processor_seconds,
                   "peak_bytes": max(phase["peak_bytes_of_all_ranks"] for phase in phases.values()),
                   "largest_peak_bytes": max(phase["peak_bytes"] for phase in phases.values()),
                   "forecast_bytes": forecast_of(run.log), "phases": phases, "counted": counted}


def run_peer(options, graph, method, num_parts, seed):
    output = options.work / f"{method}-parts"
    if method == "kaminpar":
        from peers import parhip_file
        parhip_file(graph.folder)
    script = pathlib.Path(__file__).with_name("peers.py")
    subprocess.run([sys.executable, script, method, graph.folder, str(num_parts), str(seed), str(options.imbalance),
                    output], check=True, stdout=subprocess.DEVNULL, timeout=options.timeout)
    figures = json.loads(output.with_suffix(".json").read_text())
    return numpy.load(output.with_suffix(".npy")), figures


def key_of(line):
    return tuple(line[field] for field in ("graph", "parts", "method", "ranks", "seed"))


def read_results(path):
    if not path.exists():
        return {}
    return {key_of(line): line for line in map(json.loads, path.read_text().splitlines())}


def selected(options):
    for name in options.graphs:
        for num_parts in options.parts:
            for seed in options.seeds:
                for method in options.methods:
                    for num_ranks in options.ranks if method in GIGAHOP_METHODS and method not in ONE_RANK else [1]:
                        yield name, num_parts, method, num_ranks, seed


def measure(options, graph, key):
    name, num_parts, method, num_ranks, seed = key
    line = dict(zip(("graph", "parts", "method", "ranks", "seed"), key))
    line.update(nodes=graph.num_nodes, entries=graph.num_entries)
    try:
        if method in GIGAHOP_METHODS:
            parts, figures = run_gigahop(options, graph, method, num_parts, seed, num_ranks)
        else:
            parts, figures = run_peer(options, graph, method, num_parts, seed)
    except (RuntimeError, subprocess.SubprocessError) as error:
        print(f"{key} failed: {error}", file=sys.stderr, flush=True)
        return None
    line.update(figures)
    line["bytes_per_entry"] = line["peak_bytes"] / max(1, graph.num_entries)
    line.update(evaluate(graph, parts, num_parts, options.imbalance))
    found = [2 * line["cut_edges"], line["communication_volume"]]
    assert line.pop("counted", found) == found, f"{key}: gigahop counts cut and volume otherwise than {found}"
    return line


def means(lines):
    """Means over seeds; of balances the largest, of bounds whatever was ever exceeded."""
    values = {}
    for field in lines[0]:
        column = [line[field] for line in lines]
        if field == "outside_bound":
            values[field] = sorted(set().union(*column))
        elif not isinstance(column[0], (int, float)):
            values[field] = column[0]
        elif field.endswith("balance"):
            values[field] = max(column)
        else:
            values[field] = statistics.mean(column)
    return values


def table(results, options):
    groups = {}
    for key in selected(options):
        if key in results:
            groups.setdefault(key[:4], []).append(results[key])
    yield ("| graph | P | method | R | cut % | over peer | balance nodes, edges, train | outside its bound | halo/node | "
           "volume | s | command s | peak GiB | B/entry | forecast/peak |")
    yield "|" + "---|" * 15
    for (name, num_parts, method, num_ranks), lines in groups.items():
        row = means(lines)
        peer = groups.get((name, num_parts, "kaminpar" if method in NODES_ALONE else "metis", 1))
        over = f"{row['cut_edges'] / max(1, means(peer)['cut_edges']):.3f}" if peer else ""
        forecast = f"{row['forecast_bytes'] / row['largest_peak_bytes']:.2f}" if row.get("forecast_bytes") else ""
        command = f"{row['command_seconds']:.1f}" if "command_seconds" in row else ""
        yield (f"| {name} | {num_parts} | {TITLES[method]} | {num_ranks} | {100 * row['cut_share']:.2f} | {over} | "
               f"{row['node_balance']:.3f}, {row['edge_balance']:.3f}, {row['train_balance']:.3f} | "
               f"{', '.join(row['outside_bound'])} | {row['halo_per_node']:.3f} | {row['communication_volume']:,.0f} | "
               f"{row['seconds']:.1f} | {command} | {row['peak_bytes'] / 2**30:.2f} | {row['bytes_per_entry']:.1f} | "
               f"{forecast} |")


def join(values, form):
    return " / ".join(form.format(value) for value in values)


def summary(results, options):
    """One row for each graph and number of parts: MULTILEVEL on every number of ranks against METIS."""
    groups = {}
    for key in selected(options):
        if key in results:
            groups.setdefault(key[:2], {}).setdefault(key[2:4], []).append(results[key])
    yield (f"| graph | P | seeds | cut %, {join(options.ranks, '{}')} ranks | of METIS's | worst balance: nodes, edges, train "
           "(METIS) | s | METIS s | B/entry | METIS |")
    yield "|" + "---|" * 10
    for (name, num_parts), methods in groups.items():
        rows = [means(methods["multilevel", ranks]) for ranks in options.ranks if ("multilevel", ranks) in methods]
        if not rows or ("metis", 1) not in methods:
            continue
        metis = means(methods["metis", 1])
        balances = ", ".join(f"{max(row[field] for row in rows):.3f} ({metis[field]:.3f})"
                             for field in ("node_balance", "edge_balance", "train_balance"))
        seeds = len(methods["multilevel", options.ranks[0]])
        yield (f"| {name} | {num_parts} | {seeds} | {join([100 * row['cut_share'] for row in rows], '{:.2f}')} | "
               f"{join([row['cut_share'] / metis['cut_share'] for row in rows], '{:.3f}')} | {balances} | "
               f"{join([row['seconds'] for row in rows], '{:.1f}')} | {metis['seconds']:.1f} | "
               f"{join([row['bytes_per_entry'] for row in rows], '{:.0f}')} | {metis['bytes_per_entry']:.0f} |")


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    every_graph = [name for name in graphs.GRAPHS if name not in graphs.TRIALS]
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder of graphs and results, 10 GB")
    parser.add_argument("--graphs", nargs="+", default=every_graph, choices=list(graphs.GRAPHS))
    parser.add_argument("--parts", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2, 4, 7])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--methods", nargs="+", default=["multilevel", "multilevel_nodes", *PEERS],
                        choices=GIGAHOP_METHODS + PEERS)
    parser.add_argument("--imbalance", type=float, default=0.03)
    parser.add_argument("--threads", type=int, default=1, help="of each rank")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds of one partition, before it counts as failed")
    parser.add_argument("--summary", action="store_true", help="one row for each graph instead of one for each method")
    parser.add_argument("--repeat", action="store_true", help="measure again what is there; the last line counts")
    return parser.parse_args()


def main():
    options = parse_options()
    path = options.work / "results.jsonl"
    options.work.mkdir(parents=True, exist_ok=True)
    results = read_results(path)
    graph = None
    for key in selected(options):
        if key in results and not options.repeat:
            continue
        if graph is None or graph.folder.name != key[0]:
            graph = graphs.graph_of(key[0], options.work, options.gigahop)
        line = measure(options, graph, key)
        if line is None:
            continue
        results[key] = line
        with open(path, "a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{key}: cut {100 * line['cut_share']:.2f} %, {line['seconds']:.1f} s", file=sys.stderr, flush=True)
    print("\n".join(summary(results, options) if options.summary else table(results, options)))


if __name__ == "__main__":
    main()
