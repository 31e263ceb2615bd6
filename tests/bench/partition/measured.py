"""Runs a command under mpirun and tells wall time, and peak memory of every rank.

As a program, `python3 measured.py OUT COMMAND...` runs the command and writes its peaks to OUT.RANK: what mpirun starts
for each rank. Resident memory includes mapped pages of files, which the kernel takes back when it needs them; own memory
is without those. Both are looked at twenty times a second, since a command may reset what the kernel has counted.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


class Run:
    """What a command did: `seconds` with the launch, `processor_seconds` of all ranks, `log` (both streams), and by rank
    `peaks` (resident) and `own_peaks` (without pages of files) in bytes."""

    def __init__(self, seconds, log, records):
        self.seconds = seconds
        self.log = log
        self.peaks = [record["peak_bytes"] for record in records]
        self.own_peaks = [record["own_peak_bytes"] for record in records]
        self.processor_seconds = sum(record["processor_seconds"] for record in records)


def run_ranks(num_ranks, command, timeout=None):
    """Raises RuntimeError with the end of the log if the command fails."""
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1")
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "rank")
        launched = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(num_ranks), sys.executable,
                    os.path.abspath(__file__), out, *map(str, command)]
        start = time.monotonic()
        done = subprocess.run(launched, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=timeout, check=False)
        seconds = time.monotonic() - start
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(launched)} ended with {done.returncode}\n{done.stdout[-3000:]}")
        records = [json.loads(path.read_text()) for path in sorted(pathlib.Path(folder).iterdir())]
    return Run(seconds, done.stdout, sorted(records, key=lambda record: record["rank"]))


def memory_of(pid):
    """Highest resident memory so far, and own memory now."""
    try:
        with open(f"/proc/{pid}/status") as status:
            fields = dict(line.split(":", 1) for line in status)
        sizes = {name: int(fields[name].split()[0]) * 1024 for name in ("VmHWM", "RssAnon", "RssShmem")}
        return sizes["VmHWM"], sizes["RssAnon"] + sizes["RssShmem"]
    except (FileNotFoundError, ProcessLookupError, KeyError):
        return 0, 0


def main():
    out, command = sys.argv[1], sys.argv[2:]
    rank = int(os.environ.get("OMPI_COMM_WORLD_RANK", "0"))
    child = subprocess.Popen(command)
    peak = own_peak = 0
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            break
        resident, own = memory_of(child.pid)
        peak, own_peak = max(peak, resident), max(own_peak, own)
        time.sleep(0.05)
    record = {"rank": rank, "peak_bytes": max(peak, usage.ru_maxrss * 1024), "own_peak_bytes": own_peak,
              "processor_seconds": usage.ru_utime + usage.ru_stime}
    pathlib.Path(f"{out}.{rank}").write_text(json.dumps(record))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
