package tcp

import (
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/loss"
	"wireloom/vnet/inet/tcp/wire"
)

// An ICMP is an ICMP error about a segment that was sent: of ICMPv4, or of ICMPv6 for a
// connection of IPv6.
type ICMP struct {
	Type, Code uint8
	MTU        int    // of "too big": bytes, 0 if the router did not say
	Seq        uint32 // of the segment, quoted
}

// Unreachable takes an ICMP error about a segment of the connection: tcp_ctlinput and
// tcp_notify of the BSDs, tcp_v4_err of Linux.
func (c *Conn) Unreachable(now time.Duration, m ICMP, acts *Acts) {
	v := c.l.v
	if c.has(dead) || c.state == TimeWait || c.state < SynSent {
		return
	}
	if v.ICMPRule != kernel.ICMPNetBSD && (wire.Before(m.Seq, c.una) || !wire.Before(m.Seq, c.sndMax)) {
		return
	}
	what := kernel.VerdictOf(m.Type, m.Code, c.remote.Addr().Is6())
	if what == kernel.TooBig {
		c.tooBig(now, m, acts)
		return
	}
	e := v.ICMPRule.Errno(what, m.Code)
	connecting := c.state == SynSent || c.state == SynReceived
	switch {
	case e == 0:
	case v.ICMPAllKill && connecting:
		c.fail(now, e, acts)
	case v.ICMPKills && (what == kernel.Prohibited || what == kernel.PortClosed || what == kernel.Expired):
		if c.state == SynSent {
			c.fail(now, e, acts)
		}
	case c.state == Established && e == errno.EHOSTUNREACH && !v.ICMPAllKill:
	case connecting && c.shift > 3 && c.soft != 0:
		c.fail(now, e, acts)
	default:
		c.soft = e
	}
}

// tooBig takes "fragmentation needed" and "packet too big" (RFC 1191, RFC 8201).
func (c *Conn) tooBig(now time.Duration, m ICMP, acts *Acts) {
	mtu := m.MTU
	if mtu <= 0 {
		mtu = wire.LowerMTU(int(c.maxOpt) + wire.Headers(c.remote.Addr()))
	}
	if c.l.v.PMTUWaits {
		if wire.After(m.Seq, c.sndMax) || wire.Before(m.Seq, c.una) || mtu >= int(c.mtuSent) {
			return
		}
		if mtu < wire.Headers(c.remote.Addr())+int(c.mssAcked) { // it got more through: believe it only after a loss
			if !c.has(mtuWaits) || !wire.Before(c.mtuSeq, m.Seq) {
				c.flags |= mtuWaits
				c.mtuSeq, c.mtuNext = m.Seq, uint16(min(mtu, 65535))
			}
			return
		}
	}
	c.shrink(now, mtu, acts)
}

// SetPath tells the connection that its way to the peer has changed.
func (c *Conn) SetPath(now time.Duration, p Path, acts *Acts) {
	old := c.path
	c.path = p
	if p.MTU < old.MTU && c.state >= Established && c.state != TimeWait {
		c.shrink(now, p.MTU, acts)
	}
}

// shrink makes segments smaller, and sends again what was not acknowledged.
func (c *Conn) shrink(now time.Duration, mtu int, acts *Acts) {
	v := c.l.v
	mss := max(mtu-wire.Headers(c.remote.Addr()), v.MSSMin, 64)
	if mss >= int(c.maxOpt) || c.state < SynReceived {
		return
	}
	c.l.Stats.MTUResent++
	c.path.MTU = min(c.path.MTU, mss+wire.Headers(c.remote.Addr()))
	c.maxOpt = uint16(mss)
	if c.stamped() {
		mss -= 12
	}
	c.mss = uint16(min(mss, int(c.mss)))
	c.mtuSent = min(c.mtuSent, uint16(min(mtu, 65535)))
	c.timing = false
	c.nxt = c.una
	c.board.Clear(c.una)
	c.recover = c.sndMax
	c.flags &^= recovery
	if v.PMTUWaits { // of the MTU, not of the segments that fit: NetBSD tcp_subr.c, tcp_mtudisc
		c.cong.Cwnd = loss.InitialWindow(v.InitWin, uint32(mtu))
	}
	c.newData = c.una
	c.output(now, acts)
}
