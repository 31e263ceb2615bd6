#!/usr/bin/python3
"""The commands of the guide, run: blocks of every README in the repository.

What a block is stands after its fence. `sh`: run as it stands, block after block, in one folder for each README, in which
the repository's folders are linked and the files lie that a user would bring. `sh plan`: needs a cluster, a download, an
hour, or results of such; its gigahop commands are run with --print-config or, for scripts that have it, with --dry-run, other
commands must parse. `python`: run in the same folder, where a user's graph is at hand; `python plan` must parse. Other fences
hold no commands. A command within a sentence says how a figure was measured: it is not run.
"""
import gzip
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
GIGAHOP = pathlib.Path(os.environ["GIGAHOP"])
READMES = sorted(str(path.relative_to(ROOT)) for depth in ("", "*/", "*/*/") for path in ROOT.glob(f"{depth}README.md"))
FENCE = re.compile(r"^```(\S*)(?: (\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NUM_NODES = 400
WITH_DRY_RUN = {"submit.sh", "mpirun.sh"}
GRAPH_IN_PYTHON = """
import types, numpy
features, labels, split = numpy.load("x.npy"), numpy.load("y.npy"), numpy.arange(len(numpy.load("y.npy"))) % 3
graph = types.SimpleNamespace(edges=numpy.loadtxt("edges.txt.gz", dtype=int).tolist())
"""


def blocks_of(readme):
    return FENCE.findall((ROOT / readme).read_text())


def commands_of(block):
    """Lines with their continuations, split into words."""
    joined = block.replace("\\\n", " ")
    return [shlex.split(line, comments=True) for line in joined.splitlines() if shlex.split(line, comments=True)]


class Guide(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gigahop_guide_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        for name in ("launch", "configs", "tests", "src"):
            (self.folder / name).symlink_to(ROOT / name)
        self.lay_out_inputs()
        self.environment = os.environ | {"PATH": f"{GIGAHOP.parent}:{os.environ['PATH']}", "GIGAHOP": str(GIGAHOP)}

    def lay_out_inputs(self):
        """What a user brings: the names that the guide uses."""
        random = numpy.random.default_rng(1)
        nodes = numpy.arange(NUM_NODES)
        edges = random.integers(0, NUM_NODES, (6 * NUM_NODES, 2))
        save = lambda name, values: numpy.save(self.folder / f"{name}.npy", values)
        with gzip.open(self.folder / "edges.txt.gz", "wt") as file:
            numpy.savetxt(file, edges, fmt="%d")
        save("x", random.standard_normal((NUM_NODES, 8)).astype(numpy.float32))
        save("y", nodes % 3)
        save("train", nodes[nodes % 4 < 2])
        save("valid", nodes[nodes % 4 == 2])
        save("test", nodes[nodes % 4 == 3])
        numpy.savetxt(self.folder / "new-edges.txt", numpy.stack([NUM_NODES + nodes[:40], nodes[:40]], 1), fmt="%d")
        save("new-x", random.standard_normal((40, 8)).astype(numpy.float32))
        numpy.savetxt(self.folder / "new-x.csv", random.standard_normal((40, 8)), delimiter=",")
        (self.folder / "hosts.txt").write_text("localhost\n")

    def run_block(self, command, text):
        process = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=500)
        self.assertEqual(process.returncode, 0, f"{text}\n{process.stdout}\n{process.stderr}")

    def check_plan(self, block):
        self.run_block(["bash", "-n", "-c", block], block)
        for words in commands_of(block):
            names = [pathlib.Path(word).name for word in words]
            if names[0] in WITH_DRY_RUN:
                self.run_block([words[0], "--dry-run", *words[1:]], block)
            elif "gigahop" in names:
                self.run_block(["gigahop", *words[names.index("gigahop") + 1:], "--print-config"], block)
            elif words[0].startswith(("./", "launch/", "tests/")):
                self.assertTrue(os.access(self.folder / words[0], os.X_OK), words[0])

    def run_readme(self, readme):
        for language, kind, text in blocks_of(readme):
            if language not in ("sh", "python"):
                continue
            if language == "python" and kind == "plan":
                compile(text, readme, "exec")
            elif language == "python":
                self.run_block([sys.executable, "-c", GRAPH_IN_PYTHON + text], text)
            elif kind == "plan":
                self.check_plan(text)
            else:
                self.run_block(["bash", "-euc", text], text)

    def test_no_commands_stand_in_other_blocks(self):
        for readme in READMES:
            for language, _, text in blocks_of(readme):
                if language not in ("sh", "python"):
                    self.assertNotRegex(text, r"(?m)^\s*(mpirun|gigahop [a-z]|\S+/gigahop |launch/|\./|tests/|cmake |ctest )", readme)


for path in READMES:
    setattr(Guide, "test_" + re.sub(r"\W", "_", path), lambda self, path=path: self.run_readme(path))

if __name__ == "__main__":
    unittest.main()
