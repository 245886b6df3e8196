package ip6_test

import (
	"fmt"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// A net is two wires with a router between them, whose second wire takes 1300 bytes. Each frame
// is with the others at once; the hosts' interface 0 is on one wire, the router's 0 on the first
// and 1 on the second.
type net struct {
	t           *testing.T
	left, right *host
	router      *host
	now         time.Duration
}

func newNet(t *testing.T, left, router, right dialect.Dialect) *net {
	n := &net{t: t, left: newHost(t, left, mac("02:00:00:00:00:0a")), router: newHost(t, router, mac("02:00:00:00:00:01")), right: newHost(t, right, mac("02:00:00:00:00:0b"))}
	r := n.router
	r.l.AddNIC(0, 1, ip6.NIC{Name: "tap1", MAC: mac("02:00:00:00:01:01"), MTU: 1300}, &r.acts)
	r.l.SetForwarding(0, true, &r.acts)
	for i, p := range []string{"fd01::1/64", "fd02::1/64"} {
		r.l.SetUp(0, i, true, &r.acts)
		r.l.AddAddress(0, i, prefix(p), &r.acts)
		r.l.Advertise(0, i, &ip6.RA{Prefixes: []ip6.RAPrefix{{Prefix: prefix(p).Masked(), OnLink: true, Auto: true}}}, &r.acts)
	}
	for _, h := range []*host{n.left, n.right} {
		h.l.SetAcceptRA(0, 0, true, &h.acts)
		h.l.SetUp(0, 0, true, &h.acts)
	}
	n.run(30 * time.Second)
	return n
}

func (n *net) hosts() []*host { return []*host{n.left, n.router, n.right} }

// settle carries frames until there are none.
func (n *net) settle() {
	for again := true; again; {
		again = false
		for _, h := range n.hosts() {
			h.take()
			frames := h.sent
			h.sent = nil
			for _, s := range frames {
				again = true
				switch {
				case h == n.left, h == n.router && s.nic == 0:
					n.put(h, []*host{n.left, n.router}, 0, s.frame)
				default:
					n.put(h, []*host{n.right, n.router}, 1, s.frame)
				}
			}
		}
	}
}

func (n *net) put(from *host, to []*host, wire int, f []byte) {
	e := packet.Ethernet(f)
	for _, h := range to {
		nic := 0
		if h == n.router {
			nic = wire
		}
		if h == from {
			continue
		}
		link := ip6.ToUs
		if e.Dst().IsMulticast() {
			link = ip6.ToMulticast
		}
		h.now = n.now
		h.l.Input(n.now, nic, link, e.Src(), e.Payload(), &h.acts)
		h.take()
	}
}

func (n *net) run(d time.Duration) {
	for end := n.now + d; ; {
		n.settle()
		next := end
		for _, h := range n.hosts() {
			if at, ok := h.l.Next(); ok {
				next = min(next, at)
			}
		}
		if next >= end {
			n.now = end
			return
		}
		n.now = max(n.now, next)
		for _, h := range n.hosts() {
			h.now = n.now
			h.l.Tick(n.now, &h.acts)
		}
	}
}

// ping sends an echo of the left host to the right one, and returns how many replies came.
func (n *net) ping(size int) int {
	n.t.Helper()
	h := n.left
	dst := ip("fd02::ff:fe00:b")
	src, _, no := h.l.Source(dst, ip6.Any)
	if no != errno.OK {
		n.t.Fatalf("no source: %v", no)
	}
	m := append(unhex("8000000000010001"), make([]byte, size)...)
	putChecksum(m, src, dst)
	h.quiet()
	if no := h.l.Output(n.now, ip6.Header{Src: src, Dst: dst, Proto: packet.ProtoICMPv6, NIC: ip6.Any}, m, &h.acts); no != errno.OK {
		n.t.Fatalf("Output: %v", no)
	}
	n.run(time.Second)
	return len(h.up)
}

// Hosts learn their addresses, their router and the MTU of the path from what comes in alone.
func TestAcrossARouter(t *testing.T) {
	for _, left := range dialect.All {
		for _, router := range dialect.All {
			t.Run(fmt.Sprint(left, " by ", router), func(t *testing.T) {
				n := newNet(t, left, router, dialect.NetBSD)
				n.left.want(n.ping(8), 1)
				n.left.want(n.ping(1400), 0) // too big for the second wire: the host is told
				n.left.want(len(n.left.errors), 1)
				n.left.want(n.left.l.MTU(ip("fd02::ff:fe00:b"), ip6.Any), 1300)
				n.left.want(n.ping(1400), 1)
				n.left.want(n.ping(5000), 1)
				n.left.want(n.router.l.Stats().Forwarded > 8, true)

				// The router goes away: its lifetime ends.
				n.router.l.Advertise(n.now, 0, nil, &n.router.acts)
				n.run(time.Second)
				n.left.want(len(n.left.l.Routers()), 0)
				n.left.want(n.left.send("fd02::ff:fe00:b", 8), n.left.v.NoRoute)
				for _, h := range n.hosts() {
					h.want(h.held(), 0)
				}
			})
		}
	}
}
