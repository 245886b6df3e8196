// Package host is the IP stack of a lab's nodes, behind inet.Stack: interfaces, routes,
// sockets, and who gets which packet. What the protocols do is decided by values of other
// packages, which know no lab: arp, ip4, ip6 and tcp. They are given the time and what
// happens, and return what is to be done. The stack does it: it sends frames, sets the
// one timer that it has of the lab, and tells sockets.
//
// Nothing is done by itself: each call from the lab's loop (a frame, a timer, a socket
// call) does all that follows from it before it returns, and wakes sockets last, when the
// stack stands. What the host sends to itself comes in by a turn of the loop of its own,
// as a BSD's does by its queue (if_loop.c, netisr).
package host

import (
	"fmt"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/arp"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/host/alarm"
	"wireloom/vnet/inet/host/route"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/inet/tcp"
)

// Limits of a stack. Those of what a kernel has by its sysctls are in inet.Values.
const (
	maxLingering = 256  // TCP connections that go on after their socket was closed; the oldest is reset
	maxBacklogs  = 1024 // connections that wait to be accepted, of all sockets, beyond the first of each
	maxTurns     = 1000 // timers that one call runs; the rest waits for a turn of its own
)

// A Stack is a node's. Only the lab's loop calls it. Its fields are the layers, each a value of
// its own, what one hands to the next, and when each is due.
type Stack struct {
	host    inet.StackHost
	v       *inet.Values
	dialect dialect.Dialect
	now     time.Duration // as the call in progress found it
	closed  bool

	ifs      []*iface       // by their number; one that was detached waits to be used again
	routes   [2]route.Table // of IPv4 and IPv6
	forward6 bool

	ip4     *ip4.Layer
	ip6     *ip6.Layer
	tcp     *tcp.Layer
	part    [3]part // what the layers ip4, ip6 and tcp cost, and when the first two want to be called
	in4     ip4.Acts
	out4    ip4.Acts // of what is sent while in4 is carried out
	in6     ip6.Acts
	out6    ip6.Acts
	arpActs arp.Acts
	tcpActs tcp.Acts

	failed  [][]byte // packets that ARP has given up in this call
	loop    loopback
	timers  alarm.Timers
	cancel  func() // of the lab's timer; nil while it is not set
	wakeAt  time.Duration
	runFunc func()

	memory  account.Account
	sockets sockets
	stats   inet.UDPStats
	frame   []byte // that is being put together
	message []byte // what a transport protocol sends
}

// A part is one of the layers as the stack sees it.
type part struct {
	timer alarm.Timer
	bytes int64
}

// The parts.
const (
	partIP4 = iota
	partIP6
	partTCP
)

var _ inet.Stack = (*Stack)(nil)

// New makes the stack of a node with the interfaces nics, and routes to the networks of
// their addresses. Forwarding is off.
func New(h inet.StackHost, nics []inet.StackNIC) (inet.Stack, error) {
	s := &Stack{host: h, v: h.Values(), dialect: h.Dialect(), now: h.Now(), memory: account.New(h.Memory())}
	s.runFunc = s.run
	s.loop.timer.Run = s.drain
	s.ip4 = ip4.New(&s.v.IP4, s, h.Random)
	s.ip6 = ip6.New(&s.v.IP6, s, h.Random)
	s.ip6.SetHostName(h.HostName())
	s.tcp = tcp.New(&s.v.TCP, h.Random)
	s.part[partIP4].timer.Run = func() { s.ip4.Tick(s.now, &s.in4); s.do4() }
	s.part[partIP6].timer.Run = func() { s.ip6.Tick(s.now, &s.in6); s.do6() }
	if len(nics) > inet.MaxInterfaces {
		return nil, fmt.Errorf("a stack has %d interfaces, at most %d are allowed", len(nics), inet.MaxInterfaces)
	}
	var routes []inet.StackRoute
	for _, n := range nics {
		nic, err := s.Attach(n)
		if err != nil {
			s.Close()
			return nil, err
		}
		for _, p := range n.Addresses {
			routes = append(routes, inet.StackRoute{To: p.Masked(), NIC: nic})
		}
	}
	s.SetRoutes(routes)
	return s, nil
}

// enter begins a call from outside; false where the stack is closed. Each that enters
// leaves.
func (s *Stack) enter() bool {
	if s.closed {
		return false
	}
	s.now = s.host.Now()
	return true
}

// leave ends a call: the layers are weighed, the lab's timer is set, and the sockets whose
// state may have changed say so.
func (s *Stack) leave() {
	s.doFailed()
	s.weigh(&s.part[partIP4], s.ip4)
	s.weigh(&s.part[partIP6], s.ip6)
	s.memory.Count(&s.part[partTCP].bytes, int64(s.tcp.Bytes()))
	s.memory.Settle()
	s.spare()
	s.arm()
	s.sockets.tell()
}

// spare lets go of large buffers for what is sent when the last connection is gone, and of
// those of long datagrams at once.
func (s *Stack) spare() {
	const segments, bytes, long = 8, 4 << 10, 16 << 10
	if cap(s.message) > long {
		s.message = nil
	}
	s.ip6.Trim()
	if len(s.sockets.pairs) == 0 && (cap(s.tcpActs.Segments) > segments || cap(s.message) > bytes) {
		s.tcpActs, s.out4, s.message = tcp.Acts{}, ip4.Acts{}, nil
	}
}

// weigh notes what a layer has come to.
func (s *Stack) weigh(p *part, l interface {
	Bytes() int
	Next() (time.Duration, bool)
},
) {
	s.memory.Count(&p.bytes, int64(l.Bytes()))
	at, ok := l.Next()
	s.timers.Set(&p.timer, at, ok)
}

// arm asks the lab for a call when the earliest timer is due. One that is set for earlier
// stays: it finds nothing to do then, which costs less than to take it back with each
// segment that moves a timer on.
func (s *Stack) arm() {
	at, ok := s.timers.Next()
	if !ok {
		return
	}
	at = max(at, s.now)
	if s.cancel != nil {
		if s.wakeAt <= at {
			return
		}
		s.cancel()
	}
	s.wakeAt = at
	s.cancel = s.host.After(at-s.now, s.runFunc)
}

// run is called by the lab when a timer is due. Those that are set meanwhile wait for a
// turn of their own.
func (s *Stack) run() {
	s.cancel = nil
	if !s.enter() {
		return
	}
	last := s.timers.Last()
	for range maxTurns {
		t := s.timers.Due(s.now, last)
		if t == nil {
			break
		}
		t.Run()
	}
	s.leave()
}

// Close implements inet.Stack. Connections are dropped without a word.
func (s *Stack) Close() {
	if s.closed {
		return
	}
	s.closed = true
	if s.cancel != nil {
		s.cancel()
	}
	s.memory.Close()
	*s = Stack{closed: true, host: s.host}
}

// Deliver implements inet.Stack.
func (s *Stack) Deliver(nic int, data []byte) bool {
	if !s.enter() {
		return true
	}
	i := s.iface(nic)
	if i == nil {
		return true
	}
	if !s.lets(data, i.ip) {
		return false
	}
	i.input(data)
	s.leave()
	return true
}

// lets says whether the host has memory for what comes in. A packet that leaves nothing
// behind comes in always: it may be what others wait for that could go.
func (s *Stack) lets(data []byte, ip bool) bool {
	return s.memory.Room(account.Weight(len(data))+account.StreamSelf) || account.Passing(data, ip)
}

// console writes the messages of a layer.
func (s *Stack) console(lines []string) {
	for _, l := range lines {
		s.host.Console(l)
	}
}

// sent is what a send comes to: a packet that is held
// until its neighbour is known is as good as sent.
func sent(e errno.Errno) errno.Errno {
	if e == errno.EWOULDBLOCK {
		return errno.OK
	}
	return e
}

// family is the place of an address' family in Stack.routes.
func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}
