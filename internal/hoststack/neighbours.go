package hoststack

import (
	"slices"
	"strings"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"

	"wireloom/vnet/inet"
	"wireloom/vnet/packet"
)

// How long a neighbour that went silent is believed in. The BSDs trust an ARP
// entry for twenty minutes; a person who watches a host die should see it. An
// entry is confirmed by a reply to a ping and by TCP's acknowledgements; one that
// was not for reachableTime is asked again, firstProbe after its next use, and
// given up after unicastProbes requests retransmit apart: about seven seconds
// after the host's last word. An address that nobody has is given up after
// multicastProbes requests.
const (
	reachableTime   = 3 * time.Second
	firstProbe      = time.Second
	retransmit      = time.Second
	unicastProbes   = 2
	multicastProbes = 3
)

// maxResolving is how many addresses of an interface are being resolved at once;
// beyond it the oldest is given up. netstack has a limit of 64 of its own, but
// does the giving up on a goroutine that nobody waits for, so it must not be
// reached: one call into the stack starts at most maxBacklog resolutions.
const maxResolving = 24

func nudConfig() stack.NUDConfigurations {
	c := stack.DefaultNUDConfigurations()
	c.BaseReachableTime = reachableTime
	c.MinRandomFactor, c.MaxRandomFactor = 1, 1
	c.DelayFirstProbeTime = firstProbe
	c.RetransmitTimer = retransmit
	c.MaxUnicastProbes = unicastProbes
	c.MaxMulticastProbes = multicastProbes
	return c
}

// A hop is a neighbour's address on an interface.
type hop struct {
	nic  tcpip.NICID
	addr tcpip.Address
}

// neighbours knows which neighbours are being resolved and which did not answer:
// netstack's table does not outlive the next attempt, and the BSDs say EHOSTDOWN
// for as long as the attempts fail. netstack tells it of each change.
type neighbours struct {
	mu        sync.Mutex
	resolving []hop // oldest first
	down      map[hop]bool
	entries   int // in netstack's tables
}

var _ stack.NUDDispatcher = (*neighbours)(nil)

// OnNeighborAdded implements stack.NUDDispatcher.
func (n *neighbours) OnNeighborAdded(nic tcpip.NICID, e stack.NeighborEntry) {
	n.changed(nic, e)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries++
}

// OnNeighborChanged implements stack.NUDDispatcher.
func (n *neighbours) OnNeighborChanged(nic tcpip.NICID, e stack.NeighborEntry) { n.changed(nic, e) }

// OnNeighborRemoved implements stack.NUDDispatcher.
func (n *neighbours) OnNeighborRemoved(nic tcpip.NICID, e stack.NeighborEntry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := hop{nic, e.Addr}
	n.resolved(h)
	delete(n.down, h)
	n.entries--
}

// held is how many bytes the entries take.
func (n *neighbours) held() int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return int64(n.entries) * neighbourSelf
}

// looking reports whether the address of any is being looked for.
func (n *neighbours) looking() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.resolving) > 0
}

func (n *neighbours) changed(nic tcpip.NICID, e stack.NeighborEntry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	h := hop{nic, e.Addr}
	n.resolved(h)
	switch e.State {
	case stack.Incomplete:
		n.resolving = append(n.resolving, h)
	case stack.Unreachable:
		n.down[h] = true
	default:
		delete(n.down, h)
	}
}

func (n *neighbours) resolved(h hop) {
	n.resolving = slices.DeleteFunc(n.resolving, func(x hop) bool { return x == h })
}

// isDown reports whether the last attempt to resolve h failed.
func (n *neighbours) isDown(h hop) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.down[h]
}

// anyDown reports whether any neighbour is down: mostly there is none to look for.
func (n *neighbours) anyDown() bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.down) > 0
}

// gone makes sure that h is not taken for being resolved, whatever netstack said.
func (n *neighbours) gone(h hop) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.resolved(h)
}

// excess returns the oldest resolution of an interface that has too many.
func (n *neighbours) excess() (hop, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.resolving) <= maxResolving {
		return hop{}, false
	}
	count := map[tcpip.NICID]int{}
	for _, h := range n.resolving {
		count[h.nic]++
	}
	for _, h := range n.resolving {
		if count[h.nic] > maxResolving {
			return h, true
		}
	}
	return hop{}, false
}

// forget takes a neighbour out of netstack's table; what waits for it is dropped.
func (s *netStack) forget(h hop) {
	proto := header.IPv4ProtocolNumber
	if h.addr.Len() == header.IPv6AddressSize {
		proto = header.IPv6ProtocolNumber
	}
	s.st.RemoveNeighbor(h.nic, proto, h.addr)
	s.hops.gone(h)
}

// Neighbours implements inet.Stack. The stack's own addresses are not listed.
func (s *netStack) Neighbours() []inet.Neighbour {
	if s.closed {
		return nil
	}
	var out []inet.Neighbour
	for _, l := range s.links {
		if l.kind != etherLink || l.detached {
			continue
		}
		for _, proto := range networks {
			es, err := s.st.Neighbors(l.id, proto)
			if err != nil {
				continue // the protocol has no table on this interface
			}
			for _, e := range es {
				if e.State == stack.Static {
					continue
				}
				n := inet.Neighbour{NIC: l.name, Addr: fromAddress(e.Addr), State: strings.ToLower(e.State.String())}
				if e.State != stack.Incomplete && e.State != stack.Unreachable {
					n.MAC = macOf(e.LinkAddr)
				}
				out = append(out, n)
			}
		}
	}
	slices.SortFunc(out, func(a, b inet.Neighbour) int {
		if c := a.Addr.Compare(b.Addr); c != 0 {
			return c
		}
		return strings.Compare(a.NIC, b.NIC)
	})
	return out
}

func macOf(a tcpip.LinkAddress) packet.MAC {
	var m packet.MAC
	copy(m[:], a)
	return m
}
