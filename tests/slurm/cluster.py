"""A SLURM on this machine: munged, slurmctld, and two slurmd that pass for the nodes n1 and n2. Each node has a host name
of its own, or MPI would take the ranks of both for neighbours, and processes of its own, which end with it, however that
comes about. Everything lies in one folder."""
import os
import pathlib
import socket
import subprocess
import time

from waiting import wait_until

NODE = ["unshare", "--uts", "--pid", "--fork", "--kill-child", "--mount-proc"]
PROGRAMS = ["munged", "slurmctld", "slurmd", "sbatch", "srun", "unshare", "setpriv"]

CONFIGURATION = """
ClusterName=gigahop
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CredType=cred/munge
SlurmctldPort={ports[0]}
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/slurmd-%n.pid
SlurmdLogFile={folder}/slurmd-%n.log
SlurmdSpoolDir={folder}/spool-%n
StateSaveLocation={folder}/state
TmpFS={folder}/tmp-%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0,bf_interval=1
KillWait=15
NodeName=n1 NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2
NodeName=n2 NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2
PartitionName=main Nodes=n1,n2 Default=YES MaxTime=30 State=UP
"""

FINISHED = {"COMPLETED", "FAILED", "CANCELLED", "TIMEOUT", "NODE_FAIL"}


def free_ports(number):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [server.getsockname()[1] for server in sockets]
    for server in sockets:
        server.close()
    return ports


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.configuration = self.folder / "slurm.conf"
        self.environment = os.environ | {"SLURM_CONF": str(self.configuration)}
        self.daemons = []

    def __enter__(self):
        for name in ["state", "tmp-n1", "tmp-n2"]:
            (self.folder / name).mkdir()
        self.configuration.write_text(CONFIGURATION.format(host=socket.gethostname(), folder=self.folder,
                                                           ports=free_ports(3)))
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o600)
        try:
            self.start("munged", "--foreground", "--force", "--num-threads=2", f"--key-file={key}",
                       f"--socket={self.folder}/munge.socket", f"--pid-file={self.folder}/munged.pid",
                       f"--seed-file={self.folder}/munge.seed", f"--log-file={self.folder}/munged.log")
            wait_until((self.folder / "munge.socket").exists, "munged")
            self.start("slurmctld", "-D", "-c", "-f", self.configuration)
            for node in ["n1", "n2"]:
                self.start(*NODE, "sh", "-c", f"hostname {node}; exec slurmd -D -N {node} -f {self.configuration}")
            self.wait_until(self.is_idle, "two idle nodes")
        except BaseException:
            self.__exit__()
            raise
        return self

    def clear(self):
        """Until no job is left."""
        self.call("scancel", "--user=root")
        self.wait_until(self.is_idle, "the end of all jobs")

    def __exit__(self, *_):
        for daemon in reversed(self.daemons):
            daemon.kill()
            daemon.wait()
        wait_until(lambda: not self.processes(), "the end of all processes")

    def start(self, *command):
        """A daemon that does not outlive this process."""
        with open(self.folder / "daemons.log", "a", encoding="utf-8") as log:
            self.daemons.append(subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *map(str, command)], stdout=log,
                                                 stderr=log, env=self.environment))

    def call(self, *command, check=True, variables=None):
        done = subprocess.run(list(map(str, command)), env=self.environment | (variables or {}), capture_output=True,
                              text=True, check=False, timeout=60)
        if check and done.returncode != 0:
            raise AssertionError(f"{command}: exit code {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_until(self, moment, what):
        """What the cluster did meanwhile is part of the failure."""
        try:
            wait_until(moment, what, seconds=300)
        except AssertionError as failure:
            raise AssertionError(f"{failure}\n{self.describe()}") from None

    def describe(self):
        """Queue, nodes, and what the daemons said last."""
        told = [self.call("squeue", check=False), self.call("sinfo", "--long", "--Node", check=False)]
        for log in sorted(self.folder.glob("*.log")):
            told.append(f"{log.name}\n" + "\n".join(log.read_text().splitlines()[-20:]) + "\n")
        return "\n".join(told)

    def is_idle(self):
        return self.call("sinfo", "--noheader", "--states=idle", "--format=%D", check=False).strip() == "2"

    def facts(self, job):
        """What SLURM says of a job, by name."""
        words = self.call("scontrol", "show", "job", job, "--oneliner").split()
        return dict(word.split("=", 1) for word in words if "=" in word)

    def state(self, job):
        return self.facts(job)["JobState"]

    def wait_for_end(self, job):
        self.wait_until(lambda: self.state(job) in FINISHED, f"end of job {job}")
        return self.state(job)

    def requeue(self, job):
        """Preempts the job. SLURM lets it wait until its credentials are void, which is not waited for here."""
        self.call("scontrol", "requeue", job)
        self.hasten(job)

    def hasten(self, job):
        self.wait_until(lambda: self.state(job) == "PENDING", f"job {job} in the queue again")
        time.sleep(2)  # credentials that were revoked in the same second would be refused
        self.call("scontrol", "update", f"JobId={job}", "StartTime=now")

    def processes(self, program=None):
        """Pids of the processes of jobs (of this program), by rank; those that are no ranks first."""
        found = []
        for entry in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                variables = (entry / "environ").read_bytes().split(b"\0")
                executable = os.readlink(entry / "exe")
            except OSError:
                continue
            if f"SLURM_CONF={self.configuration}".encode() not in variables or int(entry.name) == os.getpid():
                continue
            if program is None or os.path.realpath(executable) == os.path.realpath(program):
                rank = next((int(word.split(b"=")[1]) for word in variables if word.startswith(b"PMIX_RANK=")), -1)
                found.append((rank, int(entry.name)))
        return [pid for _, pid in sorted(found)]
