#!/usr/bin/env python3
"""Programs that people use: each does some real work, natively, then in the host view, then in a Debian root directory (with the
machine's own /usr, a /lib64 whose ELF interpreter is not the host's, and copies of /etc), and must print the same. With -u host.
With arguments: those programs alone."""

import difflib
import os
import pwd
import re
import shutil
import subprocess
import sys

from lib import UCTR, Tap
from programs_list import PROGRAMS

tap = Tap()
HOME = os.path.join(tap.scratch, "home")
ROOT = os.path.join(tap.scratch, "root")
TEMPORARY = os.path.join(tap.scratch, "tmp")
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"
LIMIT = 240
ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin", "HOME": HOME, "LC_ALL": "C.UTF-8", "TERM": "xterm",
       "USER": "somebody", "SHELL": "/bin/sh", "TMPDIR": HOME}


def make_root():
    for name in ("lib64", "etc", "var", "home", "tmp", "run"):
        os.makedirs(os.path.join(ROOT, name))
    for name in ("bin", "sbin", "lib"):
        os.symlink("usr/" + name, os.path.join(ROOT, name))
    subprocess.run(["cp", "-a", "--no-preserve=ownership", "/etc/.", os.path.join(ROOT, "etc")], check=False,
                   stderr=subprocess.DEVNULL)
    os.makedirs(ROOT + pwd.getpwuid(os.getuid()).pw_dir, exist_ok=True)
    shutil.copy(INTERPRETER, ROOT + INTERPRETER)
    with open(ROOT + INTERPRETER, "ab") as f:
        f.write(b"\n")


def clean(text):
    text = re.sub(r"0x[0-9a-f]{6,}", "ADDRESS", text)
    return re.sub(r"==\d+==", "==N==", text)


def run(prefix, script):
    """In a new empty home directory."""
    subprocess.run(["rm", "-rf", HOME], check=True)
    os.mkdir(HOME)
    process = subprocess.Popen(prefix + ["/bin/bash", "-euc", script], cwd=HOME, env=ENV, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                               start_new_session=True)
    try:
        text, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        text, _ = process.communicate()
        text += f"no end within {LIMIT} s\n"
    return clean(text) + f"status {process.returncode}\n"


def views():
    home = f"{HOME}:{HOME}:rw"
    common = ["-u", "host", "-v", f"{TEMPORARY}:/tmp:rw", "-v", home, "-v", "/dev/shm", "-w", HOME, "-e", f"HOME={HOME}", "--"]
    yield "host view", [UCTR] + common
    yield "root", [UCTR, "--root", ROOT + ":rw", "-v", "/usr:/usr:ro", "-v", "/var/lib:/var/lib:ro"] + common


def test(name, command, script):
    if not shutil.which(command, path=ENV["PATH"]) and not os.path.exists(command):
        tap.ok(not os.environ.get("UCTR_MUST_WORK"), f"{name} # SKIP {command} is not installed")
        return
    native = run([], script)
    if not tap.ok(native.endswith("status 0\n"), f"{name}: natively", native):
        return
    for view, prefix in views():
        inside = run(prefix, script)
        detail = "\n".join(difflib.unified_diff(native.splitlines(), inside.splitlines(), "native", view, "", "", 1, ""))
        tap.ok(inside == native, f"{name}: {view}", detail)


make_root()
os.mkdir(TEMPORARY)
for program, (needs, text) in PROGRAMS.items():
    if not sys.argv[1:] or program in sys.argv[1:]:
        test(program, needs, text)
tap.done()
