#!/usr/bin/env python3
"""Debuggers inside: a program (debuggee.c) makes all kinds of calls that uctr redirects, held by strace, ltrace, gdb and
valgrind; what it prints, and what they print, must be the same as natively. In the host view, with the directory elsewhere than
on the host, and in a root whose ELF interpreter is not the host's. With -u host."""

import difflib
import os
import re
import shutil
import subprocess

from lib import TOP, UCTR, Tap

tap = Tap()
WORK = os.path.join(tap.scratch, "work")
ROOT = os.path.join(tap.scratch, "root")
MOVED = "/uctr-debug"
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"
VIEWS = {
    "host view": (WORK, [UCTR, "-u", "host", "-v", f"{WORK}:{WORK}:rw", "-w", WORK, "--"]),
    "moved": (MOVED, [UCTR, "-u", "host", "-v", f"{WORK}:{MOVED}:rw", "-w", MOVED, "--"]),
    "root": (MOVED, [UCTR, "-u", "host", "--root", ROOT, "-v", "/usr:/usr:ro", "-v", "/etc/ld.so.cache:/etc/ld.so.cache:ro", "-v",
                     "/etc/ltrace.conf:/etc/ltrace.conf:ro", "-v", f"{TOP}/tests:{TOP}/tests:ro", "-v", f"{WORK}:{MOVED}:rw", "-w", MOVED, "--"]),
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
    return re.sub(r"0x[0-9a-f]+", "ADDRESS", text)


def log_of(name):
    try:
        with open(os.path.join(WORK, name), encoding="utf-8", errors="replace") as f:
            return joined(f.read())
    except FileNotFoundError:
        return ""


def output(prefix, argv, log):
    for name in ("log", "sub/socket"):
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
    return re.sub(r"(thread name: |name: %s).*", "", text)


def tool(name):
    if shutil.which(name):
        return True
    tap.ok(not os.environ.get("UCTR_MUST_WORK"), f"{name} is here # SKIP {name} is not installed")
    return False


GDB = ["gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", "set width 0"]


def gdb(*commands):
    return GDB + [word for command in commands for word in ("-ex", command)]


build()
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
    if tool("valgrind"):
        compare("valgrind", where, lambda d: ["env", "TMPDIR=" + d, "valgrind", "-q", "--trace-children=yes", "./debuggee", d,
                                             "short"])
tap.done()
