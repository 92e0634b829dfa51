"""A small real Slurm on this machine, for the tests: two CPU nodes and a node with two fake GPUs, all on loopback.

    python tests/slurm/cluster.py up [--accounting]     # prints the SLURM_CONF to export
    python tests/slurm/cluster.py down

Everything it writes is in one folder under the temporary folder (configuration, state, logs, munge key,
database), and every daemon is ended by its process id. The one exception is a link to it, /etc/slurm/slurm.conf: the
executor plugin drops SLURM_CONF from its jobs' environment. Needs Debian's packages and root.
"""

import argparse
import contextlib
import getpass
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "sinfo": "slurm-client", "munged": "munge"}
ACCOUNTING_PACKAGES = {"slurmdbd": "slurmdbd", "mariadbd": "mariadb-server"}
# Packages without a program of their own.
PLUGINS = ["slurm-wlm-basic-plugins"]
ACCOUNTING_PLUGINS = ["slurm-wlm-mysql-plugin"]
NODES = ["cpu1", "cpu2", "gpu1"]
FOLDER = Path(tempfile.gettempdir()) / f"yet-better-slurm-{getpass.getuser()}"
LINK = Path("/etc/slurm/slurm.conf")
ACCOUNT = "weak"


class Unavailable(Exception):
    """Why no cluster can be started here."""


def install(accounting: bool) -> None:
    """Install what is missing with apt; Unavailable says why not."""
    wanted = PACKAGES | (ACCOUNTING_PACKAGES if accounting else {})
    os.environ["PATH"] += os.pathsep + "/usr/sbin"
    missing = [package for program, package in wanted.items() if not shutil.which(program)]
    if os.geteuid():
        raise Unavailable("a test cluster needs root: slurmd starts jobs as their users")
    if not missing:
        return
    if not Path("/etc/debian_version").exists() or not shutil.which("apt-get"):
        raise Unavailable(f"no {', '.join(missing)} here, and packages are installed on Debian only")
    packages = missing + PLUGINS + (ACCOUNTING_PLUGINS if accounting else [])
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *packages]):
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        done = subprocess.run(["apt-get", *command], env=quiet, capture_output=True, text=True)
        if done.returncode:
            raise Unavailable(f"apt-get {command[0]}: {done.stderr.strip().splitlines()[-1:]}")


def free_ports(count: int) -> list[int]:
    held = [socket.socket() for _ in range(count)]
    for each in held:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 180) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"gave up after {seconds:.0f} s of waiting for {what}")
        time.sleep(0.1)


class Cluster:
    """Daemons in the foreground of process groups of their own; their process ids are in a file, for `down`."""

    def __init__(self, folder: Path = FOLDER, accounting: bool = False):
        self.folder, self.accounting = folder, accounting
        self.daemons: dict[str, int] = {}
        self.database_port, self.password = 0, secrets.token_hex(16)

    @property
    def environment(self) -> dict[str, str]:
        return {"SLURM_CONF": str(self.folder / "slurm.conf")}

    def start(self) -> "Cluster":
        install(self.accounting)
        stop(self.folder)
        if LINK.exists():
            raise Unavailable(f"{LINK} is there already: this machine belongs to a cluster")
        try:
            self.start_daemons()
        except BaseException:
            stop(self.folder)
            raise
        return self

    def start_daemons(self) -> None:
        for name in ("state", "spool", "log", "gpu"):
            (self.folder / name).mkdir(parents=True)
        self.write_configuration()
        self.start_munge()
        if self.accounting:
            self.start_accounting()
        self.start_controller()
        for node in NODES:
            (self.folder / "spool" / node).mkdir()
            self.run(f"slurmd.{node}", "slurmd", "-D", "-N", node)
        wait_until(lambda: self.states().count("idle") == len(NODES), "idle nodes")

    def run(self, name: str, *command: str) -> None:
        log = open(self.folder / "log" / f"{name}.out", "ab")  # noqa: SIM115  the daemon keeps it
        process = subprocess.Popen(
            command,
            env=os.environ | self.environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=self.folder,
        )
        log.close()
        self.daemons[name] = process.pid
        (self.folder / "daemons.json").write_text(json.dumps(self.daemons))

    def start_munge(self) -> None:
        key = self.folder / "munge.key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        place = lambda name: str(self.folder / f"munge.{name}")  # noqa: E731
        options = [f"--key-file={key}", f"--socket={place('socket')}", f"--pid-file={place('pid')}"]
        options += [f"--log-file={place('log')}", f"--seed-file={place('seed')}", "--num-threads=2"]
        self.run("munged", "munged", "--foreground", "--force", *options)
        wait_until((self.folder / "munge.socket").exists, "munge")

    def start_accounting(self) -> None:
        database, listening = self.folder / "database", self.folder / "database.socket"
        own = ["--no-defaults", f"--datadir={database}", "--user=root"]
        made = subprocess.run(["mariadb-install-db", *own, "--auth-root-authentication-method=socket"], **CAPTURED)
        if made.returncode:
            raise Unavailable(f"mariadb-install-db: {made.stdout[-300:]}")
        small = ["--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M", "--skip-log-bin"]
        self.run(
            "mariadbd", "mariadbd", *own, "--bind-address=127.0.0.1", f"--port={self.database_port}",
            f"--socket={listening}", f"--pid-file={self.folder / 'database.pid'}", *small,
        )  # fmt: skip
        client = ["mariadb", "--no-defaults", f"--socket={listening}"]
        wait_until(lambda: subprocess.run([*client, "-e", "select 1"], **CAPTURED).returncode == 0, "the database")
        user = f"slurm@localhost identified by '{self.password}'"
        made = f"create database slurm_acct_db; create user {user}; grant all on slurm_acct_db.* to slurm@localhost"
        subprocess.run([*client, "-e", made], check=True)
        self.run("slurmdbd", "slurmdbd", "-D")
        manager = ["sacctmgr", "--immediate", "--quiet"]
        wait_until(lambda: self.call("sacctmgr", "-n", "list", "cluster").returncode == 0, "slurmdbd")
        self.call(*manager, "add", "cluster", "loopback", check=True)
        self.call(*manager, "add", "account", ACCOUNT, "description=test", "organization=test", check=True)
        self.call(*manager, "add", "user", getpass.getuser(), f"account={ACCOUNT}", check=True)
        # Slurm's own entry for root goes: the test account is the only one.
        self.call(*manager, "modify", "user", getpass.getuser(), "set", f"defaultaccount={ACCOUNT}", check=True)
        self.call(*manager, "delete", "user", getpass.getuser(), "account=root")

    def start_controller(self) -> None:
        self.run("slurmctld", "slurmctld", "-D")
        wait_until(lambda: self.call("sinfo", "-h").returncode == 0, "slurmctld")

    def stop_controller(self) -> None:
        end(self.daemons.pop("slurmctld"))

    def clear(self) -> None:
        """Cancel every job, and wait until none is left."""
        self.call("scancel", "--user", getpass.getuser())
        wait_until(lambda: not self.jobs(), "the end of all jobs")

    def call(self, *command: str, check: bool = False) -> subprocess.CompletedProcess:
        return subprocess.run(command, env=os.environ | self.environment, check=check, **CAPTURED)

    def states(self) -> list[str]:
        return self.call("sinfo", "-h", "-N", "-o", "%T").stdout.split()

    def jobs(self, *options: str, form: str = "%i|%T|%N|%k") -> list[list[str]]:
        """Rows of squeue: job id, state, nodes, comment (the rule and its wildcards)."""
        lines = self.call("squeue", "-h", *options, "-o", form).stdout.splitlines()
        return [line.split("|") for line in lines]

    def write_configuration(self) -> None:
        controller, database, self.database_port, *ports = free_ports(3 + len(NODES))
        host = socket.gethostname().split(".")[0]
        for number in range(2):  # slurmd wants character devices; these have no driver
            os.symlink("/dev/null" if number else "/dev/zero", self.folder / "gpu" / f"fake{number}")
        common = f"AuthType=auth/munge\nAuthInfo=socket={self.folder}/munge.socket\n"
        common += "CommunicationParameters=NoInAddrAny,NoCtldInAddrAny\nSlurmUser=root\n"
        accounting = "AccountingStorageType=accounting_storage/none\nJobAcctGatherType=jobacct_gather/none\n"
        if self.accounting:
            accounting = (
                "AccountingStorageType=accounting_storage/slurmdbd\nAccountingStorageHost=localhost\n"
                f"AccountingStoragePass={self.folder}/munge.socket\n"
                f"AccountingStoragePort={database}\nAccountingStorageEnforce=associations,limits\n"
                "AccountingStorageTRES=gres/gpu\nJobAcctGatherType=jobacct_gather/linux\nJobAcctGatherFrequency=2\n"
            )
            path = self.folder / "slurmdbd.conf"
            path.write_text(
                f"{common}DbdHost=localhost\nDbdPort={database}\nPidFile={self.folder}/slurmdbd.pid\n"
                f"LogFile={self.folder}/log/slurmdbd.log\nStorageType=accounting_storage/mysql\n"
                f"StorageHost=127.0.0.1\nStoragePort={self.database_port}\nStorageUser=slurm\n"
                f"StoragePass={self.password}\nStorageLoc=slurm_acct_db\n"
            )
            path.chmod(0o600)
        nodes = "".join(
            f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=8 RealMemory=16000"
            f"{' Gres=gpu:fake:2' if node.startswith('gpu') else ''}\n"
            for node, port in zip(NODES, ports, strict=True)
        )
        (self.folder / "slurm.conf").write_text(
            f"ClusterName=loopback\nSlurmctldHost={host}(127.0.0.1)\nSlurmdUser=root\n{common}"
            f"SlurmctldPort={controller}\nSlurmctldPidFile={self.folder}/slurmctld.pid\n"
            f"SlurmdPidFile={self.folder}/slurmd.%n.pid\nSlurmctldLogFile={self.folder}/log/slurmctld.log\n"
            f"SlurmdLogFile={self.folder}/log/slurmd.%n.log\nStateSaveLocation={self.folder}/state\n"
            f"SlurmdSpoolDir={self.folder}/spool/%n\nMpiDefault=none\nProctrackType=proctrack/linuxproc\n"
            "TaskPlugin=task/none\nSwitchType=switch/none\nSelectType=select/cons_tres\n"
            "SelectTypeParameters=CR_Core_Memory\nSlurmdParameters=config_overrides\nSchedulerType=sched/backfill\n"
            "SchedulerParameters=sched_interval=2,bf_interval=2,batch_sched_delay=0,sched_min_interval=0\n"
            f"ReturnToService=0\nMinJobAge=300\nKillWait=2\nGresTypes=gpu\n{accounting}{nodes}"
            "PartitionName=cpu Nodes=cpu[1-2] Default=YES MaxTime=1-0 DefMemPerCPU=500\n"
            "PartitionName=gpu Nodes=gpu1 MaxTime=1-0 DefMemPerCPU=500\n"
        )
        LINK.parent.mkdir(exist_ok=True)
        LINK.unlink(missing_ok=True)  # of a folder that is gone
        LINK.symlink_to(self.folder / "slurm.conf")
        gres = f"NodeName=gpu1 Name=gpu Type=fake File={self.folder}/gpu/fake[0-1]\n"
        (self.folder / "gres.conf").write_text(gres)
        (self.folder / "cgroup.conf").write_text("CgroupAutomount=no\n")


CAPTURED = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}


def alive(pid: int) -> bool:
    try:
        # A child that has ended stays until it is waited for.
        if os.waitpid(pid, os.WNOHANG)[0]:
            return False
    except ChildProcessError:
        pass
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()  # nobody may wait for another's child
    except OSError:
        return False


def end(pid: int, seconds: float = 15) -> None:
    if not alive(pid):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while alive(pid):
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
            time.sleep(0.05)


def stop(folder: Path = FOLDER) -> None:
    """End a cluster's jobs and daemons, those started last first, and remove its folder."""
    register = folder / "daemons.json"
    if register.exists():
        daemons = json.loads(register.read_text())
        own = {pid: name for name, pid in daemons.items() if is_daemon(pid, name)}
        if any(name == "slurmctld" for name in own.values()):
            environment = os.environ | {"SLURM_CONF": str(folder / "slurm.conf")}
            subprocess.run(["scancel", "--user", getpass.getuser()], env=environment, timeout=60, **CAPTURED)
            ask = ["squeue", "-h", "-t", "running,completing"]
            deadline = time.monotonic() + 20
            while subprocess.run(ask, env=environment, **CAPTURED).stdout.strip() and time.monotonic() < deadline:
                time.sleep(0.3)
        for pid in [*reversed(own), *strays(folder)]:
            end(pid)
    if LINK.is_symlink() and LINK.readlink() == folder / "slurm.conf":
        LINK.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def strays(folder: Path) -> list[int]:
    """Processes of this cluster's jobs that outlived them: proctrack/linuxproc misses some when a node is set down."""
    mark, found = f"SLURM_CONF={folder / 'slurm.conf'}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if mark in variables and any(variable.startswith(b"SLURM_JOB_ID=") for variable in variables):
            found.append(int(process.name))
    return found


def is_daemon(pid: int, name: str) -> bool:
    """Process ids are used again: is this still the daemon of that name?"""
    try:
        return name.split(".")[0] in Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return False


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["up", "down"])
    parser.add_argument("--accounting", action="store_true")
    arguments = parser.parse_args()
    if arguments.what == "down":
        stop()
        sys.exit()
    try:
        cluster = Cluster(accounting=arguments.accounting).start()
    except Unavailable as reason:
        sys.exit(str(reason))
    print(f"export SLURM_CONF={cluster.environment['SLURM_CONF']}")
