package syncache

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/wire"
)

// A bench is a cache of one kernel, what it counts and what it sends.
type bench struct {
	*testing.T
	v     kernel.Values
	stats Stats
	c     Cache
	out   wire.Batch
}

func newBench(t *testing.T, d dialect.Dialect) *bench {
	b := &bench{T: t, v: kernel.ValuesOf(d)}
	b.c = New(&b.v, &b.stats)
	return b
}

const (
	iss = 1000
	irs = 5000
)

func pair(port uint16) Pair {
	return Pair{Local: netip.MustParseAddrPort("10.0.0.1:80"), Remote: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.2"), port)}
}

// syn adds a half-open connection, whose SYN has a timestamp.
func (b *bench) syn(now time.Duration, port uint16) *Half {
	h := &Half{Pair: pair(port), Path: wire.Path{MTU: 1500}, ISS: iss}
	s := wire.Segment{Src: h.Remote, Dst: h.Local, Seq: irs, Flags: wire.SYN, Options: wire.AppendStamp(nil, 7, 0)}
	b.c.Add(now, h, &s, 65535, &b.out)
	return h
}

// consistent tells whether the map and the order hold the same.
func (b *bench) consistent() {
	b.Helper()
	if len(b.c.byEnd) != len(b.c.order) {
		b.Errorf("%d in the map, %d in the order", len(b.c.byEnd), len(b.c.order))
	}
	for _, h := range b.c.order {
		if b.c.byEnd[h.Pair] != h {
			b.Errorf("%v is in the order and not in the map", h.Pair)
		}
	}
}

func TestASYNIsAnswered(t *testing.T) {
	for _, d := range dialect.All {
		t.Run(d.String(), func(t *testing.T) {
			b := newBench(t, d)
			b.syn(0, 1)
			if len(b.out.Segments) != 1 {
				t.Fatalf("%d segments", len(b.out.Segments))
			}
			s := b.out.Segments[0]
			var o wire.Options
			o.Parse(s.Options, true)
			if s.Flags != wire.SYN|wire.ACK || s.Seq != iss || s.Ack != irs+1 || o.MSS != 1460 || o.HasScale || !o.HasTS || o.TSEcr != 7 {
				t.Errorf("%+v, options %+v", s, o)
			}
		})
	}
}

func TestTheACKThatCompletesIsJudged(t *testing.T) {
	right := wire.Segment{Seq: irs + 1, Ack: iss + 1, Flags: wire.ACK}
	number, outside := right, right
	number.Ack++
	outside.Seq = irs
	type want map[dialect.Dialect]Verdict
	for _, c := range []struct {
		name string
		ack  wire.Segment
		want want
	}{
		{"the right one", right, want{dialect.FreeBSD: Completes, dialect.DragonFly: Completes, dialect.NetBSD: Completes, dialect.Linux: Completes}},
		{"it acknowledges what was not sent", number, want{dialect.FreeBSD: Refuse, dialect.DragonFly: Refuse, dialect.NetBSD: Repeat, dialect.Linux: Refuse}},
		{"it is outside the window", outside, want{dialect.FreeBSD: Refuse, dialect.DragonFly: Refuse, dialect.NetBSD: Repeat, dialect.Linux: Repeat}},
	} {
		for d, want := range c.want {
			t.Run(c.name+", "+d.String(), func(t *testing.T) {
				b := newBench(t, d)
				h := b.syn(0, 1)
				if got := b.c.Judge(h, &c.ack); got != want {
					t.Errorf("got %d, want %d", got, want)
				}
				forgotten := want == Refuse && b.v.Half == kernel.HalfFreeBSD
				if got := b.c.Of(h.Pair) == nil; got != forgotten {
					t.Errorf("forgotten: got %v, want %v", got, forgotten)
				}
				b.consistent()
			})
		}
	}
}

// FreeBSD has no second half of a cookie: the timestamp that comes back tells who saw the SYN+ACK.
func TestFreeBSDRefusesATimestampThatItDidNotSend(t *testing.T) {
	for _, c := range []struct {
		name string
		echo uint32
		want Verdict
	}{
		{"what the SYN+ACK had", 0, Completes},
		{"another", 1, Refuse},
	} {
		b := newBench(t, dialect.FreeBSD)
		h := b.syn(0, 1)
		var o wire.Options
		o.Parse(b.out.Segments[0].Options, true)
		ack := wire.Segment{Seq: irs + 1, Ack: iss + 1, Flags: wire.ACK, Options: wire.AppendStamp(nil, 8, o.TSVal+c.echo)}
		if got := b.c.Judge(h, &ack); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

func TestARSTRefusesOurSYNACKWhereItFits(t *testing.T) {
	for _, c := range []struct {
		name  string
		d     dialect.Dialect
		seq   uint32
		flags wire.Flags
		want  bool
	}{
		{"freebsd, at the start of the window", dialect.FreeBSD, irs, wire.RST, true},
		{"freebsd, at its end", dialect.FreeBSD, irs + 65535, wire.RST, true},
		{"freebsd, behind it", dialect.FreeBSD, irs + 65536, wire.RST, false},
		{"freebsd, before it", dialect.FreeBSD, irs - 1, wire.RST, false},
		{"freebsd, with ACK", dialect.FreeBSD, irs, wire.RST | wire.ACK, false},
		{"netbsd, with ACK", dialect.NetBSD, irs + 1, wire.RST | wire.ACK, true},
		{"netbsd, one too far", dialect.NetBSD, irs + 2, wire.RST, false},
		{"linux, with ACK", dialect.Linux, irs + 1, wire.RST | wire.ACK, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.d)
			h := b.syn(0, 1)
			if got := b.c.Reset(h, &wire.Segment{Seq: c.seq, Flags: c.flags}); got != c.want {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if got := b.c.Of(h.Pair) == nil; got != c.want {
				t.Errorf("forgotten: got %v, want %v", got, c.want)
			}
			b.consistent()
		})
	}
	if b := newBench(t, dialect.Linux); b.c.Reset(nil, &wire.Segment{Flags: wire.RST}) {
		t.Error("a RST of nothing refuses something")
	}
}

func TestAnICMPErrorGivesAHalfUpTheSecondTime(t *testing.T) {
	for _, c := range []struct {
		name   string
		seq    uint32
		sent   uint8
		errors int
		gone   bool
	}{
		{"one error", iss, 4, 1, false},
		{"two, after three retransmissions", iss, 4, 2, true},
		{"two, too early", iss, 3, 2, false},
		{"of another segment", iss + 1, 4, 2, false},
	} {
		b := newBench(t, dialect.FreeBSD)
		h := b.syn(0, 1)
		h.Sent = c.sent
		for range c.errors {
			b.c.Unreachable(h.Pair, c.seq)
		}
		if gone := b.c.Of(h.Pair) == nil; gone != c.gone {
			t.Errorf("%s: gone is %v, want %v", c.name, gone, c.gone)
		}
	}
}

func TestAHalfThatNobodyCompletesIsForgotten(t *testing.T) {
	for d, want := range map[dialect.Dialect]int{dialect.FreeBSD: 4, dialect.DragonFly: 4, dialect.NetBSD: 5, dialect.Linux: 6} {
		b := newBench(t, d)
		b.syn(time.Second, 1)
		sent := 1
		for {
			at, ok := b.c.Next()
			if !ok {
				break
			}
			sent += b.c.Tick(at, &b.out)
		}
		if sent != want || len(b.out.Segments) != want || b.c.Len() != 0 || b.stats.SCTimedOut != 1 || b.stats.SCRexmit != uint64(want-1) {
			t.Errorf("%s: %d SYN+ACKs, want %d; %d are left; %+v", d, sent, want, b.c.Len(), b.stats)
		}
		b.consistent()
	}
}

func TestAFloodIsHeldToTheLimitAndLeavesNothing(t *testing.T) {
	b := newBench(t, dialect.FreeBSD)
	empty := b.c.Bytes()
	for i := range 2000 {
		b.syn(0, uint16(i))
		b.out.Reset()
	}
	b.consistent()
	if b.c.Len() != b.v.SynCache || b.stats.SCOverflow != uint64(2000-b.v.SynCache) {
		t.Errorf("%d half open, %+v", b.c.Len(), b.stats)
	}
	if b.c.Of(pair(1999)) == nil || b.c.Of(pair(0)) != nil {
		t.Error("it is not the oldest that gave way")
	}
	full := b.c.Bytes()
	for b.c.Len() > 0 {
		b.c.Remove(b.c.order[0])
	}
	b.consistent()
	if left := b.c.Bytes() - empty; left > full/10 {
		t.Errorf("%d bytes are left of %d", left, full)
	}
}
