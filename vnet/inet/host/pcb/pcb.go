// Package pcb is which socket of a protocol has which port, and who gets a packet.
package pcb

import "net/netip"

// A PCB is what a socket or a connection is to the protocol: its addresses, as in_pcb.h
// has them. One that has a local port is in the table of its protocol.
type PCB struct {
	LocalAddr  netip.AddrPort
	RemoteAddr netip.AddrPort // invalid while there is none
	Device     int            // the interface that it is bound to; below 0 for none
	ReuseAddr  bool
	ReusePort  bool
	V6         bool
	Own        any // the socket or the connection that it is part of

	prev, next *PCB
}

// Ports are the pcbs of a protocol by local port and family, each list in the order of
// binding.
type Ports map[uint32]*PCB

func portKey(v6 bool, port uint16) uint32 {
	if v6 {
		return 1<<16 | uint32(port)
	}
	return uint32(port)
}

// Put adds a pcb that has its local port.
func (t *Ports) Put(k *PCB) {
	if *t == nil {
		*t = Ports{}
	}
	key := portKey(k.V6, k.LocalAddr.Port())
	first := (*t)[key]
	if first == nil {
		k.prev, k.next = k, nil // the first one's prev is the last
		(*t)[key] = k
		return
	}
	last := first.prev
	last.next, k.prev, k.next = k, last, nil
	first.prev = k
}

// Take takes a pcb out.
func (t Ports) Take(k *PCB) {
	key := portKey(k.V6, k.LocalAddr.Port())
	first := t[key]
	switch {
	case k.prev == nil:
		return // it is not there
	case first == k && k.next == nil:
		delete(t, key)
	case first == k:
		k.next.prev = k.prev
		t[key] = k.next
	default:
		k.prev.next = k.next
		if k.next != nil {
			k.next.prev = k.prev
		} else {
			first.prev = k.prev
		}
	}
	k.prev, k.next = nil, nil
}

// Next is the one that was bound to the same port after this one; nil for none.
func (k *PCB) Next() *PCB { return k.next }

// On is the first that was bound to a port; nil for none.
func (t Ports) On(v6 bool, port uint16) *PCB { return t[portKey(v6, port)] }

// Taken says whether a pcb may not have a local address and port: in_pcbbind and
// in_pcblookup_local. Without SO_REUSEADDR any other on the port is in the way that has
// the address or any.
func (t Ports) Taken(k *PCB, local netip.AddrPort) bool {
	wild := !k.ReuseAddr && !k.ReusePort
	for p := t.On(k.V6, local.Port()); p != nil; p = p.next {
		same := p.LocalAddr.Addr() == local.Addr()
		any := p.LocalAddr.Addr().IsUnspecified() || local.Addr().IsUnspecified()
		switch {
		case p == k, k.Device >= 0 && p.Device >= 0 && k.Device != p.Device:
		case wild && (same || any), same && !p.RemoteAddr.IsValid():
			if !k.ReusePort || !p.ReusePort {
				return true
			}
		}
	}
	return false
}

// Ephemeral finds a port that nobody has, among those from first to last, by in_pcb_lport:
// the one after the port that is given, or the next; 0 if there is none.
func (t Ports) Ephemeral(k *PCB, addr netip.Addr, first, last, after uint16) uint16 {
	n := int(last) - int(first) + 1
	wild := PCB{V6: k.V6, Device: k.Device}
	for port := after; n > 0; n-- {
		if port++; port < first || port > last {
			port = first
		}
		if !t.Taken(&wild, netip.AddrPortFrom(addr, port)) {
			return port
		}
	}
	return 0
}

// Find returns who gets a packet from remote to local that came in by an interface: a
// connection before a socket of that address before one of any address.
func (t Ports) Find(local, remote netip.AddrPort, nic int) *PCB {
	var best *PCB
	score := 0
	for p := t.On(local.Addr().Is6(), local.Port()); p != nil; p = p.next {
		n := 1
		switch {
		case p.Device >= 0 && p.Device != nic:
			continue
		case p.RemoteAddr.IsValid() && p.RemoteAddr != remote:
			continue
		case p.RemoteAddr.IsValid():
			n += 4
		}
		switch {
		case p.LocalAddr.Addr() == local.Addr():
			n += 2
		case !p.LocalAddr.Addr().IsUnspecified():
			continue
		}
		if n > score {
			best, score = p, n
		}
	}
	return best
}
