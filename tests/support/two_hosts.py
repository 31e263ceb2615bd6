"""Two network namespaces that pass for hosts, joined by a pair of interfaces; mpirun reaches the second by a program that
takes the place of ssh. They need root and iproute2, and are gone at the end."""
import os
import pathlib
import subprocess
import sys

NETWORK = "10.77.0"
DEVICE = "gigahop0"
PROGRAMS = ["ip", "tc", "unshare"]

# What mpirun calls instead of ssh: host, then the command for it. Each host has a host name of its own, or Open MPI would
# take both for one and use shared memory.
AGENT = """#!/bin/sh
host=$1; shift
case $host in {network}.2) name={name};; esac
exec ip netns exec $name unshare --uts sh -c "hostname $name; $*"
"""


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class TwoHosts:
    def __init__(self, folder):
        self.names = [f"gigahop-{os.getpid()}-{side}" for side in "ab"]
        self.agent = pathlib.Path(folder) / "agent"
        self.link = None  # the program that carries packets, where one does

    def __enter__(self):
        try:
            for name in self.names:
                ip("netns", "add", name)
            ip("link", "add", DEVICE, "netns", self.names[0], "type", "veth", "peer", "name", DEVICE, "netns", self.names[1])
            for name in self.names:
                ip("-n", name, "link", "set", "lo", "up")
                ip("-n", name, "link", "set", DEVICE, "up")
            self.add_addresses()
        except BaseException:
            self.__exit__()
            raise
        self.agent.write_text(AGENT.format(network=NETWORK, name=self.names[1]))
        self.agent.chmod(0o755)
        return self

    def __exit__(self, *_):
        if self.link is not None:
            self.link.kill()
            self.link.wait()
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)

    def add_addresses(self):
        for address, name in zip(self.addresses(), self.names):
            ip("-n", name, "address", "add", f"{address}/24", "dev", DEVICE)

    def addresses(self):
        return [f"{NETWORK}.{host}" for host in (1, 2)]

    def network(self):
        return f"{NETWORK}.0/24"

    def on_first(self, command):
        """The command as it is called on the first host."""
        name = self.names[0]
        return ["ip", "netns", "exec", name, "unshare", "--uts", "sh", "-c", f'hostname {name}; exec "$@"', "sh",
                *map(str, command)]

    def variables(self):
        """That tell mpirun of these hosts: how to reach them, and to use nothing but TCP."""
        return {"OMPI_MCA_plm_rsh_agent": str(self.agent), "OMPI_MCA_pml": "ob1", "OMPI_MCA_btl": "tcp,self"}

    def shape(self, rate, delay_us):
        """Gives the link this rate, and a delay each way in microseconds: by netem, or where the kernel has none by tbf and
        a program that carries packets; the rate alone where there is no /dev/net/tun. Returns what was done in words."""
        if self.add_queues(["netem", "delay", f"{delay_us}us", "rate", rate, "limit", "20000"]):
            return f"{rate}, {delay_us} us by netem"
        limit = ["tbf", "rate", rate, "burst", "128kb", "latency", "50ms"]
        if not os.path.exists("/dev/net/tun"):
            self.require_queues(limit)
            return f"{rate}, no delay"
        ip("-n", self.names[0], "link", "delete", DEVICE)
        program = pathlib.Path(__file__).with_name("delayed_link.py")
        self.link = subprocess.Popen([sys.executable, program, DEVICE, str(delay_us), *self.names], stdout=subprocess.PIPE)
        if self.link.stdout.readline() != b"up\n":
            raise RuntimeError("no delayed link")
        self.add_addresses()
        self.require_queues(limit)
        return f"{rate}, {delay_us} us by program"

    def add_queues(self, queue):
        """False where the kernel does not have this kind."""
        commands = [["tc", "-n", name, "qdisc", "add", "dev", DEVICE, "root", *queue] for name in self.names]
        return all(subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0 for command in commands)

    def require_queues(self, queue):
        if not self.add_queues(queue):
            raise RuntimeError(f"no {queue}")

    def round_trip(self):
        """Median time in seconds of a byte there and back over TCP."""
        program = [sys.executable, pathlib.Path(__file__).with_name("round_trip.py")]
        on_host = [["ip", "netns", "exec", name, *program] for name in self.names]
        with subprocess.Popen([*on_host[1], "answer", self.addresses()[1]], stdout=subprocess.PIPE) as answerer:
            answerer.stdout.readline()
            asked = subprocess.run([*on_host[0], "ask", self.addresses()[1]], stdout=subprocess.PIPE, text=True, check=True)
        return float(asked.stdout)

    def give_up_after_retries(self, number):
        """Lets both hosts end a connection on which so many packets in a row were lost: by themselves they do after a
        quarter of an hour."""
        for name in self.names:
            ip("netns", "exec", name, "sh", "-c", f"echo {number} >/proc/sys/net/ipv4/tcp_retries2")

    def cut(self):
        ip("-n", self.names[1], "link", "set", DEVICE, "down")
