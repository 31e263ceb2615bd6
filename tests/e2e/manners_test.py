#!/usr/bin/python3
"""What a shared machine may expect: files as private as the user's mask says, no port that is not MPI's, names that are only names."""
import os
import pathlib
import stat
import unittest

from launched import Launched
from program import ProgramTest

LISTENING = "0A"


def listening_inodes(pid):
    """Inodes of the TCP sockets in the process's network that wait for connections."""
    inodes = set()
    for table in ["tcp", "tcp6"]:
        for line in pathlib.Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING:
                inodes.add(fields[9])
    return inodes


def sockets(pid):
    links = [os.readlink(link) for link in pathlib.Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()]
    return {link[len("socket:["):-1] for link in links if link.startswith("socket:[")}


class Manners(ProgramTest):
    def test_modes_of_files_and_folders_follow_the_mask(self):
        before = os.umask(0o027)
        self.addCleanup(os.umask, before)
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=1", ranks=2)
        paths = list(self.workspace.rglob("*"))
        self.assertGreater(len(paths), 40)
        for path in paths:
            mode = stat.S_IMODE(path.stat().st_mode)
            self.assertEqual(oct(mode), oct(0o750 if path.is_dir() else 0o640), path)

    def test_no_rank_listens_on_a_port_of_its_own(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        run = self.folder / "run"
        arguments = ["train", self.workspace / "partition", "--config", self.config, "--run", run,
                     "--set", "train.epochs=1000000"]
        # Without Open MPI's own sockets, which are the only ones there may be.
        os.environ["OMPI_MCA_btl"] = "self,vader"
        self.addCleanup(os.environ.pop, "OMPI_MCA_btl")
        with Launched(arguments, ranks=2, folder=self.folder) as launched:
            launched.wait_for((run / "metrics.jsonl").exists)
            for pid in launched.ranks():
                self.assertEqual(sockets(pid) & listening_inodes(pid), set())

    def test_a_name_that_a_shell_would_run_is_a_name(self):
        folder = self.folder / "$(touch ran); `touch ran` 'x \"y"
        folder.mkdir()
        edges = folder / "edges.txt;touch ran"
        edges.write_text("0 1\n1 2\n")
        self.succeeds("import", "--format", "EDGES", "--source", edges, "--output", folder / "dataset")
        self.succeeds("run", "--config", self.config, "--set", f"workspace={folder}/work", "--set", "train.epochs=1",
                      ranks=2)
        self.assertEqual(list(self.folder.rglob("ran")), [])
        self.assertFalse(pathlib.Path("ran").exists())


if __name__ == "__main__":
    unittest.main()
