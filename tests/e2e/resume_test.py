#!/usr/bin/python3
"""A training that is killed and resumed ends where the uninterrupted one ends, bit for bit."""
import signal
import subprocess
import time
import unittest

from program import GIGAHOP, ProgramTest


class Resume(ProgramTest):
    def prepare(self):
        self.succeeds("run", "--config", self.config, "--set", "train.epochs=0", ranks=2)
        return self.workspace / "partition"

    def last_checkpoint(self, run):
        folder = max((run / "checkpoints").glob("step-*"))
        self.assertTrue((folder / "DONE").exists())
        return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*"))
                if path.suffix in (".safetensors", ".npy")}

    def train(self, partition, run, *more, ranks=2):
        return self.succeeds("train", partition, "--config", self.config, "--run", run, *self.settings(), *more, ranks=ranks)

    def settings(self):
        return ["--set", "train.checkpoint_every_steps=2", "--set", "train.epochs=6"]

    def test_killed_at_any_moment(self):
        partition = self.prepare()
        whole, cut = self.folder / "whole", self.folder / "cut"
        self.train(partition, whole)
        for delay in [1.0, 1.6, 2.3]:
            command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", "2", GIGAHOP, "train", partition, "--config",
                       self.config, "--run", cut, *self.settings()] + (["--resume"] if cut.exists() else [])
            process = subprocess.Popen(list(map(str, command)), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            subprocess.run(["pkill", "-KILL", "-P", str(process.pid)])
            process.send_signal(signal.SIGKILL)
            process.wait()
        self.train(partition, cut, "--resume")
        self.assertEqual(self.last_checkpoint(whole), self.last_checkpoint(cut))

    def test_stopped_in_the_middle_of_an_epoch(self):
        partition = self.prepare()
        whole, cut = self.folder / "whole", self.folder / "cut"
        self.train(partition, whole)
        self.train(partition, cut, "--set", "train.max_steps=5")
        self.train(partition, cut, "--resume")
        self.assertEqual(self.last_checkpoint(whole), self.last_checkpoint(cut))
        self.assertEqual((whole / "metrics.jsonl").read_text().count('"epoch"'),
                         (cut / "metrics.jsonl").read_text().count('"epoch"'))

    def test_another_number_of_ranks_goes_on(self):
        partition = self.prepare()
        run = self.folder / "run"
        self.train(partition, run, "--set", "train.max_steps=5", ranks=2)
        self.train(partition, run, "--resume", ranks=3)
        self.last_checkpoint(run)


if __name__ == "__main__":
    unittest.main()
