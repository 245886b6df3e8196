package guest

import "testing"

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
