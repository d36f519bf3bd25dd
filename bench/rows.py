"""The rows of the table: what is run, and which bound holds for it."""
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Callable, Optional

US_ANSWERED = 3.5  # may be added to a call that the supervisor answers
US_OPEN = 4.5      # may be added to an open, when both sides share a CPU


@dataclass
class Row:
    name: str
    program: str = "calls"            # build/bench/..., or "work" for a shell command, or "start"
    row: str = ""                     # the program's own row
    one_cpu: bool = False             # everything on one CPU, supervisor and all
    added_us: Optional[float] = None  # bound: at most so much more than native
    ratio: Optional[float] = None     # bound: at most so many times native
    answered: int = 0                 # how many calls of each kind the added_us is for
    opens: int = 0
    redirects: int = 0                # how many calls the program makes itself with other arguments; no bound
    untouched: bool = False           # neither uctr nor PRoot git intercepts anything here
    command: str = ""                 # "work": a shell command, run in the work directory
    prepare: Optional[Callable] = None
    needs: list = field(default_factory=list)


def call_rows():
    rows = []

    def both(name, answered=0, opens=0):
        """Twice: as the scheduler likes it, and on one CPU. Opens have their bound on one CPU alone."""
        us = answered * US_ANSWERED + opens * US_OPEN
        rows.append(Row(name, "calls", name, added_us=us if not opens else None, answered=answered, opens=opens))
        rows.append(Row(name + ".1cpu", "calls", name, one_cpu=True, added_us=us, answered=answered, opens=opens))

    rows.append(Row("getuid", "calls", "getuid", untouched=True))
    both("fstat", 1)  # glibc makes it a newfstatat, which has a path
    for name in ("stat", "statx", "access", "readlink"):
        both(name, 1)
    rows.append(Row("getcwd", "calls", "getcwd", added_us=US_ANSWERED))  # answered only where the view differs
    both("mkdir_rmdir", 2)
    both("rename", 2)
    both("open", 0, 1)
    both("creat_unlink", 1, 1)
    both("readdir100", 1, 1)  # open and fstat; getdents is the kernel's own on a directory that shows nothing else
    for name, one_cpu in (("chdir", False), ("chdir.1cpu", True)):
        rows.append(Row(name, "calls", "chdir", one_cpu=one_cpu, redirects=1))
    rows.append(Row("bind_listen_close", "calls", "bind_listen_close"))
    rows.append(Row("unix_connect", "calls", "unix_connect"))
    for name in ("pread64k", "pwrite64k", "mmap_touch"):
        rows.append(Row(name, "calls", name, ratio=1.05, untouched=True))
    for name in ("pipe_pingpong", "futex_pingpong"):
        rows.append(Row(name, "procs", name, one_cpu=True, ratio=1.05, untouched=True))
    rows.append(Row("pthread", "procs", "pthread", ratio=1.05))
    rows.append(Row("kill_self", "procs", "kill_self"))
    rows.append(Row("fork_wait", "procs", "fork_wait"))
    for name in ("fork_exec_dynamic", "fork_exec_static", "posix_spawn", "vfork_exec"):
        rows.append(Row(name, "procs", name, ratio=1.35))
        rows.append(Row(name + ".1cpu", "procs", name, one_cpu=True, ratio=1.35))
    rows.append(Row("start /bin/true", "start", added_us=1500))
    return rows


def work_rows(root, hello):
    """Real work: on a tree of 20 000 files, and on /usr where there is a root directory."""
    big = "/usr" if root else "tree"

    def fresh(work):
        shutil.rmtree(os.path.join(work, "copy"), ignore_errors=True)

    def copy(work):
        fresh(work)
        subprocess.run(["cp", "-a", "some", "copy"], cwd=work, check=True)

    def unpack(work):
        fresh(work)
        os.mkdir(os.path.join(work, "copy"))
        subprocess.run(["tar", "xf", os.path.abspath(hello), "-C", os.path.join(work, "copy"), "--strip-components=1"],
                       check=True)

    def row(name, command, *needs, prepare=None):
        return Row(name, "work", command=command, needs=list(needs), prepare=prepare)

    rows = [
        row("git status, 20 000 files", "git -C tree status --porcelain", "git"),
        row("find", f"find {big} -xdev | wc -l"),
        row("du", f"du -s {big} | wc -l"),
        row("tar c", f"tar cf - {big} | wc -c"),
        row("grep -r", "grep -r nowhere-to-be-found tree; test $? = 1"),
        row("cp -a, 5 000 files", "cp -a some copy", prepare=fresh),
        row("rm -rf, 5 000 files", "rm -rf copy", prepare=copy),
        row("1000 x /bin/true", "i=0; while [ $i -lt 1000 ]; do /bin/true; i=$((i+1)); done"),
        row("python imports", "python3 -I -c 'import json, http.client, email, asyncio, unittest, decimal, xml.dom, "
            "sqlite3, ssl, logging.handlers, concurrent.futures, multiprocessing'", "python3"),
    ]
    if hello:
        rows.append(row("configure + make hello", "cd copy && ./configure -q >/dev/null 2>&1 && make >/dev/null 2>&1 "
                        "&& ./hello", "gcc", "make", prepare=unpack))
    return rows


def make_tree(work):
    """tree: a clean git repository of 20 000 files (git or no git); some: 5 000 files. The same at every run."""
    line = "".join(f"this is line {i} of a file that nobody reads\n" for i in range(40))
    for top, n in (("tree", 20000), ("some", 5000)):
        for i in range(n):
            folder = os.path.join(work, top, f"d{i // 1000}", f"e{i // 50 % 20}")
            if i % 50 == 0:
                os.makedirs(folder)
            with open(os.path.join(folder, f"f{i}.txt"), "w") as f:
                f.write(f"file {i}\n" + line[:200 + i * 37 % 1500])
    if shutil.which("git"):
        git = ["git", "-C", os.path.join(work, "tree"), "-c", "user.name=b", "-c", "user.email=b@b"]
        for args in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "x"], ["status", "-s"]):
            subprocess.run(git + args, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
