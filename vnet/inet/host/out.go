package host

import (
	"net/netip"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// What the layers want done. What comes in makes acts of its own (in4, in6); what is sent
// while those are carried out makes others (out4, out6), which bring nothing up.

// send4 sends a packet of a transport protocol; e is what becomes of it as far as that is
// known.
func (s *Stack) send4(h *ip4.Header, payload []byte) errno.Errno {
	e := s.ip4.Output(s.now, h, payload, &s.out4)
	if out := s.doOut4(&s.out4); e == errno.OK {
		e = out
	}
	s.console(s.out4.Console)
	s.out4.Reset()
	return e
}

// send6 is send4 of IPv6.
func (s *Stack) send6(h ip6.Header, payload []byte) errno.Errno {
	e := s.ip6.Output(s.now, h, payload, &s.out6)
	if out := s.doOut6(&s.out6); e == errno.OK {
		e = out
	}
	s.console(s.out6.Console)
	s.out6.Reset()
	return sent(e)
}

// do4 carries out what came of a packet that came in, or of time.
func (s *Stack) do4() {
	a := &s.in4
	s.doOut4(a)
	for i := range a.Errors {
		s.quoted4(&a.Errors[i])
	}
	for i := range a.Up {
		s.up4(&a.Up[i])
	}
	for _, h := range a.Ask {
		if i := s.iface(h.NIC); i != nil && !i.ip {
			i.neighbours().Resolve(s.now, h.Addr, nil, false, &s.arpActs)
			i.doARP()
		}
	}
	s.console(a.Console)
	a.Reset()
}

// do6 is do4 of IPv6.
func (s *Stack) do6() {
	a := &s.in6
	s.doOut6(a)
	for i := range a.Errors {
		s.quoted6(&a.Errors[i])
	}
	for i := range a.Up {
		s.up6(&a.Up[i])
	}
	s.console(a.Console)
	if a.Changed {
		s.host.Configured()
	}
	a.Reset()
}

// doOut4 sends packets and returns the first error.
func (s *Stack) doOut4(a *ip4.Acts) (first errno.Errno) {
	for n := 0; n < len(a.Out); n++ { // Failed may add some
		o := &a.Out[n]
		if o.Packet == nil {
			continue
		}
		if e := s.transmit4(o); e != errno.OK {
			if first == errno.OK {
				first = e
			}
			s.ip4.Failed(s.now, n, e, a)
		}
	}
	return first
}

// transmit4 sends one packet out of its interface.
func (s *Stack) transmit4(o *ip4.Out) errno.Errno {
	if o.NIC == ip4.Loopback {
		return s.loop.put(s, o.Packet, o.From, o.Link)
	}
	i := s.iface(o.NIC)
	switch {
	case i == nil:
		return errno.ENXIO
	case i.ip:
		return s.host.Transmit(i.nic, o.Packet, o.Hop)
	}
	if i.arp != nil {
		if ok, e := i.arp.Usable(o.Packet.Src()); !ok {
			return e // an address that is probed for, or is another's
		}
	}
	var mac packet.MAC
	switch o.Link {
	case ip4.Broadcast:
		mac = packet.Broadcast
	case ip4.Multicast:
		g := o.Hop.As4()
		mac = packet.MAC{1, 0, 0x5e, g[1] & 0x7f, g[2], g[3]} // RFC 1112, 6.4
	default:
		m, ok, e := i.neighbours().Resolve(s.now, o.Hop, o.Packet, o.Gateway, &s.arpActs)
		i.doARP()
		if !ok {
			return sent(e)
		}
		mac = m
	}
	return i.ethernet(mac, o.Packet)
}

// ethernet sends an IPv4 packet to a station.
func (i *iface) ethernet(to packet.MAC, p []byte) errno.Errno {
	s := i.s
	s.frame = append(packet.AppendEthernet(s.frame[:0], to, i.mac, packet.TypeIPv4), p...)
	return s.host.Transmit(i.nic, s.frame, netip.Addr{})
}

// doARP carries out what the interface's table wants.
func (i *iface) doARP() {
	s, a := i.s, &i.s.arpActs
	for _, r := range a.Ready {
		i.ethernet(r.MAC, r.Packet)
	}
	for _, f := range a.Frames {
		s.host.Transmit(i.nic, f, netip.Addr{})
	}
	for _, f := range a.Failed {
		s.failed = append(s.failed, append([]byte(nil), f.Packet...))
	}
	s.console(a.Console)
	a.Reset()
	s.memory.Count(&i.arpBytes, int64(i.arp.Bytes()))
	at, ok := i.arp.Next()
	s.timers.Set(&i.arpTimer, at, ok)
}

// doFailed tells the senders of packets whose next hop did not answer: Linux's do hear of
// it, and its own sockets.
func (s *Stack) doFailed() {
	for len(s.failed) > 0 {
		p := s.failed[0]
		s.failed = s.failed[1:]
		s.ip4.HeldFailed(s.now, p, &s.in4)
		s.do4()
	}
	s.failed = nil
}

// doOut6 sends what IPv6 has made: frames, whose neighbours it knows itself.
func (s *Stack) doOut6(a *ip6.Acts) (first errno.Errno) {
	for n := range a.Out {
		o := &a.Out[n]
		e := errno.ENXIO
		if o.NIC == ip6.Loopback {
			e = s.loop.put(s, o.Data, ip4.Loopback, ip4.Unicast)
		} else if s.iface(o.NIC) != nil {
			e = s.host.Transmit(o.NIC, o.Data, o.Hop)
		}
		if first == errno.OK {
			first = e
		}
	}
	return first
}
