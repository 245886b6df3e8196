package mld_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/ip6/mld"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

var (
	group = netip.MustParseAddr("ff05::99")
	other = netip.MustParseAddr("ff02::1:ff00:1")
)

// A listener is an interface that is up, whose chance is half of what it may be.
type listener struct {
	t   *testing.T
	v   mld.Values
	g   mld.Groups
	now time.Duration
	log []string
}

func newListener(t *testing.T, version int) *listener {
	l := &listener{t: t, v: mld.Values{Version: version, Again: 10 * time.Second, Limit: 3}}
	l.g = mld.New(&l.v, func(limit time.Duration) time.Duration { return limit / 2 })
	l.g.SetUp(0, true, 0)
	return l
}

func (l *listener) take() {
	for _, m := range l.g.Take() {
		about := ""
		switch b := packet.ICMP(m.Body); b.Type() {
		case packet.ICMPv6ListenerReportV2:
			for r := b[8:]; len(r) > 0; r = r[20:] {
				about += fmt.Sprintf(" %d:%v", r[0], wire.AddrAt(r[4:]))
			}
		default:
			about = " " + wire.AddrAt(b[8:]).String()
		}
		l.log = append(l.log, fmt.Sprintf("%v %d%s to %v", l.now.Round(time.Millisecond), m.Body[0], about, m.Dst))
	}
}

func (l *listener) run(d time.Duration) {
	l.take()
	end := l.now + d
	for at := l.g.Next(); at != 0 && at <= end; at = l.g.Next() {
		l.now = max(l.now, at)
		l.g.Tick(l.now)
		l.take()
	}
	l.now = end
}

func (l *listener) want(want ...string) {
	l.t.Helper()
	if got := strings.Join(l.log, "\n"); got != strings.Join(want, "\n") {
		l.t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	l.log = nil
}

func query(about netip.Addr, delay uint16, v2 bool) packet.ICMP {
	b := wire.AppendAddr(wire.AppendICMP(nil, packet.ICMPv6ListenerQuery, 0, uint32(delay)<<16), about)
	if v2 {
		b = append(b, 2, 125, 0, 0)
	}
	return b
}

func TestGroups(t *testing.T) {
	for _, c := range []struct {
		says    string
		version int
		do      func(l *listener)
	}{
		{"version 1: a group is reported at once and again, and its leaving told", 1, func(l *listener) {
			l.g.Join(0, group, 0, false)
			l.run(20 * time.Second)
			l.want("0s 131 ff05::99 to ff05::99", "5s 131 ff05::99 to ff05::99")
			l.g.Leave(l.now, group)
			l.run(time.Minute)
			l.want("20s 132 ff05::99 to ff02::2")
		}},
		{"version 1: where another reported last, nothing is told", 1, func(l *listener) {
			l.g.Join(0, group, 0, false)
			l.run(20 * time.Second)
			l.g.Report(wire.AppendAddr(wire.AppendICMP(nil, packet.ICMPv6ListenerReport, 0, 0), group))
			l.g.Leave(l.now, group)
			l.run(time.Minute)
			l.want("0s 131 ff05::99 to ff05::99", "5s 131 ff05::99 to ff05::99")
		}},
		{"version 1: another's report ends ours", 1, func(l *listener) {
			l.g.Join(0, group, time.Second, false)
			l.g.Report(wire.AppendAddr(wire.AppendICMP(nil, packet.ICMPv6ListenerReport, 0, 0), group))
			l.run(time.Minute)
			l.want()
		}},
		{"version 1: a query of one group is answered for it", 1, func(l *listener) {
			l.g.Join(0, group, 0, false)
			l.g.Join(0, other, 0, false)
			l.run(20 * time.Second)
			l.log = nil
			l.g.Query(l.now, query(other, 1000, false))
			l.run(20 * time.Second)
			l.want("20.5s 131 ff02::1:ff00:1 to ff02::1:ff00:1")
		}},
		{"version 2: groups that are joined together are reported together", 2, func(l *listener) {
			l.v.Tick = 200 * time.Millisecond
			l.g.Join(0, group, 0, false)
			l.g.Join(0, other, 0, false)
			l.run(20 * time.Second)
			l.want("200ms 143 4:ff05::99 4:ff02::1:ff00:1 to ff02::16", "5.4s 143 4:ff05::99 4:ff02::1:ff00:1 to ff02::16")
			l.g.Leave(l.now, group)
			l.run(20 * time.Second)
			l.want("20s 143 3:ff05::99 to ff02::16", "25s 143 3:ff05::99 to ff02::16")
			l.g.Query(l.now, query(netip.IPv6Unspecified(), 0x8000, true)) // 32.768 s
			l.run(20 * time.Second)
			l.want("56.384s 143 2:ff02::1:ff00:1 to ff02::16")
		}},
		{"version 2: who asks in version 1 is answered in it, for 260 s", 2, func(l *listener) {
			l.g.Join(0, group, 0, false)
			l.run(20 * time.Second)
			l.log = nil
			l.g.Query(l.now, query(netip.IPv6Unspecified(), 1000, false))
			l.run(265 * time.Second)
			l.want("20.5s 131 ff05::99 to ff05::99")
			l.g.Query(l.now, query(group, 1000, true))
			l.run(20 * time.Second)
			l.want("4m45.5s 143 2:ff05::99 to ff02::16")
		}},
		{"all nodes, and what leaves no link, are not reported", 2, func(l *listener) {
			l.g.Join(0, wire.AllNodes, 0, false)
			l.g.Join(0, netip.MustParseAddr("ff01::1"), 0, false)
			l.g.Join(0, group, 0, true)
			l.g.Query(0, query(netip.IPv6Unspecified(), 1000, true))
			l.run(time.Minute)
			l.want()
			if l.g.Join(l.now, other, 0, false) || l.g.Len() != 3 {
				l.t.Error("a fourth group was joined, the limit is 3")
			}
		}},
		{"an interface that comes up reports what it has joined", 1, func(l *listener) {
			l.g.SetUp(0, false, 0)
			l.g.Join(0, group, 0, false)
			l.g.Join(0, group, 0, false)
			l.run(time.Minute)
			l.want()
			l.g.SetUp(l.now, true, 2*time.Second)
			l.run(time.Minute)
			l.want("1m1s 131 ff05::99 to ff05::99", "1m6s 131 ff05::99 to ff05::99")
			if l.g.Leave(l.now, group); !l.g.Has(group) || !l.g.HasMAC(wire.GroupMAC(group)) {
				l.t.Error("a group that was joined twice is left at once")
			}
			if l.g.Leave(l.now, other) {
				l.t.Error("a group that was not joined was left")
			}
		}},
	} {
		t.Run(c.says, func(t *testing.T) { c.do(newListener(t, c.version)) })
	}
}

// FuzzQuery: no query or report breaks a listener, and what it sends stays small.
func FuzzQuery(f *testing.F) {
	f.Add(2, []byte(query(netip.IPv6Unspecified(), 1000, true)))
	f.Add(1, []byte(query(group, 0, false)))
	f.Fuzz(func(t *testing.T, version int, b []byte) {
		if len(b) < packet.ICMPLen {
			return
		}
		l := newListener(t, version&1+1)
		l.g.Join(0, group, 0, false)
		l.g.Join(0, other, 0, false)
		for range 5 {
			l.g.Query(l.now, b)
			l.run(3 * time.Second)
			l.g.Report(b)
		}
		l.run(20 * time.Minute)
		if len(l.log) > 40 {
			t.Errorf("%d messages", len(l.log))
		}
	})
}
