#!/bin/bash
# The command line: every message, exit statuses, and that each option does what the manual says. Needs -u host.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"

cd "$T" || exit 1
mkdir dir dir/sub 'with:colon' || exit 1
echo content >dir/file
echo colon >'with:colon/file'
touch file

# rejects LINE ARG...: `uctr ARG...` ends with 125, says nothing on stdout and exactly "uctr: LINE" on stderr.
rejects() {
	local wanted=$1 out status
	shift
	out=$(timeout -k 1 20 "$UCTR" "$@" </dev/null 2>"$T/stderr")
	status=$?
	is "status $status, stdout '$out', stderr '$(cat "$T/stderr" && echo .)'" \
		"status 125, stdout '', stderr 'uctr: $wanted
.'" "refused: uctr $*"
}
# prints LINE ARG...: `uctr ARG...` ends with 0, prints LINE alone on stdout and nothing on stderr.
prints() {
	local wanted=$1 out status
	shift
	out=$(timeout -k 1 20 "$UCTR" "$@" </dev/null 2>"$T/stderr")
	status=$?
	is "status $status, stdout '$out', stderr '$(cat "$T/stderr")'" "status 0, stdout '$wanted', stderr ''" \
		"runs: uctr $*"
}
# ends_with STATUS ARG...
ends_with() {
	local wanted=$1
	shift
	timeout -k 1 20 "$UCTR" "$@" </dev/null >"$T/stdout" 2>"$T/stderr"
	is $? "$wanted" "ends with $wanted: uctr $*"
}

# Help, version, doctor.

help=$("$UCTR" --help 2>"$T/stderr")
is "$? $(cat "$T/stderr")" "0 " "--help ends with 0 and says nothing on stderr"
ok "$(($(wc -l <<<"$help") > 23))" "--help leaves a line of a 24-line terminal free"
ok "$(($(wc -L <<<"$help") > 79))" "--help fits into 80 columns" "$(awk 'length > 79' <<<"$help")"
for option in --root -v --mask --read-only -w -e --env-file --clear-env -u --trace -o -q -i -t --rm --help --version; do
	ok "$(grep -Eqe "(^|[ (,])$option([ ,)]|$)" <<<"$help"; echo $?)" "--help tells of $option"
	ok "$(grep -qFe "\\fB${option//-/\\-}" "$top/doc/uctr.1"; echo $?)" "the manual tells of $option"
done
is "$("$UCTR" --version)" "uctr 0.1" "--version"
prints "uctr 0.1" --version --bogus
prints "uctr 0.1" -q --version
is "$("$UCTR" -q doctor --help)" "$help" "doctor --help"

doctor=$("$UCTR" doctor 2>"$T/stderr")
is "$? $(cat "$T/stderr")" "0 " "doctor ends with 0 where uctr can run"
is "$(tail -n 1 <<<"$doctor")" "verdict: uctr can run here" "doctor's verdict"
for feature in "seccomp filter" "seccomp user notification" "descriptor as an answer" "calls wait killable" \
	"synchronous wake-up" "pidfd_getfd" "process_vm_readv" "ptrace of descendants" "RLIMIT_LOCKS" openat2 \
	faccessat2 memfd_create "anonymous directories" "no other seccomp listener" personality "child subreaper" \
	"/proc shows all processes"; do
	ok "$(grep -Eq "^$feature.* (yes|no) +[^ ]" <<<"$doctor"; echo $?)" "doctor tells of $feature" "$doctor"
done
# A missing feature must show: RLIMIT_LOCKS taken by somebody else.
doctor=$(ulimit -S -x 77 && "$UCTR" doctor)
is $? 1 "doctor ends with 1 where uctr cannot run"
has "$doctor" "RLIMIT_LOCKS is free        no   uctr cannot run" "doctor names what is missing"
is "$(tail -n 1 <<<"$doctor")" "verdict: uctr cannot run here: RLIMIT_LOCKS is free" "doctor's verdict without it"
rejects "doctor x: doctor takes no argument; accepted: uctr doctor" doctor x
rejects "doctor --: doctor takes no argument; accepted: uctr doctor" doctor -- true
rejects "--trace: has no meaning for doctor; accepted: uctr doctor" --trace doctor

# Words and unknown options.

rejects "bash: not a command of uctr; to run bash write: uctr -- bash; accepted: doctor" bash
rejects "ls: not a command of uctr; to run ls write: uctr -- ls; accepted: doctor" --read-only ls -l
rejects "-: not a command of uctr; to run - write: uctr -- -; accepted: doctor" -
rejects ": not a command of uctr; to run  write: uctr -- ; accepted: doctor" ""
rejects "--rot: unknown option, did you mean --root?; accepted: --root" --rot dir -- true
rejects "--readonly: unknown option, did you mean --read-only?; accepted: --read-only" --readonly -- true
rejects "--envfile: unknown option, did you mean --env-file?; accepted: --env-file" --envfile=x -- true
rejects "--vresion: unknown option, did you mean --version?; accepted: --version" --vresion
rejects "--frobnicate: unknown option; accepted: the options that \`uctr --help\` lists" --frobnicate -- true
rejects "--$(printf %0100d 0): unknown option; accepted: the options that \`uctr --help\` lists" "--$(printf %0100d 0)"
rejects "-x: unknown option; accepted: the options that \`uctr --help\` lists" -x -- true
rejects "-x: unknown option; accepted: the options that \`uctr --help\` lists" -itx -- true
rejects '--a\x0ab\x1b[0m: unknown option; accepted: the options that `uctr --help` lists' $'--a\nb\e[0m'
for option in -b -0 -r -R -S --bind --ro-bind --rootfs --mount --chdir --setenv --clearenv -h -V; do
	case $option in
	-b | --bind) here='-v SRC:DST, -v PATH' ;;
	--ro-bind) here='-v SRC:DST:ro' ;;
	--mount) here='-v SRC:DST, -v SRC:DST:ro' ;;
	-r | -R | --rootfs) here='--root DIR' ;;
	-S) here='--root DIR:rw' ;;
	-0) here='-u host (to be root inside is not supported yet)' ;;
	--chdir) here='-w DIR' ;;
	--setenv) here='-e K=V' ;;
	--clearenv) here='--clear-env' ;;
	-h) here=--help ;;
	-V) here=--version ;;
	esac
	rejects "$option: another tool's spelling; accepted: $here" "$option" dir -- true
done

# Values.

volume='PATH, SRC:DST, SRC:DST:rw, SRC:DST:ro'
root='DIR, DIR:ro, DIR:rw'
many="too many ':' (a ':' in a name is written '\\:')"
rejects "-v: its value is missing; accepted: $volume" -v
rejects "--volume: its value is missing; accepted: $volume" --volume -- true
rejects "--root: its value is missing; accepted: $root" --root
rejects "-w: its value is missing; accepted: DIR" -itw
rejects "-o: its value is missing; accepted: FILE" -o -- true
rejects "-u: its value is missing; accepted: host" -u
rejects "--mask: its value is missing; accepted: an absolute path of the view" --mask
rejects "-e: its value is missing; accepted: K=V, or K to take it from uctr's own environment" -e
rejects "--env-file: its value is missing; accepted: a file with lines K=V, K, # comment" --env-file
rejects "--read-only yes: this option takes no value; accepted: --read-only" --read-only=yes -- true
rejects "--trace json: this option takes no value; accepted: --trace" --trace=json -- true

rejects "--root : the directory is empty; accepted: $root" --root= -- true
rejects "--root nowhere: 'nowhere' does not exist; accepted: $root" --root nowhere -- true
rejects "--root file: 'file' is not a directory; accepted: $root" --root file -- true
rejects "--root file/x: 'file/x' does not exist (a part of it is no directory); accepted: $root" --root=file/x -- true
rejects "--root dir:cow: copy-on-write is not supported yet; accepted: $root" --root dir:cow -- true
rejects "--root dir:z: unknown mode 'z'; accepted: $root" --root dir:z -- true
rejects "--root dir:: unknown mode ''; accepted: $root" --root dir: -- true
rejects "--root dir:ro:rw: $many; accepted: $root" --root dir:ro:rw -- true

rejects "-v : the source is empty; accepted: $volume" -v "" -- true
rejects "-v :/x: the source is empty; accepted: $volume" -v:/x -- true
rejects "-v dir:: the target is empty; accepted: $volume" -v dir: -- true
rejects "-v dir:x: the target 'x' is not absolute; accepted: $volume" -v dir:x -- true
rejects "-v dir:ro: the target 'ro' is not absolute; accepted: $volume" -v dir:ro -- true
rejects "-v nowhere:/x: the source 'nowhere' does not exist; accepted: $volume" -vnowhere:/x -- true
rejects "--volume /no/where: the source '/no/where' does not exist; accepted: $volume" --volume=/no/where -- true
rejects "-v dir:/x:z: unknown mode 'z'; accepted: $volume" -itv dir:/x:z -- true
rejects "-v dir:/x:cow: copy-on-write is not supported yet; accepted: $volume" -v dir:/x:cow -- true
rejects "-v dir:/x:ro:z: $many; accepted: $volume" -v dir:/x:ro:z -- true
rejects "-v with:colon:/x: the target 'colon' is not absolute; accepted: $volume" -v with:colon:/x -- true
rejects "-v ä\\b\\x09c:/x: the source 'ä\\b\\x09c' does not exist; accepted: $volume" -v $'ä\\b\tc:/x' -- true
ok "$([ -e nowhere ]; echo $((!$?)))" "a missing source is not made"
mkdir closed && chmod 0 closed
rejects "-v closed/x:/x: the source 'closed/x' cannot be reached (permission denied); accepted: $volume" \
	-v closed/x:/x -- true
ln -s loop loop
rejects "-v loop: the source 'loop' is a loop of symlinks; accepted: $volume" -v loop -- true

rejects "--mask file: the path is not absolute; accepted: an absolute path of the view" --mask file -- true
rejects "--mask : the path is not absolute; accepted: an absolute path of the view" --mask= -- true
rejects "--mask $T/no: the view has nothing there to mask; accepted: an absolute path of the view" --mask "$T/no" -- true
rejects "-w : the directory is empty; accepted: DIR" -w "" -- true
rejects "-o : the file name is empty; accepted: FILE" -o "" -- true
rejects "-u root: users other than \`host\` are not supported yet; accepted: host" -u root -- true
rejects "--user 0:0: users other than \`host\` are not supported yet; accepted: host" --user=0:0 -- true
rejects "-e =x: the variable has no name; accepted: K=V, or K to take it from uctr's own environment" -e =x -- true
rejects "--env : the variable has no name; accepted: K=V, or K to take it from uctr's own environment" --env= -e =x -- true
rejects "--env A B=x: the variable's name holds white space; accepted: K=V, or K to take it from uctr's own environment" \
	--env "A B=x" -- true

accepted='accepted: a file with lines K=V, K, # comment'
printf 'A=1\n\n# comment\n =2\n' >bad1
printf 'A=1\nB C=2\n' >bad2
printf 'A=1\r\nB=\0x\n' >bad3
rejects "--env-file no: cannot be opened: No such file or directory; $accepted" --env-file no -- true
rejects "--env-file dir: cannot be read: Is a directory; $accepted" --env-file dir -- true
rejects "--env-file bad1:4: the variable has no name; $accepted" --env-file bad1 -- true
rejects "--env-file bad2:2: the variable's name holds white space; $accepted" --env-file=bad2 -- true
rejects "--env-file bad3:2: the line holds a NUL byte; $accepted" --env-file bad3 -- true
rejects "-v nowhere:/x: the source 'nowhere' does not exist; accepted: $volume" -v nowhere:/x --env-file bad1 -- true

# From here on programs run.

prints "-v x" -- echo -v x
prints "--" -- echo --
prints "x" -q -i -t --rm -it -u host --user=host -uhost -- echo x
ends_with 7 -- sh -c 'exit 7'
ends_with 143 -- sh -c 'kill -TERM $$'
ends_with 137 -- sh -c 'kill -KILL $$'
ends_with 127 -- nowhere-to-be-found
ends_with 127 -- ./nowhere
ends_with 126 -- ./file
ends_with 126 -- ./dir
is "$(echo 'echo "$0"' | SHELL=/bin/bash "$UCTR" 2>&1)" /bin/bash "without a program: \$SHELL"
is "$(echo 'echo "$0"' | SHELL=/bin/bash "$UCTR" -- 2>&1)" /bin/bash "nothing after --: \$SHELL"
is "$(echo 'echo "$0"' | SHELL=/no/shell "$UCTR" 2>&1)" /bin/sh "\$SHELL does not exist: /bin/sh"
is "$(echo 'echo "$0"' | env -u SHELL "$UCTR" 2>&1)" /bin/sh "\$SHELL is not set: /bin/sh"
is "$(echo 'echo "$0"' | "$UCTR" -e SHELL=/bin/bash 2>&1)" /bin/bash "SHELL set by -e"

# The environment.

export T_KEEP=kept T_CALLER='of the caller'
unset T_UNSET
env_in() { "$UCTR" "$@" 2>&1 | grep -v '^_=' | LC_ALL=C sort; }
is "$(env_in -- env)" "$(env | grep -v '^_=' | LC_ALL=C sort)" "the environment is inherited"
is "$(env_in --clear-env -- /usr/bin/env)" "" "--clear-env leaves nothing"
is "$(env_in -e A=1 --clear-env -e B= -e C=x=y -e T_KEEP -e T_UNSET -- /usr/bin/env)" "A=1
B=
C=x=y
T_KEEP=kept" "-e K=V, -e K="
is "$(env_in -e A=1 --clear-env -eA=2 -- /usr/bin/env)" "A=2" "the later -e wins"
printf '\xef\xbb\xbfA=file\r\n\n# A=comment\n\t T_CALLER\nB="quoted"  \nT_UNSET\nC=no newline' >good
is "$(env_in --clear-env --env-file good -- /usr/bin/env)" 'A=file
B="quoted"  
C=no newline
T_CALLER=of the caller' "--env-file"
is "$(env_in --clear-env -e A=1 --env-file good -e C=2 -- /usr/bin/env | head -n 3)" 'A=file
B="quoted"  
C=2' "-e and --env-file apply in order"
is "$(T_UNSET=x env_in -e T_KEEP=other -e T_KEEP -- env | grep T_KEEP)" "T_KEEP=kept" "-e K undoes -e K=V"
is "$(env_in -e T_NEW=1 -e T_NEW -- env | grep T_NEW)" "" "-e K takes away what the caller does not have"
is "$(env_in --clear-env --env-file <(echo A=pipe) -- /usr/bin/env)" "A=pipe" "--env-file may be a pipe"

# Mounts.

prints "$T" -- pwd
prints "$T/dir" -w dir -- pwd
prints "/usr" --workdir=/usr -- pwd
rejects_start() { # PART ARG...: what only shows when the view is there
	local part=$1 out
	shift
	out=$(timeout -k 1 20 "$UCTR" "$@" </dev/null 2>"$T/stderr")
	is "$? $out $(wc -l <"$T/stderr")" "125  1" "refused with one line: uctr $*"
	has "$(cat "$T/stderr")" "$part" "the line names it: $part"
}
rejects_start "uctr: -w $T/nowhere: " -w nowhere -- true
rejects_start "uctr: -w $T/file: " -w file -- true
rejects_start "uctr: -o /no/where: " -o /no/where -- true

writes() { # FILE, uctr's arguments: whether the program can write FILE
	local file=$1
	shift
	"$UCTR" "$@" -- sh -c 'echo new >"$1"' sh "$file" 2>"$T/stderr"
}
for args in "" "-v dir:/x:ro" "-v $T/dir:$T/dir:ro" "-v dir:$T/dir:rw -v dir:$T/dir:ro" "-v dir --read-only"; do
	# shellcheck disable=SC2086
	writes "$T/dir/new" $args
	is "$? $(grep -c 'Read-only file system' "$T/stderr") $([ -e dir/new ] && echo made)" "2 1 " "read-only: ${args:-no option}"
done
for args in "-v dir" "-v ./dir/../dir/" "-v $T//dir" "-v dir:$T/dir" "-v dir:$T/dir:rw" "-v dir:$T/dir:ro -v dir:$T/dir"; do
	# shellcheck disable=SC2086
	writes "$T/dir/new" $args
	is "$? $(cat dir/new 2>&1)" "0 new" "writable: $args"
	rm -f dir/new
done
prints colon -v 'with\:colon:/some/where/new' -- cat /some/where/new/file
prints colon -v "$T/with\\:colon" -- cat "$T/with:colon/file"
prints content -v dir/file:/x -- cat /x
prints "file
sub" -v dir:/x:ro -- ls /x
prints "" --mask "$T/dir" -- ls -A "$T/dir"
prints "" --mask "$T/dir/file" -- cat "$T/dir/file"
prints content --mask "$T/dir" -v dir:/x -- cat /x/file
prints content --mask "$T/dir" -v "dir/file:$T/dir/file" -- cat "$T/dir/file"
rejects "-v /proc/sys:/x: a part of /proc cannot be shown elsewhere; accepted: $volume" -v /proc/sys:/x -- true
# Wherever proc is seen, /proc/self is the program.
for place in /proc /host/proc /x; do
	prints cat -v /:/host:ro -v /proc:/x -- cat $place/self/comm
done
prints cat -v / -- cat /proc/self/comm

# A root of another kind: the host's /usr in an otherwise empty directory.

mkdir -p root/etc root/usr root/tmp
for link in bin lib lib64 sbin; do ln -s usr/$link root/$link; done
printf 'x:x\nother:x:%d:5::/nowhere:/bin/sh\nguest:x:%d:5:a,b:/home/guest:/bin/sh\n' $(($(id -u) + 1)) "$(id -u)" >root/etc/passwd
in_root() { "$UCTR" --root root -v /usr:/usr:ro "$@" 2>&1; }
is "$(in_root -- ls / | tr '\n' ' ')" "bin dev etc lib lib64 proc sbin sys tmp usr " "--root: nothing else of the host"
is "$(in_root -- ls /dev | tr '\n' ' ')" "fd full null ptmx pts random shm stderr stdin stdout tty urandom zero " "--root: /dev"
is "$(in_root -- sh -c 'echo x >/dev/null && head -c 3 /dev/zero | wc -c; echo x >/dev/full' 2>&1 | head -n 1)" 3 \
	"--root: devices work"
is "$(echo in | in_root -- sh -c 'cat /dev/stdin /dev/fd/3 3</etc/passwd | head -n 1; echo out >/dev/stdout')" "in
out" "--root: /dev/stdin, /dev/fd, /dev/stdout"
is "$(in_root -- ls -A /dev/shm)" "" "--root: /dev/shm is empty"
is "$(in_root -- sh -c 'cat /etc/resolv.conf /etc/hosts /etc/hostname')" "$(cat /etc/resolv.conf /etc/hosts /etc/hostname 2>&1)" \
	"--root: resolv.conf, hosts and hostname are the host's"
is "$(ls root/etc root/dev 2>/dev/null)" "root/etc:
passwd" "--root: nothing is made on disk"
is "$(in_root -- sh -c 'echo x 2>/dev/null >/tmp/new; ls /tmp')" "" "--root is read-only"
is "$("$UCTR" --root root:ro -v /usr:/usr:ro -- sh -c 'echo x 2>/dev/null >/tmp/new; ls /tmp')" "" "--root DIR:ro"
is "$("$UCTR" --root root:rw -v /usr:/usr:ro -- sh -c 'echo x >/tmp/new; ls /tmp' 2>&1)$(cat root/tmp/new 2>&1)" "newx" "--root DIR:rw"
is "$(in_root -- pwd)" / "--root: the working directory is / when the view has not the caller's"
is "$(HOME=/x USER=x LOGNAME=x in_root -- sh -c 'echo $HOME $USER $LOGNAME')" "/home/guest guest guest" \
	"--root: HOME, USER, LOGNAME from its passwd"
is "$(in_root -e HOME=/mine -- sh -c 'echo $HOME')" /mine "-e wins over it"
is "$(in_root --clear-env -- /usr/bin/env | grep -v '^_=' | LC_ALL=C sort)" "HOME=/home/guest
LOGNAME=guest
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
USER=guest" "--root --clear-env"
ln -sf /etc/real root/etc/passwd && printf 'inside:x:%d:5::/inside:/bin/sh\n' "$(id -u)" >root/etc/real
is "$(in_root -- sh -c 'echo $HOME')" /inside "--root: its passwd is an absolute symlink"
rm root/etc/passwd
is "$(HOME=/kept in_root -- sh -c 'echo $HOME')" /kept "--root without passwd: HOME is kept"
is "$(echo 'echo "$0"' | SHELL="$UCTR" in_root)" /bin/sh "--root has not \$SHELL: /bin/sh"

# Where uctr's own output goes.

"$UCTR" --trace -o "$T/trace" -- cat dir/file >"$T/stdout" 2>"$T/stderr"
is "$? $(cat "$T/stdout" "$T/stderr")" "0 content" "-o: nothing of uctr on stdout and stderr"
has "$(cat "$T/trace")" open "--trace -o FILE"
"$UCTR" --trace -- cat dir/file >"$T/stdout" 2>"$T/stderr"
is "$(cat "$T/stdout")" content "--trace: stdout is the program's"
has "$(cat "$T/stderr")" open "--trace goes to stderr"

done_testing
