#!/usr/bin/python3
"""Looking at runs: the page, the watcher, and what TensorBoard reads."""
import importlib.util
import os
import shutil
import signal
import subprocess
import unittest

from program import GIGAHOP, ProgramTest
from waiting import wait_until

CHROMIUM = shutil.which("chromium")
HAS_TENSORBOARD = importlib.util.find_spec("tensorboard") is not None


class ReportTest(ProgramTest):
    def setUp(self):
        super().setUp()
        self.succeeds("run", "--config", self.config, "--until", "encode")
        self.partition = self.workspace / "partition"
        self.run_folder = self.folder / "runs" / "first"

    def train(self, *settings, ranks=1):
        self.succeeds("train", self.partition, "--config", self.config, "--run", self.run_folder, *settings, ranks=ranks)

    def test_page_and_description_of_a_run_of_two_ranks(self):
        self.train(ranks=2)
        page = self.folder / "page.html"
        self.succeeds("report", self.run_folder, "--output", page)
        text = page.read_text()
        for words in ["3 of 3 epochs", "rank 1, backward", "sampling", "forecast", "share of the true class",
                      "nodes by degree", "train.learning_rate"]:
            self.assertIn(words, text)
        self.assertNotIn("no such data", text)
        described = self.succeeds("inspect", self.run_folder).stdout
        self.assertIn("summary at step 24  loss", described)
        self.assertRegex(described, r"(?m)^checkpoint .*/step-000000024: step 24, epoch 3, written by 2 ranks")
        self.assertNotIn("head.linear1.weight", described)

    @unittest.skipIf(CHROMIUM is None, "chromium is not installed")
    def test_page_opens_in_a_browser_without_a_complaint(self):
        self.train()
        page = self.folder / "page.html"
        self.succeeds("report", self.run_folder, "--output", page)
        for width in [390, 1280]:
            shown = subprocess.run([CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr",
                                    f"--user-data-dir={self.folder / 'browser'}", f"--window-size={width},900",
                                    "--dump-dom", page.as_uri()], capture_output=True, text=True, timeout=120)
            self.assertEqual(shown.returncode, 0, shown.stderr)
            self.assertNotIn("CONSOLE", shown.stderr)
            self.assertIn("Time of a step", shown.stdout)

    def test_folder_that_is_no_run_is_refused(self):
        self.fails(3, "report", self.partition, says=["a run folder"])

    def test_watcher_sees_a_run_from_before_its_beginning_to_its_end(self):
        watcher = subprocess.Popen([GIGAHOP, "watch", self.run_folder, "--every", "0.1"], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(watcher.kill)
        self.assertIn("waiting", watcher.stderr.readline())
        self.train()
        told, complaints = watcher.communicate(timeout=60)
        self.assertEqual(watcher.returncode, 0, complaints)
        lines = told.splitlines()
        self.assertEqual([line.split("  ")[0] for line in lines],
                         ["epoch 1/3", "epoch 2/3", "epoch 3/3", "summary at step 24", "ended"])

    def test_watcher_tells_how_far_an_epoch_is_with_a_terminal_and_without(self):
        training = subprocess.Popen([GIGAHOP, "train", self.partition, "--config", self.config, "--run", self.run_folder,
                                     "--set", "train.batch_size=1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.addCleanup(training.kill)
        wait_until(lambda: (self.run_folder / "progress.textproto").exists(), "progress")
        training.send_signal(signal.SIGSTOP)
        master, terminal = os.openpty()
        for stderr in (subprocess.PIPE, terminal):
            watcher = subprocess.Popen([GIGAHOP, "watch", self.run_folder, "--every", "0.1"], stdout=subprocess.PIPE,
                                       stderr=stderr, text=True)
            self.addCleanup(watcher.kill)
            shown = watcher.stderr.read(60) if watcher.stderr else os.read(master, 60).decode()
            self.assertRegex(shown, r"epoch 1/3 [\d,]+/[\d,]+ steps \[")
            self.assertEqual(shown.startswith("\r"), stderr == terminal)
        training.send_signal(signal.SIGCONT)
        training.terminate()
        self.assertIn("told to stop", training.communicate(timeout=60)[0])
        self.assertFalse((self.run_folder / "progress.textproto").exists())
        self.assertEqual(watcher.communicate(timeout=60)[0].splitlines()[-1], "ended")

    @unittest.skipUnless(HAS_TENSORBOARD, "tensorboard is not installed")
    def test_tensorboard_reads_scalars_histograms_and_settings(self):
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
        self.train("--set", "train.histograms_every_epochs=2")
        events = EventAccumulator(str(self.run_folder), size_guidance={"tensors": 0, "histograms": 0})
        events.Reload()
        tags = events.Tags()
        self.assertIn("train/loss", tags["scalars"])
        self.assertEqual([point.step for point in events.Scalars("train/loss")], [8, 16, 24])
        self.assertIn("parameters/local.query.weight", tags["histograms"])
        self.assertIn("gradients/head.linear1.weight", tags["histograms"])
        [histogram] = events.Histograms("parameters/local.query.weight")
        self.assertEqual(histogram.step, 16)
        self.assertEqual(sum(histogram.histogram_value.bucket), histogram.histogram_value.num)
        self.assertIn("settings", tags["tensors"])
        self.assertIn(b"epochs: 3", events.Tensors("settings")[0].tensor_proto.string_val[0])


if __name__ == "__main__":
    unittest.main()
