package tcp

import (
	"time"

	"wireloom/vnet/errno"
)

// Write takes as much of p as there is room for, and sends what may be sent. It is
// EWOULDBLOCK where there is none: with less room than p needs, not below the low water
// mark.
func (c *Conn) Write(now time.Duration, p []byte, acts *Acts) (int, errno.Errno) {
	v := c.l.v
	switch {
	case v.ErrorFirst && c.err != 0:
		return 0, c.Err()
	case c.has(noWrite):
		return 0, errno.EPIPE
	case c.err != 0:
		return 0, c.Err()
	case c.state < Established && c.state != SynReceived:
		return 0, errno.ENOTCONN
	case len(p) == 0:
		return 0, 0
	}
	space := c.sndBuf - c.snd.Len()
	if space < len(p) && space < v.SndLow || space <= 0 {
		return 0, errno.EWOULDBLOCK
	}
	n := min(len(p), space)
	c.snd.Append(&c.l.pool, p[:n])
	if v.WriteChunk == 0 {
		c.sndMark += n
		c.output(now, acts)
		return n, 0
	}
	for left := n; left > 0; { // NetBSD uipc_socket.c, sosend: piece by piece
		k := min(left, v.WriteChunk)
		left -= k
		c.sndMark += k
		c.set(more, left > 0 || n < len(p))
		c.output(now, acts)
	}
	c.flags &^= more
	return n, 0
}

// writable is how many bytes a Write would take: 0 below the low water mark.
func (c *Conn) writable() int {
	if space := c.sndBuf - c.snd.Len(); space >= min(c.l.v.SndLow, c.sndBuf) {
		return space
	}
	return 0
}

// Writable is how many bytes Write has room for, 0 below the low water mark. What can't be
// written any more counts as room: the call returns at once.
func (c *Conn) Writable() int {
	if c.has(noWrite) || c.err != 0 {
		return 1
	}
	if c.state < Established {
		return 0
	}
	return c.writable()
}

// Readable returns how many bytes can be read, and whether the stream ends behind them.
func (c *Conn) Readable() (n int, end bool) { return c.rcv.Len(), c.has(noRead) }

// Read takes bytes from the stream: 0 and success is its end.
func (c *Conn) Read(now time.Duration, p []byte, acts *Acts) (int, errno.Errno) {
	n, e := c.Peek(p)
	if n > 0 {
		c.rcv.Drop(&c.l.pool, n, c.ahead.Any())
		if !c.has(dead) {
			c.keepSpares(now)
		}
		if c.state >= Established && c.state != TimeWait {
			c.read(now, acts)
		}
	} else if e == c.err {
		c.err = 0
	}
	return n, e
}

// read tells the peer of the room that reading made, where that matters.
func (c *Conn) read(now time.Duration, acts *Acts) {
	if c.l.v.ReadACKs && (c.running(timerACK) || c.has(ackLater)) && c.rcvNxt-c.lastAck > uint32(c.mss) {
		c.flags |= ackNow
	}
	c.flags |= userRead
	c.output(now, acts)
	c.flags &^= userRead
}

// Peek is Read that leaves everything where it is, a pending error too.
func (c *Conn) Peek(p []byte) (int, errno.Errno) {
	n := min(len(p), c.rcv.Len())
	switch {
	case n > 0:
		copy(p, c.rcv.At(0, n))
		return n, 0
	case c.err != 0:
		return 0, c.err
	case c.has(noRead) || len(p) == 0 && c.rcv.Len() > 0:
		return 0, 0
	case c.state < Established && c.state != SynReceived:
		return 0, errno.ENOTCONN
	}
	return 0, errno.EWOULDBLOCK
}

// Err takes the pending error: SO_ERROR.
func (c *Conn) Err() errno.Errno {
	e := c.err
	c.err = 0
	return e
}

// Shutdown ends one or both directions: shutdown(2).
func (c *Conn) Shutdown(now time.Duration, read, write bool, acts *Acts) errno.Errno {
	if c.has(dead) || c.state < SynSent {
		return errno.ENOTCONN
	}
	if read {
		c.discard()
		acts.Events |= Readable
	}
	if write && !c.has(noWrite) {
		c.flags |= noWrite
		acts.Events |= Writable
		c.sendFIN(now)
		c.output(now, acts)
	}
	return 0
}

// discard throws away what was received and all that is to come.
func (c *Conn) discard() {
	c.flags |= noRead
	c.rcv.Free(&c.l.pool)
	c.ahead.Forget()
}

// sendFIN moves to the state in which our FIN is sent.
func (c *Conn) sendFIN(now time.Duration) {
	switch c.state {
	case SynSent, SynReceived:
		c.flags |= needFIN
	case Established:
		c.state = FinWait1
	case CloseWait:
		c.state = LastAck
	default:
	}
	if c.state == FinWait2 && c.has(noRead) {
		c.start(now, timer2MSL, c.l.v.FinWait2Time())
	}
}

// Close is close(2): the user has gone, and the connection ends by itself. With a Linger
// of 0 seconds it is reset.
func (c *Conn) Close(now time.Duration, acts *Acts) {
	if c.has(closed) {
		return
	}
	unread := c.rcv.Len() > 0
	c.flags |= closed | noWrite
	c.discard()
	switch {
	case c.has(dead):
	case c.state < SynReceived || c.state == SynReceived && !c.l.v.CloseResets:
		c.kill(acts)
	case c.opt.Linger == 0 && c.state != TimeWait, c.l.v.CloseResets && unread && c.state != TimeWait:
		c.fail(now, 0, acts)
	default:
		c.sendFIN(now)
		if c.state != TimeWait {
			c.output(now, acts)
		}
	}
}

// Abort ends the connection at once, with a RST to a peer that knows it.
func (c *Conn) Abort(now time.Duration, acts *Acts) {
	if c.has(dead) {
		return
	}
	c.flags |= closed
	if c.state == TimeWait {
		c.kill(acts)
		return
	}
	c.fail(now, errno.ECONNABORTED, acts)
}
