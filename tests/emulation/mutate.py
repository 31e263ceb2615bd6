#!/usr/bin/python3
"""Takes out each barrier and each wait of the CUDA code in turn, and shows which test of the emulation sees that it is gone.

    tests/emulation/mutate.py [--only TEXT] [--work DIR]

Barriers: __syncthreads, __syncwarp. Waits: a stream or the host that waits for an event or a stream, by CUDA's calls or by
the functions of tensor/cuda.h and comm/device_collectives.h, and the records of the events that are waited for.

The tree is copied to DIR (a temporary folder unless told) and built there, the CUDA part emulated, plain and with
ThreadSanitizer (only what kernels need); then each statement is replaced by an empty one, and the tests that go through
its file run in the order of CHECKS, until one fails, cannot be built, or ends in no time. ThreadSanitizer looks at every
barrier, also at those that a wrong result has given away. Prints a Markdown table; exit code 1 if one is seen by nothing.
Not part of any other test: it takes about 25 minutes on two shared cores.
"""
import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
SOURCES = ["src/ops/cuda/*", "src/tensor/cuda*", "comm/cuda/*", "src/train/cuda/*", "src/train/step.cc", "src/train/evaluator.cc"]
BARRIER = re.compile(r"__sync(threads|warp)\(\);")
WAIT = re.compile(r"cuda_check\(cuda(StreamWaitEvent|EventSynchronize|StreamSynchronize)\(.*\);"
                  r"|[\w.\[\]]+\.(hold|wait|record)\(.*\);|synchronise\(dev\);|comm::finish_queued\(.*\);")
ENVIRONMENT = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "OMPI_MCA_mpi_yield_when_idle": "1",
               "OMP_NUM_THREADS": "1", "EMULATION_DEVICES": "4"}
STRICT = {"EMULATION_STREAMS": "lazy", "EMULATION_PROTECT": "1"}
MPI_STRICT = STRICT | {"EMULATION_MEMORY_BYTES": "134217728"}
SECONDS = 400

# Tests of operations that go through a source file of kernels.
OPERATIONS = {"encoder_tokens.cu": "LocalEncoder.*", "encoder_attention.cu": "LocalEncoder.*",
              "column_sums.cuh": "LayerNorm.*:BatchNorm.*:Linear.*:LocalEncoder.*", "grouped_rows.cu": "Rows.*:LocalEncoder.*",
              "cross_entropy.cu": "CrossEntropy.*"}

# Name, program, ranks, environment; the program's tests are filtered for files of OPERATIONS.
RESULTS = [
    ("ops, forward", "ops_emulated_test", 1, {}),
    ("ops, reverse", "ops_emulated_test", 1, {"EMULATION_ORDER": "reverse"}),
    ("ops, random, lazy", "ops_emulated_test", 1, STRICT | {"EMULATION_ORDER": "random"}),
    ("collectives", "comm_emulated_test", 2, MPI_STRICT),
    ("batches", "train_emulated_test", 1, MPI_STRICT),
    ("model", "model_emulated_test", 2, MPI_STRICT),
    ("training", "train_emulated_test", 2, MPI_STRICT),
]
RACES = ("races", "ops_races_test", 1, {"EMULATION_WORKERS": "2"})
PROGRAMS = sorted({program for _, program, _, _ in RESULTS})


def build(folder, preset, targets, log):
    return subprocess.run(["ninja", "-C", folder / "build" / preset, "-j2", *targets], stdout=log, stderr=log).returncode == 0


def configure(folder, preset, log):
    subprocess.run(["cmake", "--preset", preset, "-DCMAKE_CUDA_ARCHITECTURES=90"], cwd=folder, stdout=log, stderr=log, check=True)


def copy_tree(target):
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=REPOSITORY,
                           stdout=subprocess.PIPE, check=True, text=True).stdout
    for name in filter(None, names.split("\0")):
        source, copy = REPOSITORY / name, target / name
        if source.is_file() and not (copy.is_file() and copy.read_bytes() == source.read_bytes()):
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, copy)  # as new as it is to the build there


class Site:
    """A statement of one line, alone on it."""

    def __init__(self, path, line, statement):
        self.path, self.line, self.statement = path, line, statement
        self.is_barrier = BARRIER.fullmatch(statement) is not None

    def __str__(self):
        return f"{self.path}:{self.line}"

    def can_show_in(self, check):
        """Barriers belong to operations, also within the model; waits show where streams are lazy."""
        name, program, _, environment = check
        if self.is_barrier:
            return name not in ("collectives", "batches")
        return STRICT.items() <= environment.items() and (program != "ops_emulated_test" or "tensor" in self.path.parts)

    def tests(self):
        return OPERATIONS.get(self.path.name, "*") if self.is_barrier else "*"


def sites(folder, only):
    for pattern in SOURCES:
        for path in sorted(folder.glob(pattern)):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                statement = re.sub(r"\s*//.*$", "", line).strip()
                site = Site(path.relative_to(folder), number, statement)
                if (site.is_barrier or WAIT.fullmatch(statement)) and only in f"{site} {statement}":
                    yield site


def fails(folder, site, check, log):
    """Whether the check gives the mutation away."""
    name, program, ranks, environment = check
    preset = "tsan" if check is RACES else "release"
    if not build(folder, preset, [program], log):
        raise SystemExit(f"{site} without its statement is not built; the log says why")
    is_ops = program in ("ops_emulated_test", "ops_races_test")
    tests = f"{site.tests()}-*central_differences" if is_ops else "*EmulatedBatches.*" if name == "batches" else "*"
    command = [folder / "build" / preset / "tests" / "emulation" / program, f"--gtest_filter={tests}", "--gtest_brief=1"]
    if is_ops:
        command.append("--gtest_fail_fast")
    else:
        command = ["mpirun", "--oversubscribe", "--bind-to", "none", "-n", str(ranks), *command, "--gtest_catch_exceptions=0"]
    tsan = {"TSAN_OPTIONS": f"suppressions={folder}/tests/sanitizers/tsan.supp:ignore_noninstrumented_modules=1:exitcode=66:halt_on_error=1"}
    print(f"--- {site} {name}", file=log, flush=True)
    process = subprocess.Popen(command, env=os.environ | ENVIRONMENT | tsan | environment, stdout=log, stderr=log,
                               stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        return process.wait(SECONDS) != 0
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
        return True


def examine(folder, site, log):
    """The names of the checks that see that the statement is gone."""
    path = folder / site.path
    before = path.read_text()
    lines = before.split("\n")
    lines[site.line - 1] = lines[site.line - 1].replace(site.statement, ";")
    path.write_text("\n".join(lines))
    try:
        checks = [check for check in RESULTS if site.can_show_in(check)]
        seen = [next((check[0] for check in checks if fails(folder, site, check, log)), None)]
        if site.is_barrier and fails(folder, site, RACES, log):
            seen.append(RACES[0])
        return [name for name in seen if name is not None]
    finally:
        path.write_text(before)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", help="statements whose file, line or text holds this")
    parser.add_argument("--work", type=pathlib.Path, help="where the copy is built and the log is kept")
    arguments = parser.parse_args()
    work = arguments.work or pathlib.Path(tempfile.mkdtemp(prefix="mutate-"))
    folder = work / "tree"
    copy_tree(folder)
    num_missed = 0
    with open(work / "log", "w") as log:
        for preset, programs in (("release", PROGRAMS), ("tsan", [RACES[1]])):
            configure(folder, preset, log)
            if not build(folder, preset, programs, log):
                raise SystemExit(f"the tree as it is was not built: {work / 'log'}")
        intact = Site(pathlib.Path("the tree as it is"), 0, "")
        for check in [*RESULTS, RACES]:
            if fails(folder, intact, check, log):
                raise SystemExit(f"{check[0]} fails without any change: {work / 'log'}")
        print("| Place | Taken out | Seen by |\n|---|---|---|", flush=True)
        for site in sites(folder, arguments.only):
            seen = examine(folder, site, log)
            num_missed += not seen
            print(f"| {site} | `{site.statement}` | {'; '.join(seen) or 'MISSED'} |", flush=True)
    if arguments.work is None:
        shutil.rmtree(work)
    return 1 if num_missed else 0


if __name__ == "__main__":
    sys.exit(main())
