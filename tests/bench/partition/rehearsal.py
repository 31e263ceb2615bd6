#!/usr/bin/python3
"""The path of ogbn-papers100M on one machine: a graph of its shape through generate, partition, encode and training.

    tests/bench/partition/rehearsal.py --work /var/tmp/rehearsal --share 0.01

--share 1 is the graph of configs/papers100m_rehearsal.textproto, a tenth of ogbn-papers100M: 11 M nodes, 162 M edges
before they are symmetrised, 128 features in float16, 1.4 % labelled; it needs 35 GB of disk. Prints tables in Markdown:
time, memory per rank and bytes on disk of each stage, and what the full graph would take on 4, 8 and 16 nodes.

The extrapolation: the path is gone through at a quarter of the size first. What a stage holds, summed over ranks, is taken
as a line through both sizes: its slope is what grows with nodes and edges and is spread over the nodes of a cluster, the
rest is what every rank takes whatever the graph. More parts have somewhat more halo. Memory is that of the processes
without mapped pages of files, which the kernel keeps where there is room: those speed encoding and training up. Below
--share 0.3 buffers still grow towards their limits, and the extrapolation says too much.
"""
import argparse
import json
import pathlib
import shutil

from measured import run_ranks

NODES_OF_PAPERS = 111_059_956
NODES_OF_CONFIG = 11_106_000
GIB = 2**30


def bytes_below(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def stages(options, num_nodes):
    dataset, partition, run = (options.work / name for name in ("dataset", "partition", "run"))
    common = ["--config", options.config]
    for setting in options.set:
        common += ["--set", setting]
    nodes = ["--set", f"generate.num_nodes={num_nodes}"]
    yield "generate", 1, [*common, *nodes, "--output", dataset], dataset
    yield "partition", options.ranks, [dataset, *common, "--output", partition], partition
    yield "encode", options.ranks, [partition, *common], partition
    yield "train", options.ranks, [partition, *common, "--run", run], run


def rehearse(options, num_nodes):
    """One line for each stage; the folders stay."""
    for name in ("dataset", "partition", "run"):
        shutil.rmtree(options.work / name, ignore_errors=True)
    lines = []
    for name, num_ranks, arguments, folder in stages(options, num_nodes):
        before = bytes_below(options.work)
        run = run_ranks(num_ranks, [options.gigahop, name, *arguments])
        (options.work / f"{name}-{num_nodes}.log").write_text(run.log)
        lines.append({"nodes": num_nodes, "stage": name, "ranks": num_ranks, "seconds": run.seconds,
                      "own_peaks": run.own_peaks, "peaks": run.peaks,
                      "written_bytes": bytes_below(options.work) - before, "folder_bytes": bytes_below(folder)})
        with open(options.work / "stages.jsonl", "a") as file:
            file.write(json.dumps(lines[-1]) + "\n")
    return lines


def gib(size):
    return f"{size / GIB:.2f}"


def print_stages(lines):
    print("| stage | ranks | seconds | memory, sum of ranks, GiB | largest rank | with mapped files, sum | "
          "more on disk, GB |\n|---|---|---|---|---|---|---|")
    for line in lines:
        print(f"| {line['stage']} | {line['ranks']} | {line['seconds']:.0f} | {gib(sum(line['own_peaks']))} | "
              f"{gib(max(line['own_peaks']))} | {gib(sum(line['peaks']))} | {line['written_bytes'] / 1e9:.2f} |")


def print_extrapolation(small, large, num_cores):
    counts = (4, 8, 16)
    print("\n| stage, full graph | core hours | disk, GB | " +
          " | ".join(f"GiB on each of {count} nodes" for count in counts) + " |\n|---|---|---|" + "---|" * len(counts))
    for less, more in zip(small, large):
        growth = NODES_OF_PAPERS / more["nodes"]
        slope = max(0, sum(more["own_peaks"]) - sum(less["own_peaks"])) / (more["nodes"] - less["nodes"])
        fixed = max(0, sum(more["own_peaks"]) - slope * more["nodes"]) / more["ranks"]
        grown = slope * NODES_OF_PAPERS
        is_spread = more["ranks"] > 1
        each = [gib(fixed + grown / count) if is_spread else gib(fixed + grown) for count in counts]
        hours = more["seconds"] * num_cores * growth / 3600
        print(f"| {more['stage']} | {'' if more['stage'] == 'train' else f'{hours:.1f}'} | "
              f"{more['folder_bytes'] * growth / 1e9:.0f} | " + " | ".join(each) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigahop", default="build/release/launch/gigahop")
    parser.add_argument("--config", default="configs/papers100m_rehearsal.textproto")
    parser.add_argument("--work", type=pathlib.Path, required=True, help="folder for data and logs")
    parser.add_argument("--share", type=float, default=1.0, help="of the graph in the configuration")
    parser.add_argument("--ranks", type=int, default=4)
    parser.add_argument("--cores", type=int, default=2, help="of this machine, for core hours")
    parser.add_argument("--set", action="append", default=[], help="further settings for all stages")
    parser.add_argument("--keep", action="store_true", help="leave the dataset, the partition and the run")
    options = parser.parse_args()

    options.work.mkdir(parents=True, exist_ok=True)
    num_nodes = int(NODES_OF_CONFIG * options.share)
    small = rehearse(options, num_nodes // 4)
    large = rehearse(options, num_nodes)
    print_stages(large)
    print_extrapolation(small, large, options.cores)
    if not options.keep:
        for name in ("dataset", "partition", "run"):
            shutil.rmtree(options.work / name)


if __name__ == "__main__":
    main()
