package kern

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/packet"
)

// An IfReq is the argument of an interface ioctl; which fields count depends
// on the command.
type IfReq struct {
	Flags  IfFlags    // SIOCSIFFLAGS
	MTU    int        // SIOCSIFMTU
	Addr   Addr       // SIOCSIFADDR, SIOCSIFDSTADDR (Dst), SIOCINITIFADDR
	MAC    packet.MAC // SIOCADDMULTI, SIOCDELMULTI, SIOCSIFPHYADDR; result of SIOCGIFADDR on Ethernet
	Family int        // SIOCSIFPHYADDR: sa_family of the address
	Status string     // result of SIOCGIFSTATUS
}

// maxMulti is how many groups an interface joins; maxAddrs how many
// addresses it has.
const (
	maxMulti = 8
	maxAddrs = 256
)

// netLayer is the part of a kernel between ifioctl(2), the protocols and the
// drivers, as far as the dialects differ in it.
type netLayer interface {
	up(i *Ifnet)
	down(i *Ifnet)
	detach(i *Ifnet)
	transmit(i *Ifnet, m *Mbuf) errno.Errno
	ioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno
	etherIoctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno
	cloneName(c *Cloner, name string) (unit int, err errno.Errno)
	cloneCreate(c *Cloner, t *Thread, name string, unit int) (int, errno.Errno)
	cloneDestroy(c *Cloner, t *Thread, name string) errno.Errno
	node(t *Thread, name string) (*Cdev, errno.Errno)
	setFlags(f *File, t *Thread, flags int) errno.Errno
}

var netLayers = map[Dialect]func(*Kernel) netLayer{
	FreeBSD:   func(k *Kernel) netLayer { return freebsdNet{bsdNet{k}} },
	DragonFly: func(k *Kernel) netLayer { return dragonflyNet{bsdNet{k}} },
	NetBSD:    func(k *Kernel) netLayer { return netbsdNet{k} },
	Linux:     func(k *Kernel) netLayer { return freebsdNet{bsdNet{k}} },
}

// Ifioctl is ioctl(2) on a socket, for an interface: ENXIO without it, EPERM
// for who is not root and wants to change something.
func (k *Kernel) Ifioctl(t *Thread, name string, cmd uint32, r *IfReq) errno.Errno {
	if k.dead != "" {
		return errno.EIO
	}
	i := k.Ifnet(name)
	if i == nil {
		return errno.ENXIO
	}
	if !t.Cred.Root() && !readsOnly(cmd) {
		return errno.EPERM
	}
	return k.net.ioctl(i, t, cmd, r)
}

// DriverIoctl passes a command to the driver alone, past ifioctl.
func (i *Ifnet) DriverIoctl(t *Thread, cmd uint32, r *IfReq) errno.Errno {
	return i.drv.Ioctl(i, t, cmd, r)
}

// IfUp is ifconfig NAME up: SIOCSIFFLAGS with IFF_UP set.
func (k *Kernel) IfUp(t *Thread, name string) errno.Errno { return k.setUp(t, name, IFF_UP, 0) }

// IfDown is ifconfig NAME down.
func (k *Kernel) IfDown(t *Thread, name string) errno.Errno { return k.setUp(t, name, 0, IFF_UP) }

func (k *Kernel) setUp(t *Thread, name string, set, clear IfFlags) errno.Errno {
	i := k.Ifnet(name)
	if i == nil {
		return errno.ENXIO
	}
	return k.Ifioctl(t, name, SIOCSIFFLAGS, &IfReq{Flags: (i.Flags | set) &^ clear})
}

// EtherIoctl is ether_ioctl(9): what Ethernet drivers pass on.
func (i *Ifnet) EtherIoctl(t *Thread, cmd uint32, r *IfReq) errno.Errno {
	return i.k.net.etherIoctl(i, t, cmd, r)
}

// IfCreate is ifconfig NAME create; NAME may lack the unit where the dialect
// allows that. It returns the name of the new interface.
func (k *Kernel) IfCreate(t *Thread, name string) (string, errno.Errno) {
	if k.dead != "" {
		return "", errno.EIO
	}
	if !t.Cred.Root() {
		return "", errno.EPERM
	}
	return k.cloneCreate(t, name)
}

// IfDestroy is ifconfig NAME destroy, which may sleep.
func (k *Kernel) IfDestroy(t *Thread, name string) errno.Errno {
	if k.dead != "" {
		return errno.EIO
	}
	if !t.Cred.Root() {
		return errno.EPERM
	}
	c := k.clonerFor(name)
	switch {
	case c != nil:
		return k.net.cloneDestroy(c, t, name)
	case k.Dialect == FreeBSD && len(k.cloners) > 0 && k.Ifnet(name) == nil:
		// if_clone_destroy looks for the interface first.
		return errno.ENXIO
	}
	return errno.EINVAL
}

// changeFlags is the flags part of SIOCSIFFLAGS, IFF_UP apart: what may be
// changed is.
func (i *Ifnet) changeFlags(want IfFlags) {
	keep := i.k.Dialect.CantChange() | IFF_UP
	i.SetFlags(want&^keep, ^want&^keep)
}

// enqueue is the common part of the dialects' if_transmit.
func (i *Ifnet) enqueue(m *Mbuf, countDrop bool) errno.Errno {
	n, mcast := m.Len(), m.Mcast
	if !i.Snd.Put(m) {
		if countDrop {
			i.Snd.Drops++
		}
		i.Drop(DropQueueFull, m)
		return errno.ENOBUFS
	}
	i.Cnt.Obytes += uint64(n)
	if mcast {
		i.Cnt.Omcasts++
	}
	return errno.OK
}

// Enqueue puts a packet on the send queue, counts nothing and does not start
// the driver. It takes over m.
func (i *Ifnet) Enqueue(m *Mbuf) errno.Errno {
	if !i.Snd.Put(m) {
		i.Drop(DropQueueFull, m)
		return errno.ENOBUFS
	}
	return errno.OK
}
