"""For programs.py: name -> (what must be installed, a bash script that works in its empty home directory and prints the same each
time). A script is bash -eu; what it starts it must end."""

HELLO_C = r"""cat >hello.c <<'C'
#include <stdio.h>
#include <pthread.h>
static void *say(void *text) { puts(text); return NULL; }
int main(void) { pthread_t t; pthread_create(&t, NULL, say, "hello"); pthread_join(t, NULL); return 0; }
C
"""

BAD_C = r"""cat >bad.c <<'C'
#include <stdlib.h>
int main(int argc, char **argv) { char *p = malloc(10); free(p); return p[argc]; }
C
"""

RACE_C = r"""cat >race.c <<'C'
#include <pthread.h>
static int n;
static void *add(void *arg) { for (int i = 0; i < 1000; i++) n++; return arg; }
int main(void) { pthread_t a, b; pthread_create(&a, 0, add, 0); pthread_create(&b, 0, add, 0); pthread_join(a, 0);
pthread_join(b, 0); return 0; }
C
"""

PROJECT = HELLO_C + r"""cat >CMakeLists.txt <<'X'
cmake_minimum_required(VERSION 3.10)
project(hello C)
find_package(Threads REQUIRED)
add_executable(hello hello.c)
target_link_libraries(hello Threads::Threads)
X
cat >meson.build <<'X'
project('hello', 'c')
executable('hello', 'hello.c', dependencies: dependency('threads'))
X
"""

PROGRAMS = {
    # Shells
    "bash": ("bash", r"""
a=(one two three); echo ${#a[@]} "${a[@]^}"; cat <(echo substituted) <<<"here"
coproc cat; echo through >&${COPROC[1]}; read -r line <&${COPROC[0]}; echo $line; kill $COPROC_PID; wait || true
set -m; sleep 100 & kill -STOP %1; sleep 0.1; jobs | cut -c1-12; kill -CONT %1; kill %1; wait %1 || echo $?
trap 'echo trapped' USR1; kill -USR1 $$; (exit 3) || echo $?; echo *; type -t cd; ulimit -n >/dev/null; echo $(( 2**40 ))"""),
    "dash": ("dash", r"""dash -euc 'f() { echo "$1" | tr a-z A-Z; }; f text; for i in 1 2 3; do echo $i; done | wc -l; cd /; pwd; (exit 4) || echo $?'
printf '#!/bin/dash\necho script $0 $1\n' >s; chmod +x s; ./s one"""),
    "zsh": ("zsh", r"""zsh -fc 'setopt extendedglob; a=(b a c); print ${(o)a}; print -l *(N) | wc -l; echo =(echo x) | grep -c zsh; print $(<<<word); exit 5' || echo $?"""),
    "busybox ash": ("busybox", r"""busybox ash -c 'echo a b | awk "{print \$2}"; busybox ls -ld / | cut -c1; busybox find . | sort; x=$(busybox seq 5 | busybox tail -n1); echo $x'
busybox sh -c 'exec busybox echo exec'; busybox tar c hello 2>&1 | tail -n1 || true"""),
    # Tools
    "coreutils": ("ls", r"""mkdir -p a/b; seq 100 >a/n; cp -a a c; ln -s n a/l; ln a/n a/h; stat -c '%h %s %F' a/n a/l; mv c d; ls -R
du -s --apparent-size a >/dev/null; sha256sum a/n; sort -rn a/n | head -n3; split -l 30 a/n part; wc -l part* | tail -n1; truncate -s 1M big
stat -c %s big; cut -c1 a/n | uniq -c | tail -n1; readlink -f a/l | sed "s|$PWD||"; touch -d '2001-02-03 04:05:06 UTC' t; stat -c %Y t
install -m 751 t i; stat -c %a i; chmod u=rwx,go=r i; stat -c %a i; env -i PATH=$PATH nice -n 5 nice; timeout 0.2 sleep 5 || echo $?
dd if=/dev/zero of=z bs=1k count=5 status=none; stat -c %s z; mkfifo f; (echo through >f &); cat f; rm -rf a d; tee x y <<<tee; cmp x y
shuf -i 1-5 | sort | tr '\n' ' '; date -u -d @0 +%F; id -u >/dev/null; nohup true 2>/dev/null; od -c x | head -n1; df . >/dev/null; printenv HOME | sed "s|$PWD|HOME|"
tac x; comm -12 x y; paste x y; expr 6 \* 7; factor 360; base64 x; tsort <<<'a b'; stdbuf -o0 echo b; realpath . | sed "s|$PWD||" """),
    "util-linux": ("flock", r"""flock lock echo locked; getopt -o a: -- -a 1 x; echo text | rev; hexdump -C <<<x; column -t <<<'a b'; setsid -w echo session
exec 9<lock; flock 9; flock -n lock true || echo busy; exec 9<&-; mcookie | wc -c; findmnt -n / >/dev/null && echo mounts; lscpu >/dev/null && echo cpus
script -qec 'tty | cut -c1-8; stty size' /dev/null | tr -d '\r'; nsenter --version | cut -c1-7; prlimit --nofile=100 sh -c 'ulimit -n'
taskset -c 0 echo pinned; ionice -c 3 echo idle; chrt -i 0 echo chrt; renice -n 1 -p $$ | cut -d' ' -f2-; fallocate -l 1M big; stat -c %s big; whereis -b sh | cut -c1-3"""),
    "findutils, grep, sed, awk, tar": ("tar", r"""mkdir -p t/u; for i in $(seq 50); do echo "line $i" >t/$i; done; find t -name '1*' | sort | head -n3; find t -type f -print0 | xargs -0 -P2 -n10 cat | wc -l
grep -rl 'line 4' t | wc -l; sed -i s/line/row/ t/1; cat t/1; awk '{s+=$2} END {print s}' t/[0-9]*; tar czf t.tgz t; mkdir x; tar xzf t.tgz -C x; diff -r t x/t && echo same
find t -newer t/1 | wc -l >/dev/null; find t -empty -delete; find t -exec grep -q 'line 7$' {} \; -print; gzip -c t/2 | zcat; xz -c t/2 | xz -dc; tar c t | tar t | wc -l"""),
    # Compilers and languages
    "gcc": ("gcc", HELLO_C + r"""gcc -O2 -pthread -o hello hello.c; ./hello; gcc -static -pthread -o hs hello.c; ./hs; gcc -S -o - hello.c | grep -c main: ; gcc -flto -o hl hello.c -pthread; ./hl; gcc x.c 2>&1 | grep -c 'No such file'"""),
    "clang": ("clang", HELLO_C + r"""clang -O2 -pthread -o hello hello.c; ./hello; clang -c -emit-llvm -o hello.bc hello.c; clang -pthread -o h2 hello.bc; ./h2; clang --version | wc -l"""),
    "AddressSanitizer": ("gcc", BAD_C + r"""for cc in gcc $(command -v clang || true); do $cc -g -fsanitize=address -o bad bad.c; ./bad 2>&1 | grep -oE 'heap-use-after-free|in main.*bad.c:[0-9]+' | sed 's|/.*/||' | sort | uniq -c; done
gcc -fsanitize=undefined,address -o ok -x c - <<<'int main(void) { return 0; }'; ./ok; echo $?"""),
    "ThreadSanitizer": ("gcc", RACE_C + r"""gcc -g -fsanitize=thread -o race race.c; ./race 2>&1 | grep -c 'WARNING: ThreadSanitizer: data race' || true; ./race >/dev/null 2>&1 || echo $?"""),
    "go": ("go", r"""export GOCACHE=$PWD/cache GOPATH=$PWD/go GOTOOLCHAIN=local GOFLAGS=-mod=mod; mkdir m; cd m; go mod init example.com/m 2>/dev/null
cat >main.go <<'X'
package main
import ("fmt"; "os"; "os/exec"; "sync")
func main() {
	var wg sync.WaitGroup; var mu sync.Mutex; n := 0
	for i := 0; i < 50; i++ { wg.Add(1); go func() { defer wg.Done(); out, err := exec.Command("/bin/echo", "x").Output(); if err == nil { mu.Lock(); n += len(out); mu.Unlock() } }() }
	wg.Wait(); wd, _ := os.Getwd(); exe, _ := os.Executable(); fmt.Println(n, len(wd) > 0, len(exe) > 0); os.Exit(3)
}
X
go build -o m .; ./m || echo $?; go run . || true; go vet . && echo vetted"""),
    "cargo, rustc": ("cargo", r"""export CARGO_HOME=$PWD/cargo; cargo new -q --vcs none hello; cd hello; cargo build -q --offline; ./target/debug/hello; cargo run -q --offline; cargo test -q --offline 2>&1 | grep -c '^test result' || true"""),
    "node": ("node", r"""cat >a.js <<'X'
const { execFileSync, spawn } = require('child_process'), fs = require('fs'), net = require('net'), { Worker } = require('worker_threads');
console.log(execFileSync('/bin/echo', ['child']).toString().trim(), fs.readdirSync('.').length);
new Worker('require("worker_threads").parentPort.postMessage("worker")', { eval: true }).on('message', m => { console.log(m);
const s = net.createServer(c => c.end('served')).listen('sock', () => net.connect('sock').on('data', d => { console.log(d.toString()); s.close(); })); });
X
node a.js; node -e 'fs.promises.readFile("a.js").then(b => console.log(b.length > 0))'"""),
    "java, javac": ("javac", r"""cat >A.java <<'X'
import java.nio.file.*;
public class A { public static void main(String[] a) throws Exception {
  Process p = new ProcessBuilder("/bin/echo", "child").inheritIO().start(); System.out.println(p.waitFor());
  Files.writeString(Path.of("f"), "text"); System.out.println(Files.readString(Path.of("f")) + Files.list(Path.of(".")).count());
  Thread t = new Thread(() -> System.out.println("thread")); t.start(); t.join(); System.exit(3); } }
X
javac A.java; java -cp . A || echo $?; jar cf a.jar A.class; jar tf a.jar | tail -n1"""),
    "python3": ("python3", r"""cat >a.py <<'X'
import subprocess, multiprocessing, threading, asyncio, sqlite3, tempfile, socket, os, sys
def double(x): return 2 * x
if __name__ == "__main__":
    print(subprocess.run(["sh", "-c", "echo child; exit 3"], capture_output=True))
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool: print(method, pool.map(double, range(5)))
    async def main():
        p = await asyncio.create_subprocess_exec("cat", stdin=-1, stdout=-1); print((await p.communicate(b"through"))[0])
        s = await asyncio.start_unix_server(lambda r, w: (w.write(b"hi"), w.close()), "sock"); r, w = await asyncio.open_unix_connection("sock"); print(await r.read()); s.close()
    asyncio.run(main())
    with tempfile.TemporaryDirectory() as d: open(d + "/x", "w").close(); print(os.listdir(d))
    c = sqlite3.connect("db"); c.execute("create table t(a)"); c.executemany("insert into t values(?)", [(i,) for i in range(9)]); c.commit(); print(c.execute("select sum(a) from t").fetchone())
    print(os.path.basename(sys.executable)[:6], os.get_terminal_size.__name__)
X
python3 -u a.py; python3 -m venv --without-pip v && v/bin/python -c 'import sys; print(sys.prefix != sys.base_prefix)'; python3 -m compileall -q a.py && ls __pycache__ | wc -l; python3 -m zipfile -c z.zip a.py; python3 -m zipfile -l z.zip | wc -l"""),
    "perl": ("perl", r"""perl -MFile::Find -MCwd -MPOSIX -e 'mkdir "d"; open my $f, ">", "d/x"; print $f "text"; close $f; find(sub { print "$_\n" }, "d"); print `echo child`; system("exit 3"); print $? >> 8, "\n"; my $p = fork; unless ($p) { exit 4 } waitpid $p, 0; print $? >> 8, "\n"; exec "echo", "exec"'
printf '#!/usr/bin/perl -w\nprint "$0 @ARGV\\n"' >s.pl; chmod +x s.pl; ./s.pl a b"""),
    "ruby": ("ruby", r"""ruby -rsocket -rfileutils -e 'puts `echo child`, $?.exitstatus; pid = fork { exit 4 }; Process.wait pid; puts $?.exitstatus; FileUtils.mkdir_p "a/b"; puts Dir["**/*"]; s = UNIXServer.new("s"); t = Thread.new { c = s.accept; c.puts "hi"; c.close }; puts UNIXSocket.new("s").gets; t.join; exec "echo", "exec"'"""),
    "lua": ("lua5.4", r"""lua5.4 -e 'local p = io.popen("echo child"); print(p:read("l")); p:close(); print(os.execute("exit 3")); local f = io.open("x", "w"); f:write("text"); f:close(); for l in io.lines("x") do print(l) end print(os.rename("x", "y"), os.remove("y"), #os.tmpname() > 0)'"""),
    "php": ("php", r"""php -r 'echo shell_exec("echo child"); mkdir("d"); file_put_contents("d/x", "text"); print_r(scandir("d")); $p = proc_open(["cat"], [["pipe","r"],["pipe","w"]], $q); fwrite($q[0], "through\n"); fclose($q[0]); echo stream_get_contents($q[1]); exit(proc_close($p) + 3);' || echo $?"""),
    "ocaml": ("ocamlopt", r"""echo 'let () = print_endline "hello"; exit (Sys.command "echo child; exit 3")' >h.ml; ocamlopt -o h h.ml; ./h || echo $?; ocamlc -o hb h.ml; ./hb || echo $?; ocaml h.ml || echo $?"""),
    # Builds
    "make -j2": ("make", HELLO_C + r"""for i in $(seq 20); do cp hello.c h$i.c; done; printf 'all: $(patsubst %%.c,%%.o,$(wildcard h*.c))\n\t@ls *.o | wc -l\n%%.o: %%.c\n\t@$(CC) -c -o $@ $<\nsub:\n\t@$(MAKE) -s all\n' >Makefile; make -j2; make -q && echo done; touch h1.c; make -n | wc -l; rm *.o; make -s sub"""),
    "cmake": ("cmake", PROJECT + r"""cmake -S . -B b >/dev/null; cmake --build b >/dev/null; b/hello; cmake --build b --target clean >/dev/null; test ! -e b/hello && echo clean"""),
    "ninja": ("ninja", PROJECT + r"""cmake -G Ninja -S . -B b >/dev/null; ninja -C b >/dev/null; b/hello; ninja -C b | tail -n1; ninja -C b -t clean >/dev/null; test ! -e b/hello && echo clean"""),
    "meson": ("meson", PROJECT + r"""meson setup b >/dev/null; meson compile -C b >/dev/null; b/hello"""),
    "git": ("git", r"""git config --global user.email a@b; git config --global user.name n; git init -q -b main r; cd r; echo 1 >f; git add f; git commit -qm one; git checkout -qb two; echo 2 >>f; git commit -qam two; git checkout -q main; git merge -q two; git log --format=%s; git gc -q; git fsck; cd ..; git clone -q r c; git -C c log --oneline | wc -l; git clone -q file://$PWD/r d; git -C d worktree add -q ../w two; git -C d stash list; git -C c rebase -q HEAD~1; git -C r status --porcelain"""),
    # Editors and terminals
    "vim": ("vim", r"""script -qec 'vim -u NONE -N -c "normal ihello" -c wq file' /dev/null >/dev/null; cat file; vim -es -u NONE -c 's/hello/bye/' -c wq file; cat file; vim -es -u NONE -c 'r !echo shell' -c '%p' -c q! file || true"""),
    "emacs -nw": ("emacs", r"""emacs -Q --batch --eval '(progn (princ (format "%d\n" (+ 1 2))) (princ (shell-command-to-string "echo child")))'; script -qec "emacs -nw -Q --eval '(progn (find-file \"f\") (insert \"text\") (save-buffer) (kill-emacs 3))'" /dev/null >/dev/null || echo $?; cat f; echo"""),
    "tmux": ("tmux", r"""t() { tmux -S sock -f /dev/null "$@"; }; t new-session -d -x 80 -y 24 'echo in tmux; exec cat'; t send-keys typed Enter; for i in $(seq 50); do t capture-pane -p | grep -q typed && break; sleep 0.1; done; t capture-pane -p | grep -v '^$' | sort -u; t split-window 'sleep 100'; t list-panes | wc -l; t kill-server; sleep 0.2; t ls 2>&1 | cut -c1-9 || true"""),
    # Network and servers
    "openssh": ("/usr/sbin/sshd", r"""mkdir -m 700 .ssh; ssh-keygen -qt ed25519 -N '' -f .ssh/id; cp .ssh/id.pub keys; ssh-keygen -qt ed25519 -N '' -f host; port=$((20000 + RANDOM % 10000))
/usr/sbin/sshd -r -f /dev/null -h $PWD/host -p $port -o ListenAddress=127.0.0.1 -o PidFile=$PWD/pid -o UsePAM=no -o StrictModes=no -o 'Subsystem=sftp internal-sftp' -o AuthorizedKeysFile=$PWD/keys -E log
for i in $(seq 50); do [ -s pid ] && break; sleep 0.1; done
s() { ssh -F /dev/null -i .ssh/id -p $port -o StrictHostKeyChecking=no -o UserKnownHostsFile=known -o LogLevel=ERROR 127.0.0.1 "$@"; }
s 'echo remote; exit 3' || echo $?; echo data | s cat; scp -q -F /dev/null -i .ssh/id -P $port -o UserKnownHostsFile=known -o LogLevel=ERROR keys 127.0.0.1:$PWD/copied; cmp keys copied && echo same; kill $(cat pid)"""),
    "rsync": ("rsync", r"""mkdir a; for i in $(seq 50); do echo $i >a/$i; done; ln -s 1 a/l; rsync -a a/ b; rm a/7; rsync -a --delete --omit-dir-times --itemize-changes a/ b; diff -r a b && echo same; rsync -a --link-dest=$PWD/a a/ c; stat -c %h c/1"""),
    "redis": ("redis-server", r"""redis-server --port 0 --unixsocket $PWD/s --dir $PWD --daemonize yes --pidfile $PWD/pid --logfile log >/dev/null; for i in $(seq 50); do [ -S s ] && break; sleep 0.1; done
r() { redis-cli -s s "$@"; }; r set k v; r get k; seq 1000 | sed 's/.*/rpush list &/' | r >/dev/null; r llen list; r save; test -s dump.rdb && echo saved; r bgsave | cut -c1-10; sleep 0.5; r lastsave >/dev/null; r shutdown nosave || true; test ! -e s && echo gone"""),
    "nginx": ("nginx", r"""mkdir www; echo page >www/index.html; cat >n.conf <<X
pid $PWD/pid; error_log $PWD/log; worker_processes 2; events {}
http { access_log off; client_body_temp_path $PWD/t1; proxy_temp_path $PWD/t2; fastcgi_temp_path $PWD/t3; uwsgi_temp_path $PWD/t4; scgi_temp_path $PWD/t5;
server { listen unix:$PWD/s; root $PWD/www; } }
X
nginx -e $PWD/log -c $PWD/n.conf; for i in 1 2 3; do python3 -c 'import socket; s = socket.socket(1); s.connect("s"); s.send(b"GET / HTTP/1.0\r\n\r\n"); f = s.makefile().read(); print(f.split("\n")[0].strip(), f.split("\n")[-2])'; done; nginx -e $PWD/log -c $PWD/n.conf -s reload 2>/dev/null; sleep 0.3; nginx -e $PWD/log -c $PWD/n.conf -s quit 2>/dev/null; for i in $(seq 50); do [ -e pid ] || break; sleep 0.1; done; test ! -e pid && echo ended"""),
    "postgres": ("/usr/lib/postgresql/15/bin/postgres", r"""export PATH=/usr/lib/postgresql/15/bin:$PATH; initdb -D d -A trust -U me >/dev/null; pg_ctl -D d -l log -w -o "-h '' -k $PWD" start >/dev/null; p() { psql -h $PWD -U me -d postgres -AtX "$@"; }
p -c 'create table t as select generate_series(1, 1000) a'; p -c 'select sum(a) from t'; pgbench -h $PWD -U me -i -q -s 1 postgres 2>/dev/null; pgbench -h $PWD -U me -c 4 -j 2 -t 50 postgres 2>/dev/null | grep -E 'actually processed'; p -c 'select count(*) from pgbench_history'; p -c "copy (select 1) to program 'cat >$PWD/out'"; cat out; pg_dump -h $PWD -U me postgres | grep -c '^CREATE TABLE'; pg_ctl -D d -m fast stop >/dev/null; pg_controldata d | grep -c 'shut down$'"""),
    "sqlite": ("sqlite3", r"""sqlite3 db 'pragma journal_mode=wal; create table t(a integer primary key, b); with recursive c(x) as (select 1 union all select x+1 from c where x<1000) insert into t select x, hex(randomblob(4)) from c; select count(*), sum(a) from t; pragma integrity_check; vacuum'; for i in 1 2 3 4; do sqlite3 -cmd '.timeout 5000' db "insert into t(b) values($i)" & done; wait; sqlite3 db 'select count(*) from t' '.tables'; ls"""),
    "apt, dpkg": ("dpkg-deb", r"""mkdir -p p/DEBIAN p/usr/share/x; echo data >p/usr/share/x/f; printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: m <m@x>\nDescription: d\n' >p/DEBIAN/control; dpkg-deb --root-owner-group -b p x.deb >/dev/null; dpkg-deb -c x.deb | awk '{print $2, $NF}'; dpkg-deb -x x.deb out; cat out/usr/share/x/f; dpkg -l bash | tail -n1 | cut -c1-8; apt-cache policy bash | head -n1"""),
    "debug info tools": ("objdump", HELLO_C + r"""gcc -g -o hello hello.c -pthread; objdump -d hello | grep -c '<main>:'; readelf -h hello | grep -c ELF64; nm hello | grep -c ' T main'; strip hello; ./hello; ldd ./hello | grep -c libc.so; ar rc l.a hello; ar t l.a; file -b hello 2>/dev/null | cut -c1-3 || true; strings hello | grep -c hello"""),
    "procps": ("ps", r"""sleep 50 & p=$!; ps -o comm= -p $p; pgrep -P $$ -x sleep | wc -l; kill $p; wait $p || echo $?; free >/dev/null && uptime >/dev/null && echo fine; ps -o pid= -p $$ | wc -l; top -b -n1 -p $$ | tail -n1 | awk '{print $NF}'"""),
}
