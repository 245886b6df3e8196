package host

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/inet/host/account"
	"wireloom/vnet/inet/host/alarm"
	"wireloom/vnet/inet/ip4"
	"wireloom/vnet/inet/ip6"
	"wireloom/vnet/packet"
)

// input takes what came in on an interface.
func (i *iface) input(data []byte) {
	s := i.s
	if i.ip {
		if len(data) == 0 {
			return
		}
		switch data[0] >> 4 {
		case 4:
			s.ip4.Input(s.now, i.nic, ip4.Unicast, data, &s.in4)
			s.do4()
		case 6:
			s.ip6.Input(s.now, i.nic, ip6.ToUs, packet.MAC{}, data, &s.in6)
			s.do6()
		}
		return
	}
	f, err := packet.ParseEthernet(data)
	if err != nil {
		return
	}
	link4, link6 := ip4.Unicast, ip6.ToUs
	switch to := f.Dst(); {
	case to == i.mac:
	case to.IsBroadcast():
		link4, link6 = ip4.Broadcast, ip6.ToBroadcast
	case to.IsMulticast():
		link4, link6 = ip4.Multicast, ip6.ToMulticast
	case i.any:
		link6 = ip6.ToOther
	default:
		return
	}
	switch f.Type() {
	case packet.TypeARP:
		if i.arp != nil {
			i.arp.Input(s.now, f, &s.arpActs)
			i.doARP()
		}
	case packet.TypeIPv4:
		s.ip4.Input(s.now, i.nic, link4, f.Payload(), &s.in4)
		s.do4()
	case packet.TypeIPv6:
		if link6 == ip6.ToMulticast && !s.ip6.MemberMAC(i.nic, f.Dst()) {
			return
		}
		s.ip6.Input(s.now, i.nic, link6, f.Src(), f.Payload(), &s.in6)
		s.do6()
	}
}

// loopback is what the host has sent to itself: it comes in by a turn of the loop of its
// own.
type loopback struct {
	queue []looping
	timer alarm.Timer
}

// A looping packet. Of IPv4, nic and link say how it was sent: what went out to many comes
// in by the interface that it left by.
type looping struct {
	data []byte
	nic  int
	link ip4.Link
}

// put queues a copy of a packet.
func (l *loopback) put(s *Stack, p []byte, nic int, link ip4.Link) errno.Errno {
	if !s.memory.Room(account.PacketSelf + int64(len(p))) {
		return errno.ENOBUFS
	}
	s.memory.Add(account.PacketSelf + int64(len(p)))
	l.queue = append(l.queue, looping{append([]byte(nil), p...), nic, link})
	s.timers.Set(&l.timer, s.now, true)
	return errno.OK
}

// drain takes in what waits now; what that sends waits for the next turn.
func (s *Stack) drain() {
	l := &s.loop
	queue := l.queue
	l.queue = nil
	for _, p := range queue {
		s.memory.Add(-account.PacketSelf - int64(len(p.data)))
		if p.data[0]>>4 == 4 {
			s.ip4.Loop(s.now, p.nic, p.link, p.data, &s.in4)
			s.do4()
		} else {
			s.ip6.Input(s.now, ip6.Loopback, ip6.ToUs, packet.MAC{}, p.data, &s.in6)
			s.do6()
		}
	}
}
