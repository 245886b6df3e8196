package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet/ip6/limit"
)

func TestLimits(t *testing.T) {
	one, two := netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	burst := func(l *limit.Limiter, now time.Duration, to netip.Addr) (n int) {
		for range 600 {
			if l.Allow(now, to, 64) {
				n++
			}
		}
		return n
	}
	for _, c := range []struct {
		says string
		v    limit.Values
		want [3]int // of bursts of 600 to one, to another at once, to the first 0.95 s later
	}{
		{"a hundred in a second", limit.Values{Second: 100}, [3]int{100, 0, 0}},
		{"one fewer in FreeBSD", limit.Values{Second: 100, Off: 1}, [3]int{99, 0, 0}},
		{"one in FreeBSD where one is the limit", limit.Values{Second: 1, Off: 1}, [3]int{1, 0, 0}},
		{"none", limit.Values{}, [3]int{0, 0, 0}},
		{"any number", limit.Values{Second: -1}, [3]int{600, 600, 600}},
		{"six to each, then one in 0.25 s", limit.Values{Second: -1, Peer: time.Second, Burst: 6}, [3]int{6, 6, 3}},
	} {
		l := limit.Limiter{V: &c.v}
		got := [3]int{burst(&l, 0, one), burst(&l, 0, two), burst(&l, 950*time.Millisecond, one)}
		if got != c.want {
			t.Errorf("%s: %v, want %v", c.says, got, c.want)
		}
	}
	v := limit.Values{Second: 100}
	l := limit.Limiter{V: &v}
	if burst(&l, 5*time.Second, one); burst(&l, 6*time.Second, one) != 100 {
		t.Error("the next second has no hundred of its own")
	}
}

func TestHostsThatAreRememberedHaveALimit(t *testing.T) {
	v := limit.Values{Second: -1, Peer: time.Second, Burst: 6}
	l := limit.Limiter{V: &v}
	for i := range 1000 {
		l.Allow(time.Duration(i), netip.AddrFrom16([16]byte{0xfd, 14: byte(i >> 8), 15: byte(i)}), 64)
	}
	if n := l.Len(); n != 64 {
		t.Errorf("%d hosts are remembered", n)
	}
}

func TestCostFollowsTheRoute(t *testing.T) {
	v := limit.Values{Peer: time.Second}
	for bits, want := range map[int]time.Duration{128: time.Second, 64: 250 * time.Millisecond, 0: 62500 * time.Microsecond} {
		if got := v.Cost(bits); got != want {
			t.Errorf("by a route of %d bits: %v, want %v", bits, got, want)
		}
	}
}
