// Package hoststack is the IP stack of a lab's nodes: gVisor's netstack behind
// inet.Stack. It answers ARP, NDP and echo requests, forwards packets if it is told
// to, and gives programs UDP, TCP and ICMP sockets.
//
// A lab's run is a function of its inputs, and netstack was not made for that. The
// stack makes it so: netstack's clock is the lab's, everything random comes from
// the lab's seed, and each call from the lab's loop (a frame, a timer, a socket
// call) ends only when the stack has settled. That is: the one goroutine that
// netstack works TCP with is idle again, timers that are due have run, and then,
// on the loop, what was sent is given to the lab in order and the sockets whose
// state may have changed say so. Between calls the goroutine sleeps.
package hoststack

import (
	"io"
	"slices"
	"sync"
	"time"

	"gvisor.dev/gvisor/pkg/log"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv6"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/udp"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
)

// Limits of a stack.
const (
	maxSockets    = inet.MaxSockets // sockets open; beyond them ENOBUFS
	maxLingering  = 256             // TCP connections that go on after their socket was closed; the oldest is reset
	maxBacklog    = 32              // connections that wait to be accepted on a socket: SOMAXCONN
	maxBacklogs   = 256             // those of all sockets together, beyond the first of each
	maxTurns      = 1000            // timers run in one call; the rest waits for a turn of its own
	maxDatagrams  = 64 << 10        // bytes that wait in a datagram socket, each way
	tcpBuffer     = 64 << 10        // bytes that wait in a stream, each way, to begin with
	maxTCPBuffer  = 256 << 10       // and at most
	timeWait      = 60 * time.Second
	defaultTTL    = 64
	loopbackMTU   = 16384
	loopbackNIC   = tcpip.NICID(1) // the lab's interface i is NIC i + 2
	firstNIC      = tcpip.NICID(2)
	maxInterfaces = inet.MaxInterfaces
)

// A netStack is a node's stack. Only the lab's loop calls it; out and woken are
// what netstack's goroutine writes too. It has many fields since netstack is one thing,
// with one table of each kind.
type netStack struct {
	host     inet.StackHost
	st       *stack.Stack
	tcp      stack.TransportProtocol
	clock    clock
	hops     neighbours
	lo       *link
	links    []*link // the lab's interfaces by number; one that was detached waits to be used again
	own      map[tcpip.Address]*link
	routes   uint64 // how often the table was set
	forward4 bool
	forward6 bool

	usesTCP   bool // there has been a TCP socket, so netstack's goroutine may have work
	closed    bool
	settling  bool
	wakeAt    time.Duration // when the lab will call run; meaningful if cancel is set
	cancel    func()
	sockets   map[uint64]*socket
	lastID    uint64
	backlogs  int    // of the listening sockets together
	swept     uint64 // datagrams received when sweep last looked
	memory    memory
	lingering []tcpip.Endpoint // oldest first
	idents    map[uint16]bool  // identifiers of ICMP sockets

	mine int         // frames at the head of out that the call in progress sent
	sent errno.Errno // what became of those

	mu    sync.Mutex
	out   []frame
	woken []*socket
}

// networks are the network protocols of every stack.
var networks = []tcpip.NetworkProtocolNumber{header.IPv4ProtocolNumber, header.IPv6ProtocolNumber}

var _ inet.Stack = (*netStack)(nil)

// New makes the stack of a node with the interfaces nics, and routes to the networks
// of their addresses. Forwarding is off, and nothing is sent until asked: no router
// solicitation, no address detection, no IGMP or MLD.
func New(h inet.StackHost, nics []inet.StackNIC) (inet.Stack, error) {
	silence()
	findInside()
	s := &netStack{
		host: h, sockets: map[uint64]*socket{}, idents: map[uint16]bool{}, hops: neighbours{down: map[hop]bool{}},
		own: map[tcpip.Address]*link{}, memory: memory{host: h.Memory()},
	}
	s.clock.set(h.Now())
	luck := newChance(h.Random)
	opts := stack.Options{
		NetworkProtocols:   networkProtocols(),
		TransportProtocols: []stack.TransportProtocolFactory{icmp.NewProtocol4, udp.NewProtocol, newTCP, icmp.NewProtocol6},
		Clock:              &s.clock,
		RandSource:         luck,
		SecureRNG:          luck,
		NUDConfigs:         nudConfig(),
		NUDDisp:            &s.hops,
		// HandleLocal stays off: see link.
	}
	s.st = stack.New(opts)
	s.tcp = s.st.TransportProtocolInstance(tcp.ProtocolNumber)
	if err := s.configure(nics); err != nil {
		s.Close()
		return nil, err
	}
	s.settle()
	return s, nil
}

func networkProtocols() []stack.NetworkProtocolFactory {
	return []stack.NetworkProtocolFactory{
		arp.NewProtocol, ipv4.NewProtocol, ipv6.NewProtocolWithOptions(ipv6.Options{
			NDPConfigs: ipv6.NDPConfigurations{HandleRAs: ipv6.HandlingRAsDisabled},
			DADConfigs: stack.DADConfigurations{DupAddrDetectTransmits: 0, RetransmitTimer: retransmit},
		}),
	}
}

// silence ends netstack's own log, which goes to standard error and has a line for
// what a lab's program may send wrong.
var silence = sync.OnceFunc(func() { log.SetTarget(log.GoogleEmitter{Writer: &log.Writer{Next: io.Discard}}) })

// queue keeps a frame that netstack sends until the stack has settled.
func (s *netStack) queue(f frame) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.out = append(s.out, f)
}

// wake notes that a socket's state may have changed.
func (s *netStack) wake(k *socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !k.queued {
		k.queued = true
		s.woken = append(s.woken, k)
	}
}

// Deliver implements inet.Stack.
func (s *netStack) Deliver(nic int, data []byte) bool {
	l := s.link(nic)
	if l == nil {
		return true
	}
	if !s.lets(l, data) {
		return false
	}
	s.clock.set(s.host.Now())
	l.inject(data)
	s.settle()
	return true
}

// run is called by the lab when a timer is due.
func (s *netStack) run() {
	s.cancel = nil
	if s.closed {
		return
	}
	s.settle()
	s.gone(packetSelf) // a connection may have ended, a packet that waited been given up
}

// barrier waits until netstack's goroutine has nothing to do. Its only work is
// segments for TCP endpoints, so while there has been no TCP socket it has none.
func (s *netStack) barrier() {
	if s.usesTCP {
		s.tcp.Pause()
		s.tcp.Resume()
	}
}

// settle ends a call into netstack.
func (s *netStack) settle() {
	if s.settling {
		panic("hoststack: the stack is called while it settles")
	}
	s.settling = true
	s.clock.set(s.host.Now())
	s.barrier()
	for range maxTurns {
		if h, ok := s.hops.excess(); ok {
			s.forget(h)
			s.barrier()
			continue
		}
		t := s.clock.due()
		if t == nil {
			break
		}
		t.f()
		s.barrier()
	}
	s.sweep()
	s.mu.Lock()
	out, woken := s.out, s.woken
	s.out, s.woken = nil, nil
	for _, k := range woken {
		k.queued = false
	}
	s.mu.Unlock()
	s.sent = errno.OK
	for i, f := range out {
		if e := s.send(f); i < s.mine && s.sent == errno.OK {
			s.sent = e
		}
	}
	s.mine = 0
	slices.SortFunc(woken, func(a, b *socket) int { return int(a.id) - int(b.id) })
	s.arm()
	s.settling = false
	for _, k := range woken {
		if k.notify != nil {
			k.notify()
		}
	}
}

// settleSent is settle at the end of a call that may have sent something, and returns
// what the lab said about that.
func (s *netStack) settleSent() errno.Errno {
	s.mu.Lock()
	s.mine = len(s.out)
	s.mu.Unlock()
	s.settle()
	return s.sent
}

// send gives a frame to the lab, or back to the interface that it is addressed to.
func (s *netStack) send(f frame) errno.Errno {
	if s.toItself(f) {
		n := weight(len(f.data))
		if !s.room(n) {
			return errno.ENOBUFS
		}
		s.memory.since -= n
		s.memory.looping += n
		s.host.After(0, func() {
			if s.closed {
				return
			}
			s.memory.looping -= n
			s.memory.since += n
			s.clock.set(s.host.Now())
			f.l.inject(f.data)
			s.settle()
			s.gone(n)
		})
		return errno.OK
	}
	if f.l.detached {
		return errno.ENXIO
	}
	return s.host.Transmit(f.l.nic, f.data, f.hop)
}

// toItself says whether a frame is for the host that sends it: it has the interface's
// own MAC address, or where there are none one of the host's IP addresses.
func (s *netStack) toItself(f frame) bool {
	if f.l.kind != ipLink {
		return header.Ethernet(f.data).DestinationAddress() == f.l.addr
	}
	if header.IPVersion(f.data) == header.IPv4Version {
		return s.own[header.IPv4(f.data).DestinationAddress()] != nil
	}
	return s.own[header.IPv6(f.data).DestinationAddress()] != nil
}

// arm asks the lab for a call when the earliest timer is due.
func (s *netStack) arm() {
	at, ok := s.clock.next()
	if s.cancel != nil {
		if ok && at == s.wakeAt {
			return
		}
		s.cancel()
		s.cancel = nil
	}
	if ok {
		s.wakeAt = at
		s.cancel = s.host.After(at-s.host.Now(), s.run)
	}
}

// Close implements inet.Stack. Connections are dropped without a word.
func (s *netStack) Close() {
	if s.closed {
		return
	}
	s.closed = true
	if s.cancel != nil {
		s.cancel()
		s.cancel = nil
	}
	s.st.Close()
	s.tcp.Wait() // its goroutine; endpoints and interfaces have none
	s.out, s.woken, s.lingering, s.sockets = nil, nil, nil, nil
	s.memory.host.Give(s.memory.held)
	s.memory.held = 0
}
