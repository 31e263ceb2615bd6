"""Waiting for what a test needs to happen."""
import time


def wait_until(moment, what, seconds=120):
    """Until moment() holds; AssertionError with `what` when time is up."""
    deadline = time.monotonic() + seconds
    while not moment():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.05)
