#!/usr/bin/env python3
"""Ranks on a host of several NUMA nodes: hwloc is told that each processor here is a node of its own."""
import os
import unittest

from program import ProgramTest

TWO_NODES = {"HWLOC_SYNTHETIC": "numa:2 core:1 pu:1", "HWLOC_THISSYSTEM": "1"}


@unittest.skipUnless(os.sched_getaffinity(0) >= {0, 1}, "processors 0 and 1 are needed")
class PlacementTest(ProgramTest):
    def dry_run(self, ranks, *settings):
        return self.succeeds("run", "--config", self.config, "--set", "threads=0", "--dry-run", "--verbose", *settings,
                             ranks=ranks, variables=TWO_NODES).stderr

    def test_ranks_are_spread_over_numa_nodes_and_bound_there(self):
        log = self.dry_run(2)
        self.assertIn("1 threads on processors 0, bound to them", log)
        self.assertIn("1 threads on processors 1, bound to them", log)

    def test_a_rank_alone_keeps_all_nodes(self):
        log = self.dry_run(1)
        self.assertIn("2 threads on processors 0,1", log)
        self.assertNotIn("bound to them", log)

    def test_binding_can_be_switched_off(self):
        log = self.dry_run(2, "--set", "binding=UNBOUND")
        self.assertIn("1 threads on processors", log)
        self.assertNotIn("bound to them", log)


if __name__ == "__main__":
    unittest.main()
