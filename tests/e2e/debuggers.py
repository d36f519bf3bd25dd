#!/usr/bin/env python3
"""Debuggers inside: a program (debuggee.c) makes all kinds of calls that uctr redirects, held by strace, ltrace, gdb and
valgrind; what it prints, and what they print, must be the same as natively. In the host view, with the directory elsewhere than
on the host, and in a root whose ELF interpreter is not the host's. With -u host."""

import difflib
import os
import re
import shutil
import subprocess
import time

from lib import TOP, UCTR, Tap, children

tap = Tap()
WORK = os.path.join(tap.scratch, "work")
ROOT = os.path.join(tap.scratch, "root")
MOVED = "/uctr-debug"
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"
VIEWS = {
    "host view": (WORK, [UCTR, "-u", "host", "-v", f"{WORK}:{WORK}:rw", "-w", WORK, "--"]),
    "moved": (MOVED, [UCTR, "-u", "host", "-v", f"{WORK}:{MOVED}:rw", "-w", MOVED, "--"]),
    "root": (MOVED, [UCTR, "-u", "host", "--root", ROOT, "-v", "/usr:/usr:ro", "-v", f"{TOP}/tests:{TOP}/tests:ro", "-v",
                     f"{WORK}:{MOVED}:rw", "-w", MOVED, "--"]),
}


def build():
    os.makedirs(os.path.join(WORK, "sub"))
    shutil.copy(os.path.join(os.environ.get("BUILD", os.path.join(TOP, "build")), "tests/e2e/debuggee"), WORK)
    os.mkfifo(os.path.join(WORK, "fifo"))
    for name, text in (("script", "#!./debuggee\n"), ("script-argument", "#! debuggee -x one\n"), ("text", "no program\n")):
        with open(os.path.join(WORK, name), "w", encoding="utf-8") as f:
            f.write(text)
        os.chmod(os.path.join(WORK, name), 0o755)
    os.makedirs(os.path.join(ROOT, "lib64"))
    os.makedirs(os.path.join(ROOT, "etc"))
    for name in ("bin", "sbin", "lib"):
        os.symlink("usr/" + name, os.path.join(ROOT, name))
    for name in ("ld.so.cache", "ltrace.conf"):
        if os.path.exists("/etc/" + name):
            shutil.copy("/etc/" + name, os.path.join(ROOT, "etc"))
    shutil.copy(INTERPRETER, ROOT + INTERPRETER)
    with open(ROOT + INTERPRETER, "ab") as f:
        f.write(b"\n")


def run(prefix, argv, limit=60):
    try:
        done = subprocess.run(prefix + argv, cwd=WORK, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=limit)
    except subprocess.TimeoutExpired as e:
        return f"no end within {limit} s\n{(e.stdout or b'').decode(errors='replace')}"
    return f"{done.stdout}status {done.returncode}\n"


def joined(log):
    """The lines of a log of strace -f or ltrace -f without the pids, halves of calls joined, in an order of their own."""
    started, lines = {}, []
    for line in log.splitlines():
        pid, _, text = line.partition(" ")
        text = text.strip()
        if "+++ superseded" in text:
            continue  # its place varies
        if text.endswith("<unfinished ...>"):
            started[pid] = text[:-len("<unfinished ...>")].rstrip()
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
        if resumed:
            text = started.pop(pid, "") + resumed.group(1)
        text = re.sub(r"0x[0-9a-f]+", "ADDRESS", re.sub(r"(pid|changed to) \d+", r"\1 N", text))
        lines.append(re.sub(r"\s+= ", " = ", text))
    return "".join(sorted(line + "\n" for line in lines))


def clean(text):
    text = re.sub(r"\[Detaching after \w+ from child process \d+\]\n", "", text)  # their place varies
    text = re.sub(r"\b(process|Thread|LWP|pid|PID|==)( ?)\d+", r"\1\2N", text)
    text = re.sub(r"/proc/\d+/|xstate/\d+", "/proc/N/", text)
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


def log_of(name):
    try:
        with open(os.path.join(WORK, name), encoding="utf-8", errors="replace") as f:
            return joined(f.read())
    except FileNotFoundError:
        return ""


def output(prefix, argv, log):
    for name in ("log", "sub/socket", "core"):
        try:
            os.unlink(os.path.join(WORK, name))
        except FileNotFoundError:
            pass
    text = clean(run(prefix, argv))
    return text + (log_of("log") if log else "")


def compare(name, view, argv, log=False, native=None, same=lambda text: text):
    """argv is a function of the directory."""
    directory, prefix = VIEWS[view]
    natively = same(native or output([], argv(WORK), log))
    inside = same(output(prefix, argv(directory), log).replace(directory, WORK))
    detail = "\n".join(difflib.unified_diff(natively.splitlines(), inside.splitlines(), "native", view, "", "", 1, ""))
    tap.ok(inside == natively and re.search("status [07]", inside), f"{view}: {name}", detail or inside)


def without_thread_names(text):
    """Known to be different where the thread is held and the kernel is given another file."""
    text = re.sub(r' "(debuggee|\d+)" ', ' "NAME" ', text)
    text = re.sub(r"Target Id +Frame", "Target Id Frame", text)
    text = re.sub(r"\nwarning: Can't open file .* during file-backed mapping note processing\n", "", text)  # known: the host's names
    return re.sub(r"(thread name: |name: %s).*", "", text)


def tool(name):
    """Only where it is installed: unpacked under build/deps, most of them do not find their own files."""
    if shutil.which(name, path="/usr/local/bin:/usr/bin:/bin"):
        return True
    tap.ok(not os.environ.get("UCTR_MUST_WORK"), f"{name} is here # SKIP {name} is not installed")
    return False


GDB = ["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", "set width 0"]


def gdb(*commands):
    return GDB + [word for command in commands for word in ("-ex", command)]


def own_lines(text):
    """What the program itself has printed."""
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith(("strace: ", "[", "Using host", "0x", "#")))


def attach_inside(view, natively):
    """By a sibling, while it naps between its calls."""
    directory, prefix = VIEWS[view]
    script = (f"./debuggee {directory} nap & p=$!; sleep 0.3; strace -f -q -o log -e trace=execve,chdir -p $p & sleep 0.3; "
              "wait $p; s=$?; wait; exit $s")
    text = own_lines(output(prefix, ["sh", "-c", script], False).replace(directory, WORK))
    log = log_of("log")
    tap.ok(without_thread_names(text) == without_thread_names(natively) and "execve(" in log and " = 0" in log,
           f"{view}: strace -p, inside", text + log[:1000])


def attach_outside(view, natively):
    directory, prefix = VIEWS[view]
    output([], ["true"], False)
    program = subprocess.Popen(prefix + ["./debuggee", directory, "nap"], cwd=WORK, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    time.sleep(0.3)
    pid = program.pid
    while name_of(pid) != "debuggee" and children(pid):
        pid = children(pid)[0]
    run([], ["strace", "-f", "-q", "-o", "log", "-e", "trace=execve,chdir", "-p", str(pid)])
    text = own_lines(clean(program.communicate(timeout=60)[0]) + f"status {program.returncode}\n").replace(directory, WORK)
    log = log_of("log")
    tap.ok(without_thread_names(text) == without_thread_names(natively) and "execve(" in log and " = 0" in log,
           f"{view}: strace -p, from outside", text + log[:1000])


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as f:
            return f.read().strip()
    except OSError:
        return ""


def core_pattern():
    with open("/proc/sys/kernel/core_pattern", encoding="utf-8") as f:
        return f.read().strip()


PERF = "perf record -q -o perf.data ./debuggee child x; test -s perf.data; s=$?; rm -f perf.data; exit $s"


def perf_works():
    """Few machines let an ordinary user count, and fewer virtual ones."""
    return shutil.which("perf", path="/usr/bin") and "status 0" in output([], ["sh", "-c", PERF], False)


build()
nap_natively = own_lines(output([], ["./debuggee", WORK, "nap"], False))
for where in VIEWS:
    forgive = without_thread_names if where != "host view" else lambda text: text
    compare("no debugger", where, lambda d: ["./debuggee", d])
    if tool("strace"):
        compare("strace -f", where, lambda d: ["strace", "-f", "-s", "200", "-o", "log", "-e", "trace=execve,chdir,bind,connect", "-e",
                                               "signal=none", "./debuggee", d], log=True, same=forgive)
        compare("strace -f of everything", where, lambda d: ["strace", "-f", "-o", "/dev/null", "./debuggee", d], same=forgive)
    if tool("ltrace"):
        # Natively it loses tracees when they fork.
        compare("ltrace", where, lambda d: ["ltrace", "-o", "log", "-e", "getauxval+printf", "./debuggee", "child", "one"], log=True,
                same=forgive)
    if tool("gdb"):
        # A thread that gdb lets go on without a stop at the end of each call may see the other bytes: it takes a nap then.
        nap = ["nap"] if where != "host view" else []
        compare("gdb, run", where, lambda d: gdb("run") + ["--args", "./debuggee", d] + nap, same=forgive)
        compare("gdb, breakpoints and a backtrace", where, lambda d: gdb(
            "break where", "run", "bt", "info args", "continue", "finish", "info threads", "kill") + ["--args", "./debuggee", d] +
            nap, same=forgive)
        compare("gdb, follow-fork-mode child, catch exec", where, lambda d: gdb(
            "set detach-on-fork off", "set follow-fork-mode child", "catch exec", "run", "info proc cmdline", "continue", "inferior 1",
            "continue") + ["--args", "./debuggee", "one"], same=forgive)
        compare("gdb, without a shell", where, lambda d: gdb("set startup-with-shell off", "start", "info proc cmdline",
                                                             "continue") + ["--args", "./debuggee", d] + nap, same=forgive)
        compare("gdb, a core file of its own", where, lambda d: ["sh", "-c", '"$@" && gdb -nx -q -batch -ex bt debuggee core', "sh"] + gdb(
            "break directories", "run", "generate-core-file core", "kill") + ["./debuggee", "--args", "./debuggee", d][1:], same=forgive)
        if core_pattern() == "core":
            compare("gdb, a core file of the kernel's", where, lambda d: [
                "sh", "-c", "ulimit -c unlimited; ./debuggee abort; gdb -nx -q -batch -ex bt debuggee core*; rm -f core*"],
                same=forgive)
    if tool("strace") and not os.path.exists("/proc/sys/kernel/yama/ptrace_scope"):  # Yama: descendants alone
        attach_inside(where, nap_natively)
        attach_outside(where, nap_natively)
    if perf_works():
        compare("perf record", where, lambda d: ["sh", "-c", PERF])
    if tool("valgrind"):
        compare("valgrind", where, lambda d: ["env", "TMPDIR=" + d, "valgrind", "-q", "--trace-children=yes", "./debuggee", d,
                                             "short"])
tap.done()
