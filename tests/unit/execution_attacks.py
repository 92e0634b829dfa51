"""Programs that attack what is around them. `attack()` returns True if it believes that it got through.

Words in capitals with a dollar are replaced by what `execution_trial.py` set up outside. All are bounded: run without a
box, none does lasting harm.
"""

# The attacks of the reference.
REFERENCE = {
    "tcp to the machine": """
import socket
def attack():
    with socket.create_connection(("127.0.0.1", $TCP), timeout=1) as s:
        s.sendall(b"reached")
    return True
""",
    "abstract socket": """
import socket
def attack():
    s = socket.socket(socket.AF_UNIX)
    s.connect("\\0$ABSTRACT")
    s.sendall(b"reached")
    return True
""",
    "udp": """
import socket
def attack():
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.sendto(b"reached", ("127.0.0.1", $UDP))
    return True
""",
    "read a private key": """
def attack():
    return "TOP SECRET" in open("$FOLDER/home/.ssh/id_rsa").read()
""",
    "read the list of users": """
def attack():
    return "root:" in open("/etc/passwd").read()
""",
    "write outside": """
def attack():
    with open("$FOLDER/victim", "w") as file:
        file.write("changed")
    return True
""",
    "delete outside": """
import os
def attack():
    os.remove("$FOLDER/victim")
    return True
""",
    "change the mode of a file outside": """
import os
def attack():
    os.chmod("$FOLDER/victim", 0o777)
    return True
""",
    "300 forks": """
import os, time
def attack():
    made = 0
    for _ in range(300):
        try:
            if os.fork() == 0:
                time.sleep(3)
                os._exit(0)
            made += 1
        except OSError:
            break
    return made > 0
""",
    "memory of one process": """
def attack():
    held = [bytearray(16 * 2**20) for _ in range(64)]
    return len(held) == 64
""",
    "memory of six children": """
import os, time
def attack():
    children = 0
    for _ in range(6):
        if os.fork() == 0:
            held = bytearray(64 * 2**20)
            time.sleep(2)
            os._exit(0)
        children += 1
    return children == 6
""",
    "endless loop": """
def attack():
    while True:
        pass
""",
    "endless loop that ignores signals": """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
def attack():
    while True:
        pass
""",
    "sleep": """
import time
def attack():
    time.sleep(100)
""",
    "kill another process": """
import os
def attack():
    os.kill($VICTIM, 9)
    return True
""",
    "kill the parent": """
import os
def attack():
    os.kill(os.getppid(), 9)
    return os.getppid() > 1
""",
    "background process by fork": """
import os, time
def attack():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(20)
        os._exit(0)
    return True
""",
    "background process by a shell": """
import subprocess
def attack():
    subprocess.Popen(["/bin/sh", "-c", "sleep 20 &"], start_new_session=True)
    return True
""",
    "one file of 2 GB": """
def attack():
    with open("/tmp/large", "wb") as file:
        for _ in range(32):
            file.write(bytes(2**26))
    return True
""",
    "200 files of 8 MB": """
import os
def attack():
    written = {}
    for place in ("/tmp", "/dev/shm", "/", "/var/tmp", "."):
        for number in range(200):
            try:
                path = os.path.realpath(f"{place}/part{number}")
                with open(path, "wb", buffering=0) as file:
                    written[path] = file.write(bytes(8 * 10**6))
            except OSError:
                break
    return sum(written.values()) > 16 * 2**20
""",
    "300 MB to standard output": """
import sys
def attack():
    for _ in range(300):
        sys.stdout.write("x" * 2**20)
    return False
""",
    "ptrace": """
import ctypes
def attack():
    return ctypes.CDLL(None).ptrace(16, $VICTIM, 0, 0) == 0
""",
    "new user namespace": """
import ctypes
def attack():
    return ctypes.CDLL(None).unshare(0x10000000) == 0
""",
    "environment": """
import os
def attack():
    return "TOP SECRET" in str(dict(os.environ))
""",
    "command line of the grader": """
def attack():
    return bool(open("/proc/self/cmdline").read())
""",
    "link to a file outside": """
import os
def attack():
    os.symlink("$FOLDER/victim", "/tmp/link")
    return bool(open("/tmp/link").read())
""",
    "a shell": """
import os
def attack():
    return os.system("true") == 0
""",
}

OWN = {
    "replace this process by another program": """
import os
def attack():
    os.execv("/bin/sh", ["sh", "-c", "echo changed > $FOLDER/victim"])
""",
    "rename a file outside": """
import os
def attack():
    os.rename("$FOLDER/victim", "$FOLDER/moved")
    return True
""",
    "truncate a file outside": """
import os
def attack():
    os.truncate("$FOLDER/victim", 0)
    return True
""",
    "change the times of a file outside": """
import os
def attack():
    os.utime("$FOLDER/victim", (0, 0))
    return True
""",
    "hard link to a file outside": """
import os
def attack():
    os.link("$FOLDER/victim", "$FOLDER/hard")
    return True
""",
    "attributes of a file outside": """
import os
def attack():
    os.setxattr("$FOLDER/victim", "user.mark", b"changed")
    return True
""",
    "list the home folder": """
import os
def attack():
    return ".ssh" in os.listdir("$FOLDER/home")
""",
    "list the processes": """
import os
def attack():
    return any(name.isdigit() for name in os.listdir("/proc"))
""",
    "a signal to all processes": """
import os, signal
def attack():
    os.kill(-1, signal.SIGCONT)
    return True
""",
    "a limit of another process": """
import resource
def attack():
    resource.prlimit($VICTIM, resource.RLIMIT_NOFILE, (3, 3))
    return True
""",
    "raise its own limits": """
import resource
def attack():
    for name in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NPROC):
        try:
            resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            return True
        except (OSError, ValueError):
            pass
    return False
""",
    "lower the priority of another process": """
import os
def attack():
    os.setpriority(os.PRIO_PROCESS, $VICTIM, 19)
    return True
""",
    "memory of another process": """
import ctypes
def attack():
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
    buffer = ctypes.create_string_buffer(8)
    here, there = Vector(ctypes.addressof(buffer), 8), Vector(0x400000, 8)
    libc = ctypes.CDLL(None, use_errno=True)
    done = libc.process_vm_readv($VICTIM, ctypes.byref(here), 1, ctypes.byref(there), 1, 0)
    return done >= 0 or ctypes.get_errno() == 14
""",
    "shared memory of System V": """
import ctypes
def attack():
    return ctypes.CDLL(None).shmget(0x7E57, 4096, 0o1666) >= 0
""",
    "a file in memory that is executed": """
import os
def attack():
    number = os.memfd_create("program")
    return number >= 0
""",
    "threads": """
import threading, time
def attack():
    threads = [threading.Thread(target=time.sleep, args=(1,), daemon=True) for _ in range(50)]
    for thread in threads:
        thread.start()
    return True
""",
    "mount": """
import ctypes
def attack():
    return ctypes.CDLL(None).mount(b"none", b"/tmp", b"tmpfs", 0, None) == 0
""",
    "change the root folder": """
import os
def attack():
    os.chroot("/tmp")
    return True
""",
    "become root": """
import os
def attack():
    os.setuid(0)
    return os.getuid() == 0 and not os.path.isdir("/never")
""",
    "io_uring": """
import ctypes
def attack():
    parameters = ctypes.create_string_buffer(120)
    return ctypes.CDLL(None).syscall(425, 4, parameters) >= 0
""",
    "bpf": """
import ctypes
def attack():
    return ctypes.CDLL(None).syscall(321, 0, ctypes.create_string_buffer(128), 128) >= 0
""",
    "keys of the kernel": """
import ctypes
def attack():
    return ctypes.CDLL(None).syscall(250, 0, -3, 1) >= 0
""",
    "calls by the 32-bit numbers": """
import ctypes
def attack():
    return ctypes.CDLL(None).syscall(0x40000000 + 41, 1, 1, 0) >= 0
""",
    "letters typed into the terminal": """
import fcntl
def attack():
    for number in range(3):
        fcntl.ioctl(number, 0x5412, b"x")
    return True
""",
    "a device": """
import os
def attack():
    os.mknod("/tmp/disk", 0o60666, os.makedev(254, 0))
    return True
""",
    "the descriptors of the grader": """
import os
def attack():
    found = []
    for number in range(3, 64):
        try:
            os.fstat(number)
            found.append(number)
        except OSError:
            pass
    return len(found) > 2
""",
    "100,000 small files": """
def attack():
    for number in range(100000):
        open(f"/tmp/{number}", "w").close()
    return False
""",
    "a named pipe that nobody opens": """
import os
def attack():
    os.mkfifo("/tmp/pipe")
    open("/tmp/pipe").read()
""",
    "a deep recursion": """
import sys
sys.setrecursionlimit(10**8)
def attack():
    def deeper(n):
        return deeper(n + 1) + 1
    return deeper(0) > 0
""",
    "an exception in a finaliser at the end": """
import atexit, time
atexit.register(time.sleep, 100)
class Last:
    def __del__(self):
        while True:
            pass
keep = Last()
def attack():
    return False
""",
    "a signal from a pipe to its owner": """
import fcntl, os, signal
def attack():
    reading, writing = os.pipe()
    fcntl.fcntl(reading, fcntl.F_SETOWN, $VICTIM)
    fcntl.fcntl(reading, 10, signal.SIGTERM)
    fcntl.fcntl(reading, fcntl.F_SETFL, fcntl.fcntl(reading, fcntl.F_GETFL) | os.O_ASYNC)
    os.write(writing, b"x")
    return True
""",
    "name resolution": """
import socket
def attack():
    return bool(socket.getaddrinfo("localhost", 80) and socket.gethostname() not in ("box", "localhost"))
""",
    "packages of the grader": """
import sys
def attack():
    sys.path += ["$PACKAGES"]
    import yetbetter
    return True
""",
}
ATTACKS = REFERENCE | OWN
# Attacks that get through without a box, for users of all kinds: a check of the attacks and of the look from outside.
CONTROLS = (
    *("tcp to the machine", "abstract socket", "udp", "read a private key", "read the list of users"),
    *("delete outside", "list the home folder", "list the processes", "kill another process"),
)
# Attacks that must end at a limit of time.
TIMED = {"endless loop", "endless loop that ignores signals", "sleep"}
