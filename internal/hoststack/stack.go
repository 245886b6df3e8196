// Package hoststack is the IP stack of a lab's nodes: gVisor's netstack behind
// vnet.Stack. It answers ARP, NDP and echo requests and gives programs UDP, TCP
// and ICMP sockets.
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

	"wireloom/vnet"
)

// Limits of a stack.
const (
	maxSockets    = 256       // sockets open; beyond them ENOBUFS
	maxLingering  = 256       // TCP connections that go on after their socket was closed; the oldest is reset
	maxBacklog    = 32        // connections that wait to be accepted on a socket: SOMAXCONN
	maxTurns      = 1000      // timers run in one call; the rest waits for a turn of its own
	maxDatagrams  = 64 << 10  // bytes that wait in a datagram socket, each way
	tcpBuffer     = 64 << 10  // bytes that wait in a stream, each way, to begin with
	maxTCPBuffer  = 256 << 10 // and at most
	timeWait      = 60 * time.Second
	defaultTTL    = 64
	loopbackMTU   = 16384
	loopbackNIC   = tcpip.NICID(1) // the lab's interface i is NIC i + 2
	firstNIC      = tcpip.NICID(2)
	maxInterfaces = vnet.MaxInterfaces
)

// A netStack is a node's stack. Only the lab's loop calls it; out and woken are
// what netstack's goroutine writes too.
type netStack struct {
	host     vnet.StackHost
	st       *stack.Stack
	tcp      stack.TransportProtocol
	clock    clock
	hops     neighbours
	links    []*link // loopback first
	names    []string
	networks []tcpip.NetworkProtocolNumber

	usesTCP   bool // there has been a TCP socket, so netstack's goroutine may have work
	closed    bool
	settling  bool
	wakeAt    time.Duration // when the lab will call run; meaningful if cancel is set
	cancel    func()
	sockets   map[uint64]*socket
	lastID    uint64
	lingering []tcpip.Endpoint // oldest first
	idents    map[uint16]bool  // identifiers of ICMP sockets

	mu    sync.Mutex
	out   []frame
	woken []*socket
}

var _ vnet.Stack = (*netStack)(nil)

// New makes the stack of a node with the interfaces nics. IPv6 is spoken where one
// of them has an IPv6 address. Forwarding is off, and nothing is sent until asked:
// no router solicitation, no address detection, no IGMP or MLD.
func New(h vnet.StackHost, nics []vnet.StackNIC) (vnet.Stack, error) {
	v6, err := check(nics)
	if err != nil {
		return nil, err
	}
	silence()
	s := &netStack{host: h, sockets: map[uint64]*socket{}, idents: map[uint16]bool{}, hops: neighbours{down: map[hop]bool{}}}
	s.clock.set(h.Now())
	luck := newChance(h.Random)
	opts := stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{arp.NewProtocol, ipv4.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{icmp.NewProtocol4, udp.NewProtocol, newTCP},
		Clock:              &s.clock,
		RandSource:         luck,
		SecureRNG:          luck,
		NUDConfigs:         nudConfig(),
		NUDDisp:            &s.hops,
		// HandleLocal stays off: see link.
	}
	s.networks = []tcpip.NetworkProtocolNumber{header.IPv4ProtocolNumber}
	if v6 {
		opts.NetworkProtocols = append(opts.NetworkProtocols, ipv6.NewProtocolWithOptions(ipv6.Options{
			NDPConfigs: ipv6.NDPConfigurations{HandleRAs: ipv6.HandlingRAsDisabled},
			DADConfigs: stack.DADConfigurations{DupAddrDetectTransmits: 0, RetransmitTimer: retransmit},
		}))
		opts.TransportProtocols = append(opts.TransportProtocols, icmp.NewProtocol6)
		s.networks = append(s.networks, header.IPv6ProtocolNumber)
	}
	s.st = stack.New(opts)
	s.tcp = s.st.TransportProtocolInstance(tcp.ProtocolNumber)
	if err := s.configure(nics, v6); err != nil {
		s.Close()
		return nil, err
	}
	s.settle()
	return s, nil
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

// Deliver implements vnet.Stack.
func (s *netStack) Deliver(nic int, data []byte) {
	if s.closed || nic < 0 || nic+1 >= len(s.links) {
		return
	}
	s.clock.set(s.host.Now())
	s.links[nic+1].inject(data)
	s.settle()
}

// run is called by the lab when a timer is due.
func (s *netStack) run() {
	s.cancel = nil
	if s.closed {
		return
	}
	s.settle()
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
	s.mu.Lock()
	out, woken := s.out, s.woken
	s.out, s.woken = nil, nil
	for _, k := range woken {
		k.queued = false
	}
	s.mu.Unlock()
	for _, f := range out {
		s.send(f)
	}
	slices.SortFunc(woken, func(a, b *socket) int { return int(a.id) - int(b.id) })
	s.arm()
	s.settling = false
	for _, k := range woken {
		if k.notify != nil {
			k.notify()
		}
	}
}

// send gives a frame to the lab, or back to the interface that it is addressed to.
func (s *netStack) send(f frame) {
	if header.Ethernet(f.data).DestinationAddress() == f.l.addr {
		s.host.After(0, func() {
			if s.closed {
				return
			}
			s.clock.set(s.host.Now())
			f.l.inject(f.data)
			s.settle()
		})
		return
	}
	s.host.Transmit(f.l.nic, f.data)
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

// Close implements vnet.Stack. Connections are dropped without a word.
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
}
