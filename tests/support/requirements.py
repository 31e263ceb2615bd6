"""What a test needs of the machine. Where it is missing the test is left out, with the reason, and ctest counts it as
skipped (SKIP_RETURN_CODE)."""
import os
import shutil
import subprocess
import sys

SKIPPED = 77


def missing(programs):
    """Why tests that need root and these programs cannot run here, or None."""
    if os.geteuid() != 0:
        return "they need root"
    absent = [program for program in programs if shutil.which(program) is None]
    if absent:
        return f"{', '.join(absent)} is not installed"
    return None


def refusal(command):
    """Why the system does not let this command run, or None."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else f"{' '.join(command)}: {done.stderr.strip()}"


def skip_if(reason):
    if reason is not None:
        print(f"left out: {reason}")
        sys.exit(SKIPPED)
