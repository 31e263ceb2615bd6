#!/usr/bin/python3
"""Two network devices of one name in two namespaces, and between them a link that delivers each packet late: for kernels
without netem.

    delayed_link.py DEVICE MICROSECONDS NAMESPACE NAMESPACE

Prints a line when both devices are up, carries packets until it is killed, and takes the devices with it. Needs root and
/dev/net/tun. The rate is limited by the queues of the devices, as that of any device; a Python program keeps up with 1 Gbit/s
where packets have 9,000 bytes.
"""
import collections
import contextlib
import fcntl
import os
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TAP, IFF_NO_PI = 0x0002, 0x1000
MTU = 9000
FRAME_BYTES = MTU + 100


def make_device(name, namespace):
    """The file that its packets are read from and written to."""
    file = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    temporary = f"link{os.getpid()}"
    fcntl.ioctl(file, TUNSETIFF, struct.pack("16sH22x", temporary.encode(), IFF_TAP | IFF_NO_PI))
    subprocess.run(["ip", "link", "set", temporary, "netns", namespace, "name", name], check=True)
    subprocess.run(["ip", "-n", namespace, "link", "set", name, "mtu", str(MTU), "txqueuelen", "10000", "up"], check=True)
    return file


def carry(files, delay):
    """Seconds of delay."""
    other = {files[0]: files[1], files[1]: files[0]}
    waiting = collections.deque()
    while True:
        left = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        for file in select.select(files, [], [], left)[0]:
            waiting.append((time.monotonic() + delay, other[file], os.read(file, FRAME_BYTES)))
        while waiting and waiting[0][0] <= time.monotonic():
            _, file, frame = waiting.popleft()
            with contextlib.suppress(OSError):  # a device that is down takes none
                os.write(file, frame)


def main():
    device, microseconds, *namespaces = sys.argv[1:]
    with open("/proc/self/timerslack_ns", "w") as slack:
        slack.write("1")
    files = [make_device(device, namespace) for namespace in namespaces]
    print("up", flush=True)
    carry(files, float(microseconds) * 1e-6)


if __name__ == "__main__":
    main()
