#!/usr/bin/python3
"""Remote token rows per epoch of the two-hop sampler, with the parts of every method, as a table in Markdown.

    tests/bench/partition/remote_rows.py --work /var/tmp/partition --graphs blocks100k --parts 8

Every part is taken as a rank of its own; the program remote_rows (built with GIGAHOP_BENCH) draws the samples. Graphs and
results are kept below --work as compare.py does, in remote_rows.jsonl. Training nodes are 1 % of all.
"""
import argparse
import json
import pathlib
import shutil
import subprocess
import sys

import graphs
from measured import run_ranks

METHODS = ["MULTILEVEL", "METIS", "HASH"]


def measure(options, graph, method, num_parts):
    output = options.work / "partition"
    shutil.rmtree(output, ignore_errors=True)
    run_ranks(options.ranks, [options.gigahop, "partition", graph.dataset, "--output", output, "--parts", num_parts,
                              "--method", method, "--seed", options.seed])
    counted = subprocess.run([options.counter, output, *map(str, (options.sample_size, options.groups,
                                                                  options.batch_size, options.seed))],
                             check=True, stdout=subprocess.PIPE, text=True)
    shutil.rmtree(output)
    return json.loads(counted.stdout)


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--counter", default="build/release/tests/bench/partition/remote_rows")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder of graphs and results")
    parser.add_argument("--graphs", nargs="+", default=["blocks1m", "papers2m", "rmat20"], choices=list(graphs.GRAPHS))
    parser.add_argument("--parts", type=int, nargs="+", default=[8, 64])
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--ranks", type=int, default=2, help="that partition")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sample-size", type=int, default=50, help="K")
    parser.add_argument("--groups", type=int, default=1, help="sampler.coordination_groups; each costs memory for sketches")
    parser.add_argument("--batch-size", type=int, default=1024, help="over all parts")
    return parser.parse_args()


def main():
    options = parse_options()
    options.work.mkdir(parents=True, exist_ok=True)
    path = options.work / "remote_rows.jsonl"
    fixed = {field: getattr(options, field) for field in ("seed", "sample_size", "groups", "batch_size")}
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    print("| graph | P | parts by | rows per epoch | remote | remote per seed | of HASH | distinct remote |\n"
          "|---|---|---|---|---|---|---|---|", flush=True)
    for name in options.graphs:
        for num_parts in options.parts:
            rows = {}
            for method in sorted(options.methods, key=lambda name: name != "HASH"):
                key = {"graph": name, "parts": num_parts, "method": method, **fixed}
                known = [line for line in lines if key.items() <= line.items()]
                if not known:
                    graph = graphs.graph_of(name, options.work, options.gigahop)
                    known = [{**key, **measure(options, graph, method, num_parts)}]
                    with open(path, "a") as file:
                        file.write(json.dumps(known[0]) + "\n")
                rows[method] = known[-1]
                line = known[-1]
                of_hash = line["remote_rows"] / max(1, rows["HASH"]["remote_rows"]) if "HASH" in rows else float("nan")
                print(f"| {name} | {num_parts} | {method} | {line['rows']:,} | {100 * line['remote_share']:.1f} % | "
                      f"{line['remote_rows_per_seed']:.2f} | {of_hash:.2f} | {line['distinct_remote_rows']:,} |", flush=True)


if __name__ == "__main__":
    try:
        main()
    except (RuntimeError, subprocess.CalledProcessError) as error:
        sys.exit(str(error))
