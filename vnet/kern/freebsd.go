package kern

import "wireloom/vnet/errno"

// freebsdNet is the network layer of FreeBSD 9.1.
type freebsdNet struct{ bsdNet }

func (n freebsdNet) up(i *Ifnet) {
	i.SetFlags(IFF_UP, 0)
	n.k.tr.Interface(i, "if_up", 0)
}

func (n freebsdNet) detach(i *Ifnet) {
	n.k.tr.Interface(i, "if_detach", 0)
	n.down(i)
	i.remove()
}

// transmit is if.c, if_transmit.
func (n freebsdNet) transmit(i *Ifnet, m *Mbuf) errno.Errno {
	if err := i.enqueue(m, true); err != errno.OK {
		return err
	}
	if i.Flags&IFF_OACTIVE == 0 {
		i.drv.Start(i)
	}
	return errno.OK
}

func (n freebsdNet) ioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno {
	return n.ifioctl(i, t, cmd, r, n.up, n.down)
}

// etherIoctl is if_ethersubr.c, ether_ioctl: each address starts the interface.
func (n freebsdNet) etherIoctl(i *Ifnet, _ *Thread, cmd uint32, r *IfReq) errno.Errno {
	return n.ether(i, cmd, r, true)
}

// cloneName is if_clone.c, ifc_simple_match and ifc_name2unit.
func (n freebsdNet) cloneName(c *Cloner, name string) (int, errno.Errno) {
	return c.unitOf(name, errno.ENOSPC)
}

// cloneCreate is if_clone.c, if_clone_createif and ifc_simple_create.
func (n freebsdNet) cloneCreate(c *Cloner, t *Thread, name string, unit int) (int, errno.Errno) {
	if n.k.Ifnet(name) != nil {
		return 0, errno.EEXIST
	}
	if unit < 0 {
		if unit = c.lowestFree(); unit > c.MaxUnit {
			return 0, errno.ENOSPC
		}
	} else if c.units[unit] {
		return 0, errno.EEXIST
	}
	c.units[unit] = true
	ifp, err := c.Create(t, unit)
	if err != errno.OK {
		delete(c.units, unit)
		return 0, err
	}
	c.made = append(c.made, ifp)
	return unit, errno.OK
}

// cloneDestroy is if_clone.c, if_clone_destroyif: the interface leaves the
// cloner's list first, and its unit is free only when the driver is done.
func (n freebsdNet) cloneDestroy(c *Cloner, t *Thread, name string) errno.Errno {
	ifp := n.k.Ifnet(name)
	if ifp == nil || !c.forget(ifp) {
		return errno.ENXIO
	}
	err := c.Destroy(t, ifp)
	delete(c.units, ifp.Unit)
	return err
}

// node is devfs: a node that exists, or what a dev_clone handler makes.
func (n freebsdNet) node(t *Thread, name string) (*Cdev, errno.Errno) {
	if d := n.k.Dev(name); d != nil {
		return d, errno.OK
	}
	for _, c := range n.k.devsw {
		if c.clone == nil {
			continue
		}
		if d := c.clone(t, name); d != nil {
			return d, errno.OK
		}
	}
	return nil, errno.ENOENT
}

// setFlags is kern_descrip.c, kern_fcntl: FIONBIO first, and undone when
// FIOASYNC fails.
func (n freebsdNet) setFlags(f *File, t *Thread, flags int) errno.Errno {
	f.flags = f.flags&^setflMask | flags&setflMask
	if err := f.tell(t, FIONBIO, flags&O_NONBLOCK != 0); err != errno.OK {
		return err
	}
	err := f.tell(t, FIOASYNC, flags&O_ASYNC != 0)
	if err != errno.OK {
		f.flags &^= O_NONBLOCK
		// The first error is the one that counts.
		_ = f.tell(t, FIONBIO, false)
	}
	return err
}
