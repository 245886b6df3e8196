package tapemu

import (
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// attach is tap_attach.
func (d *NetBSDTap) attach(unit int) *nbSoftc {
	now := d.k.Host().Now()
	name := "tap" + strconv.Itoa(unit)
	sc := &nbSoftc{d: d, unit: unit, accessed: now, modified: now, created: now}
	mac := packet.MAC{0xf2, 0x0b, 0xa4}
	pmf := d.k.Fault("pmf")
	d.k.Host().Random(mac[3:])
	sc.ifp = d.k.NewEther(name, unit, mac, sc)
	if pmf {
		sc.ifp.Logf("couldn't establish power handler\n")
	}
	sc.ifp.Logf("Ethernet address %s\n", mac)
	sc.ifp.Softc = sc
	d.units[unit] = sc
	// Opening the unit, though not through the cloner, brings the link up.
	sc.ifp.Link = kern.LinkDown
	sc.ifp.Attach("if_register")
	sc.sysctlCreate()
	return sc
}

// detach is tap_detach. Readers are woken first and find the interface down
// (EHOSTDOWN); in the original they then use a mutex that is no more.
func (sc *nbSoftc) detach() {
	sc.flags |= nbGoing
	sc.Stop(sc.ifp)
	sc.ifp.Down()
	sc.disestablish()
	sc.sysctlDestroy()
	sc.ifp.Detach()
	sc.sel.Destroy(sc.d.k)
	delete(sc.d.units, sc.unit)
}

func (sc *nbSoftc) disestablish() {
	if sc.sih != nil {
		sc.sih.Disestablish()
		sc.sih = nil
	}
}

// Start is tap_start. While a process has the unit open the packets stay
// queued, the interface is OACTIVE, so that nobody starts it again, and who
// waits is woken. Else they end here, counted as sent.
func (sc *nbSoftc) Start(ifp *kern.Ifnet) {
	if sc.flags&nbInUse == 0 {
		sc.discard(kern.DropNoListener)
	} else if ifp.Snd.Len() > 0 {
		ifp.SetFlags(kern.IFF_OACTIVE, 0)
		sc.wake()
	}
}

// discard empties the queue the way tap_start and tap_dev_close do: each
// packet counts as sent, its bytes for a second time (if_transmit has counted
// them) and only those of its first mbuf.
func (sc *nbSoftc) discard(why kern.DropReason) {
	for m := sc.ifp.Snd.Get(); m != nil; m = sc.ifp.Snd.Get() {
		sc.countOut(m)
		sc.ifp.Drop(why, m)
	}
}

func (sc *nbSoftc) countOut(m *kern.Mbuf) {
	sc.ifp.Cnt.Opackets++
	sc.ifp.Cnt.Obytes += uint64(len(m.First()))
	sc.ifp.Bpf(kern.Out, -1, m)
}

// wake wakes all readers, selectors and knotes, and has SIGIO sent soon.
func (sc *nbSoftc) wake() {
	sc.d.k.Broadcast(sc)
	sc.sel.Notify(sc.d.k)
	if sc.flags&nbAsyncIO != 0 {
		sc.sih.Schedule()
	}
}

// softintr is tap_softintr. With no owner the signal goes to process group 0.
// ASYNCIO need not be asked for: it is on as long as the softint exists.
func (sc *nbSoftc) softintr() {
	if sc.ifp.Flags&kern.IFF_RUNNING != 0 {
		sc.d.k.FownSignal(sc.owner, "POLL_IN", kern.POLLIN|kern.POLLRDNORM)
	} else {
		sc.d.k.FownSignal(sc.owner, "POLL_HUP", 0)
	}
}

// Init is tap_init. OACTIVE stays as it is: if it was set, the next packet
// wakes nobody until somebody reads.
func (sc *nbSoftc) Init(ifp *kern.Ifnet) {
	ifp.SetFlags(kern.IFF_RUNNING, 0)
	sc.Start(ifp)
}

// Stop is tap_stop.
func (sc *nbSoftc) Stop(ifp *kern.Ifnet) {
	ifp.SetFlags(0, kern.IFF_RUNNING)
	sc.wake()
}

// Ioctl is tap_ioctl. SIOCSIFPHYADDR takes the address from the raw sa_data
// of what says it is AF_LINK (tap_lifaddr).
func (sc *nbSoftc) Ioctl(ifp *kern.Ifnet, t *kern.Thread, cmd uint32, r *kern.IfReq) errno.Errno {
	if cmd == kern.SIOCSIFPHYADDR {
		if r.Family != kern.AF_LINK {
			return errno.EINVAL
		}
		ifp.SetMAC(r.MAC)
		return errno.OK
	}
	err := ifp.EtherIoctl(t, cmd, r)
	if err == errno.ENETRESET {
		return errno.OK
	}
	return err
}
