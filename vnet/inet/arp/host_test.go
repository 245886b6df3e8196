package arp_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// A host is a table with its clock, and what has come out of it since the last look.
type host struct {
	t     *testing.T
	v     arp.Values
	table *arp.Table
	mac   packet.MAC
	nets  []netip.Prefix // that Where says are here
	now   time.Duration
	acts  arp.Acts
	seed  uint64
	sent  []sent
	ready []arp.Ready
	lost  []arp.Failed
	log   []string
}

type sent struct {
	at    time.Duration
	frame []byte
}

var self = mac("02:00:00:00:91:30")

func mac(s string) packet.MAC {
	m, err := packet.ParseMAC(s)
	if err != nil {
		panic(err)
	}
	return m
}

func ip(s string) netip.Addr { return netip.MustParseAddr(s) }

func newHost(t *testing.T, d dialect.Dialect, m packet.MAC) *host {
	h := &host{t: t, v: arp.ValuesOf(d), mac: m, seed: uint64(m[5]) + 7}
	h.table = arp.New(&h.v, h, "tap0", m, func(p []byte) {
		for i := range p {
			h.seed = h.seed*6364136223846793005 + 1442695040888963407
			p[i] = byte(h.seed >> 56)
		}
	})
	return h
}

// set gives the host an address, on an interface that was down.
func (h *host) set(p string) *host {
	prefix := netip.MustParsePrefix(p)
	h.nets = append(h.nets, prefix.Masked())
	h.table.AddAddress(h.now, prefix, false, &h.acts)
	h.table.SetUp(h.now, true, &h.acts)
	h.take()
	return h
}

// quiet forgets what came out.
func (h *host) quiet() *host {
	h.sent, h.ready, h.lost, h.log = nil, nil, nil, nil
	return h
}

func (h *host) Where(a netip.Addr) arp.Where {
	switch {
	case a == ip("10.0.2.1"):
		return arp.Ours
	case a == ip("10.9.9.9"):
		return arp.Elsewhere
	case a == ip("10.8.8.8"):
		return arp.Behind
	case slices.ContainsFunc(h.nets, func(p netip.Prefix) bool { return p.Contains(a) }):
		return arp.Here
	}
	return arp.Nowhere
}

func (h *host) take() {
	for _, f := range h.acts.Frames {
		h.sent = append(h.sent, sent{h.now, slices.Clone(f)})
	}
	h.ready = append(h.ready, h.acts.Ready...)
	h.lost = append(h.lost, h.acts.Failed...)
	h.log = append(h.log, h.acts.Console...)
	h.acts.Reset()
}

// run lets time pass.
func (h *host) run(d time.Duration) {
	end := h.now + d
	for {
		at, ok := h.table.Next()
		if !ok || at > end {
			break
		}
		h.now = max(h.now, at)
		h.table.Tick(h.now, &h.acts)
		if next, again := h.table.Next(); again && next <= at {
			h.t.Fatalf("after Tick(%v) Next is %v still", h.now, next)
		}
		h.take()
	}
	h.now = end
}

// send sends a packet to a neighbour and says how it went: "sent to MAC", or an errno.
func (h *host) send(to string) string { return h.sendPacket(to, datagram(to, 0), false) }

func (h *host) sendPacket(to string, p []byte, gateway bool) string {
	m, ok, no := h.table.Resolve(h.now, ip(to), p, gateway, &h.acts)
	h.take()
	if ok {
		return "sent to " + m.String()
	}
	return no.String()
}

// datagram is an IP packet from 10.0.0.1 that can be told from others.
func datagram(to string, n int) []byte {
	b, err := packet.AppendIPv4(nil, packet.IPv4Header{ID: uint16(n), Protocol: 17, Src: ip("10.0.0.1"), Dst: ip(to)}, 0)
	if err != nil {
		panic(err)
	}
	return b
}

// A message is an ARP packet in words.
type message struct {
	dst, src     string // of the frame; "" is broadcast, and the sender
	op           uint16
	from, sender string
	about        string
	target       string
	hardware     uint16
}

func (m message) frame() packet.Ethernet {
	dst, src, target := packet.Broadcast, mac(m.sender), packet.MAC{}
	if m.dst != "" {
		dst = mac(m.dst)
	}
	if m.src != "" {
		src = mac(m.src)
	}
	if m.target != "" {
		target = mac(m.target)
	}
	if m.hardware == 0 {
		m.hardware = 1
	}
	if m.op == 0 {
		m.op = packet.ARPRequest
	}
	b := packet.AppendEthernet(nil, dst, src, packet.TypeARP)
	b = binary.BigEndian.AppendUint16(b, m.hardware)
	b = append(b, 8, 0, 6, 4)
	b = binary.BigEndian.AppendUint16(b, m.op)
	sender, from, about := mac(m.sender), ip(m.from).As4(), ip(m.about).As4()
	b = append(append(b, sender[:]...), from[:]...)
	return append(append(b, target[:]...), about[:]...)
}

func (h *host) hear(m message) {
	h.table.Input(h.now, m.frame(), &h.acts)
	h.take()
}

// line is a frame as the recordings of kernels show it.
func line(f []byte) string {
	e, err := packet.ParseEthernet(f)
	if err != nil {
		return err.Error()
	}
	b := e.Payload()
	return fmt.Sprintf("ARP op%d %v(%v) -> %v(%v) eth %v>%v len%d", binary.BigEndian.Uint16(b[6:]),
		netip.AddrFrom4([4]byte(b[14:])), packet.MAC(b[8:14]), netip.AddrFrom4([4]byte(b[24:])), packet.MAC(b[18:24]), e.Src(), e.Dst(), len(f))
}

// entries are the table in words: "10.0.0.2 02:00:00:00:00:99 reachable".
func (h *host) entries() string {
	var all []string
	for _, e := range h.table.Entries() {
		if e.Own {
			continue
		}
		s := fmt.Sprintf("%v %v %s", e.IP, e.MAC, strings.ToLower(e.State.String()))
		if e.State == arp.Incomplete || e.State == arp.Failure {
			s = fmt.Sprintf("%v %s", e.IP, strings.ToLower(e.State.String()))
		}
		if e.Permanent {
			s += " permanent"
		}
		if e.Published {
			s += " published"
		}
		all = append(all, s)
	}
	return strings.Join(all, ", ")
}

func (h *host) wantEntries(want string) {
	h.t.Helper()
	if got := h.entries(); got != want {
		h.t.Errorf("entries %q, want %q", got, want)
	}
}

// wantSent compares what was sent since the last look, without times.
func (h *host) wantSent(want ...string) {
	h.t.Helper()
	var got []string
	for _, s := range h.sent {
		got = append(got, line(s.frame))
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("sent\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	h.sent = nil
}

func (h *host) wantLog(want ...string) {
	h.t.Helper()
	if !slices.Equal(h.log, want) {
		h.t.Errorf("console %q, want %q", h.log, want)
	}
	h.log = nil
}

func (h *host) want(got, want string) {
	h.t.Helper()
	if got != want {
		h.t.Errorf("at %v: %s, want %s", h.now, got, want)
	}
}

func who(about string) string {
	return fmt.Sprintf("ARP op1 10.0.0.1(%v) -> %s(00:00:00:00:00:00) eth %v>ff:ff:ff:ff:ff:ff len42", self, about, self)
}

func answer(about, to, toMAC string) string {
	return fmt.Sprintf("ARP op2 %s(%v) -> %s(%s) eth %v>%s len42", about, self, to, toMAC, self, toMAC)
}

var bsds = []dialect.Dialect{dialect.FreeBSD, dialect.DragonFly, dialect.NetBSD}

const (
	block = "EWOULDBLOCK"
	down  = "EHOSTDOWN"
	m99   = "02:00:00:00:00:99"
	m77   = "02:00:00:00:00:77"
)

// held is what the table's packets that wait cost.
func (h *host) held() int {
	n := h.table.Bytes()
	for _, e := range h.table.Entries() {
		if !e.Own {
			n -= arp.EntryBytes
		}
	}
	return n
}
