package host

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// fillings are the ways to make a stack hold something, on the first host of a world of
// two. Calls of it may fail for want of memory.
var fillings = []struct {
	name   string
	least  int64 // bytes that are held in fact, where there is memory
	fill   func(w *world)
	atOnce bool // what it holds is there for a moment
}{
	{name: "bytes that nobody acknowledges", least: 32 << 10, fill: func(w *world) {
		k, _ := w.connect(w.hosts[0], w.hosts[1], 1)
		w.lose = func(int, []byte) bool { return true }
		for range 20_000 {
			k[0].Send([]byte{1}, netip.AddrPort{})
		}
	}},
	{name: "long writes that nobody acknowledges", least: 3 << 20, fill: func(w *world) {
		ks, _ := w.connect(w.hosts[0], w.hosts[1], 60)
		w.lose = func(int, []byte) bool { return true }
		for _, k := range ks {
			for range 70 {
				k.Send(make([]byte, 1000), netip.AddrPort{})
			}
		}
	}},
	{name: "segments that a router wants shorter", least: 1 << 20, fill: func(w *world) {
		ks, peers := w.connect(w.hosts[0], w.hosts[1], 30)
		for range 40 { // until much may be on the way
			for i, k := range ks {
				k.Send(make([]byte, 32<<10), netip.AddrPort{})
				for n := 1; n > 0; n, _, _ = peers[i].Recv(make([]byte, 64<<10)) {
				}
			}
			w.run(20 * time.Millisecond)
		}
		last := map[[2]byte][]byte{} // of each stream, by its port
		w.lose = func(_ int, f []byte) bool {
			if f[5] == 2 && len(f) > 100 {
				last[[2]byte(f[34:])] = append([]byte(nil), f...)
			}
			return f[5] == 2
		}
		for _, k := range ks {
			k.Send(make([]byte, 64<<10), netip.AddrPort{})
		}
		for _, f := range last {
			w.hosts[0].Deliver(0, frameTo(0, tooBigAbout(w.t, f, 68)))
		}
	}},
	{name: "bytes that nobody reads", least: 64 << 10, fill: func(w *world) {
		ks, keep := w.connect(w.hosts[1], w.hosts[0], 60)
		for range 500 {
			for _, k := range ks {
				k.Send([]byte{1}, netip.AddrPort{})
			}
			w.run(10 * time.Millisecond)
		}
		w.keep = append(w.keep, keep)
	}},
	{name: "streams that nobody reads", least: 3 << 20, fill: func(w *world) {
		ks, keep := w.connect(w.hosts[1], w.hosts[0], 60)
		for range 30 {
			for _, k := range ks {
				k.Send(make([]byte, 16<<10), netip.AddrPort{})
			}
			w.run(100 * time.Millisecond)
		}
		w.keep = append(w.keep, keep)
	}},
	{name: "segments behind a gap", least: 500 << 10, fill: func(w *world) {
		ks, keep := w.connect(w.hosts[1], w.hosts[0], 60)
		first := map[uint16]uint32{}
		w.lose = func(_ int, f []byte) bool { // each stream's first, again and again
			if len(f) < 100 || f[5] != 1 {
				return false
			}
			port, seq := binary.BigEndian.Uint16(f[34:]), binary.BigEndian.Uint32(f[38:])
			if _, ok := first[port]; !ok {
				first[port] = seq
			}
			return first[port] == seq
		}
		for range 10 {
			for _, k := range ks {
				k.Send(make([]byte, 16<<10), netip.AddrPort{})
			}
			w.run(time.Second)
		}
		w.keep = append(w.keep, keep)
	}},
	{name: "connections that nobody accepts", least: 500 << 10, fill: func(w *world) {
		w.hosts[0].listener()
		var ks []inet.Socket
		for range 8 {
			k := w.hosts[1].socket(inet.SocketTCP)
			k.Connect(ap("10.0.0.1:80"))
			ks = append(ks, k)
		}
		w.run(time.Second)
		for range 30 {
			for _, k := range ks {
				k.Send(make([]byte, 16<<10), netip.AddrPort{})
			}
			w.run(100 * time.Millisecond)
		}
	}},
	{name: "empty datagrams", least: 250 << 10, fill: func(w *world) {
		from := w.hosts[1].socket(inet.SocketUDP)
		for port := range 30 {
			k, e := w.hosts[0].Socket(inet.SocketUDP)
			if e != errno.OK {
				return
			}
			addr := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(1000+port))
			k.Bind(addr)
			for range 520 {
				from.Send(nil, addr)
				w.run(time.Millisecond)
			}
			w.run(time.Second)
		}
	}},
	{name: "fragments that wait", least: 1 << 20, fill: func(w *world) {
		for i := range 4000 {
			w.hosts[0].fragment(uint16(i), 0, make([]byte, 1400), true)
		}
	}},
	{name: "packets to hosts that nobody has", least: 20 << 10, fill: func(w *world) {
		k := w.hosts[0].socket(inet.SocketUDP)
		for i := range 20 {
			for range 300 {
				k.Send(make([]byte, 1400), netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(100 + i)}), 9))
			}
		}
	}},
	{name: "replies that nobody reads", least: 150 << 10, fill: func(w *world) {
		var ks []inet.Socket
		for range 20 {
			k, e := w.hosts[0].Socket(inet.SocketICMP)
			if e != errno.OK {
				return
			}
			ks = append(ks, k)
		}
		for range 60 {
			for _, k := range ks {
				p := make([]byte, 1000)
				p[0] = packet.ICMPEcho
				k.Send(p, ap("10.0.0.2:0"))
			}
			w.run(100 * time.Millisecond)
		}
	}},
	{name: "neighbours", least: 10 << 10, fill: func(w *world) {
		for i := range 255 {
			w.hosts[0].Deliver(0, packettest.AppendARP(
				packet.AppendEthernet(nil, macOfHost(0), packet.MAC{2, 1}, packet.TypeARP), packet.ARPRequest,
				packet.MAC{2, 1}, netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), packet.MAC{}, netip.MustParseAddr("10.0.0.1"),
			))
		}
	}},
	{name: "packets to itself", least: 2 << 20, fill: func(w *world) {
		k := w.hosts[0].socket(inet.SocketUDP)
		for range 1500 {
			k.Send(make([]byte, 1400), ap("127.0.0.1:9"))
		}
	}, atOnce: true},
}

// fragment delivers a part of a UDP datagram.
func (h *host) fragment(id uint16, at int, data []byte, more bool) {
	f := packet.AppendEthernet(nil, macOfHost(h.i), packet.MAC{2, 9}, packet.TypeIPv4)
	f, err := packet.AppendIPv4(f, packet.IPv4Header{
		TTL: 9, Protocol: packet.ProtoUDP, Src: netip.MustParseAddr("10.0.0.2"), Dst: netip.MustParseAddr("10.0.0.1"),
	}, len(data))
	if err != nil {
		h.w.t.Fatal(err)
	}
	ip := f[14:]
	binary.BigEndian.PutUint16(ip[4:], id)
	flags := uint16(at / 8)
	if more {
		flags |= 1 << 13
	}
	binary.BigEndian.PutUint16(ip[6:], flags)
	binary.BigEndian.PutUint16(ip[10:], 0)
	binary.BigEndian.PutUint16(ip[10:], packet.Checksum(ip[:20]))
	h.Deliver(0, append(f, data...))
}

// connect makes streams without delay from one host to the other, as many as there is
// memory for, and returns both ends.
func (w *world) connect(from, to *host, n int) (ks, peers []inet.Socket) {
	w.t.Helper()
	l := to.listener()
	for range n {
		k, e := from.Socket(inet.SocketTCP)
		if e != errno.OK {
			break
		}
		w.check("nodelay", k.SetOption(inet.TCP_NODELAY, 1), errno.OK)
		w.check("connect", k.Connect(netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(to.i + 1)}), 80)), errno.EINPROGRESS)
		w.run(100 * time.Millisecond)
		peer, _, e := l.Accept()
		if e != errno.OK {
			k.Close()
			break
		}
		ks, peers = append(ks, k), append(peers, peer)
	}
	if len(ks) == 0 {
		w.t.Fatal("no stream at all")
	}
	return ks, peers
}

// inUse is how many bytes are in use.
func inUse() int64 {
	for range 3 {
		runtime.GC() // netstack's pools, too
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestSocketsAreCounted fills a stack in each way that there is: what it takes is never
// more than it counts, with memory and without, the limit holds, and all is given back.
func TestSocketsAreCounted(t *testing.T) {
	const small, slop = 1 << 20, 384 << 10 // buffers for what is being sent, while there are connections
	for _, c := range fillings {
		for _, limit := range []int64{1 << 30, small} {
			t.Run(fmt.Sprintf("%s/%d MiB", c.name, limit>>20), func(t *testing.T) {
				full := false
				m := kern.NewMemory(limit, nil, func() { full = true })
				w := newWorldOf(t, 2, dialect.FreeBSD, m.Part())
				s := w.hosts[0].Stack.(*Stack)
				before := inUse()
				c.fill(w)
				for _, h := range w.hosts[1:] { // what it has is its own
					h.Close()
				}
				if !c.atOnce {
					w.run(2 * w.delay) // what is on the wire is neither's
				}
				used, holds := m.Used(), inUse()-before
				t.Logf("%d bytes are held, %d counted", holds, used)
				if holds > used+slop {
					t.Errorf("the stack holds %d bytes and counts %d", holds, used)
				}
				if used > limit {
					t.Errorf("%d bytes are counted, %d may be", used, limit)
				}
				switch {
				case limit > small && (holds < c.least || full):
					t.Errorf("it holds %d bytes, and should %d", holds, c.least)
				case limit == small && c.least > limit && !full:
					t.Error("nothing was refused")
				}
				w.lose = nil
				for len(s.sockets.all) > 0 {
					switch o := s.sockets.all[0].Own.(type) {
					case *datagram:
						o.Close()
					case *echo:
						o.Close()
					case *end:
						o.owner.Close()
					}
				}
				w.run(3 * time.Hour)
				if n := m.Used(); n > 3*account.Step+int64(s.tcp.Bytes()) && c.name != "neighbours" {
					t.Errorf("without sockets %d bytes are counted", n)
				}
				w.hosts[0].Close()
				if n := m.Used(); n != 0 {
					t.Errorf("without a stack %d bytes are counted", n)
				}
			})
		}
	}
}

// TestSendQueue looks at netstat's Send-Q: what was written and not acknowledged.
func TestSendQueue(t *testing.T) {
	w := newWorld(t, 2)
	k, _ := w.connect(w.hosts[0], w.hosts[1], 1)
	queue := func() (n int) {
		for _, st := range w.hosts[0].Sockets() {
			n += st.SendQ
		}
		return n
	}
	w.lose = func(int, []byte) bool { return true }
	_, e := k[0].Send(make([]byte, 1000), netip.AddrPort{})
	w.check("send", e, errno.OK)
	if n := queue(); n != 1000 {
		t.Errorf("%d bytes wait to be acknowledged, want 1000", n)
	}
	w.lose = nil
	w.run(time.Minute)
	if n := queue(); n != 0 {
		t.Errorf("%d bytes wait, want none", n)
	}
}

// BenchmarkCounted measures a datagram, and a write to a stream, from one host to another
// that has some sockets.
func BenchmarkCounted(b *testing.B) {
	memory := func() *kern.Memory { return kern.NewMemory(128<<20, nil, nil).Part() }
	p, q := make([]byte, 1400), make([]byte, 2000)
	for _, sockets := range []int{1, 200} {
		b.Run(fmt.Sprintf("datagram/%d sockets", sockets), func(b *testing.B) {
			w := newWorldOf(b, 2, dialect.FreeBSD, memory())
			var to inet.Socket
			for i := range sockets {
				to = w.hosts[0].socket(inet.SocketUDP)
				w.check("bind", to.Bind(netip.AddrPortFrom(netip.Addr{}, uint16(1000+i))), errno.OK)
			}
			from := w.hosts[1].socket(inet.SocketUDP)
			addr := netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(999+sockets))
			for b.Loop() {
				from.Send(p, addr)
				w.run(20 * time.Millisecond)
				to.Recv(q)
			}
		})
		b.Run(fmt.Sprintf("stream/%d sockets", sockets), func(b *testing.B) {
			w := newWorldOf(b, 2, dialect.FreeBSD, memory())
			ks, peers := w.connect(w.hosts[0], w.hosts[1], sockets)
			for b.Loop() {
				ks[sockets-1].Send(p, netip.AddrPort{})
				w.run(20 * time.Millisecond)
				peers[sockets-1].Recv(q)
			}
		})
	}
}
