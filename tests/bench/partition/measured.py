"""Runs a command under mpirun and tells wall time, and peak resident memory of every rank.

As a program, `python3 measured.py OUT COMMAND...` runs the command, and writes its peak in bytes and its seconds to
OUT.RANK: what mpirun starts for each rank.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


class Run:
    """What a command did: `seconds` with the launch, `log` (both streams), `peaks` in bytes by rank."""

    def __init__(self, seconds, log, peaks):
        self.seconds = seconds
        self.log = log
        self.peaks = peaks


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
    peaks = [record["peak_bytes"] for record in sorted(records, key=lambda record: record["rank"])]
    return Run(seconds, done.stdout, peaks)


def main():
    out, command = sys.argv[1], sys.argv[2:]
    rank = int(os.environ.get("OMPI_COMM_WORLD_RANK", "0"))
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    record = {"rank": rank, "peak_bytes": usage.ru_maxrss * 1024}
    pathlib.Path(f"{out}.{rank}").write_text(json.dumps(record))
    sys.exit(os.waitstatus_to_exitcode(status))


if __name__ == "__main__":
    main()
