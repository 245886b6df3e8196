package wasm

import "testing"

// A call that does more because its arguments say so costs more, beyond what an
// ordinary one has; one that does not costs what it always did.
func TestCallsCostByTheirArguments(t *testing.T) {
	// Each makes one call with n of what it takes.
	for _, tc := range []struct {
		name     string
		calls    []call
		code     func(n int64) []any
		ordinary int64 // that costs nothing more
		many     int64
		least    int64 // units that many cost more than ordinary
	}{
		{"poll_oneoff of clocks", imp("poll_oneoff"), func(n int64) []any { return []any{konst(0), konst(64 << 10), konst(n), konst(128 << 10), opCall, 0} }, 64, 1024, 9600},
		{"poll of one descriptor again and again", imp(".poll"), func(n int64) []any { return []any{konst(0), konst(n), konst(0), opCall, 0} }, 64, 1024, 2 * 9600},
		{"kevent of changes that fail", imp(".kqueue", ".kevent"), func(n int64) []any {
			return []any{opCall, 0, konst(0), konst(n), konst(64 << 10), konst(1024), konst(0), opCall, 1}
		}, 64, 1024, 9600},
		{"fd_read in parts", imp("fd_read"), func(n int64) []any { return []any{konst(9), konst(0), konst(n), konst(128 << 10), opCall, 0} }, 64, 1024, 9600},
		{"fd_write in parts", imp("fd_write"), func(n int64) []any { return []any{konst(9), konst(0), konst(n), konst(128 << 10), opCall, 0} }, 64, 1024, 9600},
	} {
		t.Run(tc.name, func(t *testing.T) {
			used := func(n int64) int64 {
				m := with(tc.calls, append(tc.code(n), opDrop)...)
				m.memory = [][]byte{{0, 4}}
				return fuelOf(t, m)
			}
			if a, b := used(1), used(tc.ordinary); a != b {
				t.Errorf("1 costs %d units, %d cost %d; want the same", a, tc.ordinary, b)
			}
			if a, b := used(tc.ordinary), used(tc.many); b < a+tc.least {
				t.Errorf("%d cost %d units, %d cost %d; want %d more", tc.ordinary, a, tc.many, b, tc.least)
			}
		})
	}
}

// A program that begins with a large memory pays for it as if it had let it grow.
func TestALargeMemoryCostsFromTheBeginning(t *testing.T) {
	used := func(pages byte) int64 {
		m := does(konst(0), opDrop)
		m.memory = [][]byte{{0, pages&0x7f | 0x80, pages >> 7}}
		return fuelOf(t, m)
	}
	small, large := used(1), used(255)
	if small != large {
		t.Errorf("255 pages cost %d units, 1 costs %d; want the same", large, small)
	}
	big := func(pages int) int64 {
		m := does(konst(0), opDrop)
		m.memory = [][]byte{append([]byte{0}, leb(pages)...)}
		return fuelOf(t, m)
	}
	if got, want := big(1000)-small, int64(1000-256)*1024; got != want {
		t.Errorf("1000 pages cost %d units more than 1, want %d", got, want)
	}
}

// fuelOf is what a module has used when it ends.
func fuelOf(t *testing.T, m handMade) int64 {
	t.Helper()
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), m.bytes()), memory: 128 << 20})
	r.run(t)
	x, ended := r.exits["p"]
	if !ended || x.Op != "exit" {
		t.Fatalf("it ended by %q: %s", x.Op, x.Text)
	}
	return x.Fuel
}
