package ip4

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// A world is a layer with interfaces and routes, and what it did since it was last asked.
type world struct {
	t      *testing.T
	v      Values
	l      *Layer
	nics   []*NIC
	routes []Route
	groups map[netip.Addr]bool
	now    time.Duration
	a      Acts
	chance uint64
	fail   errno.Errno // what every unicast to an interface gets
	gone   []string    // what went out, in the words of the transcripts
}

func (w *world) NICs() int        { return len(w.nics) }
func (w *world) NIC(nic int) *NIC { return w.nics[nic] }
func (w *world) random(p []byte) {
	for i := range p {
		w.chance = w.chance*6364136223846793005 + 1442695040888963407
		p[i] = byte(w.chance >> 56)
	}
}
func (w *world) Member(_ int, g netip.Addr) bool { return w.groups[g] }

func (w *world) Route(dst netip.Addr) (best Route, ok bool) {
	for i, n := range w.nics {
		for _, p := range n.Addrs {
			if p.Contains(dst) && (!ok || p.Bits() > best.To.Bits()) {
				best, ok = Route{To: p.Masked(), NIC: i}, true
			}
		}
	}
	for _, r := range w.routes {
		if r.To.Contains(dst) && (!ok || r.To.Bits() > best.To.Bits()) {
			best, ok = r, true
		}
	}
	return best, ok
}

// host is 10.0.0.1/24 on em0.
func host(t *testing.T, d dialect.Dialect) *world {
	w := &world{t: t, v: ValuesOf(d), groups: map[netip.Addr]bool{}}
	w.l = New(&w.v, w, w.random)
	w.nics = []*NIC{{Name: "em0", Up: true, Broadcast: true, MTU: 1500, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}}
	return w
}

// router has 10.0.1.1/24 on em1 too, and forwards.
func router(t *testing.T, d dialect.Dialect) *world {
	w := host(t, d)
	w.nics = append(w.nics, &NIC{Name: "em1", Up: true, Broadcast: true, MTU: 1500, Addrs: []netip.Prefix{netip.MustParsePrefix("10.0.1.1/24")}})
	w.v.Forwarding = true
	return w
}

func netipPrefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

// A probe is a packet that a test sends in.
type probe struct {
	src, dst string
	ttl, tos uint8
	id       uint16
	word     uint16 // flags and offset
	opts     []byte
	proto    uint8
	data     []byte
}

func (p probe) bytes() []byte {
	b := make([]byte, 20+len(p.opts)+len(p.data))
	if p.src == "" {
		p.src = "10.0.0.2"
	}
	if p.dst == "" {
		p.dst = "10.0.0.1"
	}
	if p.id == 0 {
		p.id = 1
	}
	putHeader(b, 20+len(p.opts), p.tos, p.word, p.ttl, p.proto, ip(p.src), ip(p.dst))
	binary.BigEndian.PutUint16(b[4:], p.id)
	copy(b[20:], p.opts)
	copy(b[20+len(p.opts):], p.data)
	putSum(b)
	return b
}

func icmpMsg(typ, code uint8, rest uint32, data []byte) []byte {
	b, err := packet.AppendICMPv4(nil, typ, code, rest, data)
	if err != nil {
		panic(err)
	}
	return b
}

// echo is an echo request with n bytes.
func echo(n int) probe {
	return probe{ttl: 64, proto: 1, data: icmpMsg(8, 0, 0x12340001, make([]byte, n))}
}

func udp(src, dst string, sport, dport uint16, data []byte) probe {
	b, err := packet.AppendUDP(nil, ip(src), ip(dst), sport, dport, data)
	if err != nil {
		panic(err)
	}
	return probe{src: src, dst: dst, ttl: 64, proto: 17, data: b}
}

// in gives the layer a packet by em0.
func (w *world) in(p probe) *world { return w.raw(0, Unicast, p.bytes()) }

func (w *world) raw(nic int, link Link, b []byte) *world {
	w.l.Input(w.now, nic, link, b, &w.a)
	w.settle()
	return w
}

// settle does what a host does with Out.
func (w *world) settle() {
	for i := 0; i < len(w.a.Out); i++ {
		o := w.a.Out[i]
		switch {
		case o.Packet == nil:
		case o.NIC == Loopback:
			w.l.Loop(w.now, o.From, o.Link, o.Packet, &w.a)
		case w.fail != errno.OK && o.Link == Unicast:
			w.l.Failed(w.now, i, w.fail, &w.a)
		default:
			w.gone = append(w.gone, w.line(o))
		}
	}
	w.a.Out = w.a.Out[:0]
}

// line is a packet as the transcripts show it, and the interface if there are two.
func (w *world) line(o Out) string {
	p := o.Packet
	if len(p) != p.TotalLen() || !p.ChecksumOK() {
		w.t.Errorf("a packet of %d bytes with length %d went out, checksum right: %v", len(p), p.TotalLen(), p.ChecksumOK())
	}
	var b strings.Builder
	if len(w.nics) > 1 {
		b.WriteString(w.nics[o.NIC].Name + " ")
	}
	bit := func(f uint16) int {
		if fragWord(p)&f != 0 {
			return 1
		}
		return 0
	}
	switch {
	case p.FragmentOffset() > 0:
		fmt.Fprintf(&b, "IP proto%d %s>%s id%d ttl%d df%d mf%d off%d pl%d", p.Protocol(), p.Src(), p.Dst(), p.ID(), p.TTL(), bit(flagDF), bit(flagMF), p.FragmentOffset(), len(p.Payload()))
	case p.Protocol() == 1 && len(p.Payload()) >= 8:
		m := packet.ICMP(p.Payload())
		ck := "True"
		if packet.Checksum(m) != 0 && bit(flagMF) == 0 {
			ck = "False"
		}
		fmt.Fprintf(&b, "ICMP t%d c%d %s>%s id%d ttl%d df%d tos%d data%d ck%s len%d", m.Type(), m.Code(), p.Src(), p.Dst(), p.ID(), p.TTL(), bit(flagDF), p.TOS(), len(m)-8, ck, len(p)+14)
		if m.IsError4() {
			fmt.Fprintf(&b, " rest=%08x", m.Rest())
		}
	case p.Protocol() == 17 && len(p.Payload()) >= 8:
		u := p.Payload()
		fmt.Fprintf(&b, "UDP %s:%d>%s:%d id%d ttl%d df%d mf%d off0 data%d len%d", p.Src(), binary.BigEndian.Uint16(u), p.Dst(), binary.BigEndian.Uint16(u[2:]), p.ID(), p.TTL(), bit(flagDF), bit(flagMF), len(u)-8, len(p)+14)
	default:
		fmt.Fprintf(&b, "IP proto%d %s>%s id%d ttl%d len%d", p.Protocol(), p.Src(), p.Dst(), p.ID(), p.TTL(), len(p)+14)
	}
	switch o.Link {
	case Broadcast:
		b.WriteString(" broadcast")
	case Multicast:
		b.WriteString(" multicast")
	case Unicast:
	}
	return b.String()
}

// want checks what went out since the last call; no line means silence. A wanted "id*" is
// any identification.
func (w *world) want(lines ...string) *world {
	w.t.Helper()
	for i := range w.gone {
		if i < len(lines) && strings.Contains(lines[i], " id* ") {
			w.gone[i] = anyID.ReplaceAllString(w.gone[i], " id* ")
		}
	}
	if got, want := strings.Join(w.gone, "\n"), strings.Join(lines, "\n"); got != want {
		w.t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
	w.gone = nil
	return w
}

// quoted returns what the last ICMP error quoted: it is taken from the next packet out.
func (w *world) quote(p probe) []byte {
	w.t.Helper()
	w.l.Input(w.now, 0, Unicast, p.bytes(), &w.a)
	var q []byte
	for i := range w.a.Out {
		if m := packet.ICMP(w.a.Out[i].Packet.Payload()); w.a.Out[i].Packet.Protocol() == 1 && m.IsError4() {
			q = append([]byte(nil), m.Payload()...)
		}
	}
	w.a.Reset()
	return q
}

// ups returns what came up since the last call.
func (w *world) ups() []string {
	var s []string
	for _, u := range w.a.Up {
		s = append(s, fmt.Sprintf("%d %s>%s %x", u.Packet.Protocol(), u.Packet.Src(), u.Packet.Dst(), u.Packet.Payload()))
	}
	w.a.Reset()
	return s
}

var anyID = regexp.MustCompile(` id\d+ `)

const errnoHostDown = errno.EHOSTDOWN

func bin(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestEchoReplies(t *testing.T) {
	t.Run("freebsd", func(t *testing.T) {
		w := host(t, dialect.FreeBSD)
		p := echo(56)
		p.tos = 0x28
		w.in(p).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl64 df0 tos40 data56 ckTrue len98")
		p = echo(56)
		p.word = flagDF
		w.in(p).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id2 ttl64 df1 tos0 data56 ckTrue len98")
		w.in(echo(0)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id3 ttl64 df0 tos0 data0 ckTrue len42")
		w.in(echo(1472)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id4 ttl64 df0 tos0 data1472 ckTrue len1514")
		w.in(probe{ttl: 1, proto: 1, data: icmpMsg(8, 5, 0, []byte("abcd"))}).want("ICMP t0 c5 10.0.0.1>10.0.0.2 id5 ttl64 df0 tos0 data4 ckTrue len46")
		w.in(probe{ttl: 0, proto: 1, data: icmpMsg(8, 0, 0, []byte("abcd"))}).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id6 ttl64 df0 tos0 data4 ckTrue len46")
	})
	t.Run("netbsd", func(t *testing.T) {
		w := host(t, dialect.NetBSD)
		p := echo(56)
		p.tos = 0x28
		w.in(p).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id1 ttl255 df0 tos40 data56 ckTrue len98")
		p.word = flagDF
		w.in(p).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id2 ttl255 df0 tos40 data56 ckTrue len98")
		w.in(echo(0)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data0 ckTrue len42")
		w.in(echo(1472)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id3 ttl255 df0 tos0 data1472 ckTrue len1514")
		w.in(echo(40)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id0 ttl255 df0 tos0 data40 ckTrue len82")
		w.in(echo(41)).want("ICMP t0 c0 10.0.0.1>10.0.0.2 id4 ttl255 df0 tos0 data41 ckTrue len83")
	})
}
