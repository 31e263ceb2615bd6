#!/usr/bin/python3
"""Holds what `gigahop train --dry-run` forecasts against what a training takes.

    tests/bench/memory/memory.py PARTITION --ranks 1 2 --precision F32 BF16 [--config FILE] [--set path=value ...]

Own memory of the heaviest rank, without pages of mapped files, looked at twenty times a second. Trains for an epoch unless
--set train.epochs or train.max_steps say otherwise. Ends with 1 where a forecast is off by more than 15 per cent.
"""
import argparse
import os
import pathlib
import re
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY / "tests" / "bench" / "partition"))
import measured  # noqa: E402

UNITS = {"B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
ALLOWED = 0.15
TOTAL = "in all, per rank"


def forecast_of(log):
    """Bytes by line of the forecast."""
    lines = re.findall(r"^  (\S.*?) {2,}([\d.]+) ([KMGT]iB|B)$", log, re.MULTILINE)
    parts = {name: float(number) * UNITS[unit] for name, number, unit in lines}
    if TOTAL not in parts:
        raise RuntimeError(f"no forecast in\n{log}")
    return parts


def exact_total(parts):
    """The sum of the lines, since the line of the total has fewer digits."""
    total = sum(size for name, size in parts.items() if name not in (TOTAL, "mapped from disk, reclaimable"))
    return total if abs(total - parts[TOTAL]) < 0.06 * parts[TOTAL] else parts[TOTAL]


def measure(arguments, ranks, precision):
    """The forecast and the run: lines of the forecast, own peaks of the ranks, seconds of the dry run and of the run."""
    with tempfile.TemporaryDirectory() as folder:
        command = [arguments.gigahop, "train", arguments.partition, "--run", os.path.join(folder, "run")]
        if arguments.config:
            command += ["--config", arguments.config]
        for setting in ["threads=1", "train.epochs=1", f"train.precision={precision}", *arguments.settings]:
            command += ["--set", setting]
        dry = measured.run_ranks(ranks, [*command, "--dry-run"])
        run = measured.run_ranks(ranks, command)
    return forecast_of(dry.log), run.own_peaks, dry.seconds, run.seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("partition")
    parser.add_argument("--gigahop", default=str(REPOSITORY / "build" / "release" / "launch" / "gigahop"))
    parser.add_argument("--config")
    parser.add_argument("--ranks", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--precision", nargs="+", default=["F32", "BF16"])
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--lines", action="store_true", help="show the lines of each forecast")
    arguments = parser.parse_args()
    is_good = True
    print("| ranks | precision | forecast, MiB | own peak, MiB | ratio | dry run, s | training, s |\n|---|---|---|---|---|---|---|")
    for ranks in arguments.ranks:
        for precision in arguments.precision:
            parts, own_peaks, dry_seconds, seconds = measure(arguments, ranks, precision)
            forecast, peak = exact_total(parts), max(own_peaks)
            is_good = is_good and abs(forecast / peak - 1) <= ALLOWED
            print(f"| {ranks} | {precision} | {forecast / 2**20:.0f} | {peak / 2**20:.0f} | {forecast / peak:.2f} "
                  f"| {dry_seconds:.1f} | {seconds:.0f} |", flush=True)
            if arguments.lines:
                for name, size in parts.items():
                    print(f"    {name:<34}{size / 2**20:10.1f}", flush=True)
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    main()
