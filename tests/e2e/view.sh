#!/bin/bash
# The view: the host's files read-only unless named, mounts, masks, and a root of its own. Looks from inside and, after each
# attempt to write, from the host.
# shellcheck source=tests/e2e/lib.sh
. "$(dirname "$0")/lib.sh"
ro() { "$UCTR" -u host "$@"; }

mkdir -p "$T/keep/sub" "$T/rw" "$T/src/inner" "$T/secret"
echo original >"$T/keep/file"
echo hidden >"$T/secret/key"
echo data >"$T/src/inner/data"
ln -s file "$T/keep/link"
snapshot() { (cd "$T/keep" && find . -printf '%p %y %m %s %T@ %l\n' | sort && cat file); }
before=$(snapshot)

# --- read-only by default, though the user owns the files
is "$(ro -- cat "$T/keep/file")" original "a file of the host can be read"
is "$(ro -- ls "$T/keep")" "$(ls "$T/keep")" "a directory of the host can be listed"
for command in "touch $T/keep/new" "touch $T/keep/file" "mkdir $T/keep/d" "rmdir $T/keep/sub" "rm -f $T/keep/file" \
	"mv $T/keep/file $T/keep/moved" "ln $T/keep/file $T/keep/hard" "ln -s x $T/keep/sym" "chmod 600 $T/keep/file" \
	"truncate -s 0 $T/keep/file" "mkfifo $T/keep/fifo" "dd if=/dev/null of=$T/keep/file" \
	"python3 -c 'import os;os.open(\"$T/keep/new\",os.O_CREAT|os.O_WRONLY)'" "cp /etc/passwd $T/keep/passwd" \
	"python3 -c 'import os;os.open(\"$T/keep/\",os.O_TMPFILE|os.O_RDWR)'" "chown $(id -u) $T/keep/file" \
	"python3 -c 'import os;os.setxattr(\"$T/keep/file\",\"user.x\",b\"1\")'"; do
	has "$(LC_ALL=C ro -- sh -c "$command" 2>&1)" "Read-only file system" "EROFS: ${command//$T/}"
done
is "$(snapshot)" "$before" "nothing of that changed the host"

# --- -v PATH and -v SRC:DST
runs "a write to -v PATH" ro -v "$T/rw" -- sh -c "echo arrived >$T/rw/file && mkdir $T/rw/d && ln -s file $T/rw/l"
is "$(cat "$T/rw/file" 2>&1)" arrived "arrives on the host"
is "$(readlink "$T/rw/l")" file "a symlink too"
fails "a write beside it" ro -v "$T/rw" -- sh -c "echo no >$T/keep/file"
fails "a write to -v PATH:PATH:ro" ro -v "$T/rw:$T/rw:ro" -- sh -c "echo no >$T/rw/file"
is "$(cat "$T/rw/file")" arrived "did not arrive"
nowhere=/nowhere$$/deep/mnt
vol() { ro -v "$T/src:$nowhere" -- "$@"; }
is "$(vol cat "$nowhere/inner/data")" data "a mount whose parents do not exist"
is "$(vol ls -a "/nowhere$$")" ".
..
deep" "its parents can be listed"
has "$(vol ls /)" "nowhere$$" "and appear in the listing of /"
is "$(vol stat -c %F "/nowhere$$/deep")" directory "a parent is a directory"
has "$(vol sh -c "touch /nowhere$$/new" 2>&1)" "Read-only file system" "in which nothing can be made"
fails "the host has no such directory" test -e "/nowhere$$"
is "$(vol find "/nowhere$$" -type f)" "$nowhere/inner/data" "find goes through them"
is "$(vol sh -c "cd $nowhere/inner && /bin/pwd && cd .. && /bin/pwd && cd ../.. && /bin/pwd")" "$nowhere/inner
$nowhere
/nowhere$$" "the working directory is named by the view"
is "$(vol sh -c "cd $nowhere/inner && cat ../../mnt/inner/data")" data "a relative path over the border"
runs "a write through the mount" vol sh -c "cd $nowhere && echo new >inner/new && mv inner/new new2"
is "$(cat "$T/src/new2" 2>&1)" new "arrives in the source"
ln -s "$nowhere/inner/data" "$T/src/absolute"
is "$(vol cat "$nowhere/absolute")" data "an absolute symlink is followed in the view"
printf '#!/bin/sh\necho script "$@" "$0"\n' >"$T/src/script"
chmod +x "$T/src/script"
is "$(vol "$nowhere/script" one)" "script one $nowhere/script" "a script in a mount bears its name in the view"
cp /usr/bin/true "$T/src/mytrue"
runs "a program in a mount" vol "$nowhere/mytrue"
is "$(ro -v "$T/src:$nowhere" -w "$nowhere/inner" -- sh -c 'pwd; cat data')" "$nowhere/inner
data" "-w in a mount"
is "$(ro -v "$T/src/inner/data:$T/keep/file" -- cat "$T/keep/file")" data "a file mounted over a file"
is "$(ro -v "$T/src:/a$$" -v "$T/keep:/a$$/inner" -- cat "/a$$/inner/file")" original "a mount in a mount"
is "$(vol mv "$nowhere/new2" "$T/keep/" 2>&1 | grep -c 'Read-only')" 1 "a move to another mount is a copy, which fails here"

# --- masks
mask() { ro -v "$T" --mask "$T/secret" --mask "$T/src/inner/data" -- "$@"; }
is "$(mask ls -A "$T/secret")" "" "a masked directory is empty"
is "$(mask cat "$T/src/inner/data")" "" "a masked file is empty"
fails "what is in a masked directory is not there" mask cat "$T/secret/key"
fails "no way round by .." mask cat "$T/keep/../secret/key"
fails "nor by a link" mask sh -c "ln -s $T/secret/key $T/rw/way && cat $T/rw/way"
fails "nor by the working directory" mask sh -c "cd $T/secret && cat key"
fails "nor by /proc/self/root" mask cat "/proc/self/root$T/secret/key"
fails "nothing can be made in a masked directory" mask touch "$T/secret/new"
fails "nor written to a masked file" mask sh -c "echo x >$T/src/inner/data"
is "$(cat "$T/secret/key" "$T/src/inner/data")" "hidden
data" "the host's files are as they were"

# --- --read-only
fails "--read-only holds for -v too" ro --read-only -v "$T/rw" -- touch "$T/rw/no"
runs "and lets read" ro --read-only -v "$T/rw" -- cat "$T/rw/file"

# --- a root of its own
root=$T/root
mkdir -p "$root/bin" "$root/etc" "$root/data"
cp "$(command -v busybox)" "$root/bin/busybox"
ln -s busybox "$root/bin/sh"
ln -s /data/target "$root/etc/link"
echo inside >"$root/data/target"
in_root() { ro --root "$root:rw" -- /bin/busybox "$@"; }
is "$(in_root cat /etc/link)" inside "--root: an absolute symlink stays inside"
is "$(in_root cat /../../data/target)" inside "--root: .. of / is /"
names=$(in_root ls /)
for name in bin data dev etc proc sys; do has "$names" "$name" "--root: / has $name"; done
lacks "$names" home "--root: / has nothing of the host's own"
fails "--root: a file of the host is not there" in_root cat "$T/keep/file"
is "$(in_root sh -c 'echo x >/dev/null; head -c 4 /dev/zero | wc -c; head -c 4 /dev/urandom | wc -c')" "4
4" "--root: /dev/null, zero, urandom"
for device in null zero full random urandom tty ptmx; do
	is "$(in_root stat -c %F "/dev/$device" 2>&1)" "character special file" "--root: /dev/$device"
done
is "$(in_root sh -c 'test -d /dev/pts && test -d /dev/shm && test -e /dev/fd && echo yes')" yes "--root: /dev/pts, shm, fd"
is "$(in_root sh -c 'test -d /proc/self && readlink /proc/self/exe')" /bin/busybox "--root: /proc/self/exe"
is "$(in_root sh -c 'test -d /sys/kernel && echo yes')" yes "--root: /sys is there"
fails "--root: and read-only" in_root sh -c 'mkdir /sys/x'
for file in hostname hosts resolv.conf; do runs "--root: /etc/$file" in_root cat "/etc/$file"; done
fails "the disk has no such file" test -e "$root/etc/hostname"
runs "--root DIR:rw is writable" in_root sh -c 'echo w >/data/written'
is "$(cat "$root/data/written" 2>&1)" w "and the file arrives"
fails "--root DIR:ro is not" ro --root "$root:ro" -- /bin/busybox touch /data/no
is "$(ro --root "$root:ro" -v "$T/keep:/mnt/keep:ro" -- /bin/busybox cat /mnt/keep/file)" original "-v in a root"

# --- what a program gets
is "$(echo text | ro -- tr a-z A-Z | cat)" TEXT "stdin and stdout are passed on"
is "$(ro -e A=1 -e B='two words' -- sh -c 'echo $A $B')" "1 two words" "-e"
printf '# comment\nFROM_FILE=yes\n' >"$T/env"
is "$(ro --env-file "$T/env" -- sh -c 'echo $FROM_FILE')" yes "--env-file"
is "$(ro --clear-env -e ONLY=1 -- /usr/bin/env)" ONLY=1 "--clear-env"
is "$(cd "$T/keep" && ro -- /bin/pwd)" "$T/keep" "the working directory is the caller's"
is "$(ro -- sh -c 'cat /proc/self/status | grep ^TracerPid')" "TracerPid:	0" "no program is traced"
done_testing
