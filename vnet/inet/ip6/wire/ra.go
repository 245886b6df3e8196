package wire

import (
	"encoding/binary"
	"net/netip"
	"time"

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

// Of rtadvd(8) (usr.sbin/rtadvd/rtadvd.h).
const (
	raLifetime  = 1800 * time.Second
	raValid     = 30 * 24 * time.Hour
	raPreferred = 7 * 24 * time.Hour
)

// Forever is the lifetime that has no end.
const Forever = 0xffffffff

// Append appends the message of an advertisement, without its checksum, that comes from mac.
func (ra *RA) Append(b []byte, mac packet.MAC) []byte {
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
	b = AppendICMP(b, RouterAdvert, 0, uint32(hops)<<24|uint32(flags)<<16|min(seconds(life), 0xffff))
	b = binary.BigEndian.AppendUint32(b, uint32(ra.Reachable/time.Millisecond))
	b = binary.BigEndian.AppendUint32(b, uint32(ra.Retransmit/time.Millisecond))
	b = AppendLink(b, OptSource, mac)
	if ra.MTU != 0 {
		b = binary.BigEndian.AppendUint32(append(b, OptMTU, 1, 0, 0), uint32(ra.MTU))
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
		b = append(b, OptPrefix, 4, uint8(p.Prefix.Bits()), flags)
		b = binary.BigEndian.AppendUint32(b, seconds(valid))
		b = binary.BigEndian.AppendUint32(b, seconds(preferred))
		b = AppendAddr(append(b, 0, 0, 0, 0), p.Prefix.Masked().Addr())
	}
	return b
}

// seconds are those of a lifetime: none below 0, no end beyond what the field holds.
func seconds(d time.Duration) uint32 {
	return uint32(min(max(d/time.Second, 0), Forever))
}
