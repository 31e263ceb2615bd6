"""Two network namespaces that pass for hosts, joined by a pair of interfaces; mpirun reaches the second by a program that
takes the place of ssh. They need root and iproute2, and are gone at the end."""
import os
import pathlib
import subprocess

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

    def __enter__(self):
        try:
            for name in self.names:
                ip("netns", "add", name)
            ip("link", "add", DEVICE, "netns", self.names[0], "type", "veth", "peer", "name", DEVICE, "netns", self.names[1])
            for host, name in enumerate(self.names, 1):
                ip("-n", name, "address", "add", f"{NETWORK}.{host}/24", "dev", DEVICE)
                ip("-n", name, "link", "set", "lo", "up")
                ip("-n", name, "link", "set", DEVICE, "up")
        except BaseException:
            self.__exit__()
            raise
        self.agent.write_text(AGENT.format(network=NETWORK, name=self.names[1]))
        self.agent.chmod(0o755)
        return self

    def __exit__(self, *_):
        for name in self.names:
            subprocess.run(["ip", "netns", "delete", name], stderr=subprocess.DEVNULL, check=False)

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

    def shape(self, rate, delay):
        """Gives the link this rate and delay; the rate alone, by tbf, where the kernel has no netem. Returns what it came to."""
        shaped_by_netem = True
        for name in self.names:
            add = ["tc", "-n", name, "qdisc", "add", "dev", DEVICE, "root"]
            netem = [*add, "netem", "delay", delay, "rate", rate, "limit", "20000"]
            if subprocess.run(netem, stderr=subprocess.DEVNULL, check=False).returncode != 0:
                shaped_by_netem = False
                subprocess.run([*add, "tbf", "rate", rate, "burst", "128kb", "latency", "50ms"], check=True)
        return f"{rate}, {delay}" if shaped_by_netem else f"{rate}, no delay"

    def give_up_after_retries(self, number):
        """Lets both hosts end a connection on which so many packets in a row were lost: by themselves they do after a
        quarter of an hour."""
        for name in self.names:
            ip("netns", "exec", name, "sh", "-c", f"echo {number} >/proc/sys/net/ipv4/tcp_retries2")

    def cut(self):
        ip("-n", self.names[1], "link", "set", DEVICE, "down")
