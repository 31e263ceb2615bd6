#!/usr/bin/python3
"""The doctor's facts against what the system says by other means."""
import ctypes
import json
import os
import pathlib
import re
import socket
import subprocess
import unittest

from program import ProgramTest


def can_load(library):
    try:
        return bool(ctypes.CDLL(library))
    except OSError:
        return False


class Doctor(ProgramTest):
    def ask(self, *more, ranks=2, **options):
        return self.succeeds("doctor", self.folder, "--seconds", 0.2, *more, ranks=ranks, **options).stdout

    def facts(self, **options):
        return json.loads(self.ask("--json", **options))

    def test_facts_of_each_rank_are_those_of_the_system(self):
        facts = self.facts()
        self.assertEqual([rank["rank"] for rank in facts["ranks"]], [0, 1])
        version = re.search(r"(\d+\.\d+\.\d+)", subprocess.run(["mpirun", "--version"], capture_output=True, text=True,
                                                                check=True).stdout)[1]
        interfaces = {path.name for path in pathlib.Path("/sys/class/net").iterdir()}
        for rank in facts["ranks"]:
            self.assertEqual(rank["host"], socket.gethostname())
            self.assertIn(version, rank["mpi"]["library"])
            self.assertEqual(rank["mpi"]["thread_level"], "MPI_THREAD_MULTIPLE")
            self.assertTrue(any(name.startswith("pml/") for name in rank["mpi"]["components"]))
            self.assertEqual(rank["host_processors"], os.cpu_count())
            self.assertEqual(set(rank["processors"]), os.sched_getaffinity(0))
            self.assertLessEqual({interface["name"] for interface in rank["interfaces"]}, interfaces)
            self.assertLess(abs(rank["clock_ahead_seconds"]), 1)
            self.assertTrue(rank["folder"]["is_shared"])
            self.assertEqual(rank["folder"]["torn_reads"], 0)
            self.assertGreater(rank["folder"]["write_bytes_per_second"], 0)
            self.assertEqual(rank["gpus"]["driver"] is not None, can_load("libcuda.so.1"))
        self.assertGreaterEqual(facts["ranks"][1]["folder"]["renames_seen"], 1)
        self.assertGreater(facts["all_reduce"]["bytes_per_second"], 0)

    def test_nothing_is_left_in_the_folder(self):
        before = sorted(self.folder.iterdir())
        self.ask()
        self.assertEqual(sorted(self.folder.iterdir()), before)

    def test_one_rank_is_told_in_words(self):
        text = self.ask(ranks=1)
        self.assertIn("1 rank on 1 host", text)
        self.assertIn("one rank has nobody to sum with", text)
        self.assertIn(f"host {socket.gethostname()}", text)

    @unittest.skipUnless(len(os.sched_getaffinity(0)) > 1, "several processors are needed")
    def test_a_binding_of_the_launcher_shows(self):
        one = min(os.sched_getaffinity(0))
        before = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {one})
        try:
            facts = self.facts(ranks=1)
        finally:
            os.sched_setaffinity(0, before)
        self.assertEqual(facts["ranks"][0]["processors"], [one])
        self.assertTrue(any(f"bound to 1 of its {os.cpu_count()} processors" in remark for remark in facts["remarks"]))

    def test_a_folder_that_is_not_there_is_refused(self):
        self.fails(3, "doctor", self.folder / "absent", says=["expected a folder that all ranks see"], ranks=2)


if __name__ == "__main__":
    unittest.main()
