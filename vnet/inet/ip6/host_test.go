package ip6_test

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// A host is a layer with its clock, and what has come out of it since the last look. Its
// interface 0 is an Ethernet one.
type host struct {
	t      *testing.T
	v      ip6.Values
	l      *ip6.Layer
	mac    packet.MAC
	now    time.Duration
	acts   ip6.Acts
	seed   uint64
	static []ip6.Route
	to     []netip.Prefix // of static
	sent   []sent
	up     []ip6.Up
	errors []ip6.Quoted
	log    []string
}

type sent struct {
	at    time.Duration
	nic   int
	frame []byte
}

var (
	self   = mac("02:00:00:00:91:30")
	m2     = mac("02:00:00:00:00:02")
	m3     = mac("02:00:00:00:00:03")
	fe80   = ip("fe80::ff:fe00:9130")
	fd1    = ip("fd00::1")
	fd2    = ip("fd00::2")
	global = netip.MustParsePrefix("fd00::1/64")
)

func mac(s string) packet.MAC {
	m, err := packet.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func newHost(t *testing.T, d dialect.Dialect, m packet.MAC) *host {
	h := &host{t: t, v: ip6.ValuesOf(d), mac: m, seed: uint64(m[5]) + 7}
	h.l = ip6.New(&h.v, h, h.random)
	h.l.AddNIC(0, 0, ip6.NIC{Name: "tap0", MAC: m, MTU: 1500}, &h.acts)
	return h
}

func (h *host) random(p []byte) {
	for i := range p {
		h.seed = h.seed*6364136223846793005 + 1442695040888963407
		p[i] = byte(h.seed >> 56)
	}
}

func (h *host) Route6(dst netip.Addr) (ip6.Route, bool) {
	best := -1
	for i, p := range h.to {
		if p.Contains(dst) && (best < 0 || p.Bits() > h.to[best].Bits()) {
			best = i
		}
	}
	if best < 0 {
		return ip6.Route{}, false
	}
	return h.static[best], true
}

func (h *host) route(to, via string) {
	p := netip.MustParsePrefix(to)
	r := ip6.Route{Bits: p.Bits()}
	if via != "" {
		r.Via = ip(via)
	}
	h.to, h.static = append(h.to, p), append(h.static, r)
}

// ready is a host that has fd00::1/64 and all its addresses settled.
func ready(t *testing.T, d dialect.Dialect) *host {
	h := newHost(t, d, self)
	h.v.Solicitations = 0
	h.l.SetUp(0, 0, true, &h.acts)
	h.add("fd00::1/64")
	h.run(30 * time.Second)
	return h.quiet()
}

func (h *host) add(p string) {
	h.t.Helper()
	if no := h.l.AddAddress(h.now, 0, netip.MustParsePrefix(p), &h.acts); no != errno.OK {
		h.t.Fatalf("AddAddress(%s): %v", p, no)
	}
	h.take()
}

func (h *host) quiet() *host {
	h.sent, h.up, h.errors, h.log = nil, nil, nil, nil
	return h
}

func (h *host) take() {
	var looped [][]byte
	for _, o := range h.acts.Out {
		if o.NIC == ip6.Loopback {
			looped = append(looped, slices.Clone(o.Data))
			continue
		}
		h.sent = append(h.sent, sent{h.now, o.NIC, slices.Clone(o.Data)})
	}
	for _, u := range h.acts.Up {
		u.Payload, u.Packet = slices.Clone(u.Payload), slices.Clone(u.Packet)
		h.up = append(h.up, u)
	}
	for _, e := range h.acts.Errors {
		e.Quote = slices.Clone(e.Quote)
		h.errors = append(h.errors, e)
	}
	h.log = append(h.log, h.acts.Console...)
	h.acts.Reset()
	for _, p := range looped {
		h.l.Input(h.now, ip6.Loopback, ip6.ToUs, packet.MAC{}, p, &h.acts)
		h.take()
	}
}

func (h *host) run(d time.Duration) {
	end := h.now + d
	for {
		at, ok := h.l.Next()
		if !ok || at > end {
			break
		}
		h.now = max(h.now, at)
		h.l.Tick(h.now, &h.acts)
		if next, again := h.l.Next(); again && next <= at && next <= h.now {
			h.t.Fatalf("after Tick(%v) Next is %v still", h.now, next)
		}
		h.take()
	}
	h.now = end
}

// hear gives the host a packet that came in on its Ethernet.
func (h *host) hear(from packet.MAC, link ip6.Link, p []byte) {
	h.l.Input(h.now, 0, link, from, p, &h.acts)
	h.take()
}

// send sends a UDP datagram.
func (h *host) send(dst string, n int) errno.Errno {
	no := h.l.Output(h.now, ip6.Header{Dst: ip(dst), Proto: packet.ProtoUDP, NIC: ip6.Any}, make([]byte, n), &h.acts)
	h.take()
	return no
}

// Building what is heard.

func header(hops uint8, next uint8, src, dst netip.Addr, payload []byte) []byte {
	b := []byte{0x60, 0, 0, 0, 0, 0, next, hops}
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	s, d := src.As16(), dst.As16()
	return append(append(append(b, s[:]...), d[:]...), payload...)
}

func icmp(hops uint8, src, dst netip.Addr, typ, code uint8, body string) []byte {
	m := append([]byte{typ, code, 0, 0}, unhex(body)...)
	binary.BigEndian.PutUint16(m[2:], packet.TransportChecksum(src, dst, packet.ProtoICMPv6, m))
	return header(hops, packet.ProtoICMPv6, src, dst, m)
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(strings.Map(func(r rune) rune {
		if r == ' ' {
			return -1
		}
		return r
	}, s))
	if err != nil {
		panic(err)
	}
	return b
}

func hexAddr(a netip.Addr) string { b := a.As16(); return hex.EncodeToString(b[:]) }

func hexMAC(m packet.MAC) string { return hex.EncodeToString(m[:]) }

func ns(src, dst, target netip.Addr, option string) []byte {
	return icmp(255, src, dst, 135, 0, "00000000"+hexAddr(target)+option)
}

func na(src, dst, target netip.Addr, flags, option string) []byte {
	return icmp(255, src, dst, 136, 0, flags+"000000"+hexAddr(target)+option)
}

func solicited(a netip.Addr) netip.Addr {
	b := a.As16()
	return netip.AddrFrom16([16]byte{0: 0xff, 1: 2, 11: 1, 12: 0xff, 13: b[13], 14: b[14], 15: b[15]})
}

func echo(src, dst netip.Addr) []byte { return icmp(64, src, dst, 128, 0, "000100016162636465666768") }

// know tells the host of a neighbour, which stays reachable for a while.
func (h *host) know(a netip.Addr, m packet.MAC) {
	h.hear(m, ip6.ToMulticast, ns(a, solicited(fd1), fd1, "0101"+hexMAC(m)))
	h.hear(m, ip6.ToUs, na(a, fd1, a, "60", "0201"+hexMAC(m)))
	h.quiet()
}

// line is a packet as the recordings show it: "ICMP6 t135 ::>ff02::1:ff00:1 hl255 pl=...".
func line(f []byte) string {
	e, err := packet.ParseEthernet(f)
	if err != nil {
		return err.Error()
	}
	return packetLine(e.Payload())
}

func packetLine(b []byte) string {
	p, err := packet.ParseIPv6(b)
	if err != nil {
		return err.Error()
	}
	next, at, hbh := p.NextHeader(), packet.IPv6Len, ""
	if next == packet.ProtoHopByHop {
		next, at, hbh = p[at], at+8, " hbh"
	}
	if next != packet.ProtoICMPv6 {
		return fmt.Sprintf("IP6 nh%d %v>%v hl%d pl%d", next, p.Src(), p.Dst(), p[7], len(p)-packet.IPv6Len)
	}
	m := p[at:]
	if packet.TransportChecksum(p.Src(), p.Dst(), packet.ProtoICMPv6, m) != 0 {
		return "a wrong checksum"
	}
	pl := hex.EncodeToString(m[4:])
	return fmt.Sprintf("ICMP6 t%d %v>%v hl%d%s pl=%s", m[0], p.Src(), p.Dst(), p[7], hbh, pl)
}

func (h *host) lines() []string {
	var all []string
	for _, s := range h.sent {
		all = append(all, line(s.frame))
	}
	return all
}

func (h *host) wantSent(want ...string) {
	h.t.Helper()
	if got := h.lines(); !slices.Equal(got, want) {
		h.t.Errorf("at %v sent\n  %s\nwant\n  %s", h.now, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	h.sent = nil
}

func (h *host) want(got, want any) {
	h.t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		h.t.Errorf("at %v: got %v, want %v", h.now, got, want)
	}
}

// neighbours are the cache in words: "fd00::2 02:00:00:00:00:02 reachable".
func (h *host) neighbours() string {
	var all []string
	for _, e := range h.l.Neighbours() {
		s := fmt.Sprintf("%v %v %v", e.IP, e.MAC, e.State)
		if e.MAC.IsZero() {
			s = fmt.Sprintf("%v %v", e.IP, e.State)
		}
		if e.Router {
			s += " router"
		}
		if e.Permanent {
			s += " permanent"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

// addresses are the host's in words: "fd00::1/64", "fe80::1/64 tentative".
func (h *host) addresses() string {
	var all []string
	for _, d := range h.l.Addresses() {
		s := d.Prefix.String()
		if d.State != ip6.Preferred {
			s += " " + d.State.String()
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

var bsds = []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly, dialect.NetBSD}

func prefix(s string) netip.Prefix { return netip.MustParsePrefix(s) }

func putChecksum(m []byte, src, dst netip.Addr) {
	m[2], m[3] = 0, 0
	binary.BigEndian.PutUint16(m[2:], packet.TransportChecksum(src, dst, packet.ProtoICMPv6, m))
}

// mldBody is an ICMPv6 message with its checksum.
func mldBody(src, dst, body string) []byte {
	m := unhex(body)
	putChecksum(m, ip(src), ip(dst))
	return m
}

// fragment is a fragment of a UDP datagram.
func fragment(src, dst netip.Addr, id, off int, more bool, data []byte) []byte {
	b := []byte{packet.ProtoUDP, 0}
	field := uint16(off)
	if more {
		field |= 1
	}
	b = binary.BigEndian.AppendUint16(b, field)
	b = binary.BigEndian.AppendUint32(b, uint32(id))
	return header(64, packet.ProtoFragment, src, dst, append(b, data...))
}

// burst has 600 packets come in at once that want an error each.
func burst(h *host, want int) {
	h.t.Helper()
	h.know(fd2, m2)
	for range 600 {
		h.hear(m2, ip6.ToUs, header(64, 200, fd2, fd1, make([]byte, 8)))
	}
	h.want(len(h.sent), want)
	h.want(h.l.Stats().TooFreq, 600-want)
	h.quiet()
}

// only forgets what was sent but for the messages of a type.
func (h *host) only(typ string) {
	h.sent = slices.DeleteFunc(h.sent, func(s sent) bool { return !strings.Contains(line(s.frame), " "+typ+" ") })
}

// held is what waits in the layer, without its records: those come by 256 bytes, and no test
// has so many packets wait that they are as much together.
func (h *host) held() int { return h.l.Bytes() % ip6.RecordBytes }
