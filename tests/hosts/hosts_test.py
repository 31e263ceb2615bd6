#!/usr/bin/python3
"""Training over a network between two hosts, started by launch/mpirun.sh: a cut link ends the job with the reason on both
sides and leaves no process behind; a slow one does not."""
import os
import pathlib
import subprocess
import unittest

from program import ProgramTest
from requirements import missing, refusal, skip_if
from two_hosts import PROGRAMS, TwoHosts
from waiting import wait_until

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


class Hosts(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0")
        self.hosts = TwoHosts(self.folder)
        self.hosts.__enter__()
        self.addCleanup(self.hosts.__exit__)
        self.host_file = self.folder / "hosts"
        self.host_file.write_text("\n".join(self.hosts.addresses()) + "\n")
        self.run_folder = self.folder / "run"
        self.log = self.folder / "log"

    def start(self, epochs, watchdog_seconds, keepalive_seconds):
        """A training over both hosts, whose daemons probe a silent connection after so many seconds, and then every second."""
        command = [REPOSITORY / "launch" / "mpirun.sh", "--hosts", self.host_file, "--interface", self.hosts.network(),
                   "train", self.workspace / "partition", "--config", self.config, "--run", self.run_folder, "--set",
                   f"train.epochs={epochs}", "--set", f"watchdog_seconds={watchdog_seconds}"]
        environment = os.environ | self.hosts.variables() | {
            "TMPDIR": str(self.folder), "OMPI_MCA_oob_tcp_keepalive_time": str(keepalive_seconds),
            "OMPI_MCA_oob_tcp_keepalive_intvl": "1"}
        self.addCleanup(self.kill_all)
        with open(self.log, "w", encoding="utf-8") as log:
            return subprocess.Popen(self.hosts.on_first(command), stdout=log, stderr=log, start_new_session=True,
                                    env=environment)

    def processes(self):
        """Pids of all processes in the two namespaces."""
        pids = []
        for name in self.hosts.names:
            done = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True)
            pids += map(int, done.stdout.split())
        return pids

    def kill_all(self):
        subprocess.run(["kill", "-KILL", *map(str, self.processes())], stderr=subprocess.DEVNULL, check=False)

    def cut_in_mid_training(self, **times):
        """What the job says when its link is cut; it must end, and with it all processes on both hosts."""
        training = self.start(1000000, **times)
        wait_until(lambda: (self.run_folder / "metrics.jsonl").exists() or training.poll() is not None, "the first epoch")
        self.hosts.cut()
        self.assertNotEqual(training.wait(timeout=120), 0)
        wait_until(lambda: not self.processes(), "the end of all processes", seconds=30)
        return self.log.read_text()

    def test_hosts_that_lose_each_other_end_the_job(self):
        log = self.cut_in_mid_training(watchdog_seconds=120, keepalive_seconds=2)
        # In the words of the daemon that notices: mpirun's own, or the other host's, which then ends before its time.
        self.assertRegex(log, f"lost communication with a remote daemon(.|\n)*on node {self.hosts.addresses()[1]}|"
                              "unable to reliably start one or more daemons")

    def test_the_watchdog_names_the_rank_beyond_a_cut_link(self):
        self.hosts.give_up_after_retries(6)  # 25 seconds: the watchdog, which asks twice, comes first
        log = self.cut_in_mid_training(watchdog_seconds=3, keepalive_seconds=100)
        self.assertIn(f"comm: rank 1 on {self.hosts.names[1]} does not answer, last heard of", log)

    def test_a_slow_link_is_waited_for(self):
        self.hosts.shape("10mbit", 20000)
        training = self.start(1, watchdog_seconds=3, keepalive_seconds=2)
        self.assertEqual(training.wait(timeout=200), 0, self.log.read_text())


if __name__ == "__main__":
    skip_if(missing(PROGRAMS) or refusal(["unshare", "--uts", "--net", "ip", "link", "add", "gigahop0", "type", "veth"]))
    unittest.main()
