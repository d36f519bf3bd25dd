#!/bin/bash
# Real programs in a whole Debian root: compilers, configure and make, python, perl, git, find, tar, an interactive shell.
# With UCTR_DOCKER_FILTER=1 everything runs under a filter that imitates Docker's default profile.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

runner=("$UCTR")
if [ -n "${UCTR_DOCKER_FILTER:-}" ]; then
	filter=$BUILD/tests/e2e/dockerfilter
	runner=("$filter" "$UCTR")
	has "$("$filter" setarch -R true 2>&1)" "Operation not permitted" "the filter bites: personality"
	has "$("$filter" unshare -U true 2>&1)" "Operation not permitted" "the filter bites: unshare"
	has "$("$filter" python3 -c 'import ctypes
print(ctypes.CDLL(None, use_errno=True).syscall(438, -1, 0, 0), ctypes.get_errno())')" "-1 1" "the filter bites: pidfd_getfd"
fi

root=$T/root
runs "a Debian root is made" "$top/tools/mkroot" "$root"
mkdir "$root/project"
volumes=()
debian() { "${runner[@]}" -u host "${volumes[@]}" --root "$root:rw" --clear-env -e PATH=/usr/sbin:/usr/bin:/sbin:/bin -e HOME=/root -e LANG=C.UTF-8 -w /project -- "$@"; }
shell() { debian /bin/sh -ec "$1"; }

is "$(debian cat /etc/debian_version)" "$(cat "$root/etc/debian_version")" "it is the root's own version"
is "$(debian sh -c 'readlink -f /bin/sh')" /usr/bin/dash "a root whose /bin is a symlink"

# --- compilers
cat >"$root/project/hello.c" <<-EOF
	#include <stdio.h>
	int main(void) { puts("hello from C"); return 3; }
EOF
cat >"$root/project/threads.c" <<-EOF
	#include <pthread.h>
	#include <stdio.h>
	#include <sys/stat.h>
	static void *work(void *arg) { struct stat st; long n = 0; for (int i = 0; i < 2000; i++) n += !stat("/etc/passwd", &st);
		*(long *)arg = n; return 0; }
	int main(void) { pthread_t t[8]; long n[8], sum = 0; for (int i = 0; i < 8; i++) pthread_create(t + i, 0, work, n + i);
		for (int i = 0; i < 8; i++) { pthread_join(t[i], 0); sum += n[i]; } printf("%ld\n", sum); return 0; }
EOF
cat >"$root/project/cxx.cc" <<-EOF
	#include <iostream>
	#include <map>
	#include <stdexcept>
	#include <string>
	#include <thread>
	int main() { std::map<std::string, int> m{{"a", 1}, {"b", 2}}; int n = 0; std::thread t([&] { for (auto &p : m) n += p.second; });
		t.join(); try { throw std::runtime_error("caught"); } catch (std::exception &e) { std::cout << e.what() << n << "\n"; } }
EOF
runs "gcc compiles C" debian gcc -O2 -Wall -o hello hello.c
is "$(debian ./hello) $(debian ./hello >/dev/null; echo $?)" "hello from C 3" "and it runs, with its own exit status"
runs "gcc links a static program" debian gcc -static -o hello-static hello.c
is "$(debian ./hello-static)" "hello from C" "and it runs"
runs "gcc compiles threads" debian gcc -O2 -pthread -o threads threads.c
is "$(debian ./threads)" 16000 "8 threads make 16000 calls"
runs "g++ compiles C++" debian g++ -O2 -pthread -o cxx cxx.cc
is "$(debian ./cxx)" caught3 "and it runs"
is "$(debian sh -c 'cat hello.c | gcc -x c -pipe -o piped - && ./piped')" "hello from C" "gcc -pipe"
has "$(debian sh -c 'gcc -v -o hello hello.c 2>&1')" "/usr/lib/gcc/x86_64-linux-gnu/12/cc1" "the compiler is the root's"

# --- GNU hello
runs "configure of GNU hello" shell 'cp -a /usr/src/hello build-hello; cd build-hello; ./configure --disable-dependency-tracking'
runs "make of GNU hello" shell 'cd build-hello; make -j2'
is "$(debian build-hello/hello)" "Hello, world!" "GNU hello greets"
runs "make install" shell 'cd build-hello; make install DESTDIR=/project/dest'
is "$(debian dest/usr/local/bin/hello -g installed)" installed "the installed program"

# --- languages
is "$(debian python3 -c 'import json, subprocess, threading, sqlite3; print(json.dumps([1, subprocess.check_output(["echo", "x"]).decode()]))')" \
	'[1, "x\n"]' "python3 with subprocess"
# POSIX semaphores are files in /dev/shm, which is read-only unless it is named.
volumes=(-v /dev/shm)
is "$(debian python3 -c 'from multiprocessing import Pool
if __name__ == "__main__":
    with Pool(4) as p: print(sum(p.map(abs, range(-100, 100))))')" 10000 "python3 with multiprocessing"
volumes=()
is "$(debian python3 -c 'import os; print(sum(1 for _ in os.walk("/usr/lib/python3.11")) > 20, os.path.realpath("/bin/python3"))')" \
	"True /usr/bin/python3.11" "python3 walks directories"
is "$(debian perl -MFile::Find -MFile::Temp -e 'my $n; find(sub { $n++ }, "/etc"); my $t = File::Temp->new; print $n > 50 ? "many" : "few", -e $t->filename ? " temp" : ""; print `echo " child"`')" \
	"many temp child" "perl with File::Find, File::Temp and a child"

# --- git
runs "git init, commit, clone" shell 'git config --global user.email a@b.c; git config --global user.name Test
	git init -q repo; cd repo; for i in $(seq 50); do echo $i >f$i; done; git add .; git commit -q -m one
	echo more >f1; git commit -q -a -m two; cd ..; git clone -q repo clone; cd clone; git checkout -q -b branch; git rm -q f2
	git commit -q -m three; git push -q origin branch; cd ../repo; git merge -q branch; git fsck; test ! -e f2; git gc -q'
is "$(debian git -C repo log --format=%s)" "three
two
one" "git log"
is "$(debian git -C clone status --porcelain)" "" "git status is clean"

# --- the whole tree
count=$(cd "$root" && find . -xdev ! -path './dev*' ! -path './proc*' ! -path './sys*' | wc -l)
inside=$(debian find / -xdev ! -path '/dev*' ! -path '/proc*' ! -path '/sys*' ! -path /etc/resolv.conf ! -path /etc/hosts ! -path /etc/hostname 2>"$T/err" | wc -l)
extra=$(find "$root/etc" -maxdepth 1 \( -name resolv.conf -o -name hosts -o -name hostname \) | wc -l)
is "$inside" $((count - extra)) "find / -xdev sees the files that are there"
is "$(cat "$T/err")" "" "without an error"
is "$(debian sh -c 'tar c /usr 2>/dev/null | wc -c')" "$(tar -C "$root" -c usr | wc -c)" "tar c /usr has the size that it has outside"
is "$(debian sh -c 'tar c /usr/include 2>/dev/null | tar t | sort | md5sum')" \
	"$(tar -C "$root" -c usr/include | tar t | sort | md5sum)" "tar c lists the same names"
runs "cp -a, diff -r, rm -r" shell 'cp -a /usr/include copy; diff -r /usr/include copy; rm -r copy; test ! -e copy'
is "$(debian du -s --apparent-size /usr/share/perl | cut -f1)" "$(du -s --apparent-size "$root/usr/share/perl" | cut -f1)" "du agrees"

# --- administration
has "$(debian ps -e)" " ps" "ps shows its own"
is "$(debian id -u)" "$(id -u)" "-u host: the caller's own user id"
has "$(debian dpkg -l gcc)" "ii  gcc" "dpkg reads its database"
has "$(debian apt-cache policy gcc)" "Installed" "apt-cache too"
runs "ldconfig -p" debian /sbin/ldconfig -p
runs "busybox from the root" debian busybox ls /
runs "mktemp, mkfifo, ln, truncate, touch, chmod" shell 'd=$(mktemp -d); cd $d; mkfifo f; (echo x >f &); test "$(cat f)" = x
	touch a; ln a b; ln -s a c; truncate -s 10 a; test $(stat -c %s b) = 10; chmod 600 c; test $(stat -c %a a) = 600; rm -r $d'

# --- interactive
printf "%s\n" "PS1='ready$ '" "unset HISTFILE" "bind 'set enable-bracketed-paste off'" >"$root/project/bashrc"
has "$(env UCTR="${runner[*]}" ROOT="$root" python3 "$here/guest_shell.py" 2>&1)" "interactive ok" "an interactive bash through a pseudo-terminal"
runs "nothing runs on" sh -c '! pgrep -u "$(id -u)" -f "$1/roo[t]"' sh "$T"
done_testing
