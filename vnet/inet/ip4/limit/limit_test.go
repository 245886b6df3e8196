package limit

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
)

// What the kernels let pass of 600 answers at once, and in the seconds after.
func TestAllow(t *testing.T) {
	for d, want := range map[dialect.Dialect][3]int{
		dialect.FreeBSD: {199, 0, 199}, dialect.DragonFly: {200, 0, 200}, dialect.NetBSD: {100, 0, 100}, dialect.Linux: {600, 600, 600},
	} {
		v := RatesOf(d)
		var s State
		var told strings.Builder
		for i, at := range []time.Duration{5 * time.Second, 5*time.Second + 999*time.Millisecond, 6 * time.Second} {
			n := 0
			for range 600 {
				ok, console := s.Allow(at, d, &v, Unreach)
				if ok {
					n++
				}
				told.WriteString(console)
			}
			if n != want[i] {
				t.Errorf("%s, burst %d: %d pass, want %d", d, i+1, n, want[i])
			}
		}
		if d == dialect.FreeBSD && !strings.Contains(told.String(), "1200") {
			t.Errorf("the console says %q of 1200", told.String())
		}
		if d != dialect.Linux && s.Limited != uint64(1800-want[0]-want[1]-want[2]) {
			t.Errorf("%s: %d are counted as not sent", d, s.Limited)
		}
		if ok, _ := s.Allow(6*time.Second, d, &v, Echo); !ok {
			t.Errorf("%s: one kind takes of another's", d)
		}
	}
}

func TestLinuxBuckets(t *testing.T) {
	v := RatesOf(dialect.Linux)
	var s State
	a, b := netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")
	count := func(now time.Duration, to netip.Addr) (n int) {
		for range 100 {
			if s.AllowError(now, &v, to, 0) {
				n++
			}
		}
		return n
	}
	if n := count(0, a); n != 6 {
		t.Errorf("%d errors at once, want 6", n)
	}
	if n := count(1500*time.Millisecond, a); n != 1 {
		t.Errorf("%d after one and a half seconds, want 1", n)
	}
	if n := count(2*time.Second, a); n != 1 {
		t.Errorf("%d after two, want 1", n)
	}
	if n := count(2*time.Second, b); n != 6 {
		t.Errorf("%d to another, want 6", n)
	}
	s = State{} // all together
	n := 0
	for i := range 100 {
		if s.AllowError(0, &v, netip.AddrFrom4([4]byte{10, 0, 1, byte(i)}), 1) {
			n++
		}
	}
	if n != 50 {
		t.Errorf("%d errors to 100 hosts at once, want 50", n)
	}
	for i := range 1000 {
		s.AllowRedirect(time.Duration(i)*time.Minute, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}))
	}
	if s.Bytes() != maxHosts*hostBytes {
		t.Errorf("%d bytes are held", s.Bytes())
	}
}

// Redirects get rarer, and end until the sender has been quiet.
func TestLinuxRedirects(t *testing.T) {
	var s State
	to := netip.MustParseAddr("10.0.0.2")
	n := 0
	for now := time.Duration(0); now < 60*time.Second; now += 10 * time.Millisecond {
		if s.AllowRedirect(now, to) {
			n++
		}
	}
	if n != redirectNumber {
		t.Errorf("%d redirects in a minute, want %d", n, redirectNumber)
	}
	if !s.AllowRedirect(60*time.Second+redirectSilence+time.Second, to) {
		t.Error("none after a silence")
	}
}
