#!/usr/bin/python3
"""What `cmake --install` leaves: a program that runs, its manual, and libraries that another program is built with."""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

BUILD = os.environ["BUILD"]
EXAMPLE = pathlib.Path(__file__).parent / "example"


def run(*command, **options):
    process = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=500, **options)
    if process.returncode:
        raise AssertionError(f"{command}\n{process.stdout}\n{process.stderr}")
    return process.stdout


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="gigahop_install_")
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = pathlib.Path(temporary.name)
        cls.prefix = cls.folder / "prefix"
        run("cmake", "--install", BUILD, "--prefix", cls.prefix)
        cls.gigahop = cls.prefix / "bin" / "gigahop"
        overview = run(cls.gigahop, "--help")
        cls.commands = re.findall(r"^  ([a-z]+) ", overview.partition("Subcommands:")[2], re.MULTILINE)

    def options_of(self, command):
        return set(re.findall(r"^\s+(?:-\w,)?(--[a-z-]+)", run(self.gigahop, command, "--help"), re.MULTILINE))

    def test_every_command_has_a_man_page_with_its_options(self):
        self.assertGreater(len(self.commands), 8)
        pages = self.prefix / "share" / "man" / "man1"
        self.assertEqual({page.name for page in pages.iterdir()},
                         {"gigahop.1", *(f"gigahop-{command}.1" for command in self.commands)})
        for command in self.commands:
            text = (pages / f"gigahop-{command}.1").read_text().replace("\\-", "-")
            self.assertTrue(text.startswith(".TH GIGAHOP-"))
            for option in self.options_of(command):
                self.assertIn(option, text, command)

    def test_help_names_the_type_of_an_option_once(self):
        for command in self.commands:
            self.assertNotRegex(run(self.gigahop, command, "--help"), r"(?m)^ +(-\w,)?--\S+ [A-Z.a-z_=]+:\S", command)

    def complete(self, *words):
        completion = self.prefix / "share" / "bash-completion" / "completions" / "gigahop"
        script = (f'source "{completion}"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _gigahop; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        return run("bash", "-c", script, "bash", *words).split()

    def test_bash_completes_commands_options_and_files(self):
        self.assertEqual(self.complete("gigahop", "part"), ["partition"])
        self.assertEqual(self.complete("gigahop", "train", "--print"), ["--print-config"])
        for command in self.commands:
            self.assertEqual(set(self.complete("gigahop", command, "--")), self.options_of(command))
        self.assertEqual(self.complete("gigahop", "encode", str(self.prefix / "bin" / "gi")), [str(self.gigahop)])

    def test_installed_configurations_are_valid(self):
        configs = sorted((self.prefix / "share" / "gigahop" / "configs").glob("*.textproto"))
        self.assertGreater(len(configs), 5)
        for config in configs:
            self.assertIn("workspace:", run(self.gigahop, "run", "--config", config, "--print-config"))

    def test_scripts_for_clusters_start_the_installed_program(self):
        launch, workspace = self.prefix / "share" / "gigahop" / "launch", self.folder / "workspace"
        config, hosts = self.folder / "small.textproto", self.folder / "hosts.txt"
        config.write_text(f'workspace: "{workspace}" generate {{ kind: PLANTED_PARTITION num_nodes: 500 }} threads: 1')
        hosts.write_text("localhost slots=2\n")
        environment = {name: value for name, value in os.environ.items() if name != "GIGAHOP"}
        written = run(launch / "slurm" / "submit.sh", "--config", config, "--nodes", 1, "--ranks-per-node", 2, "--pipeline",
                      "--dry-run", env=environment)
        job = self.folder / "partition.sbatch"
        job.write_text(written[written.index("#!"):written.index("# sbatch", written.index("#!"))])
        self.assertIn(f"GIGAHOP={self.gigahop}\n", job.read_text())
        said = run("bash", job, env=environment | {"SLURM_CPUS_ON_NODE": "2", "SLURM_JOB_ID": "1", "SLURM_JOB_NODELIST": "here",
                                                   "GIGAHOP_LAUNCHER": "mpirun"})
        self.assertIn("exit code 0: done", said)
        said = run(launch / "mpirun.sh", "--hosts", hosts, "inspect", workspace / "partition", env=environment)
        self.assertIn("500", said)

    def test_another_program_is_built_with_the_libraries_and_runs(self):
        build, dataset = self.folder / "build", self.folder / "dataset"
        run("cmake", "-S", EXAMPLE, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", build)
        run(self.gigahop, "generate", "--kind", "PLANTED_PARTITION", "--nodes", "2000", "--output", dataset)
        said = run("mpirun", "-n", "2", build / "draw_batch", dataset, self.folder / "partition")
        seeds = [int(number) for number in re.findall(r"^rank \d: (\d+) seeds", said, re.MULTILINE)]
        self.assertEqual(len(seeds), 2, said)
        self.assertAlmostEqual(sum(seeds), 64, delta=4)
        run(self.gigahop, "inspect", self.folder / "partition", "--verify")


if __name__ == "__main__":
    unittest.main()
