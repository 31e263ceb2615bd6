#!/usr/bin/python3
"""Whatever happens to one file of a folder, it is noticed and named. See mutate_folders.cc."""
import os
import pathlib
import subprocess
import sys
import unittest

sys.path.append(str(pathlib.Path(__file__).parent.parent / "e2e"))
from program import ProgramTest  # noqa: E402


class MutateFolders(ProgramTest):
    def test_no_damage_to_one_file_is_missed(self):
        self.succeeds("run", "--config", self.config, "--set", "generate.num_nodes=240", "--set",
                      "partition.num_parts=2", "--set", "train.epochs=1", ranks=2)
        checkpoint = next((self.workspace / "run" / "checkpoints").glob("step-*"))
        process = subprocess.run([os.environ["MUTATE_FOLDERS"], self.workspace / "dataset", self.workspace / "partition",
                                  checkpoint], capture_output=True, text=True)
        print(process.stdout, process.stderr)
        self.assertEqual(process.returncode, 0)


if __name__ == "__main__":
    unittest.main()
