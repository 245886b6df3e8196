package guest

import (
	"strings"
	"testing"
)

// What TAYGA, tinc, QuickJS and others want of a BSD's headers is there, and SO_BINDTODEVICE,
// which they take for Linux, is not.
func TestWhatPortsLookFor(t *testing.T) {
	const want = `address 8 of 106, path 104
none 1, pair 1 1
uids 1, gids 1
groups 1
usable 1, FreeBSD 901000
exit 0
`
	if got := alone("ports").run(t, debianClang(t, "testdata/ports/ports.c")); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// What programs of others call as a matter of form answers as a BSD does where a machine has
// one thread, one user and no terminal.
func TestWhatPortsCall(t *testing.T) {
	const want = `thread: Resource temporarily unavailable
mutex: Device busy, then 0
condition: Operation timed out
once 1, key 1, self 1
/tmp/link/.: /tmp/there
/dev//../tmp/link/../link: /tmp/there
tmp: /tmp
/: /
/tmp/loop: Too many levels of symbolic links
/tmp/nothing: No such file or directory
tmpfile: x
mkstemp: 1 1, mkdtemp: 1, without an X: Invalid argument
chmod 0 0, of nothing: No such file or directory
chown 0 0, to another: Operation not permitted
flock 0, of nothing: Bad file descriptor
descriptors 64, more: Operation not permitted
usage 1, of what: Invalid argument
priority -20
window: Inappropriate ioctl for device
sysctl: Function not implemented
device tap0, of a file: No such file or directory
user root, nobody 0
host 16 bytes of family 28
longjmp: a program of a lab cannot jump out of its functions (1)
trap
`
	got := withInterfaces(alone("calls")).run(t, debianClang(t, "testdata/ports/calls.c", "-DLAB_NOJMP"))
	if head, tail, _ := strings.Cut(got, "trap"); head+"trap\n" != want || !strings.Contains(tail, "abort") {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
