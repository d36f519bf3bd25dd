#!/usr/bin/env python3
"""Every kind of executable, started in every way: a program (exec_probe.c) prints all that it can see of how it was executed,
natively, then inside, and the two must be equal to the byte. In the host view, and in two root directories made here: the ELF
interpreter of one differs from the host's, that of the other is a copy. With -u host."""

import difflib
import os
import re
import resource
import shutil
import subprocess
import sys

from lib import HERE, UCTR, Tap

tap = Tap()
WORK = os.path.join(tap.scratch, "work")
ROOT = os.path.join(tap.scratch, "root")
TWIN = os.path.join(tap.scratch, "twin")
STARTER = os.path.join(WORK, "starter")
INTERPRETER = "/lib64/ld-linux-x86-64.so.2"
OTHER = "/lib64/ld-other-x86-64.so.2"  # only the root has it

KINDS = {
    "dynamic": [],
    "no-pie": ["-no-pie"],
    "static": ["-static", "-no-pie"],
    "static-pie": ["-static-pie"],
    "execstack": ["-z", "execstack"],
}


def sh(*argv):
    subprocess.run(argv, check=True)


def build():
    os.mkdir(WORK)
    for kind, flags in KINDS.items():
        sh("gcc", "-O1", "-w", "-D_GNU_SOURCE", "-o", os.path.join(WORK, kind), os.path.join(HERE, "exec_probe.c"), *flags)
    if shutil.which("musl-gcc"):
        KINDS["musl"] = KINDS["musl-static"] = []
        for kind, flags in (("musl", []), ("musl-static", ["-static"])):
            sh("musl-gcc", "-O1", "-w", "-D_GNU_SOURCE", "-o", os.path.join(WORK, kind), os.path.join(HERE, "exec_probe.c"),
               *flags)
    elif os.environ.get("UCTR_MUST_WORK"):
        tap.ok(False, "musl-gcc is here")
    else:
        print("# no musl-gcc: musl programs are not tested")
    os.mkdir(os.path.join(WORK, "other"))
    sh("gcc", "-O1", "-w", "-D_GNU_SOURCE", f"-Wl,--dynamic-linker={OTHER}", "-o", os.path.join(WORK, "other", "dynamic"),
       os.path.join(HERE, "exec_probe.c"))
    sh("gcc", "-O1", "-w", "-D_GNU_SOURCE", "-static", "-o", STARTER, os.path.join(HERE, "exec_starter.c"))


def loaded_files(program):
    """The files that a dynamic program is made of, besides itself: what ldd shows."""
    lines = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout.split()
    return [word for word in lines if word.startswith("/")]


def copy_into(root, path):
    """The file with all symbolic links on the way, as they are on the host."""
    parts, at = path.strip("/").split("/"), ""
    for i, part in enumerate(parts):
        at += "/" + part
        there = root + at
        if os.path.islink(at):
            target = os.readlink(at)
            if not os.path.islink(there):
                os.symlink(target, there)
            return copy_into(root, "/".join([os.path.normpath(os.path.join(os.path.dirname(at), target))] + parts[i + 1:]))
        if i < len(parts) - 1:
            os.makedirs(there, exist_ok=True)
        elif not os.path.exists(there):
            shutil.copy2(at, there)
    return None


def make_root(root):
    os.mkdir(root)
    for path in loaded_files(os.path.join(WORK, "dynamic")) + ["/lib/ld-musl-x86_64.so.1", "/bin/sh", "/bin/true",
                                                                "/etc/ld.so.cache", "/etc/passwd"]:
        if os.path.exists(path):
            copy_into(root, path)
    for path in loaded_files("/bin/sh"):
        copy_into(root, path)


def make_roots():
    make_root(TWIN)
    make_root(ROOT)
    interpreter = ROOT + os.path.realpath(INTERPRETER)
    with open(interpreter, "ab") as f:
        f.write(b"\n")
    shutil.copy(interpreter, ROOT + os.path.realpath(os.path.dirname(INTERPRETER)) + "/" + os.path.basename(OTHER))


def files():
    """What is not an ELF program."""
    def write(name, text, mode=0o755):
        path = os.path.join(WORK, name)
        with open(path, "wb") as f:
            f.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)

    write("script", f"#!{WORK}/static\n")
    write("script-dynamic", f"#!{WORK}/dynamic\n")
    write("script-argument", f"#! {WORK}/static  one argument, with blanks \t\nrest\n")
    write("script-no-newline", f"#!{WORK}/static")
    write("script-crlf", f"#!{WORK}/static\r\n")
    write("script-relative", "#!static -x\n")
    write("script-nothing", "#!\n")
    write("script-blanks", "#!   \n")
    write("script-no-interpreter", "#!/nowhere/to/be/found\n")
    write("script-directory", f"#!{WORK}\n")
    write("script-not-executable", f"#!{WORK}/plain\n")
    write("script-long", "#!" + WORK + "/" + "./" * 200 + "static\n")
    write("script-252", "#!" + WORK + "/" * (256 - 2 - len(WORK) - len("static") - 1) + "static\n")
    write("script-long-argument", f"#!{WORK}/static " + "x" * 400 + "\n")
    for depth in range(1, 8):
        inner = f"{WORK}/chain{depth - 1}" if depth > 1 else f"{WORK}/static"
        write(f"chain{depth}", f"#!{inner} of{depth}\n")
    shutil.copy("/bin/true", os.path.join(WORK, "true"))
    write("true-script", f"#!{WORK}/true argument\n")
    write("loop", f"#!{WORK}/loop\n")
    write("empty", "")
    write("text", "echo hello\n")
    write("plain", "#!/bin/sh\n", 0o644)
    write("bad-elf", b"\x7fELF" + b"\0" * 200)
    write("short-elf", b"\x7fELF\2\1\1")
    with open(os.path.join(WORK, "dynamic"), "rb") as f:
        elf = f.read()
    write("no-interpreter", elf.replace(INTERPRETER.encode() + b"\0", b"/lib64/ld-nowhere-64.so.2\0\0\0"))
    write("interpreter-directory", elf.replace(INTERPRETER.encode() + b"\0", b"/lib64\0".ljust(28, b"\0")))
    write("interpreter-text", elf.replace(INTERPRETER.encode() + b"\0", b"/etc/passwd\0".ljust(28, b"\0")))
    os.symlink("dynamic", os.path.join(WORK, "link"))
    os.symlink("link-loop", os.path.join(WORK, "link-loop"))
    os.mkdir(os.path.join(WORK, "directory"))
    write("name-" + "n" * 200, elf)


def run(prefix, how, name, extra=()):
    path = name if name.startswith("/") else os.path.join(WORK, name)
    argv = [STARTER, how, path, *extra]
    try:
        done = subprocess.run(prefix + argv, capture_output=True, timeout=20, cwd=WORK, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return "no end within 20 s"
    return f"{done.stdout.decode(errors='replace')}status {done.returncode}\n{done.stderr.decode(errors='replace')}"


def compare(how, name, extra=(), views=()):
    native = run([], how, name, extra)
    for view in views or VIEWS:
        prefix = VIEWS[view]
        inside = run(prefix, how, name, extra).replace(ROOT + "/", "/").replace(TWIN + "/", "/")
        if inside != native:
            inside = "\n".join(difflib.unified_diff(native.splitlines(), inside.splitlines(), "native", view, "", "", 1, ""))
        tap.ok(inside == native, f"{view}: {how} {name}", inside)


def compare_other(how):
    """A program whose interpreter only the root has. Known to be different: /proc/self/maps names the copy that is executed."""
    native = run([], how, "dynamic", ("argument",))
    inside = run(VIEWS["root"], how, "other/dynamic", ("argument",)).replace(ROOT + "/", "/")
    inside = re.sub(r"/memfd:uctr(\S+) \(deleted\)", r"\1", inside).replace(WORK + "/other/", WORK + "/")
    inside = inside.replace("/usr" + OTHER, os.path.realpath(INTERPRETER))
    inside = inside.replace(OTHER, INTERPRETER)
    detail = "\n".join(difflib.unified_diff(native.splitlines(), inside.splitlines(), "native", "root", "", "", 1, ""))
    tap.ok(inside == native, f"root: {how} of a program whose interpreter the host lacks", detail)


WAYS = ("execve", "at", "relative", "fd", "path-fd-cloexec", "dev-fd", "memfd", "deleted", "thread", "with-threads", "fork",
        "vfork", "spawn", "clone-vm", "clone-vm-vfork", "signals", "no-argv", "bad-argv", "bad-string", "bad-path", "busy")

resource.setrlimit(resource.RLIMIT_STACK, (8 << 20, resource.getrlimit(resource.RLIMIT_STACK)[1]))
build()
make_roots()
files()
VIEWS = {
    "host view": [UCTR, "-u", "host", "-v", f"{WORK}:{WORK}:rw", "--"],
    "root": [UCTR, "-u", "host", "--root", f"{ROOT}:rw", "-v", f"{WORK}:{WORK}:rw", "-w", WORK, "--"],
    "twin root": [UCTR, "-u", "host", "--root", f"{TWIN}:rw", "-v", f"{WORK}:{WORK}:rw", "-w", WORK, "--"],
}
for kind in KINDS:
    for way in WAYS:
        compare(way, kind, ("an argument", "", "another"))
for way in ("execve", "at", "relative", "fd", "path-fd-cloexec", "thread", "vfork", "spawn"):
    for script in sorted(f for f in os.listdir(WORK) if f.startswith(("script", "chain", "loop"))):
        compare(way, script, ("one", "two"))
for name in ("empty", "text", "plain", "bad-elf", "short-elf", "no-interpreter", "interpreter-directory", "interpreter-text",
             "link", "link-loop", "directory", "missing", "dynamic/below", "name-" + "n" * 200, "n" * 300, "n/" * 2100,
             "/", "/proc/self/exe"):
    for way in ("execve", "at-nofollow", "thread", "spawn"):
        compare(way, name)
for way in ("execve", "relative", "thread", "vfork", "spawn", "dev-fd"):
    compare_other(way)
for way in ("longest-string", "too-long-string"):
    compare(way, "dynamic")
compare("border", "true")
compare("border", "true-script", views=("host view",))  # in a root 8 bytes less for each argument of the script's own
tap.done()
