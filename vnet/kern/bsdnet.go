package kern

import "wireloom/vnet/errno"

// bsdNet is what FreeBSD and DragonFly share.
type bsdNet struct{ k *Kernel }

// ifioctl is the kernel's part of the interface ioctls that both treat
// alike; what is not handled here goes to the driver.
func (n bsdNet) ifioctl(i *Ifnet, t *Thread, cmd uint32, r *IfReq, up, down func(*Ifnet)) errno.Errno {
	switch cmd {
	case SIOCSIFFLAGS:
		if was, want := i.Flags&IFF_UP, r.Flags&IFF_UP; was != want {
			if want != 0 {
				up(i)
			} else {
				down(i)
			}
		}
		i.changeFlags(r.Flags)
		// What the driver says is not looked at.
		i.drv.Ioctl(i, t, cmd, r)
		i.Change = n.k.host.Now()
		return errno.OK
	case SIOCSIFMTU:
		if r.MTU < IF_MINMTU || r.MTU > IF_MAXMTU {
			return errno.EINVAL
		}
	case SIOCSIFADDR:
		if err := i.addAddr(r.Addr); err != errno.OK {
			return err
		}
	case SIOCSIFDSTADDR, SIOCDIFADDR:
		a := i.firstInet()
		if a < 0 {
			return errno.EADDRNOTAVAIL
		}
		if cmd == SIOCDIFADDR {
			i.removeAddr(a)
			return errno.OK
		}
		if i.Flags&IFF_POINTOPOINT == 0 {
			return errno.EINVAL
		}
		i.Addrs[a].Dst = r.Addr.Dst
		n.k.notify(i, i.Addrs[a].changed("set"))
	}
	return i.drv.Ioctl(i, t, cmd, r)
}

func (i *Ifnet) firstInet() int {
	for j, a := range i.Addrs {
		if a.Family == AF_INET && !a.Null {
			return j
		}
	}
	return -1
}

// down is if_down(9): it flushes the send queue.
func (n bsdNet) down(i *Ifnet) {
	i.SetFlags(0, IFF_UP)
	n.k.tr.Interface(i, "if_down", i.Snd.drain(i))
}

// ether is what the two have of ether_ioctl(9). start says whether an address brings
// the interface up and starts it.
func (n bsdNet) ether(i *Ifnet, cmd uint32, r *IfReq, start bool) errno.Errno {
	switch cmd {
	case SIOCSIFADDR:
		if start {
			i.SetFlags(IFF_UP, 0)
			i.ether.Init(i)
		}
		if r.Addr.Family == AF_INET {
			n.k.tr.Interface(i, "arp_ifinit", 0)
		}
	case SIOCGIFADDR:
		r.MAC = i.MAC
	case SIOCSIFMTU:
		if r.MTU > etherMTU {
			return errno.EINVAL
		}
		i.SetMTU(uint64(r.MTU))
	default:
		return errno.EINVAL
	}
	return errno.OK
}

// unitOf is the unit that a name asks for, -1 for any: EINVAL if the name is not the
// cloner's, tooMany if the unit is beyond its limit.
func (c *Cloner) unitOf(name string, tooMany errno.Errno) (int, errno.Errno) {
	unit, ok := unitOf(name, c.Name)
	switch {
	case !ok:
		return 0, errno.EINVAL
	case unit > c.MaxUnit:
		return 0, tooMany
	}
	return unit, errno.OK
}
