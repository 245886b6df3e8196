package ip6_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// A wire joins hosts: a frame that one sends is with the others a tenth of a millisecond later.
type wire struct {
	hosts []*host
	now   time.Duration
	queue []sent
	lose  func() bool
}

func (w *wire) collect(h *host) {
	h.take()
	for _, s := range h.sent {
		w.queue = append(w.queue, sent{at: w.now + 100*time.Microsecond, frame: s.frame})
	}
	h.sent = nil
}

func (w *wire) deliver(f []byte) {
	e := packet.Ethernet(f)
	for _, h := range w.hosts {
		link := ip6.ToUs
		switch {
		case e.Src() == h.mac || w.lose():
			continue
		case e.Dst().IsMulticast():
			link = ip6.ToMulticast
			if !h.l.MemberMAC(0, e.Dst()) {
				continue
			}
		case e.Dst() != h.mac:
			continue
		}
		h.now = w.now
		h.l.Input(w.now, 0, link, e.Src(), e.Payload(), &h.acts)
		w.collect(h)
	}
}

func (w *wire) run(d time.Duration) {
	for end := w.now + d; ; {
		next := end
		for _, h := range w.hosts {
			if at, ok := h.l.Next(); ok {
				next = min(next, at)
			}
		}
		if len(w.queue) > 0 {
			next = min(next, w.queue[0].at)
		}
		w.now = max(w.now, next)
		if next >= end && (len(w.queue) == 0 || w.queue[0].at > end) {
			return
		}
		for _, h := range w.hosts {
			h.now = w.now
			h.l.Tick(w.now, &h.acts)
			w.collect(h)
		}
		for len(w.queue) > 0 && w.queue[0].at <= w.now {
			f := w.queue[0].frame
			w.queue = w.queue[1:]
			w.deliver(f)
		}
	}
}

// Two to twenty hosts of any dialects on one wire, one of them a router that advertises: each
// makes itself addresses that nobody else has, finds each other by them, answers echoes of up to
// 5000 bytes; and two runs of one seed are the same.
func TestHostsOnAWireFindEachOther(t *testing.T) {
	for seed := range uint64(12) {
		var runs [2]string
		for run := range runs {
			r := rand.New(rand.NewPCG(seed, 1))
			w := &wire{lose: func() bool { return false }}
			n := 2 + r.IntN(19)
			for i := range n {
				h := newHost(t, dialect.All[r.IntN(len(dialect.All))], packet.MAC{2, 0, 0, 0, 1, byte(i + 1)})
				h.l.SetHostName(fmt.Sprintf("h%d", i))
				h.l.SetAcceptRA(0, 0, true, &h.acts)
				h.l.SetUp(0, 0, true, &h.acts)
				w.hosts = append(w.hosts, h)
				w.collect(h)
			}
			gw := w.hosts[0]
			gw.l.SetForwarding(0, true, &gw.acts)
			gw.l.AddAddress(0, 0, prefix("fd11::1/64"), &gw.acts)
			gw.l.Advertise(0, 0, &ip6.RA{Prefixes: []ip6.RAPrefix{{Prefix: prefix("fd11::/64"), OnLink: true, Auto: true}}}, &gw.acts)
			w.collect(gw)
			w.run(60 * time.Second)
			address := func(i int) netip.Addr {
				for _, d := range w.hosts[i].l.Addresses() {
					if prefix("fd11::/64").Contains(d.Prefix.Addr()) && d.State == ip6.Preferred {
						return d.Prefix.Addr()
					}
				}
				t.Fatalf("seed %d: host %d of %d has only %v", seed, i, n, w.hosts[i].l.Addresses())
				return netip.Addr{}
			}
			for range 60 {
				from, to := r.IntN(n), r.IntN(n)
				h := w.hosts[from]
				src, dst := address(from), address(to)
				m := append(unhex("8000000000010000"), make([]byte, r.IntN(5000))...)
				binary.BigEndian.PutUint16(m[6:], uint16(r.IntN(65536)))
				putChecksum(m, src, dst)
				h.up = nil
				h.now = w.now
				if no := h.l.Output(w.now, ip6.Header{Src: src, Dst: dst, Proto: packet.ProtoICMPv6, NIC: ip6.Any}, m, &h.acts); no != errno.OK {
					t.Fatalf("seed %d: %v to %v: %v", seed, src, dst, no)
				}
				w.collect(h)
				w.run(time.Second)
				if len(m) <= 1452 || from == to {
					if len(h.up) != 1 || h.up[0].Src != dst || string(h.up[0].Payload[4:]) != string(m[4:]) {
						t.Fatalf("seed %d: %v to %v, %d bytes: %d replies", seed, src, dst, len(m), len(h.up))
					}
				} else if len(h.up) == 0 { // of several fragments a BSD holds one only: once more
					h.now = w.now
					h.l.Output(w.now, ip6.Header{Src: src, Dst: dst, Proto: packet.ProtoICMPv6, NIC: ip6.Any}, m, &h.acts)
					w.collect(h)
					w.run(time.Second)
					if len(h.up) != 1 {
						t.Fatalf("seed %d: %v to %v, %d bytes: %d replies", seed, src, dst, len(m), len(h.up))
					}
				}
				w.run(time.Duration(r.IntN(20)) * time.Second)
			}
			w.run(70 * time.Second)
			for i, h := range w.hosts {
				if h.held() != 0 || len(h.log) != 0 {
					t.Errorf("seed %d: host %d holds %d bytes, console %q", seed, i, h.held(), h.log)
				}
				runs[run] += h.neighbours() + h.addresses() + fmt.Sprintln(*h.l.Stats())
			}
		}
		if runs[0] != runs[1] {
			t.Errorf("seed %d: two runs differ", seed)
		}
	}
}

// FuzzInput: no packets break a layer, what it sends parses and is not larger than the link, and
// limits hold. The packets are taken apart by a length byte each.
func FuzzInput(f *testing.F) {
	for _, p := range [][]byte{
		ns(fd2, solicited(fd1), fd1, opt2), na(fd2, fd1, fd2, "60", tgt2), echo(fd2, fd1), ra("0708", prefixOption("c0", "00000e10", "00000708", "fd11::")),
		fragment(fd2, fd1, 7, 0, true, make([]byte, 16)), header(64, 60, fd2, fd1, unhex("3b00800400000000")),
		icmp(255, router, fd1, 137, 0, "00000000"+hexAddr(ip("fe80::3"))+hexAddr(ip("2001:db8::9"))), icmp(64, fd2, fd1, 2, 0, fmt.Sprintf("00000514%x", header(64, 17, fd1, fd2, make([]byte, 8)))),
		header(1, 0, ip("fe80::2"), ip("ff02::1"), append(unhex("3a00050200000100"), mldBody("fe80::2", "ff02::1", "82000000"+"03e80000"+hexAddr(ip("::")))...)),
	} {
		f.Add(uint8(0), append([]byte{byte(len(p))}, p...))
		f.Add(uint8(7), append([]byte{byte(len(p))}, p...))
	}
	f.Fuzz(func(t *testing.T, mode uint8, b []byte) {
		h := ready(t, dialect.All[int(mode)%len(dialect.All)])
		h.v.MaxNeighbours, h.v.MaxPrefixes, h.v.MaxRouters, h.v.MaxLearned, h.v.MaxAddresses, h.v.Fragments.Fragments = 3, 2, 2, 2, 5, 4
		h.l.SetForwarding(h.now, mode&4 != 0, &h.acts)
		h.l.SetAcceptRA(h.now, 0, true, &h.acts)
		h.know(fd2, m2)
		for len(b) > 0 {
			n := min(int(b[0]), len(b)-1)
			p := slices.Clone(b[1 : 1+n])
			if mode&8 == 0 {
				repair(p)
			}
			h.hear(m2, ip6.Link(mode>>4&3), p)
			b = b[1+n:]
			h.run(time.Duration(mode) * 100 * time.Millisecond)
		}
		h.run(3 * time.Minute)
		for _, s := range h.sent {
			p, err := packet.ParseIPv6(s.frame[14:])
			if err != nil || len(p) > 1500 {
				t.Errorf("sent %x: %v", s.frame, err)
			}
		}
		if len(h.l.Neighbours()) > 4 || len(h.l.Prefixes()) > 2 || len(h.l.Routers()) > 2 || len(h.l.Routes()) > 2 || len(h.l.Addresses()) > 5 || h.held() != 0 {
			t.Errorf("limits: %d bytes, %v, %v", h.held(), h.l.Neighbours(), h.l.Addresses())
		}
	})
}

// repair makes the length and the ICMPv6 checksum right, so that more is read of a packet.
func repair(p []byte) {
	if len(p) < 48 {
		return
	}
	binary.BigEndian.PutUint16(p[4:], uint16(len(p)-40))
	p[0] = 0x60 | p[0]&15
	at := 40
	if p[6] == 0 && len(p) >= 56 {
		at = 48
	}
	if p[6] == 58 || at == 48 {
		putChecksum(p[at:], packet.IPv6(p).Src(), packet.IPv6(p).Dst())
	}
}

// In the steady state nothing is allocated: a datagram in, a datagram out, an echo answered, a
// packet forwarded.
func TestNothingIsAllocatedForAPacket(t *testing.T) {
	for _, d := range dialect.All {
		h := ready(t, d)
		h.l.SetForwarding(h.now, true, &h.acts)
		h.v.SendRedirects = false
		h.know(fd2, m2)
		h.know(ip("fd00::3"), m3)
		var acts ip6.Acts
		in, ping, pass := udp("fd00::2", "fd00::1", 53, 100), echo(fd2, fd1), header(9, 17, fd2, ip("fd00::3"), make([]byte, 100))
		out := ip6.Header{Src: fd1, Dst: fd2, Proto: packet.ProtoUDP, NIC: ip6.Any}
		payload := make([]byte, 100)
		step := func() {
			h.l.Input(h.now, 0, ip6.ToUs, m2, in, &acts)
			h.l.Input(h.now, 0, ip6.ToUs, m2, ping, &acts)
			h.l.Input(h.now, 0, ip6.ToUs, m2, pass, &acts)
			if no := h.l.Output(h.now, out, payload, &acts); no != errno.OK || len(acts.Up) != 1 || len(acts.Out) != 3 {
				t.Fatalf("%v: %v, %d up, %d out", d, no, len(acts.Up), len(acts.Out))
			}
			acts.Reset()
		}
		step()
		if n := testing.AllocsPerRun(100, step); n != 0 {
			t.Errorf("%v: %v allocations", d, n)
		}
	}
}

func BenchmarkOutput(b *testing.B) {
	h := ready(&testing.T{}, dialect.FreeBSD)
	h.know(fd2, m2)
	var acts ip6.Acts
	out := ip6.Header{Src: fd1, Dst: fd2, Proto: packet.ProtoUDP, NIC: ip6.Any}
	payload := make([]byte, 1000)
	b.ReportAllocs()
	for b.Loop() {
		h.l.Output(h.now, out, payload, &acts)
		acts.Reset()
	}
}
