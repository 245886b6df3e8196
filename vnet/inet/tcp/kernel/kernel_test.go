package kernel

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
)

func TestEachKernelHasWhatTCPCannotDoWithout(t *testing.T) {
	for _, d := range dialect.All {
		v := ValuesOf(d)
		for name, ok := range map[string]bool{
			"a clock":             v.Tick > 0 && v.StampTick > 0,
			"timeouts":            v.RTOFirst > 0 && v.RTOMin > 0 && v.RTOMax > v.RTOFirst && len(v.Backoff) > 0 && v.MaxRexmit > 0 && v.MaxSYN > 0,
			"SYN+ACKs":            v.SYNACKFirst > 0 && (v.SYNACKMax > 0 || v.SYNACKWhole > 0) && v.SynCache > 0 && v.BacklogMax > 0,
			"buffers":             v.SndBuf > 0 && v.RcvBuf > 0 && v.BufMax >= v.SndBuf && v.SndLow > 0 && v.SYNWindow > 0 && v.SYNACKWindow > 0,
			"segments":            v.MSSDefault > 0 && v.MSSDefault6 > 0 && v.MSSMin > 0,
			"an end of TIME_WAIT": v.TimeWait > 0 && v.FinWait2 > 0,
			"blocks":              v.SACKBlocks > 0 && v.MaxHoles > 0,
			"a first flight":      v.FirstSegments > 0 || v.RFC3390 || v.InitWin > 0,
			"a window scale":      v.WindowScale() <= 14,
		} {
			if !ok {
				t.Errorf("%s has not %s", d, name)
			}
		}
		if (v.Round > 0) != (d == dialect.FreeBSD || d == dialect.DragonFly) || (v.Jiffy > 0) != (d == dialect.Linux) {
			t.Errorf("%s: timers", d)
		}
	}
}

func TestTimersFireWhereTheKernelHasThem(t *testing.T) {
	for d, want := range map[dialect.Dialect][2]time.Duration{
		dialect.FreeBSD: {3010 * time.Millisecond, 60010 * time.Millisecond}, // the next tick
		dialect.NetBSD:  {3 * time.Second, time.Minute},
		dialect.Linux:   {3128 * time.Millisecond, 61024 * time.Millisecond}, // steps of 0.256 and 2.048 s, half of one late
	} {
		v := ValuesOf(d)
		for i, at := range []time.Duration{3 * time.Second, time.Minute} {
			if got := v.Due(0, at); got != want[i] {
				t.Errorf("%s: a timer of %v fires after %v, want %v", d, at, got, want[i])
			}
		}
	}
}

func TestICMPMeansWhatTheKernelSays(t *testing.T) {
	for _, c := range []struct {
		rule      ICMPRules
		typ, code uint8
		v6        bool
		want      errno.Errno
	}{
		{ICMPFreeBSD, 3, 0, false, errno.EHOSTUNREACH},
		{ICMPFreeBSD, 3, 13, false, errno.ECONNREFUSED},
		{ICMPNetBSD, 3, 13, false, errno.EHOSTUNREACH},
		{ICMPNetBSD, 11, 0, false, 0},
		{ICMPFreeBSD, 11, 1, false, 0},
		{ICMPFreeBSD, 3, 16, false, 0},
		{ICMPFreeBSD, 12, 0, false, errno.ENOPROTOOPT},
		{ICMPFreeBSD, 5, 1, false, 0},
		{ICMPLinux, 3, 0, false, errno.ENETUNREACH},
		{ICMPLinux, 3, 2, false, errno.ENOPROTOOPT},
		{ICMPFreeBSD, 1, 4, true, errno.ECONNREFUSED},
		{ICMPFreeBSD, 1, 0, true, errno.EHOSTUNREACH},
		{ICMPFreeBSD, 3, 0, true, errno.EHOSTUNREACH},
		{ICMPFreeBSD, 128, 0, true, 0},
	} {
		if got := c.rule.Errno(VerdictOf(c.typ, c.code, c.v6), c.code); got != c.want {
			t.Errorf("rule %d, %d/%d, v6 %t: %v, want %v", c.rule, c.typ, c.code, c.v6, got, c.want)
		}
	}
}

func TestInitialSequenceNumbersGrowAsTheKernelSays(t *testing.T) {
	local, one, other := netip.MustParseAddrPort("10.0.0.1:80"), netip.MustParseAddrPort("10.0.0.2:1000"), netip.MustParseAddrPort("10.0.0.2:1001")
	seed := uint64(1)
	chance := func() uint64 { seed *= 6364136223846793005; return seed + 99 }
	for _, d := range []dialect.Dialect{dialect.FreeBSD, dialect.Linux} {
		v := ValuesOf(d)
		var g ISN
		g.Start(chance)
		first := g.Next(&v, time.Second, local, one, true)
		if grown := g.Next(&v, 2*time.Second, local, one, true) - first; grown < 1<<20 || grown > 1<<25 {
			t.Errorf("%s: the same pair a second later is %d further", d, grown)
		}
		if near := g.Next(&v, 2*time.Second, local, other, true) - first; near < 1<<25 {
			t.Errorf("%s: another pair is only %d further", d, near)
		}
	}
}
