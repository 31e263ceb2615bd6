#!/usr/bin/python3
"""Jobs on a real SLURM of two nodes, submitted by launch/slurm/submit.sh: they run over both nodes, and go on after they
were preempted, lost a rank, or ran out of time."""
import json
import os
import pathlib
import re
import signal
import tempfile
import unittest

from cluster import NODE, PROGRAMS, Cluster
from program import GIGAHOP, gigahop
from requirements import missing, refusal, skip_if

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
CONFIG = REPOSITORY / "configs" / "planted_partition.textproto"
SMALL = {"generate.num_nodes": 4000, "partition.method": "HASH", "sampler.sample_size": 8, "model.hidden_width": 16,
         "train.evaluate_every_epochs": 0, "train.checkpoint_every_steps": 4, "threads": 1}
EPOCHS = 20  # more than pass between the first checkpoint and what is then done to a job


class Slurm(unittest.TestCase):
    cluster = None  # one for all tests

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="gigahop_jobs_")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.workspace = self.folder / "workspace"
        self.addCleanup(self.cluster.clear)

    def settings(self, epochs, workspace=None):
        values = SMALL | {"workspace": workspace or self.workspace, "train.epochs": epochs}
        return [word for path, value in values.items() for word in ["--set", f"{path}={value}"]]

    def submit(self, *options, epochs, variables=None):
        """Jobs by stage, in order of submission."""
        printed = self.cluster.call(REPOSITORY / "launch" / "slurm" / "submit.sh", "--config", CONFIG, "--nodes", 2,
                                    "--ranks-per-node", 1, *self.settings(epochs), *options, variables=variables)
        jobs = {}
        for stage, job in re.findall(r"^(\w+): job (\d+)$", printed, re.MULTILINE):
            jobs.setdefault(stage, []).append(job)
        return jobs

    def wait_for_training(self, run="run"):
        self.cluster.wait_until(lambda: list((self.workspace / run / "checkpoints").glob("step-*/DONE")), "a checkpoint")

    def log(self, stage, job):
        return next(self.workspace.glob(f"slurm/*/{stage}-{job}.log")).read_text()

    def losses(self, workspace):
        lines = map(json.loads, (workspace / "run" / "metrics.jsonl").read_text().splitlines())
        return {line["epoch"]: line["loss"] for line in lines if line["kind"] == "epoch"}

    def assert_ended(self, job, state):
        self.assertEqual(self.cluster.wait_for_end(job), state, self.cluster.describe())

    def last_step(self, log):
        """The last one before a stop, as the program says it."""
        found = re.search(r"told to stop: step (\d+) is the last", log)
        self.assertIsNotNone(found, log)
        return int(found[1])

    def assert_resumed_where_it_stopped(self, log):
        self.assertIn(f"resumed from {self.workspace}/run/checkpoints/step-{self.last_step(log):09}", log)

    def test_a_pipeline_that_is_preempted_ends_as_if_nothing_had_been(self):
        jobs = self.submit("--pipeline", epochs=EPOCHS)
        self.assertEqual(list(jobs), ["partition", "encode", "train", "predict"])
        [train] = jobs["train"]
        self.wait_for_training()
        self.cluster.requeue(train)
        self.assert_ended(jobs["predict"][0], "COMPLETED")
        self.assertEqual(self.cluster.facts(train)["Restarts"], "1")
        log = self.log("train", train)
        self.assert_resumed_where_it_stopped(log)
        self.assertIn("on n[1-2], 1 ranks per node by srun, restart 1", log)
        self.assertIn("with exit code 0: done", log)
        self.assertTrue((self.workspace / "predictions" / "predictions.npy").exists())
        ranks = sorted(path.name for path in self.workspace.glob(f"slurm/*/train-{train}/*.log"))
        self.assertEqual(ranks, ["rank-0000.log", "rank-0001.log"])
        straight = gigahop("run", "--config", CONFIG, *self.settings(EPOCHS, self.folder / "straight"), ranks=2)
        self.assertEqual(straight.returncode, 0, straight.stderr)
        self.assertEqual(self.losses(self.workspace), self.losses(self.folder / "straight"))

    def test_a_killed_rank_is_named_and_the_chain_goes_on(self):
        first, second, third = self.submit("--chain", 3, epochs=EPOCHS)["run"]
        self.wait_for_training()
        os.kill(self.cluster.processes(GIGAHOP)[1], signal.SIGKILL)
        self.assert_ended(first, "FAILED")
        log = self.log("run", first)
        self.assertIn("srun: error: n2: task 1: Killed", log)
        self.assertIn("the next job of the chain, if there is one, goes on", log)
        self.assert_ended(second, "COMPLETED")
        self.assertIn("resumed from", self.log("run", second))
        self.assert_ended(third, "CANCELLED")

    def test_a_cancelled_job_leaves_a_checkpoint_of_its_last_step(self):
        [job] = self.submit(epochs=1000000)["run"]
        self.wait_for_training()
        self.cluster.call("scancel", job)
        self.assert_ended(job, "CANCELLED")
        self.cluster.wait_until(self.cluster.is_idle, "the end of all its processes")
        last = self.last_step(self.log("run", job))
        self.assertTrue((self.workspace / "run" / "checkpoints" / f"step-{last:09}" / "DONE").exists())

    def test_a_job_out_of_time_is_queued_again_and_mpirun_tells_its_ranks_too(self):
        [job] = self.submit(epochs=EPOCHS, variables={"GIGAHOP_LAUNCHER": "mpirun"})["run"]
        self.wait_for_training()
        self.cluster.call("scancel", "--batch", "--signal=USR1", job)
        self.cluster.hasten(job)
        self.assert_ended(job, "COMPLETED")
        log = self.log("run", job)
        self.assertIn("with exit code 75: stopped in time, to be gone on with", log)
        self.assertIn("queued again, to go on from the newest checkpoint", log)
        self.assert_resumed_where_it_stopped(log)
        self.assertIn("by mpirun, restart 1", log)

    def test_seeds_are_tasks_of_one_array_on_the_same_shards(self):
        jobs = self.submit("--seeds", "3,5", epochs=2)
        for seed in [3, 5]:
            self.assert_ended(f"{jobs['predict'][0]}_{seed}", "COMPLETED")
            self.assertTrue((self.workspace / f"predictions-{seed}" / "predictions.npy").exists())
        models = [max((self.workspace / f"run-{seed}").glob("checkpoints/*/model.safetensors")) for seed in [3, 5]]
        self.assertNotEqual(*[model.read_bytes() for model in models])

    def test_a_wrong_setting_ends_the_chain(self):
        jobs = self.submit("--set", "model.hidden_width=16384", "--set", "model.num_heads=64", "--set",
                           "sampler.sample_size=4096", "--chain", 2, epochs=1)["run"]
        for job in jobs:
            self.assert_ended(job, "FAILED")
        self.assertIn("with exit code 2: a setting is wrong: nothing is tried again", self.log("run", jobs[0]))
        self.assertIn("the job before ended with exit code 2", self.log("run", jobs[1]))


if __name__ == "__main__":
    skip_if(missing(PROGRAMS) or refusal([*NODE, "hostname", "n1"]))
    with tempfile.TemporaryDirectory(prefix="gigahop_slurm_") as opened, Cluster(opened) as Slurm.cluster:
        unittest.main()
