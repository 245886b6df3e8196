package tcp

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/wire"
)

// What follows was reasoned from the kernels' sources: situations beside those recorded.

func TestLossIsSeenByDuplicates(t *testing.T) {
	sackOK := []byte{2, 4, 5, 0xb4, 4, 2, 1, 1}
	for _, c := range []struct {
		name string
		d    dialect.Dialect
		opts []byte
		sack bool // each duplicate says that one segment more came behind the first
		want []string
	}{
		{"freebsd sends two new segments for the first two, then the lost one", dialect.FreeBSD, mss1460, false, []string{"4381", "5841", "1"}},
		{"netbsd sends the lost one at the third, new ones for those after it", dialect.NetBSD, mss1460, false, []string{"1", "4381", "5841", "7301", "8761"}},
		{"freebsd with blocks sends the lost one again", dialect.FreeBSD, sackOK, true, []string{"4381", "5841", "1"}},
		{"freebsd waits for the timeout where blocks were agreed and none come", dialect.FreeBSD, sackOK, false, []string{"4381", "5841"}},
		{"linux waits for a timeout, too", dialect.Linux, sackOK, false, nil},
		{"linux waits for a quarter of a round trip with the lost one", dialect.Linux, sackOK, true, []string{"14601", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, c.opts...)
			s.h.users[0].send = make([]byte, 60000)
			s.h.run()
			s.mark()
			var got []string
			s.w.log = func(_ *host, g *Segment) { got = append(got, fmt.Sprint(g.Seq-s.local)) }
			for i := range 5 {
				s.wait(0.01)
				var o []byte
				if c.sack {
					start, end := s.local+1461, s.local+1461+1460*uint32(min(i+1, 2))
					o = []byte{1, 1, 5, 10, byte(start >> 24), byte(start >> 16), byte(start >> 8), byte(start), byte(end >> 24), byte(end >> 16), byte(end >> 8), byte(end)}
				}
				s.send(ACK, 1, 1, 65535, 0, o...)
			}
			if fmt.Sprint(got) != fmt.Sprint(c.want) {
				t.Errorf("sent %v, want %v; cwnd %d", got, c.want, conn.cong.Cwnd)
			}
		})
	}
}

func TestAConnectionThatIsNotAcknowledgedIsGivenUp(t *testing.T) {
	for _, c := range []struct {
		d     dialect.Dialect
		times int     // segments sent
		after float64 // seconds
	}{
		{dialect.FreeBSD, 13, 606},                    // 3 + 6.2 + 12.2 + 24.2 + 48.2 + 8*64
		{dialect.NetBSD, 13, 6 + 12 + 24 + 48 + 64*9}, // 6 s doubled, at most 64
		{dialect.Linux, 16, 924.6},
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.write(conn, 100)
			s.wait(1200)
			n := len(s.out)
			var at float64
			fmt.Sscan(s.out[n-1], &at) //nolint:errcheck // a time is always there
			if e := conn.Err(); e != errno.ETIMEDOUT || !conn.has(dead) {
				t.Errorf("%v, %s", e, conn.State())
			}
			if last := s.out[n-1]; !strings.Contains(last, " RA 101 1001") {
				t.Errorf("the last is %q, want a RST", last)
			}
			if n-1 != c.times || at < c.after-0.03*c.after || at > c.after+0.03*c.after {
				t.Errorf("sent %d times, given up after %.1f s; want %d, %.1f", n-1, at, c.times, c.after)
			}
		})
	}
}

func TestAnIdlePeerIsProbed(t *testing.T) {
	for _, c := range []struct {
		d      dialect.Dialect
		on     bool
		probes int
	}{{dialect.FreeBSD, false, 8}, {dialect.DragonFly, false, 8}, {dialect.NetBSD, false, 0}, {dialect.NetBSD, true, 8}, {dialect.Linux, false, 0}, {dialect.Linux, true, 9}} {
		t.Run(fmt.Sprintf("%s, SO_KEEPALIVE %t", c.d, c.on), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			conn.SetOptions(s.w.now, Options{KeepAlive: c.on, Linger: -1}, &s.h.acts)
			s.wait(3 * 3600)
			probes := 0
			for i, line := range s.out {
				f := strings.Fields(line)
				if want := fmt.Sprintf("%.0f", 7200+75*float64(i)); f[1] == "A" && f[2] == "0" && f[3] == "1001" {
					if at, _, _ := strings.Cut(f[0], "."); c.d != dialect.Linux && (len(at) != 4 || at[:3] != want[:3]) { // its wheel is a minute late
						t.Errorf("a probe at %s, want %s", f[0], want)
					}
					probes++
				} else if f[1] != "RA" {
					t.Errorf("sent %q", line)
				}
			}
			if probes != c.probes || conn.has(dead) != (c.probes > 0) {
				t.Errorf("%d probes, dead %t", probes, conn.has(dead))
			}
			if c.probes > 0 && conn.Err() != errno.ETIMEDOUT {
				t.Error("not ETIMEDOUT")
			}
		})
	}
	t.Run("a probe that is answered begins anew", func(t *testing.T) {
		s := newScript(t, dialect.FreeBSD)
		conn := s.accepted(65535, mss1460...)
		for range 3 {
			s.wait(7201)
			s.send(ACK, 1, 1, 65535, 0)
		}
		if len(s.out) != 3 || conn.has(dead) {
			t.Errorf("sent %q", s.out)
		}
	})
}

func TestNagle(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		for range 3 {
			s.write(conn, 10)
		}
		if n := len(s.out); n != 1 {
			t.Errorf("%s: of three small writes %d are sent at once, want 1", d, n)
		}
		s.mark()
		s.send(ACK, 1, 11, 65535, 0)
		if len(s.out) != 1 || len(s.last.Data) != 20 {
			t.Errorf("%s: then %q", d, s.out)
		}
		conn.SetOptions(s.w.now, Options{NoDelay: true, Linger: -1}, &s.h.acts)
		s.mark()
		s.write(conn, 10)
		if len(s.out) != 1 {
			t.Errorf("%s: with TCP_NODELAY %q", d, s.out)
		}
	}
}

func TestAWriteOfSeveralSegmentsEndsWithASmallOne(t *testing.T) {
	for d, want := range map[dialect.Dialect]string{
		dialect.FreeBSD: "[1460 1460 80]", // the connection was idle when the write began: all of it goes
		dialect.NetBSD:  "[1460 1460]",    // pieces of 2048: the tail is written when data is out, and waits
		dialect.Linux:   "[1460 1460 80]", // nothing small is out
	} {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		var got []int
		s.w.log = func(_ *host, g *Segment) { got = append(got, len(g.Data)) }
		s.write(conn, 3000)
		if fmt.Sprint(got) != want {
			t.Errorf("%s: %v, want %v", d, got, want)
		}
	}
}

func TestPathMTU(t *testing.T) {
	for _, c := range []struct {
		d    dialect.Dialect
		want string
	}{
		{dialect.FreeBSD, "1:960 961:960 1921:960 2881:960"},
		{dialect.NetBSD, "1:960 961:960 1921:960"}, // a first window, of the new size: tcp_mtudisc
	} {
		t.Run(c.d.String(), func(t *testing.T) {
			s := newScript(t, c.d)
			conn := s.accepted(65535, mss1460...)
			s.write(conn, 8000)
			var got []string
			s.w.log = func(_ *host, g *Segment) { got = append(got, fmt.Sprintf("%d:%d", g.Seq-s.local, len(g.Data))) }
			conn.Unreachable(s.w.now, ICMP{Type: 3, Code: 4, MTU: 1000, Seq: s.local + 999999}, &s.h.acts)
			if len(s.h.acts.Segments) > 0 {
				t.Error("an error about what was never sent is believed")
			}
			conn.Unreachable(s.w.now, ICMP{Type: 3, Code: 4, MTU: 1000, Seq: s.local + 1}, &s.h.acts)
			s.h.flush()
			if g := strings.Join(got, " "); !strings.HasPrefix(g, c.want) {
				t.Errorf("sent %s, want %s", g, c.want)
			}
			if conn.MSS() != 960 {
				t.Errorf("the MSS is %d", conn.MSS())
			}
		})
	}
	t.Run("netbsd believes less than was acknowledged in one piece only after a timeout", func(t *testing.T) {
		s := newScript(t, dialect.NetBSD)
		conn := s.accepted(65535, mss1460...)
		s.write(conn, 20000)
		s.send(ACK, 1, 1461, 65535, 0)
		s.mark()
		conn.Unreachable(s.w.now, ICMP{Type: 3, Code: 4, MTU: 1000, Seq: s.local + 1461}, &s.h.acts)
		s.h.flush()
		if len(s.out) != 0 || conn.MSS() != 1460 {
			t.Errorf("at once: %q", s.out)
		}
		s.wait(7)
		if conn.MSS() != 960 {
			t.Errorf("after the timeout: %d, %q", conn.MSS(), s.out)
		}
	})
	t.Run("an MTU below the least is not believed", func(t *testing.T) {
		s := newScript(t, dialect.FreeBSD)
		conn := s.accepted(65535, mss1460...)
		s.write(conn, 8000)
		conn.Unreachable(s.w.now, ICMP{Type: 3, Code: 4, MTU: 68, Seq: s.local + 1}, &s.h.acts)
		if conn.MSS() != 216 {
			t.Errorf("the MSS is %d, want 216", conn.MSS())
		}
	})
}

func TestBothOpenAtOnce(t *testing.T) {
	for _, x := range dialect.All {
		for _, y := range dialect.All {
			w := newWorld(t, 3)
			a, b := w.host("10.0.0.1", x), w.host("10.0.0.2", y)
			ua, ub := a.dial(b, 1000, 2000), b.dial(a, 2000, 1000)
			ua.send, ub.send = pattern(5000, 1), pattern(7000, 2)
			ua.halfClose, ub.halfClose = true, true
			for range 100000 {
				if !w.step(w.now + time.Hour) {
					break
				}
			}
			if len(ua.got) != 7000 || len(ub.got) != 5000 || ua.err != 0 || ub.err != 0 {
				t.Errorf("%s and %s: %d and %d bytes, %v %v", x, y, len(ua.got), len(ub.got), ua.c.State(), ub.c.State())
			}
		}
	}
}

func TestBothCloseAtOnce(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		s.close(conn)
		s.send(FIN|ACK, 1, 1, 65535, 0)
		if conn.State() != Closing || len(s.out) != 2 || s.last.Ack != 1002 {
			t.Errorf("%s: %s, %q", d, conn.State(), s.out)
		}
		s.send(ACK, 2, 2, 65535, 0)
		if conn.State() != TimeWait {
			t.Errorf("%s: %s", d, conn.State())
		}
	}
}

func TestLingerOfZeroResets(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		conn.SetOptions(s.w.now, Options{Linger: 0}, &s.h.acts)
		s.close(conn)
		if !conn.has(dead) || len(s.out) != 1 || s.last.Flags != RST|ACK {
			t.Errorf("%s: %q", d, s.out)
		}
	}
}

func TestAFINWaitsForWhatIsMissing(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		s.send(FIN|PSH|ACK, 11, 1, 65535, 10)
		if _, end := conn.Readable(); end || conn.State() != Established {
			t.Errorf("%s: the end came before the data: %s", d, conn.State())
		}
		s.send(ACK, 1, 1, 65535, 10)
		if n, end := conn.Readable(); n != 20 || !end || conn.State() != CloseWait || s.last.Ack != 1022 {
			t.Errorf("%s: %d bytes, end %t, %s, ack %d", d, n, end, conn.State(), s.last.Ack)
		}
	}
}

func TestWindowsAreScaled(t *testing.T) {
	s := newScript(t, dialect.FreeBSD)
	conn := s.accepted(100, 2, 4, 5, 0xb4, 1, 3, 3, 7) // the ACK's 100 is 12800
	s.write(conn, 20000)
	if conn.sndWnd != 12800 {
		t.Errorf("the peer's window is %d", conn.sndWnd)
	}
	s.send(ACK, 1, 1, 100, 1000)
	s.wait(1)
	if s.last.Window != uint16((65700-1000)>>6) {
		t.Errorf("ours is %d", s.last.Window)
	}
}

func TestOldTimestampsAreRefused(t *testing.T) {
	stamp := func(v byte) []byte { return []byte{1, 1, 8, 10, 0, 0, 0, v, 0, 0, 0, 0} }
	for d, answers := range map[dialect.Dialect]int{dialect.FreeBSD: 1, dialect.NetBSD: 2} {
		s := newScript(t, d)
		s.h.listen(80, 5)
		s.port++
		s.send(SYN, 0, 0, 65535, 0, allOpts...)
		var o wire.Options
		o.Parse(s.last.Options, true)
		ack := []byte{1, 1, 8, 10, 0, 0, 0, 101, byte(o.TSVal >> 24), byte(o.TSVal >> 16), byte(o.TSVal >> 8), byte(o.TSVal)}
		s.send(ACK, 1, 1, 65535, 0, ack...)
		conn, ok := s.h.li.Accept()
		if !ok {
			t.Fatalf("%s: no connection", d)
		}
		s.mark()
		s.send(ACK, 1, 1, 65535, 10, stamp(50)...) // with data
		s.send(ACK, 1, 1, 65535, 0, stamp(50)...)  // without
		if n, _ := conn.Readable(); n != 0 || len(s.out) != answers {
			t.Errorf("%s: took %d bytes, answered %q", d, n, s.out)
		}
	}
}

func TestAReceiverTellsWhatItHas(t *testing.T) {
	for _, c := range []struct {
		d    dialect.Dialect
		want string
	}{{dialect.FreeBSD, "sack3"}, {dialect.NetBSD, "sack3"}, {dialect.Linux, "sack4"}} {
		s := newScript(t, c.d)
		s.accepted(65535, 2, 4, 5, 0xb4, 4, 2, 1, 1)
		for i := range uint32(5) {
			s.send(ACK, 101+200*i, 1, 65535, 100)
		}
		var o wire.Options
		o.Parse(s.last.Options, false)
		if newest := o.SACK[0].Start - 1000; newest != 901 {
			t.Errorf("%s: the first block is not the newest: %d", c.d, newest)
		}
		want := map[dialect.Dialect]int{dialect.FreeBSD: 4, dialect.NetBSD: 3, dialect.Linux: 4}[c.d]
		if o.Blocks != want {
			t.Errorf("%s: %d blocks, want %d", c.d, o.Blocks, want)
		}
		s.send(ACK, 1, 1, 65535, 100) // joins 101..200
		o.Parse(s.last.Options, false)
		if s.last.Ack != 1201 {
			t.Errorf("%s: ack %d", c.d, s.last.Ack)
		}
	}
}

func TestAListenerIsClosed(t *testing.T) {
	s := newScript(t, dialect.FreeBSD)
	s.h.listen(80, 5)
	for i := range 3 {
		s.port = uint16(4000 + i)
		s.send(SYN, 0, 0, 65535, 0, mss1460...)
		if i < 2 {
			s.send(ACK, 1, 1, 65535, 0)
		}
	}
	s.mark()
	closed := s.h.li.Close(s.w.now, &s.h.acts)
	s.h.flush()
	if len(closed) != 2 || len(s.out) != 2 || s.h.li.Half() != 0 {
		t.Errorf("%d closed, sent %q", len(closed), s.out)
	}
	if _, ok := s.h.li.Next(); ok {
		t.Error("it still has a timer")
	}
}

func TestAFloodOfSYNsIsHeldToTheLimit(t *testing.T) {
	for _, d := range dialect.All {
		s := newScript(t, d)
		s.h.listen(80, 5)
		for i := range 2000 {
			s.port = uint16(1000 + i)
			s.send(SYN, 0, 0, 65535, 0)
		}
		if n := s.h.li.Half(); n != s.h.v.SynCache || s.h.l.Stats.SCOverflow != uint64(2000-s.h.v.SynCache) {
			t.Errorf("%s: %d half open, %d counted", d, n, s.h.l.Stats.SCOverflow)
		}
	}
}

func TestBuffersGrowWhereTheKernelLetsThem(t *testing.T) {
	for d, grows := range map[dialect.Dialect]bool{dialect.FreeBSD: true, dialect.NetBSD: true, dialect.DragonFly: false, dialect.Linux: true} {
		w := newWorld(t, 1)
		w.delay = 20 * time.Millisecond
		a, b := w.host("10.0.0.1", d), w.host("10.0.0.2", d)
		cl, _ := transfer(t, w, a, b, pattern(2_000_000, 1), nil, nil)
		if got := cl.c.sndBuf > a.v.SndBuf+1460; got != grows {
			t.Errorf("%s: the send buffer is %d, at first %d", d, cl.c.sndBuf, a.v.SndBuf)
		}
	}
}

func TestARetransmissionThatWasNotNeededIsTakenBack(t *testing.T) {
	s := newScript(t, dialect.FreeBSD)
	conn := s.accepted(65535, mss1460...)
	s.h.users[0].send = make([]byte, 30000)
	s.h.run()
	s.wait(0.5) // a round trip of half a second
	s.send(ACK, 1, 4381, 65535, 0)
	s.h.run()
	cwnd := conn.cong.Cwnd
	s.wait(float64(conn.rto)/1e9 + 0.03)
	if conn.shift != 1 || conn.cong.Cwnd != 1460 {
		t.Fatalf("no timeout: %d, %d", conn.shift, conn.cong.Cwnd)
	}
	s.send(ACK, 1, 8761, 65535, 0) // sooner than half a round trip after it
	if conn.cong.Cwnd < cwnd || s.h.l.Stats.SndRexmitBad != 1 {
		t.Errorf("the window is %d, was %d", conn.cong.Cwnd, cwnd)
	}
}

func TestRoomIsToldToAPeerThatHasClosed(t *testing.T) {
	for d, want := range map[dialect.Dialect]int{dialect.FreeBSD: 1, dialect.NetBSD: 1, dialect.Linux: 0} {
		s := newScript(t, d)
		conn := s.accepted(65535, mss1460...)
		for i := range uint32(10) {
			s.send(ACK, 1+1460*i, 1, 65535, 1460)
		}
		s.send(FIN|ACK, 14601, 1, 65535, 0)
		s.mark()
		if n := s.read(conn, 65536); n != 14600 || len(s.out) != want {
			t.Errorf("%s: read %d, sent %q", d, n, s.out)
		}
	}
}
