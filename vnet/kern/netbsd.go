package kern

import (
	"slices"
	"strings"

	"wireloom/vnet/errno"
)

// netbsdNet is the network layer of NetBSD in 2021.
type netbsdNet struct{ k *Kernel }

func (n netbsdNet) up(i *Ifnet) {
	i.SetFlags(IFF_UP, 0)
	n.k.tr.Interface(i, "if_up", 0)
}

func (n netbsdNet) down(i *Ifnet) {
	i.SetFlags(0, IFF_UP)
	n.k.tr.Interface(i, "if_down", i.Snd.drain(i))
}

func (n netbsdNet) detach(i *Ifnet) {
	n.k.tr.Interface(i, "ether_ifdetach", 0)
	n.k.tr.Interface(i, "if_detach", 0)
	i.remove()
}

// transmit is if.c, if_transmit: it does not start what is OACTIVE.
func (n netbsdNet) transmit(i *Ifnet, m *Mbuf) errno.Errno {
	if err := i.enqueue(m, true); err != errno.OK {
		return err
	}
	if i.Flags&IFF_OACTIVE == 0 {
		i.drv.Start(i)
	}
	return errno.OK
}

// ioctl passes everything to the driver, which passes nearly everything on.
func (n netbsdNet) ioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq) errno.Errno {
	return i.drv.Ioctl(i, t, cmd, r)
}

// etherIoctl is if_ethersubr.c, ether_ioctl, with if.c, ifioctl_common.
func (n netbsdNet) etherIoctl(i *Ifnet, _ *Thread, cmd uint32, r *IfReq) errno.Errno {
	switch cmd {
	case SIOCSIFFLAGS:
		n.setIfFlags(i, r.Flags)
		return errno.OK
	case SIOCSIFMTU:
		return n.setMTU(i, r.MTU)
	case SIOCINITIFADDR, SIOCSIFADDR:
		if cmd == SIOCSIFADDR {
			// in_control and in6_control keep the address before they ask the driver.
			if err := i.addAddr(r.Addr); err != errno.OK {
				return err
			}
		}
		if i.Flags&(IFF_UP|IFF_RUNNING) != IFF_UP|IFF_RUNNING {
			i.SetFlags(IFF_UP, 0)
			i.ether.Init(i)
		}
		if r.Addr.Family == AF_INET {
			n.k.tr.Interface(i, "arp_ifinit", 0)
		}
		return errno.OK
	case SIOCDIFADDR:
		a := i.firstInet()
		if a < 0 {
			return errno.EADDRNOTAVAIL
		}
		i.removeAddr(a)
		return errno.OK
	case SIOCADDMULTI:
		if r.MAC[0]&1 == 0 {
			return errno.EINVAL
		}
		if slices.Contains(i.Multi, r.MAC) {
			return errno.OK
		}
		if len(i.Multi) >= maxMulti {
			return errno.ENOBUFS
		}
		i.Multi = append(i.Multi, r.MAC)
		return errno.ENETRESET
	case SIOCDELMULTI:
		// ether_delmulti looks for the record and checks nothing else: that an address is
		// no group at all is EINVAL in ether_addmulti alone.
		j := slices.Index(i.Multi, r.MAC)
		if j < 0 {
			return errno.ENXIO
		}
		i.Multi = slices.Delete(i.Multi, j, j+1)
		return errno.ENETRESET
	}
	return errno.ENOTTY
}

func (n netbsdNet) setIfFlags(i *Ifnet, want IfFlags) {
	if (i.Flags^want)&IFF_UP != 0 {
		if want&IFF_UP != 0 {
			n.up(i)
		} else {
			n.down(i)
		}
	}
	i.changeFlags(want)
	switch {
	case i.Flags&IFF_UP != 0:
		i.ether.Init(i)
	case i.Flags&IFF_RUNNING != 0:
		i.ether.Stop(i)
	}
}

func (n netbsdNet) setMTU(i *Ifnet, mtu int) errno.Errno {
	const min, jumbo = 46, 9000 // ETHERMIN, ETHERMTU_JUMBO
	if mtu < min || mtu > jumbo {
		return errno.EINVAL
	}
	if uint64(mtu) == i.MTU {
		return errno.OK
	}
	i.SetMTU(uint64(mtu))
	if i.Flags&IFF_UP != 0 {
		i.ether.Init(i)
	}
	return errno.OK
}

// cloneName is if.c, if_clone_lookup; ifconfig create needs a unit.
func (n netbsdNet) cloneName(c *Cloner, name string) (int, errno.Errno) {
	unit, ok := unitOf(name, c.Name)
	if !ok || unit < 0 || unit > c.MaxUnit {
		return 0, errno.EINVAL
	}
	return unit, errno.OK
}

func (n netbsdNet) cloneCreate(c *Cloner, t *Thread, name string, unit int) (int, errno.Errno) {
	if n.k.Ifnet(name) != nil {
		return 0, errno.EEXIST
	}
	_, err := c.Create(t, unit)
	return unit, err
}

func (n netbsdNet) cloneDestroy(c *Cloner, t *Thread, name string) errno.Errno {
	ifp := n.k.Ifnet(name)
	if ifp == nil {
		return errno.ENXIO
	}
	return c.Destroy(t, ifp)
}

// node is specfs: /dev/tap and /dev/tapN exist whatever is loaded, and
// without the driver or the unit they are ENXIO.
func (n netbsdNet) node(_ *Thread, name string) (*Cdev, errno.Errno) {
	for _, c := range n.k.devsw {
		unit, ok := unitOf(name, c.name)
		if !ok {
			continue
		}
		if unit < 0 {
			unit = c.cloner
		}
		return n.k.static(c, unit), errno.OK
	}
	if strings.HasPrefix(name, "tap") || strings.HasPrefix(name, "tun") {
		return nil, errno.ENXIO
	}
	return nil, errno.ENOENT
}

// setFlags is sys_descrip.c, sys_fcntl: the driver is told what changes, and
// told back when the second part fails.
func (n netbsdNet) setFlags(f *File, t *Thread, flags int) errno.Errno {
	changed := f.flags ^ flags
	if changed&O_NONBLOCK != 0 {
		if err := f.tell(t, FIONBIO, flags&O_NONBLOCK != 0); err != errno.OK {
			return err
		}
	}
	if changed&O_ASYNC != 0 {
		if err := f.tell(t, FIOASYNC, flags&O_ASYNC != 0); err != errno.OK {
			if changed&O_NONBLOCK != 0 {
				_ = f.tell(t, FIONBIO, f.flags&O_NONBLOCK != 0)
			}
			return err
		}
	}
	f.flags = f.flags&^setflMask | flags&setflMask
	return errno.OK
}
