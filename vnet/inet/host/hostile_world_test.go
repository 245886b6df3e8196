package host

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/tcp"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
)

// A chaos is a host whose program does anything, on a wire where anything comes in.
type chaos struct {
	*world
	f       *forger
	r       *rand.Rand
	memory  *kern.Memory
	sockets []*told
	frames  [][]byte // that the host has sent lately
	op      string
}

// A told is a socket and whether it was told of something.
type told struct {
	inet.Socket
	ready int
	told  bool
}

func newChaos(t testing.TB, d dialect.Dialect, seed uint64, limit int64) *chaos {
	m := kern.NewMemory(limit, nil, nil)
	c := &chaos{world: newWorldOf(t, 2, d, m.Part()), r: rand.New(rand.NewPCG(seed, 7)), memory: m}
	c.f = &forger{h: c.hosts[0], mac: packet.MAC{2, 9, 9, 9, 9, 9}}
	c.lose = func(_ int, frame []byte) bool {
		if frame[11] == 1 {
			c.frames = append(c.frames, slices.Clone(frame))
			c.frames = c.frames[max(0, len(c.frames)-32):]
		}
		return c.r.IntN(16) == 0
	}
	for port := range uint16(4) {
		k := c.hosts[1].socket(inet.SocketTCP)
		k.Bind(netip.AddrPortFrom(netip.Addr{}, 80+port))
		k.Listen(2)
	}
	c.f.arp(netip.MustParseAddr("10.0.0.77"))
	return c
}

func (c *chaos) stack() *Stack { return c.hosts[0].Stack.(*Stack) }

var chaosAddrs = []string{"10.0.0.1", "127.0.0.1", "10.0.0.2", "10.0.0.77", "10.0.0.255", "10.9.9.9", "fd00::1", "::1", "fd00::2", "fd00::77", "0.0.0.0"}

func (c *chaos) addr() netip.AddrPort {
	return netip.AddrPortFrom(netip.MustParseAddr(chaosAddrs[c.r.IntN(len(chaosAddrs))]), uint16(80+c.r.IntN(4)))
}

func (c *chaos) add(k inet.Socket) {
	s := &told{Socket: k}
	k.Notify(func() { s.told = true })
	s.ready = k.Ready()
	c.sockets = append(c.sockets, s)
}

func (c *chaos) any() *told {
	if len(c.sockets) == 0 {
		return nil
	}
	return c.sockets[c.r.IntN(len(c.sockets))]
}

// act does one thing at random.
func (c *chaos) act() {
	h, r := c.hosts[0], c.r
	switch n := r.IntN(26); n {
	case 0, 1, 2:
		c.op = "socket"
		if len(c.sockets) > 20 {
			return
		}
		if k, e := h.Socket(inet.SocketKind(r.IntN(6))); e == errno.OK {
			c.add(k)
		}
	case 3, 4, 5, 6, 7, 8, 9, 10:
		k := c.any()
		if k == nil {
			return
		}
		switch n {
		case 3:
			c.op = "bind"
			k.SetOption(inet.SO_REUSEADDR, r.IntN(2))
			a := c.addr()
			if r.IntN(2) == 0 {
				a = netip.AddrPortFrom(netip.Addr{}, a.Port())
			}
			if k.Bind(a) == errno.OK && r.IntN(2) == 0 {
				k.Listen(r.IntN(4))
			}
		case 4:
			c.op = "listen"
			k.Listen(r.IntN(4))
		case 5:
			c.op = "connect"
			k.Connect(c.addr())
		case 6:
			c.op = "accept"
			if x, _, e := k.Accept(); e == errno.OK {
				c.add(x)
			}
		case 7:
			c.op = "send"
			k.Send(make([]byte, r.IntN(3000)), []netip.AddrPort{{}, c.addr()}[r.IntN(2)])
		case 8:
			c.op = "recv"
			k.Recv(make([]byte, r.IntN(5000)))
		case 9:
			c.op = "setsockopt"
			k.SetOption(inet.SockOpt(r.IntN(16)), r.IntN(20000))
			if r.IntN(8) == 0 {
				k.BindDevice(r.IntN(3) - 1)
			}
		case 10:
			c.op = "close"
			if r.IntN(2) == 0 {
				c.op = "shutdown"
				k.Shutdown(r.IntN(2) == 0, r.IntN(2) == 0)
				break
			}
			k.Close()
			c.sockets = slices.DeleteFunc(c.sockets, func(x *told) bool { return x == k })
		}
		if k.ready = k.Ready(); k.ready&kern.POLLHUP != 0 && r.IntN(2) == 0 { // who calls looks again
			k.Close()
			c.sockets = slices.DeleteFunc(c.sockets, func(x *told) bool { return x == k })
		}
	case 11, 12, 13, 14, 15, 16:
		c.op = "segment"
		c.segment()
	case 17:
		c.op = "error"
		if len(c.frames) > 0 {
			c.icmp(c.frames[r.IntN(len(c.frames))])
		}
	case 18:
		c.op = "frame back"
		if len(c.frames) > 0 {
			f := slices.Clone(c.frames[r.IntN(len(c.frames))])
			mac := macOfHost(0)
			copy(f, mac[:])
			f[r.IntN(len(f))] ^= byte(r.IntN(256))
			h.Deliver(0, f)
		}
	case 19:
		c.op = "fragment"
		h.fragment(uint16(r.IntN(3)), 8*r.IntN(40), make([]byte, 8*(1+r.IntN(30))), r.IntN(3) > 0)
	case 20:
		c.op = "discovery"
		ip := netip.AddrFrom16([16]byte{0: 0xfe, 1: 0x80, 15: byte(r.IntN(9))})
		c.f.discovery(ip, netip.MustParseAddr("fd00::1"), byte(133+r.IntN(5)), r.Uint32(), netip.MustParseAddr(chaosAddrs[6+r.IntN(4)]), byte(1+r.IntN(3)))
	case 21:
		c.op = "arp"
		h.Deliver(0, packettest.AppendARP(packet.AppendEthernet(nil, packet.Broadcast, c.f.mac, packet.TypeARP), uint16(1+r.IntN(2)),
			c.f.mac, netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(256))}), packet.MAC{}, netip.AddrFrom4([4]byte{10, 0, 0, byte(r.IntN(3))})))
	case 22:
		c.op = "interface"
		switch r.IntN(30) {
		case 0:
			h.SetUp(0, false)
		case 1:
			h.SetMTU(0, 1280+r.IntN(300))
		case 2:
			h.RemoveAddress(0, netip.MustParseAddr("10.0.0.1"))
		case 3:
			h.Detach(1 + r.IntN(2))
		case 4:
			_, _ = h.Attach(inet.StackNIC{Name: "tun0", IP: r.IntN(2) == 0, MAC: macOfHost(7), MTU: 1500, Addresses: []netip.Prefix{netip.MustParsePrefix("10.9.0.1/16")}})
		case 5:
			h.SetForwarding(r.IntN(2) == 0, r.IntN(2) == 0)
		default:
			h.SetUp(0, true)
			h.AddAddress(0, netip.MustParsePrefix("10.0.0.1/24"), true)
		}
	default:
		c.op = "time"
		c.run(time.Duration(1) << (r.IntN(31) + r.IntN(2)*r.IntN(7)))
	}
}

// segment delivers a segment that is near what the host expects.
func (c *chaos) segment() {
	r := c.r
	seg := tcp.Segment{Src: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.77"), uint16(90+r.IntN(9))), Dst: netip.AddrPortFrom(netip.MustParseAddr("10.0.0.1"), uint16(80+r.IntN(4))), Seq: 1000, Flags: tcp.SYN, Window: uint16(r.IntN(65536))}
	for i := len(c.frames) - 1 - r.IntN(4); i >= 0 && r.IntN(8) > 0; i-- {
		p, err := packet.ParseIPv4(c.frames[i][14:])
		if err != nil || p.Protocol() != packet.ProtoTCP {
			continue
		}
		last, err := tcp.Parse(p.Src(), p.Dst(), p.Payload())
		if err != nil || last.Flags&tcp.RST != 0 {
			continue
		}
		seg = tcp.Segment{Src: last.Dst, Dst: last.Src, Seq: last.Ack, Ack: last.Seq + last.Length(), Flags: tcp.ACK, Window: seg.Window}
		if last.Flags&(tcp.SYN|tcp.ACK) == tcp.SYN {
			seg.Seq, seg.Flags = r.Uint32(), tcp.SYN|tcp.ACK
			break
		}
		if r.IntN(3) == 0 {
			seg.Seq += uint32(r.IntN(800))
		}
		switch r.IntN(20) {
		case 0:
			seg.Flags |= tcp.RST
		case 1:
			seg.Flags |= tcp.FIN
		case 2:
			seg.Flags |= tcp.SYN
		case 3:
			seg.Window = 0
		case 4:
			seg.Flags = tcp.Flags(r.IntN(64))
		default:
			seg.Data = make([]byte, r.IntN(1400))
		}
		break
	}
	c.f.tcp(seg)
}

// icmp delivers an error about a frame that was sent.
func (c *chaos) icmp(frame []byte) {
	about := frame[14:]
	p, err := packet.ParseIPv4(about)
	if err != nil {
		return
	}
	about = about[:min(len(about), 28+c.r.IntN(100))]
	b := packet.AppendEthernet(nil, macOfHost(0), c.f.mac, packet.TypeIPv4)
	b, _ = packet.AppendIPv4(b, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoICMP, Src: netip.MustParseAddr("10.0.0.77"), Dst: p.Src()}, 8+len(about))
	typ := []byte{3, 3, 3, 4, 5, 11, 12}[c.r.IntN(7)]
	rest := uint32(c.r.IntN(1500))
	if typ == 5 {
		rest = binary.BigEndian.Uint32([]byte{10, 0, 0, byte(c.r.IntN(256))})
	}
	c.hosts[0].Deliver(0, packettest.AppendICMPv4Error(b, typ, byte(c.r.IntN(16)), rest, about))
}

// sound looks at what must hold whenever the stack stands.
func (c *chaos) sound() {
	s := c.stack()
	m := &s.memory
	sum := s.part[0].bytes + s.part[1].bytes + s.part[2].bytes
	for _, i := range s.ifs {
		sum += i.arpBytes
	}
	ends := map[*end]bool{}
	for _, k := range s.sockets.all {
		sum += k.self
		switch o := k.Own.(type) {
		case *datagram:
			sum += o.receive.Held()
		case *echo:
			sum += o.receive.Held()
		case *end:
			ends[o] = true
			for _, x := range o.waiting {
				ends[x] = true
			}
		}
	}
	for _, e := range s.sockets.lingering {
		ends[e] = true
		if e.dead {
			c.t.Fatalf("after %s: a dead connection lingers", c.op)
		}
	}
	for p, e := range s.sockets.pairs {
		if e.dead || p != (pair{e.LocalAddr, e.RemoteAddr}) || !ends[e] {
			c.t.Fatalf("after %s: the pair %v is dead (%v) or nobody's (%v)", c.op, p, e.dead, !ends[e])
		}
	}
	for e := range ends {
		has := int64(0)
		switch {
		case e.listener != nil:
			has = int64(e.listener.Bytes())
		case e.conn != nil:
			has = connSelf + int64(e.conn.Bytes())
		}
		if sum += e.bytes; e.bytes != has {
			c.t.Fatalf("after %s: %d bytes are counted of an end %s, it has %d", c.op, e.bytes, e.state(), has)
		}
	}
	for _, p := range s.loop.queue {
		sum += account.PacketSelf + int64(len(p.data))
	}
	if sum != m.Used {
		c.t.Fatalf("after %s: %d bytes are counted, the parts have %d", c.op, m.Used, sum)
	}
	if got := c.memory.Used(); got != m.Held {
		c.t.Fatalf("after %s: %d bytes are taken, the stack knows of %d", c.op, got, m.Held)
	}
	for _, k := range c.sockets {
		bits := k.Ready()
		if bits&^k.ready != 0 && !k.told {
			c.t.Fatalf("after %s: a socket of %v is ready %#x, was %#x, and was not told", c.op, k.Socket, bits, k.ready)
		}
		k.ready, k.told = bits, false
	}
}

// TestChaos does what it can to a stack: each part is counted, each socket is told, nothing
// is left in the end, and the same chance makes the same frames.
func TestChaos(t *testing.T) {
	n := uint64(24)
	if testing.Short() {
		n = 4
	}
	for seed := range n {
		d, limit := everyDialect[seed%4], int64(1<<30)
		if seed/4%2 == 1 {
			limit = 200 << 10
		}
		sums := [2]string{}
		for run := range sums {
			c := newChaos(t, d, seed, limit)
			for range 3000 {
				c.act()
				c.sound()
			}
			for len(c.sockets) > 0 {
				c.sockets[0].Close()
				c.sockets = c.sockets[1:]
			}
			c.op = "the end"
			c.run(4 * time.Hour)
			c.sound()
			s := c.stack()
			if len(s.sockets.pairs)+len(s.sockets.all)+len(s.sockets.lingering)+len(s.sockets.tcp)+len(s.sockets.udp)+len(s.sockets.icmp)+s.sockets.backlogs > 0 {
				t.Errorf("%v, %d: there are %d pairs, %d sockets, %d lingering, ports of %d %d %d, backlogs of %d", d, seed, len(s.sockets.pairs), len(s.sockets.all),
					len(s.sockets.lingering), len(s.sockets.tcp), len(s.sockets.udp), len(s.sockets.icmp), s.sockets.backlogs)
			}
			sums[run] = c.sum()
			c.close()
			if n := c.memory.Used(); n != 0 {
				t.Errorf("%v, %d: %d bytes are taken in the end", d, seed, n)
			}
		}
		if sums[0] != sums[1] {
			t.Errorf("%v, %d: two runs differ", d, seed)
		}
	}
}
