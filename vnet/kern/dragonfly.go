package kern

import (
	"slices"
	"strings"

	"wireloom/vnet/errno"
)

// dragonflyNet is the network layer of DragonFly, with the if.c of 2009:
// both if_up and if_down flush the send queue.
type dragonflyNet struct{ bsdNet }

func (n dragonflyNet) up(i *Ifnet) {
	i.SetFlags(IFF_UP, 0)
	n.k.tr.Interface(i, "if_up", i.Snd.drain(i))
}

// detach is if_ethersubr.c, ether_ifdetach: down first.
func (n dragonflyNet) detach(i *Ifnet) {
	n.down(i)
	n.k.tr.Interface(i, "if_detach", 0)
	i.remove()
}

// transmit is ifq_var.h, ifq_handoff: a full queue counts nothing here.
func (n dragonflyNet) transmit(i *Ifnet, m *Mbuf) errno.Errno {
	if err := i.enqueue(m, false); err != errno.OK {
		return err
	}
	if i.Flags&IFF_OACTIVE == 0 {
		i.drv.Start(i)
	}
	return errno.OK
}

func (n dragonflyNet) ioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno {
	return n.ifioctl(i, t, cmd, r, n.up, n.down)
}

// etherIoctl is if_ethersubr.c, ether_ioctl: an address starts the interface if it
// is down.
func (n dragonflyNet) etherIoctl(i *Ifnet, _ *Thread, cmd uint32, r *IfReq) errno.Errno {
	return n.ether(i, cmd, r, i.Flags&IFF_UP == 0)
}

// cloneName is if_clone.c, if_clone_lookup.
func (n dragonflyNet) cloneName(c *Cloner, name string) (int, errno.Errno) {
	return c.unitOf(name, errno.ENXIO)
}

// cloneCreate is if_clone.c, if_clone_create: a bit that is set does not
// keep anybody from creating that unit by name.
func (n dragonflyNet) cloneCreate(c *Cloner, t *Thread, name string, unit int) (int, errno.Errno) {
	if n.k.Ifnet(name) != nil {
		return 0, errno.EEXIST
	}
	if unit < 0 {
		if unit = c.lowestFree(); unit > c.MaxUnit {
			return 0, errno.ENXIO
		}
	}
	if _, err := c.Create(t, unit); err != errno.OK {
		return 0, err
	}
	c.units[unit] = true
	return unit, errno.OK
}

// cloneDestroy is if_clone.c, if_clone_destroy: the bit is cleared whatever
// the driver did.
func (n dragonflyNet) cloneDestroy(c *Cloner, t *Thread, name string) errno.Errno {
	unit, ok := unitOf(name, c.Name)
	if !ok || unit < 0 {
		return errno.EINVAL
	}
	ifp := n.k.Ifnet(name)
	if ifp == nil {
		return errno.ENXIO
	}
	err := c.Destroy(t, ifp)
	delete(c.units, unit)
	return err
}

// node knows both of DragonFly's ways: devfs with its autoclone nodes
// (2008), and before it a specfs where every minor number of a driver is a
// node that exists (ENXIO without the driver).
func (n dragonflyNet) node(t *Thread, name string) (*Cdev, errno.Errno) {
	for _, c := range n.k.devsw {
		if c.clone != nil && name == c.name {
			if d := c.clone(t, name); d != nil {
				return d, errno.OK
			}
			return nil, errno.ENXIO
		}
	}
	if d := n.k.Dev(name); d != nil {
		return d, errno.OK
	}
	for _, c := range n.k.devsw {
		if unit, ok := unitOf(name, c.name); ok && c.anyUnit && unit >= 0 && unit <= IF_MAXUNIT {
			return n.k.static(c, unit), errno.OK
		}
	}
	specfs := slices.ContainsFunc(n.k.devsw, func(c *devClass) bool { return c.anyUnit })
	devfs := slices.ContainsFunc(n.k.devsw, func(c *devClass) bool { return c.clone != nil })
	if strings.HasPrefix(name, "tun") || specfs && !devfs {
		return nil, errno.ENXIO
	}
	return nil, errno.ENOENT
}

// setFlags is kern_descrip.c, kern_fcntl: O_NONBLOCK is the file's alone and
// reaches the driver with each call; only a change of O_ASYNC is told it.
func (n dragonflyNet) setFlags(f *File, t *Thread, flags int) errno.Errno {
	changed := f.flags ^ flags
	if changed&O_ASYNC != 0 {
		if err := f.tell(t, FIOASYNC, flags&O_ASYNC != 0); err != errno.OK {
			return err
		}
	}
	f.flags = f.flags&^setflMask | flags&setflMask
	return errno.OK
}
