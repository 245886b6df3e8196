package tcp

import "time"

// Linux counts what a receive buffer holds by the memory of its packets, and the window is
// half of what is left (tcp_adv_win_scale 1). What data costs was taken from a recording:
// about nothing more than itself at first, 1.38 bytes each byte later, when pages are
// not shared any more.
const (
	linuxMemory   = 131072 // net.ipv4.tcp_rmem, the default
	linuxFirst    = 2594   // of the first packet, beside its data
	linuxDense    = 8000   // bytes that cost little
	linuxOverhead = 38     // percent of the rest
	linuxSmall    = 400    // bytes: a segment below that takes a packet's memory of its own,
	linuxPacket   = 700    // which is this beside its data
)

// windowLinux is the window that Linux would announce (tcp_output.c, __tcp_select_window
// and tcp_select_window).
func (c *Conn) windowLinux() int {
	held := c.rcv.Len()
	memory := max(linuxMemory, 2*c.rcvBuf)
	free := memory
	if held > 0 || c.state.finReceived() { // a FIN is a packet, too
		free -= linuxFirst + held - held/200 + max(held-linuxDense, 0)*linuxOverhead/100
		free -= max(int(c.small)-1, 0) * linuxPacket
	} else {
		c.small = 0
	}
	now := max(int(int32(c.rcvAdv-c.rcvNxt)), 0)
	free = min(max(free, 0)/2, c.rcvBuf)
	mss := int(c.mss)
	win := int(c.lastWin)
	switch {
	case free < memory/2/16 || free < mss:
		win = 0
	case c.rcvScale > 0:
		win = roundUp(free, 1<<c.rcvScale)
	case win <= free-mss || win > free:
		win = free / mss * mss
	}
	win = min(max(win, now), 65535<<c.rcvScale)
	c.lastWin = uint32(win)
	return win
}

// endsBurst tells whether a segment is the last of those that Linux would send as one
// packet of TSO: half the congestion window at most, and what the pace allows in a
// millisecond (tcp_output.c, tcp_tso_autosize, tcp_cwnd_test).
func (c *Conn) endsBurst(s *send) bool {
	mss := int(c.mss)
	if s.hole != nil || s.n < min(mss, int(c.maxOpt)-12) {
		c.burst = 0
		return false
	}
	if c.burst == 0 {
		window := max(int(c.cong.Cwnd)/mss, 1)
		limit := min(max(window/2, 1), max(window-int(c.nxt-c.una)/mss, 1))
		if c.rtt.Known() {
			bytes := int64(c.cong.Cwnd) * 2 * int64(time.Second) / int64(max(c.rtt.Mean(c.l.v), time.Microsecond)) >> 10
			if c.cong.Cwnd >= c.cong.Ssthresh/2 {
				bytes = bytes * 6 / 10
			}
			limit = min(limit, max(int(bytes)/mss, 2))
		}
		c.burstLimit = uint8(min(limit, 44))
	}
	c.burst++
	left := min(c.sndMark, int(s.sendWin)) - s.off - s.n
	if c.burst >= c.burstLimit || left < mss {
		ends := c.burst > 1
		c.burst = 0
		return ends
	}
	return false
}

// boundMSS keeps segments within half of the largest window that the peer has had
// (include/net/tcp.h, tcp_bound_to_half_wnd).
func (c *Conn) boundMSS() {
	c.flags &^= grown
	mss := int(c.maxOpt)
	if c.stamped() {
		mss -= 12
	}
	half := int(c.maxWnd)
	if half > 536 {
		half /= 2
	}
	if half > 0 {
		mss = min(mss, max(half, 28))
	}
	c.mss = uint16(mss)
}

// tooOften limits the answers to segments that may be a loop of ACKs (tcp_input.c,
// tcp_oow_rate_limited: net.ipv4.tcp_invalid_ratelimit).
func (c *Conn) tooOften(now time.Duration) bool {
	if limit := c.l.v.InvalidEvery; limit > 0 {
		if c.lastInvalid > 0 && now-c.lastInvalid < limit {
			c.l.Stats.ChallengeDrop++
			return true
		}
		c.lastInvalid = max(now, 1)
	}
	return false
}
