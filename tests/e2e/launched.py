"""A started mpirun with its ranks, which can be stopped, and is killed with all that belongs to it."""
import os
import pathlib
import signal
import subprocess
import time

from program import GIGAHOP


def rank_of(pid):
    environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    return next(int(line.split(b"=")[1]) for line in environment if line.startswith(b"OMPI_COMM_WORLD_RANK="))


class Launched:
    """Open MPI gives each rank a process group of its own, so all are found by their common session."""

    def __init__(self, arguments, ranks, folder, log=subprocess.DEVNULL, **variables):
        command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", ranks, GIGAHOP, *arguments]
        # What Open MPI would remove at its end, and cannot when killed, goes with the test's folder.
        environment = os.environ | {"TMPDIR": str(folder), "OMPI_MCA_btl_vader_backing_directory": str(folder)} | variables
        self.process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=log,
                                        env=environment, start_new_session=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        while self.members():
            self.signal_all(signal.SIGKILL)
            self.process.poll()
            time.sleep(0.002)
        self.process.wait()

    def wait_for(self, moment, seconds=120):
        """Until moment() holds; fails where the job ends before, or time is up."""
        deadline = time.monotonic() + seconds
        while not moment():
            assert self.is_running(), "the job ended before what was waited for"
            assert time.monotonic() < deadline, "what was waited for did not come"
            time.sleep(0.002)

    def is_running(self):
        return self.process.poll() is None

    def members(self):
        """Pids of the session's processes that are not yet dead."""
        pids = []
        for entry in sorted(pathlib.Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
            try:
                state, _, _, session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if int(session) == self.process.pid and state not in "ZX":
                pids.append(int(entry.name))
        return pids

    def ranks(self):
        """Pids, by rank."""
        pids = [pid for pid in self.members() if os.path.realpath(f"/proc/{pid}/exe") == os.path.realpath(GIGAHOP)]
        return sorted(pids, key=rank_of)

    def signal_all(self, number):
        for pid in self.members():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def stop(self):
        self.signal_all(signal.SIGSTOP)
        while any(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "T"
                  for pid in self.members()):
            time.sleep(0.001)

    def go_on(self):
        self.signal_all(signal.SIGCONT)
