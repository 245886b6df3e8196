package ip6

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// An RA is what a router advertises on an interface, as rtadvd(8) does, and an RAPrefix a prefix of
// it.
type (
	RA       = wire.RA
	RAPrefix = wire.RAPrefix
)

// Of rtadvd(8) (usr.sbin/rtadvd/rtadvd.h) and RFC 4861 section 10.
const (
	raInterval     = 600 * time.Second
	raInitial      = 3                      // MAX_INITIAL_RTR_ADVERTISEMENTS, of which each
	raInitialPause = 16 * time.Second       // comes at most so long after the one before
	raBetween      = 3 * time.Second        // MIN_DELAY_BETWEEN_RAS
	raAnswer       = 500 * time.Millisecond // MAX_RA_DELAY_TIME
	raMost         = 32                     // prefixes of an RA
)

// An advertiser is a router's advertising on an interface.
type advertiser struct {
	ra   RA
	due  time.Duration
	last time.Duration // when the last went out
	sent int
}

// Advertise has an interface advertise the host as a router, until ra is nil: then it says that
// it is none any more. ENXIO without such an interface, EINVAL for what no RA can say.
func (l *Layer) Advertise(now time.Duration, number int, ra *RA, a *Acts) errno.Errno {
	n := l.nic(number)
	if n == nil || n.IP {
		return errno.ENXIO
	}
	if ra == nil {
		if v := n.advert; v != nil {
			n.advert = nil
			v.ra.Lifetime = -1
			l.sendRA(now, n, v, a)
			l.leave(now, n, wire.AllRouters, a)
		}
		return errno.OK
	}
	if len(ra.Prefixes) > raMost || ra.Interval < 0 {
		return errno.EINVAL
	}
	for _, p := range ra.Prefixes {
		if !p.Prefix.IsValid() || !p.Prefix.Addr().Is6() {
			return errno.EINVAL
		}
	}
	if n.advert == nil {
		l.join(now, n, wire.AllRouters, 0, a)
	}
	n.advert = &advertiser{ra: *ra}
	l.set(&n.advert.due, now+l.chance(l.v.JoinDelay))
	return errno.OK
}

// answerRouter brings the next advertisement forward, as a host has asked.
func (l *Layer) answerRouter(now time.Duration, v *advertiser) {
	at := now + l.chance(raAnswer)
	if v.sent > 0 {
		at = max(at, v.last+raBetween)
	}
	if at < v.due {
		l.set(&v.due, at)
	}
}

func (l *Layer) tickAdvert(now time.Duration, n *nic, a *Acts) {
	v := n.advert
	if v == nil || !fired(&v.due, now) {
		return
	}
	if _, ok := l.linkLocal(n); !ok || !n.up {
		l.set(&v.due, now+l.v.Retransmit)
		return
	}
	l.sendRA(now, n, v, a)
	v.sent++
	v.last = now
	pause := v.ra.Interval
	if pause == 0 {
		pause = raInterval
	}
	pause = pause/3 + l.chance(pause-pause/3)
	if v.sent < raInitial {
		pause = min(pause, raInitialPause)
	}
	l.set(&v.due, now+max(pause, time.Millisecond))
}

func (l *Layer) sendRA(now time.Duration, n *nic, v *advertiser, a *Acts) {
	src, ok := l.linkLocal(n)
	if !ok || !n.up {
		return
	}
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, src, wire.AllNodes)
	b = v.ra.Append(b, n.MAC)
	l.small = b
	l.sendND(now, n, b, a)
}
