package syncache

import (
	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/wire"
)

// A Verdict is what an ACK to a SYN+ACK is found to be.
type Verdict uint8

// The verdicts.
const (
	Completes Verdict = iota // the connection is complete: who has a place for it removes the half
	Repeat                   // it is not: the peer is told again, by Respond
	Refuse                   // it is answered by RST
)

// Judge looks at the ACK that should complete a connection: FreeBSD tcp_syncache.c,
// syncache_expand; NetBSD tcp_input.c, syn_cache_get; Linux tcp_minisocks.c, tcp_check_req.
func (c *Cache) Judge(h *Half, s *wire.Segment) Verdict {
	v := c.v
	var o wire.Options
	o.Parse(s.Options, false)
	outside := !wire.After(s.Seq, h.IRS) || wire.After(s.Seq, h.IRS+uint32(h.Window)+1)
	wrong := s.Ack != h.ISS+1
	switch v.Half {
	case kernel.HalfFreeBSD:
		if wrong || outside || !h.Opt.HasTS && o.HasTS || h.Opt.HasTS && o.HasTS && o.TSEcr != h.stampSent && v.StampRandom {
			c.Remove(h) // whatever was wrong, there is no second try
			return Refuse
		}
	case kernel.HalfNetBSD:
		if wrong || outside {
			return Repeat
		}
	case kernel.HalfLinux:
		if outside {
			return Repeat
		}
		if wrong {
			return Refuse
		}
	}
	return Completes
}

// Reset takes a RST, and tells whether it refuses our SYN+ACK: the half is gone then. Else it
// is a bad one.
func (c *Cache) Reset(h *Half, s *wire.Segment) bool {
	window := uint32(1)
	if h != nil && c.v.Half == kernel.HalfFreeBSD {
		window = uint32(h.Window)
	}
	switch {
	case h == nil, s.Flags&(wire.ACK|wire.SYN|wire.FIN) != 0 && c.v.Half == kernel.HalfFreeBSD, wire.Before(s.Seq, h.IRS), wire.After(s.Seq, h.IRS+window):
		return false
	}
	c.Remove(h)
	c.stats.SCReset++
	return true
}

// Unreachable takes an ICMP error about a SYN+ACK of a pair, whose sequence number was seq. A
// half-open connection that fails twice, after three retransmissions, is given up.
func (c *Cache) Unreachable(p Pair, seq uint32) {
	h := c.byEnd[p]
	switch {
	case h == nil, seq != h.ISS:
	case !h.soft || h.Sent < 4:
		h.soft = true
	default:
		c.Remove(h)
		c.stats.SCUnreach++
	}
}
