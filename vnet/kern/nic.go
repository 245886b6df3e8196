package kern

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

const (
	etherMTU       = 1500
	etherHeaderLen = 14
	etherBaud      = 10_000_000 // what ether_ifattach assumes
)

// NewEther makes an Ethernet interface, not attached yet: what the drivers'
// attach routines fill in and ether_ifattach(9) adds.
func (k *Kernel) NewEther(name string, unit int, mac packet.MAC, drv EtherDriver) *Ifnet {
	i := k.NewIfnet(name, unit, drv)
	i.Type, i.MTU, i.Baud, i.MAC = IFT_ETHER, etherMTU, etherBaud, mac
	i.Flags = IFF_BROADCAST | IFF_SIMPLEX | IFF_MULTICAST
	return i
}

// EtherInput is DragonFly's ether_input: frames that are too short or that
// arrive while the interface is down go no further. It takes over m.
func (i *Ifnet) EtherInput(m *Mbuf) {
	m.Rcvif = i
	if i.Flags&IFF_UP == 0 {
		i.Drop(DropDown, m)
		return
	}
	if m.Len() < etherHeaderLen {
		i.Drop(DropShort, m)
		return
	}
	i.Cnt.Ibytes += uint64(m.Len())
	if m.Bytes()[0]&1 != 0 {
		i.Cnt.Imcasts++
	}
	i.Bpf(In, -1, m)
	i.Deliver(0, m)
}

// nic is the driver of an ordinary network card.
type nic struct{ send func(*Mbuf) }

// AttachEther adds an ordinary network card, such as em0. What Transmit and
// Output send goes through its queue to send, which takes over the mbuf and
// only queues; what comes from the wire is given to [Ifnet.Receive].
func (k *Kernel) AttachEther(name string, mac packet.MAC, mtu int, send func(*Mbuf)) *Ifnet {
	unit := 0
	for _, c := range name {
		if c >= '0' && c <= '9' {
			unit = unit*10 + int(c-'0')
		}
	}
	i := k.NewEther(name, unit, mac, nic{send})
	i.MTU, i.Baud, i.Link = uint64(mtu), 1_000_000_000, LinkUp
	i.Attach("if_attach")
	return i
}

// Card says whether the interface is an ordinary network card. Those of other drivers,
// tun and tap, have a device in /dev.
func (i *Ifnet) Card() bool {
	_, card := i.drv.(nic)
	return card
}

// DetachEther takes a network card away.
func (i *Ifnet) DetachEther() { i.Detach() }

// Receive is a frame from the wire: it is counted and handed up, or dropped
// when the card is down. It takes over m.
func (i *Ifnet) Receive(m *Mbuf) {
	m.Rcvif = i
	if i.Flags&(IFF_UP|IFF_RUNNING) != IFF_UP|IFF_RUNNING {
		i.Drop(DropDown, m)
		return
	}
	if m.Len() < etherHeaderLen {
		i.Cnt.Ierrors++
		i.Drop(DropShort, m)
		return
	}
	i.Cnt.Ipackets++
	i.Cnt.Ibytes += uint64(m.Len())
	if m.Bytes()[0]&1 != 0 {
		i.Cnt.Imcasts++
	}
	i.Bpf(In, -1, m)
	i.Deliver(0, m)
}

func (n nic) Start(i *Ifnet) {
	for m := i.Snd.Get(); m != nil; m = i.Snd.Get() {
		if i.Flags&(IFF_UP|IFF_RUNNING) != IFF_UP|IFF_RUNNING {
			i.Cnt.Oerrors++
			i.Drop(DropDown, m)
			continue
		}
		i.Cnt.Opackets++
		i.Bpf(Out, -1, m)
		n.send(m)
	}
}

func (n nic) Init(i *Ifnet) {
	i.SetFlags(IFF_RUNNING, IFF_OACTIVE)
	n.Start(i)
}

func (n nic) Stop(i *Ifnet) { i.SetFlags(0, IFF_RUNNING|IFF_OACTIVE) }

func (n nic) Ioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno {
	switch {
	case i.k.Dialect == NetBSD:
		// NetBSD's ether_ioctl does it all; ENETRESET asks to load the groups.
		if err := i.EtherIoctl(t, cmd, r); err != errno.ENETRESET {
			return err
		}
		return errno.OK
	case cmd == SIOCSIFFLAGS:
		switch {
		case i.Flags&IFF_UP == 0:
			n.Stop(i)
		case i.Flags&IFF_RUNNING == 0:
			n.Init(i)
		}
		return errno.OK
	case cmd == SIOCADDMULTI || cmd == SIOCDELMULTI:
		return errno.OK
	}
	return i.EtherIoctl(t, cmd, r)
}
