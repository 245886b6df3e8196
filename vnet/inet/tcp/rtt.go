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
	stamped := a.opt.HasTS && c.stamped() && a.opt.TSEcr != 0 && int32(age) >= 0
	var d time.Duration
	switch {
	case v.Microsecond && timed: // its own clock is finer than the option's
		d = now - c.rttFrom
	case stamped:
		d = time.Duration(age) * v.StampTick
	case !timed:
		return
	}
	switch {
	case v.Microsecond:
		flight := wire.After(c.una, c.rttEnd)
		if flight || !c.rtt.Known() {
			c.rttEnd = c.nxt
		}
		c.rto = c.rtt.SampleLinux(v, d, flight)
	case stamped:
		c.rto = c.rtt.Sample(v, int32(min(d/v.Tick, 1<<16))+v.RTTPlus)
	default:
		c.rto = c.rtt.Sample(v, int32(min(now/v.Tick-c.rttFrom/v.Tick, 1<<16)))
	}
	c.l.Stats.RTTUpdated++
	c.timing = false
	c.shift = 0
	c.soft = 0
}
