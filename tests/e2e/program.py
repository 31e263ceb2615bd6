"""Runs the gigahop program for the end-to-end tests."""
import os
import pathlib
import subprocess
import tempfile
import unittest

GIGAHOP = os.environ["GIGAHOP"]

SMALL_CONFIG = """
workspace: "{workspace}"
generate {{ kind: PLANTED_PARTITION num_nodes: 2000 edges_per_node: 8 num_classes: 4 feature_width: 16 separation: 0.3 }}
partition {{ num_parts: 4 }}
encode {{ positional_width: 8 }}
sampler {{ sample_size: 12 }}
model {{ hidden_width: 16 num_codewords: 32 }}
train {{ epochs: 3 batch_size: 128 learning_rate: 5e-3 }}
threads: 1
"""


def gigahop(*arguments, ranks=1, timeout=300, file_limit=None, variables=None):
    """The finished process, with stdout and stderr as text. Writes beyond file_limit bytes of a file fail."""
    command = [GIGAHOP, *map(str, arguments)]
    environment = os.environ | (variables or {})
    if file_limit is not None:
        # Set in each rank: mpirun gives ranks the default reaction to signals, which is to die of this one.
        command = ["sh", "-c", f"trap '' XFSZ; ulimit -f {file_limit // 512}; exec \"$@\"", "sh", *command]
        # Open MPI without files of shared memory: the limit is for the program's own files.
        environment = environment | {"PMIX_MCA_gds": "hash", "OMPI_MCA_btl": "tcp,self"}
    if ranks > 1:
        command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *command]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout, env=environment)


class ProgramTest(unittest.TestCase):
    """A test with a folder of its own, in which a small configuration lies."""

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gigahop_e2e_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.workspace = self.folder / "workspace"
        self.config = self.folder / "small.textproto"
        self.config.write_text(SMALL_CONFIG.format(workspace=self.workspace))

    def succeeds(self, *arguments, **options):
        process = gigahop(*arguments, **options)
        self.assertEqual(process.returncode, 0, f"{arguments}\n{process.stdout}\n{process.stderr}")
        return process

    def fails(self, exit_code, *arguments, says=(), **options):
        """Whatever the number of ranks, one line tells of the failure."""
        process = gigahop(*arguments, **options)
        self.assertEqual(process.returncode, exit_code, f"{arguments}\n{process.stdout}\n{process.stderr}")
        for words in says:
            self.assertIn(words, process.stderr)
        failures = [line for line in process.stderr.splitlines() if line.startswith("[rank")]
        self.assertEqual(len(failures), 1, process.stderr)
        return process
