package hoststack

import (
	"net/netip"
	"sync"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
)

// linkKind says what a link carries.
type linkKind uint8

const (
	etherLink linkKind = iota // Ethernet frames
	ipLink                    // IP packets: a tun
	loLink                    // loopback
)

// A link is an interface of the stack as netstack sees it: it frames packets as
// Ethernet and leaves them on the stack's queue, and takes frames apart. Frames to
// its own address come back to it, which is how a host reaches itself: netstack's
// own short cut would deliver segments in the middle of a call.
type link struct {
	s        *netStack
	kind     linkKind
	nic      int // the lab's number of the interface; loopback has -1
	name     string
	id       tcpip.NICID
	addr     tcpip.LinkAddress
	addrs    []tcpip.ProtocolAddress // in order of addition
	borrowed tcpip.Address           // of another interface, for its IPv6 routes
	up       bool
	detached bool

	mu         sync.Mutex
	mtu        uint32
	dispatcher stack.NetworkDispatcher
}

// A frame is what waits to leave the stack.
type frame struct {
	l    *link
	data []byte
	hop  netip.Addr // of an ipLink: where the packet goes next
}

var _ stack.LinkEndpoint = (*link)(nil)

// MTU is the longest IP packet.
func (l *link) MTU() uint32 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.mtu
}

// SetMTU changes it.
func (l *link) SetMTU(mtu uint32) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mtu = mtu
}

// MaxHeaderLength is that of an Ethernet header.
func (l *link) MaxHeaderLength() uint16 {
	if l.kind == ipLink {
		return 0
	}
	return header.EthernetMinimumSize
}

// LinkAddress is the interface's MAC address.
func (l *link) LinkAddress() tcpip.LinkAddress { return l.addr }

// SetLinkAddress does nothing: the interface's comes from the lab.
func (l *link) SetLinkAddress(tcpip.LinkAddress) {}

// Capabilities asks for ARP and NDP, except on loopback, for which netstack does
// not compute checksums and so must not check them.
func (l *link) Capabilities() stack.LinkEndpointCapabilities {
	switch l.kind {
	case loLink:
		return stack.CapabilityLoopback | stack.CapabilityRXChecksumOffload
	case ipLink:
		return stack.CapabilityNone
	default:
		return stack.CapabilityResolutionRequired
	}
}

// Attach implements stack.LinkEndpoint.
func (l *link) Attach(d stack.NetworkDispatcher) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dispatcher = d
}

// IsAttached implements stack.LinkEndpoint.
func (l *link) IsAttached() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dispatcher != nil
}

// Wait returns at once: a link has no goroutine.
func (l *link) Wait() {}

// Close implements stack.LinkEndpoint.
func (l *link) Close() {}

// SetOnCloseAction implements stack.LinkEndpoint.
func (l *link) SetOnCloseAction(func()) {}

// ARPHardwareType implements stack.LinkEndpoint.
func (l *link) ARPHardwareType() header.ARPHardwareType {
	switch l.kind {
	case loLink:
		return header.ARPHardwareLoopback
	case ipLink:
		return header.ARPHardwareNone
	default:
		return header.ARPHardwareEther
	}
}

// AddHeader puts the Ethernet header before a packet.
func (l *link) AddHeader(pkt *stack.PacketBuffer) {
	if l.kind == ipLink {
		return
	}
	src := pkt.EgressRoute.LocalLinkAddress
	if src == "" {
		src = l.addr
	}
	dst := pkt.EgressRoute.RemoteLinkAddress
	if dst == "" {
		dst = l.addr
	}
	header.Ethernet(pkt.LinkHeader().Push(header.EthernetMinimumSize)).Encode(&header.EthernetFields{
		SrcAddr: src, DstAddr: dst, Type: pkt.NetworkProtocolNumber,
	})
}

// ParseHeader takes the Ethernet header off a packet.
func (l *link) ParseHeader(pkt *stack.PacketBuffer) bool {
	if l.kind == ipLink {
		return true
	}
	_, ok := pkt.LinkHeader().Consume(header.EthernetMinimumSize)
	return ok
}

// WritePackets queues what is to leave; the stack sends it when it has settled.
func (l *link) WritePackets(pkts stack.PacketBufferList) (int, tcpip.Error) {
	n := 0
	for _, pkt := range pkts.AsSlice() {
		v := pkt.ToView()
		f := frame{l: l, data: append([]byte(nil), v.AsSlice()...)}
		if l.kind == ipLink {
			next := pkt.EgressRoute.NextHop
			if next.BitLen() == 0 {
				next = pkt.EgressRoute.RemoteAddress
			}
			f.hop = fromAddress(next)
		}
		l.s.queue(f)
		v.Release()
		n++
	}
	return n, nil
}

// inject gives a frame to netstack, as a network card does: what is for another
// station goes no further.
func (l *link) inject(data []byte) {
	if l.kind == ipLink {
		l.injectIP(data)
		return
	}
	if len(data) < header.EthernetMinimumSize {
		return
	}
	if data = l.believe(data); data == nil {
		return
	}
	eth := header.Ethernet(data)
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(data)})
	defer pkt.DecRef()
	switch dst := eth.DestinationAddress(); {
	case dst == l.addr:
		pkt.PktType = tcpip.PacketHost
	case dst == header.EthernetBroadcastAddress:
		pkt.PktType = tcpip.PacketBroadcast
	case header.IsMulticastEthernetAddress(dst):
		pkt.PktType = tcpip.PacketMulticast
	default:
		return
	}
	typ := eth.Type()
	if typ == header.IPv4ProtocolNumber && !l.s.admit(l, data[header.EthernetMinimumSize:], pkt.PktType) || !l.ParseHeader(pkt) {
		return
	}
	l.deliver(typ, pkt)
}

// injectIP gives an IP packet to netstack.
func (l *link) injectIP(data []byte) {
	typ := header.IPv4ProtocolNumber
	data = l.believe(data)
	switch {
	case len(data) == 0:
		return
	case header.IPVersion(data) == header.IPv6Version:
		typ = header.IPv6ProtocolNumber
	case header.IPVersion(data) != header.IPv4Version || !l.s.admit(l, data, tcpip.PacketHost):
		return
	}
	pkt := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(data)})
	defer pkt.DecRef()
	pkt.PktType = tcpip.PacketHost
	l.deliver(typ, pkt)
}

func (l *link) deliver(typ tcpip.NetworkProtocolNumber, pkt *stack.PacketBuffer) {
	l.mu.Lock()
	d := l.dispatcher
	l.mu.Unlock()
	if d != nil {
		d.DeliverNetworkPacket(typ, pkt)
	}
}
