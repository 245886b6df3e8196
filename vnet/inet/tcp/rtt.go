package tcp

import (
	"time"

	"wireloom/vnet/inet/tcp/wire"
)

// sample takes the round trip that an ACK shows, by its timestamp or by the segment that
// was timed, if there is either (RFC 6298; RFC 7323, 4).
func (c *Conn) sample(now time.Duration, a *arrival) {
	v := c.l.v
	timed := c.timing && wire.After(a.ack, c.rttSeq)
	age := v.Stamp(now) - (a.opt.TSEcr - c.stampOff)
	switch {
	case v.Microsecond && timed: // its own clock is finer than the option's
		c.roundTripLinux(now - c.rttFrom)
	case a.opt.HasTS && c.stamped() && a.opt.TSEcr != 0 && int32(age) >= 0:
		d := time.Duration(age) * v.StampTick
		if v.Microsecond {
			c.roundTripLinux(d)
		} else {
			c.roundTrip(int32(min(d/v.Tick, 1<<16)) + v.RTTPlus)
		}
	case timed:
		c.roundTrip(int32(min(now/v.Tick-c.rttFrom/v.Tick, 1<<16)))
	}
}

// roundTrip smooths a measured round trip, in ticks: srtt holds 32 times its mean, rttvar
// 16 times its deviation (FreeBSD and NetBSD tcp_input.c, tcp_xmit_timer).
func (c *Conn) roundTrip(rtt int32) {
	v := c.l.v
	c.sampled()
	if c.srtt != 0 {
		delta := (rtt-v.RTTLess)<<2 - c.srtt>>3
		c.srtt = max(c.srtt+delta, 1)
		if delta < 0 {
			delta = -delta
		}
		c.rttvar = max(c.rttvar+delta-c.rttvar>>2, 1)
	} else {
		c.srtt, c.rttvar = rtt<<5, rtt<<3
	}
	c.rto = min(max(c.baseRTO()+v.Slop, v.RTOMin, time.Duration(rtt+2)*v.Tick), v.RTOMax)
}

func (c *Conn) sampled() {
	c.l.Stats.RTTUpdated++
	c.timing = false
	c.shift = 0
	c.soft = 0
}

// baseRTO is the retransmission timeout before it is backed off.
func (c *Conn) baseRTO() time.Duration {
	v := c.l.v
	if v.Microsecond {
		if c.srtt == 0 {
			return v.RTOFirst
		}
		return time.Duration(roundUp(int(c.srtt>>3+c.rttvar)*int(v.Tick), int(v.Jiffy)))
	}
	return max(time.Duration((c.srtt>>3+c.rttvar)>>2)*v.Tick, v.RTOMin)
}

// roundTripLinux is RFC 6298 as Linux has it (tcp_input.c, tcp_rtt_estimator): srtt holds 8
// times the mean, rttvar four deviations, the greatest of the last flight and never below
// RTOMin. A shorter round trip widens the deviation by an eighth only.
func (c *Conn) roundTripLinux(d time.Duration) {
	v := c.l.v
	c.sampled()
	m := int32(min(max(d/v.Tick, 1), 1<<26))
	floor := int32(v.RTOMin / v.Tick)
	if c.srtt == 0 {
		c.srtt = m << 3
		c.mdev = m << 1
		c.rttvar = max(c.mdev, floor)
		c.mdevMax = c.rttvar
		c.rttEnd = c.nxt
	} else {
		m -= c.srtt >> 3
		c.srtt = max(c.srtt+m, 1)
		if m < 0 {
			if m = -m - c.mdev>>2; m > 0 {
				m >>= 3
			}
		} else {
			m -= c.mdev >> 2
		}
		c.mdev += m
		if c.mdev > c.mdevMax {
			c.mdevMax = c.mdev
			c.rttvar = max(c.rttvar, c.mdevMax)
		}
		if wire.After(c.una, c.rttEnd) {
			if c.mdevMax < c.rttvar {
				c.rttvar -= (c.rttvar - c.mdevMax) >> 2
			}
			c.rttEnd = c.nxt
			c.mdevMax = floor
		}
	}
	c.rto = min(max(c.baseRTO(), v.RTOMin), v.RTOMax)
}
