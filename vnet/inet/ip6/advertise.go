package ip6

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// An RA is what a router advertises on an interface, as rtadvd(8) does.
type RA struct {
	Prefixes []RAPrefix
	// Interval is the most time between two advertisements, 600 s if it is 0; the least is
	// a third of it. Lifetime is how long hosts may keep the router, 1800 s if it is 0, none
	// below 0.
	Interval, Lifetime    time.Duration
	Reachable, Retransmit time.Duration // 0 says nothing
	MTU                   int           // 0 says nothing
	HopLimit              uint8         // 64 if it is 0
	Managed, Other        bool
}

// An RAPrefix is a prefix of an RA. Lifetimes of 0 are rtadvd's: 30 days valid, 7 preferred.
type RAPrefix struct {
	Prefix           netip.Prefix
	Valid, Preferred time.Duration
	OnLink, Auto     bool
}

// Of rtadvd(8) (usr.sbin/rtadvd/rtadvd.h) and RFC 4861 section 10.
const (
	raInterval     = 600 * time.Second
	raLifetime     = 1800 * time.Second
	raValid        = 30 * 24 * time.Hour
	raPreferred    = 7 * 24 * time.Hour
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
	ra := &v.ra
	hops, flags, life := ra.HopLimit, uint8(0), ra.Lifetime
	if hops == 0 {
		hops = 64
	}
	if ra.Managed {
		flags |= 0x80
	}
	if ra.Other {
		flags |= 0x40
	}
	if life == 0 {
		life = raLifetime
	}
	b := wire.AppendHeader(l.small[:0], 0, 0, packet.ProtoICMPv6, wire.DiscoveryHops, src, wire.AllNodes)
	b = wire.AppendICMP(b, wire.RouterAdvert, 0, uint32(hops)<<24|uint32(flags)<<16|min(seconds(life), 0xffff))
	b = binary.BigEndian.AppendUint32(b, uint32(ra.Reachable/time.Millisecond))
	b = binary.BigEndian.AppendUint32(b, uint32(ra.Retransmit/time.Millisecond))
	b = wire.AppendLink(b, wire.OptSource, n.MAC)
	if ra.MTU != 0 {
		b = binary.BigEndian.AppendUint32(append(b, wire.OptMTU, 1, 0, 0), uint32(ra.MTU))
	}
	for _, p := range ra.Prefixes {
		flags, valid, preferred := uint8(0), p.Valid, p.Preferred
		if p.OnLink {
			flags |= 0x80
		}
		if p.Auto {
			flags |= 0x40
		}
		if valid == 0 {
			valid = raValid
		}
		if preferred == 0 {
			preferred = min(raPreferred, valid)
		}
		b = append(b, wire.OptPrefix, 4, uint8(p.Prefix.Bits()), flags)
		b = binary.BigEndian.AppendUint32(b, seconds(valid))
		b = binary.BigEndian.AppendUint32(b, seconds(preferred))
		b = wire.AppendAddr(append(b, 0, 0, 0, 0), p.Prefix.Masked().Addr())
	}
	l.small = b
	l.sendND(now, n, b, a)
}

// seconds are those of a lifetime: none below 0, no end beyond what the field holds.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 0), forever))
}
