package host

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

var everyDialect = []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly, dialect.NetBSD, dialect.Linux}

// A forger writes frames for the first host, as one who is no host of the world can.
type forger struct {
	h   *host
	mac packet.MAC
	out [][]byte // TCP messages' packets that the host has sent since the last look
}

// forge lets nothing that the first host sends arrive: it is kept for the forger.
func (w *world) forge() *forger {
	f := &forger{h: w.hosts[0], mac: packet.MAC{2, 9, 9, 9, 9, 9}}
	w.lose = func(_ int, frame []byte) bool {
		if frame[12] == 8 && frame[13] == 0 && frame[14+9] == packet.ProtoTCP {
			f.out = append(f.out, append([]byte(nil), frame[14:]...))
		}
		return true
	}
	return f
}

// arp makes the host know an address.
func (f *forger) arp(ip netip.Addr) {
	f.h.AddNeighbour(0, ip, f.mac, true, false)
}

// tcp delivers a segment to the host.
func (f *forger) tcp(seg tcp.Segment) {
	m := seg.Append(nil)
	b := packet.AppendEthernet(nil, macOfHost(0), f.mac, packet.TypeIPv4)
	b, _ = packet.AppendIPv4(b, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoTCP, Src: seg.Src.Addr(), Dst: seg.Dst.Addr()}, len(m))
	f.h.Deliver(0, append(b, m...))
}

// last is the last segment that the host has sent to an address.
func (f *forger) last(to netip.AddrPort) (tcp.Segment, bool) {
	for i := len(f.out) - 1; i >= 0; i-- {
		p := packet.IPv4(f.out[i])
		if seg, err := tcp.Parse(p.Src(), p.Dst(), p.Payload()); err == nil && seg.Dst == to {
			return seg, true
		}
	}
	return tcp.Segment{}, false
}

// connect makes a connection to port 80 of the host from an address of the net 10.0.0.0/24;
// it returns the next numbers of the forger and of the host.
func (f *forger) connect(from netip.AddrPort, options []byte) (seq, ack uint32) {
	to := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), 80)
	f.tcp(tcp.Segment{Src: from, Dst: to, Seq: 1000, Flags: tcp.SYN, Window: 65535, Options: options})
	s, ok := f.last(from)
	if !ok || s.Flags&(tcp.SYN|tcp.ACK) != tcp.SYN|tcp.ACK {
		f.h.w.t.Fatalf("no SYN+ACK to %v", from)
	}
	f.tcp(tcp.Segment{Src: from, Dst: to, Seq: 1001, Ack: s.Seq + 1, Flags: tcp.ACK, Window: 65535})
	return 1001, s.Seq + 1
}

var port80 = ap("10.0.0.1:80")

// A connection that was reset before it was accepted holds nothing that is not counted, and
// breaks nothing.
func TestResetBeforeAccept(t *testing.T) {
	for _, d := range everyDialect {
		t.Run(d.String(), func(t *testing.T) {
			m := kern.NewMemory(1<<30, nil, nil)
			w := newWorldOf(t, 1, d, m.Part())
			f := w.forge()
			from := ap("10.0.0.77:5555")
			f.arp(from.Addr())
			l := w.hosts[0].listener()
			base := m.Used()
			seq, ack := f.connect(from, nil)
			f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq, Ack: ack, Flags: tcp.ACK | tcp.PSH, Window: 65535, Data: make([]byte, 1400)})
			f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq + 1400, Ack: ack, Flags: tcp.RST | tcp.ACK})
			want := errno.ECONNABORTED
			if d == dialect.Linux {
				want = errno.OK
			}
			k, _, e := l.Accept()
			w.check("accept", e, want)
			if e == errno.OK {
				p := make([]byte, 2000)
				if n, _, e := k.Recv(p); n != 1400 || e != errno.OK {
					t.Errorf("recv: %d bytes, %v; want 1400", n, e)
				}
				_, _, e := k.Recv(p)
				w.check("recv", e, errno.ECONNRESET)
				k.Close()
			}
			// The same again, not accepted.
			from = ap("10.0.0.77:5556")
			seq, ack = f.connect(from, nil)
			f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq, Ack: ack, Flags: tcp.RST | tcp.ACK})
			seq, ack = f.connect(from, nil) // and the same pair once more
			f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq, Ack: ack, Flags: tcp.RST | tcp.ACK})
			l.Close()
			w.run(time.Hour)
			if n := m.Used(); n > base {
				t.Errorf("%d bytes are counted, %d were before", n, base)
			}
		})
	}
}

// Connections that peers reset, and nobody accepts, hold no more than is counted.
func TestDeadInTheBacklogIsCounted(t *testing.T) {
	m := kern.NewMemory(1<<30, nil, nil)
	w := newWorldOf(t, 1, dialect.Linux, m.Part())
	f := w.forge()
	k := w.hosts[0].socket(inet.SocketTCP)
	w.check("bind", k.Bind(ap("0.0.0.0:80")), errno.OK)
	w.check("listen", k.Listen(1000), errno.OK)
	before := inUse()
	for i := range 900 {
		from := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.77"), uint16(1024+i))
		if i == 0 {
			f.arp(from.Addr())
		}
		seq, ack := f.connect(from, nil)
		for range 30 {
			f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq, Ack: ack, Flags: tcp.ACK, Window: 65535, Data: make([]byte, 1400)})
			seq += 1400
		}
		f.tcp(tcp.Segment{Src: from, Dst: port80, Seq: seq, Ack: ack, Flags: tcp.RST | tcp.ACK})
		f.out = nil
	}
	w.queue = nil
	if used, holds := m.Used(), inUse()-before; holds > used+used/8 {
		t.Errorf("the stack holds %d bytes and counts %d", holds, used)
	}
	k.Close()
}

// A flood of SYNs holds what is counted, while it lasts and after.
func TestFloodOfSYNsIsCounted(t *testing.T) {
	for _, d := range everyDialect {
		m := kern.NewMemory(1<<30, nil, nil)
		w := newWorldOf(t, 1, d, m.Part())
		f := w.forge()
		var ks []inet.Socket
		for i := range 60 {
			k := w.hosts[0].socket(inet.SocketTCP)
			w.check("bind", k.Bind(netip.AddrPortFrom(netip.Addr{}, uint16(1000+i))), errno.OK)
			w.check("listen", k.Listen(128), errno.OK)
			ks = append(ks, k)
		}
		from := netip.MustParseAddr("10.0.0.77")
		f.arp(from)
		before, base := inUse(), m.Used()
		for i := range 512 {
			for j := range ks {
				f.tcp(tcp.Segment{Src: netip.AddrPortFrom(from, uint16(1000+i)), Dst: netip.AddrPortFrom(port80.Addr(), uint16(1000+j)), Flags: tcp.SYN, Window: 1000})
			}
			f.out = nil
		}
		w.queue = nil
		used, holds := m.Used()-base, inUse()-before
		t.Logf("%v: %d held, %d counted", d, holds, used)
		if holds > used+512<<10 {
			t.Errorf("%v: the stack holds %d bytes and counts %d", d, holds, used)
		}
		s := w.hosts[0].Stack.(*Stack)
		s.cancel = nil
		s.arm()
		w.run(time.Hour)
		f.out = nil
		used, holds = m.Used()-base, inUse()-before
		t.Logf("%v: after an hour %d held, %d counted", d, holds, used)
		if holds > used+512<<10 {
			t.Errorf("%v: after an hour the stack holds %d bytes and counts %d", d, holds, used)
		}
		w.close()
	}
}

// Fragments that get the large buffers of others hold what is counted.
func TestFragmentsInLargeBuffersAreCounted(t *testing.T) {
	for _, d := range everyDialect {
		m := kern.NewMemory(1<<30, nil, nil)
		w := newWorldOf(t, 1, d, m.Part())
		w.lose = func(int, []byte) bool { return true }
		h := w.hosts[0]
		before, base := inUse(), m.Used()
		for i := range 4000 {
			id := uint16(i)
			for at := range 4 { // one that is whole
				h.fragment(id, at*1200, make([]byte, 1200), at < 3)
			}
			h.fragment(id, 8, make([]byte, 64), true) // and one that never is
		}
		w.queue = nil
		used, holds := m.Used()-base, inUse()-before
		t.Logf("%v: %d held, %d counted", d, holds, used)
		if holds > used+512<<10 {
			t.Errorf("%v: the stack holds %d bytes and counts %d", d, holds, used)
		}
		w.close()
	}
}

// discovery delivers a message of neighbour discovery.
func (f *forger) discovery(src, dst netip.Addr, typ byte, flags uint32, target netip.Addr, option byte) {
	body := append(append(target.AsSlice(), option, 1), f.mac[:]...)
	b := packet.AppendEthernet(nil, macOfHost(0), f.mac, packet.TypeIPv6)
	b = packettest.AppendIPv6(b, packettest.IPv6Header{HopLimit: 255, NextHeader: packet.ProtoICMPv6, Src: src, Dst: dst}, 8+len(body))
	f.h.Deliver(0, packettest.AppendICMPv6(b, src, dst, typ, 0, flags, body))
}

// Neighbours that say they are routers are no more than others.
func TestNeighboursThatAreRouters(t *testing.T) {
	for _, d := range everyDialect {
		w := newWorldOf(t, 1, d, nil)
		f := w.forge()
		s := w.hosts[0].Stack.(*Stack)
		me := netip.MustParseAddr("fd00::1")
		ip := netip.MustParseAddr("fe80::1:0").As16()
		for i := range 3000 {
			binary.BigEndian.PutUint32(ip[4:], uint32(i)<<8)
			binary.BigEndian.PutUint32(ip[12:], uint32(i))
			from := netip.AddrFrom16(ip)
			f.discovery(from, me, 135, 0, me, 1)
			f.discovery(from, me, 136, 0xe0000000, from, 2)
		}
		if n := len(s.ip6.Neighbours()); n > s.v.IP6.MaxNeighbours {
			t.Errorf("%v: there are %d neighbours, at most %d may be", d, n, s.v.IP6.MaxNeighbours)
		}
		w.close()
	}
}

// steps lets d pass and reports whether no instant had more than so many turns.
func (w *world) steps(d time.Duration, limit int) bool {
	until, at, n := w.now+d, time.Duration(-1), 0
	for len(w.queue) > 0 && w.queue[0].at <= until {
		if w.queue[0].at > at {
			at, n = w.queue[0].at, 0
		}
		if n++; n > limit {
			w.t.Errorf("more than %d turns at %v", limit, at)
			w.queue = nil
		} else {
			w.step()
		}
	}
	w.now = until
	return n <= limit
}

// Tunables that are 0 divide nothing, and hold no time.
func TestTunablesOfZero(t *testing.T) {
	for _, c := range []struct {
		name string
		set  func(v *inet.Values)
	}{
		{"the default MSS", func(v *inet.Values) { v.TCP.MSSDefault = 0 }},
		{"the time that a connection may be idle", func(v *inet.Values) { v.TCP.KeepIdle = 0 }},
		{"all times of keepalive", func(v *inet.Values) { v.TCP.KeepIdle, v.TCP.KeepInterval, v.TCP.KeepCount = 0, 0, 0 }},
		{"times of retransmission", func(v *inet.Values) { v.TCP.RTOMin, v.TCP.Slop, v.TCP.ACKDelay = 0, 0, 0 }},
		{"buffers", func(v *inet.Values) { v.TCP.SndBuf, v.TCP.RcvBuf, v.Sockets.UDPRecvSpace = 0, 0, 0 }},
		{"negative buffers", func(v *inet.Values) { v.TCP.SndBuf, v.TCP.RcvBuf, v.Sockets.UDPRecvSpace = -1, -1, -1 }},
		{"the life of ARP's entries", func(v *inet.Values) { v.ARP.Keep, v.ARP.Down, v.ARP.Prune, v.ARP.MaxTries = 0, 0, 0, 0 }},
		{"times of neighbours", func(v *inet.Values) { v.IP6.Delay, v.IP6.UnicastTries, v.IP6.MulticastTries = 0, 0, 0 }},
	} {
		for _, d := range everyDialect {
			t.Run(c.name+"/"+d.String(), func(t *testing.T) {
				w := newWorldOf(t, 2, d, nil)
				w.delay = 0
				for _, h := range w.hosts {
					c.set(h.values)
				}
				l := w.hosts[0].listener()
				var ks []inet.Socket
				for _, to := range []string{"10.0.0.1:80", "127.0.0.1:80", "10.0.0.77:80"} {
					k := w.hosts[1].socket(inet.SocketTCP)
					if to[:3] == "127" {
						k = w.hosts[0].socket(inet.SocketTCP)
					}
					k.SetOption(inet.SO_KEEPALIVE, 1)
					k.Connect(ap(to))
					ks = append(ks, k)
				}
				w.steps(time.Second, 2000)
				for k, _, e := l.Accept(); e == errno.OK; k, _, e = l.Accept() {
					k.SetOption(inet.SO_KEEPALIVE, 1)
					ks = append(ks, k)
				}
				for _, k := range ks {
					k.Send(make([]byte, 20000), netip.AddrPort{})
				}
				w.steps(10*time.Second, 2000)
				w.lose = func(int, []byte) bool { return true }
				for _, k := range ks {
					k.Send(make([]byte, 2000), netip.AddrPort{})
				}
				w.steps(time.Minute, 2000)
			})
		}
	}
}

// A connect that could not send its SYN may be tried again.
func TestConnectAgain(t *testing.T) {
	for _, d := range everyDialect {
		w := newWorldOf(t, 2, d, nil)
		h := w.hosts[0]
		l := w.hosts[1].listener()
		k := h.socket(inet.SocketTCP)
		h.refuse = errno.ENOBUFS
		h.AddNeighbour(0, netip.MustParseAddr("10.0.0.2"), macOfHost(1), true, false)
		w.check("connect", k.Connect(ap("10.0.0.2:80")), errno.ENOBUFS)
		h.refuse = errno.OK
		w.check("connect", k.Connect(ap("10.0.0.2:80")), errno.EINPROGRESS)
		w.run(time.Second)
		peer, _, e := l.Accept()
		w.check("accept", e, errno.OK)
		if bits := k.Ready(); bits != kern.POLLOUT {
			t.Errorf("%v: ready %#x, want POLLOUT", d, bits)
		}
		k.Close()
		w.run(time.Minute)
		if n, _, e := peer.Recv(make([]byte, 10)); n != 0 || e != errno.OK {
			t.Errorf("%v: the peer reads %d bytes, %v; want the end", d, n, e)
		}
		w.close()
	}
}

// What long datagrams are made and taken apart in is not kept: it is in no account.
func TestLongDatagramsLeaveNothing(t *testing.T) {
	for _, d := range everyDialect {
		w := newWorldOf(t, 1, d, nil)
		w.lose = func(int, []byte) bool { return true }
		h := w.hosts[0]
		peer, peer6 := ap("10.0.0.2:9"), ap("[fd00::2]:9")
		h.AddNeighbour(0, peer.Addr(), macOfHost(1), true, false)
		h.AddNeighbour(0, peer6.Addr(), macOfHost(1), true, false)
		before := inUse()
		for kind, to := range map[inet.SocketKind]netip.AddrPort{inet.SocketUDP: peer, inet.SocketUDP6: peer6} {
			k := h.socket(kind)
			w.check("setsockopt", k.SetOption(inet.SO_SNDBUF, 65507), errno.OK)
			_, e := k.Send(make([]byte, 65000), to)
			w.check("send", e, errno.OK)
			k.Close()
		}
		for i := range 46 {
			h.fragment(1, i*1400, make([]byte, 1400), i < 45)
		}
		w.queue = nil
		if holds := inUse() - before; holds > 40<<10 {
			t.Errorf("%v: %d bytes are held", d, holds)
		}
		w.close()
	}
}

// Two ends that a third has put out of step, by bytes that neither has sent, tell each other so
// with each segment, for ever; where the wire takes no time they stop.
func TestEndsOutOfStep(t *testing.T) {
	for _, d := range everyDialect {
		w := newWorldOf(t, 2, d, nil)
		w.delay = 0
		ks, peers := w.connect(w.hosts[0], w.hosts[1], 1)
		w.steps(time.Second, 1000)
		for i, k := range []inet.Socket{ks[0], peers[0]} {
			var last tcp.Segment // that the host sends
			w.lose = func(_ int, frame []byte) bool {
				p := packet.IPv4(frame[14:])
				last, _ = tcp.Parse(p.Src(), p.Dst(), p.Payload())
				return true
			}
			k.Send([]byte{1}, netip.AddrPort{})
			seg := tcp.Segment{Src: last.Dst, Dst: last.Src, Seq: last.Ack, Ack: last.Seq + 1, Flags: tcp.ACK, Window: 65535, Data: make([]byte, 5)}
			m := seg.Append(nil)
			b := packet.AppendEthernet(nil, macOfHost(i), macOfHost(1-i), packet.TypeIPv4)
			b, _ = packet.AppendIPv4(b, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoTCP, Src: seg.Src.Addr(), Dst: seg.Dst.Addr()}, len(m))
			w.hosts[i].Deliver(0, append(b, m...))
		}
		w.lose = nil
		ks[0].Send([]byte{1}, netip.AddrPort{})
		w.steps(10*time.Minute, 1000)
		w.close()
	}
}
