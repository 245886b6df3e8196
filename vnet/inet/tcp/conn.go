package tcp

import (
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/tcp/loss"
	"wireloom/vnet/inet/tcp/stream"
	"wireloom/vnet/inet/tcp/wire"
)

// A State is one of RFC 9293, 3.3.2, numbered as BSD does: from Established on both SYNs
// are acknowledged, from CloseWait on a FIN came or was sent.
//
//	Closed -> SynSent -> (SynReceived) -> Established -> FinWait1 -> FinWait2 -> TimeWait
//	                                         |              \-> Closing ----------/
//	                                         \-> CloseWait -> LastAck -> Closed
type State uint8

// The states. A Listener is what others call the state LISTEN.
const (
	Closed State = iota
	Listen
	SynSent
	SynReceived
	Established
	CloseWait
	FinWait1
	Closing
	LastAck
	FinWait2
	TimeWait
)

// String is the state as netstat shows it.
func (s State) String() string {
	return [...]string{
		"CLOSED", "LISTEN", "SYN_SENT", "SYN_RCVD", "ESTABLISHED", "CLOSE_WAIT", "FIN_WAIT_1", "CLOSING", "LAST_ACK", "FIN_WAIT_2", "TIME_WAIT",
	}[s]
}

// finReceived tells whether the peer's FIN is behind us.
func (s State) finReceived() bool {
	return s == CloseWait || s == Closing || s == LastAck || s == TimeWait
}

// flags of a connection.
type connFlags uint64

const (
	ackNow       connFlags = 1 << iota // an ACK is due at once
	ackLater                           // an ACK is due with the timer
	needSYN                            // simultaneous open: our SYN is not acknowledged yet
	needFIN                            // closed before it was established
	sentFIN                            //
	reqScale                           // we ask for window scaling,
	gotScale                           // and so does the peer
	reqStamp                           // the same of timestamps
	gotStamp                           //
	sackOK                             // both sides have selective acknowledgement
	recovery                           // fast recovery
	force                              // the persist timer sends
	more                               // more of one write is to come
	closed                             // its user has gone: close(2)
	noRead                             // nothing will be read any more: shutdown(2), or the peer's FIN
	noWrite                            // nothing will be written any more
	prevValid                          // prev is good: the last timeout was the first
	prevRecovery                       // and it came in recovery
	finHeld                            // a FIN came ahead of bytes: at finSeq
	zeroSent                           // the window that the peer knows is 0
	synAgain                           // our SYN was sent again
	noDF                               // path MTU discovery is off: black hole
	mtuWaits                           // a "too big" waits for the timeout: mtuSeq, mtuNext
	autoSnd                            // the send buffer grows by itself
	autoRcv                            // so does the receive buffer
	dead                               //
	connected                          // the user knows
	dupBlock                           // dup is to be reported (DSACK)
	probing                            // the retransmission timer is set for a tail loss probe
	probed                             // which is out
	reorder                            // or for bytes that may only be late
	userRead                           // its user has read
	grown                              // the peer's window is larger than ever: segments may be, after this
	pingPong                           // data goes out soon after each that comes in
)

// Timers of a connection.
const (
	timerRexmt = iota
	timerPersist
	timerKeep
	timer2MSL
	timerACK
	timerTrim // spare buffers
	timers
)

// A Conn is one connection. It is made by [Layer.Dial] or a [Listener] and is Dead in the end. Its
// fields are those of struct tcpcb (netinet/tcp_var.h), in its groups: sending, receiving, timers.
type Conn struct {
	l             *Layer
	local, remote netip.AddrPort
	path          Path
	opt           Options
	flags         connFlags
	state         State

	err, soft errno.Errno // what Err takes; what a timeout will be called

	at [timers]time.Duration // when a timer fires, 0 for not

	// What is sent. Names are those of RFC 9293 and the BSDs.
	iss, una, nxt, sndMax uint32
	wl1, wl2              uint32
	sndWnd, maxWnd        uint32
	recover               uint32
	lastSmall             uint32 // end of the last segment that was not full
	burst, burstLimit     uint8  // segments of a packet of TSO
	mss, maxOpt           uint16 // bytes of data in a full segment, and with options
	sndScale, rcvScale    uint8
	reqScaleBy            uint8
	shift                 uint8 // retransmissions in a row
	dupAcks               uint8
	limited               uint8 // RFC 3042: segments sent for duplicates
	snd                   stream.Buffer
	sndMark               int // bytes of snd that TCP may send: the rest is still being written
	sndBuf, rcvBuf        int // limits

	board   loss.Board // what the peer has
	newData uint32     // nxt when recovery began

	cong        loss.Window
	prevRecover uint32 // before a timeout
	badUntil    time.Duration

	// What is received.
	irs, rcvNxt, rcvAdv, lastAck uint32
	rcvWnd                       uint32
	rcv                          stream.Buffer
	ahead                        stream.Ahead // what is in rcv behind its end
	dup                          wire.Span
	finSeq                       uint32
	lastWin                      uint32        // announced last: Linux
	lastInvalid                  time.Duration // answered last: Linux
	small                        uint16        // segments held that are small: Linux
	quick                        uint8         // segments to acknowledge at once
	autoStamp                    uint32
	autoBytes                    int

	// Times.
	rcvTime    time.Duration // a segment came
	dataTime   time.Duration // data came
	rto        time.Duration
	rttFrom    time.Duration // a segment is timed from then; timing
	rttSeq     uint32
	timing     bool
	rtt        loss.RTT
	rttEnd     uint32
	stampOff   uint32
	tsRecent   uint32
	tsRecentAt time.Duration
	mtuSeq     uint32
	mtuNext    uint16
	mssAcked   uint16 // most that one ACK acknowledged
	mtuSent    uint16 // largest packet sent
	id         uint16
	answered   uint8 // segments, at answeredAt
	answeredAt time.Duration
}

// Local and Remote are the ends of the connection.
func (c *Conn) Local() netip.AddrPort { return c.local }

// Remote is the peer's end.
func (c *Conn) Remote() netip.AddrPort { return c.remote }

// State is the connection's state.
func (c *Conn) State() State { return c.state }

// MSS is the most data that a segment to the peer has, in bytes.
func (c *Conn) MSS() int { return int(c.mss) }

// Bytes is what the connection holds in buffers.
func (c *Conn) Bytes() int {
	return c.snd.Cap() + c.rcv.Cap() + 12*cap(c.board.Holes) + c.ahead.Bytes()
}

// Queued returns the bytes that wait to be read, and those written and not acknowledged.
func (c *Conn) Queued() (recv, send int) { return c.rcv.Len(), c.snd.Len() }

// Options returns the options in force.
func (c *Conn) Options() Options {
	o := c.opt
	o.SndBuf, o.RcvBuf = c.sndBuf, c.rcvBuf
	return o
}

// SetOptions changes the options. Buffers of 0 bytes stay as they are.
func (c *Conn) SetOptions(now time.Duration, o Options, acts *Acts) {
	old := c.opt
	c.opt = o
	if o.SndBuf > 0 && o.SndBuf != c.sndBuf {
		c.sndBuf = min(o.SndBuf, c.l.v.BufMax)
		c.flags &^= autoSnd
	}
	if o.RcvBuf > 0 && o.RcvBuf != c.rcvBuf {
		c.rcvBuf = min(o.RcvBuf, c.l.v.BufMax)
		c.flags &^= autoRcv
	}
	if o.MaxSeg > 0 && o.MaxSeg < int(c.mss) {
		c.mss = uint16(max(o.MaxSeg, mssLeast))
	}
	if o.KeepAlive && c.state >= Established {
		c.keepAlive(c.rcvTime)
	}
	if o.NoDelay && !old.NoDelay && c.state >= Established {
		c.output(now, acts)
	}
}

func (c *Conn) has(f connFlags) bool { return c.flags&f != 0 }

func (c *Conn) set(f connFlags, on bool) {
	if on {
		c.flags |= f
	} else {
		c.flags &^= f
	}
}

// newConn makes what connect and a listener share.
func (l *Layer) newConn(local, remote netip.AddrPort, path Path, o Options) *Conn {
	v := l.v
	l.conns++
	l.pool.Open = true
	c := &Conn{l: l, local: local, remote: remote, path: path, opt: o, sndBuf: v.SndBuf, rcvBuf: v.RcvBuf}
	c.set(autoSnd, v.SndBufInc > 0 && o.SndBuf == 0)
	c.set(autoRcv, v.RcvBufInc > 0 && o.RcvBuf == 0)
	if o.SndBuf > 0 {
		c.sndBuf = min(o.SndBuf, v.BufMax)
	}
	if o.RcvBuf > 0 {
		c.rcvBuf = min(o.RcvBuf, v.BufMax)
	}
	c.set(reqScale, v.RFC1323 && !v.NoScale)
	c.set(reqStamp, v.RFC1323 && !v.NoStamps)
	c.set(sackOK, v.SACK)
	c.mss = uint16(min(max(v.MSSDefault, mssLeast), 65535-60))
	c.maxOpt = c.mss
	c.cong.Open()
	c.reqScaleBy = v.WindowScale()
	c.rtt.Start(v)
	c.rto = v.RTOFirst
	c.quick = uint8(v.QuickACKs)
	if v.IDs {
		c.id = uint16(l.random64())
	}
	return c
}

// Dial begins a connection: connect(2).
func (l *Layer) Dial(now time.Duration, p Params, acts *Acts) *Conn {
	c := l.newConn(p.Local, p.Remote, p.Path, p.Options)
	c.l.Stats.ConnAttempt++
	c.state = SynSent
	c.stampOff = l.stampOffset(now, true)
	c.startSend(l.isn.Next(l.v, now, p.Local, p.Remote, true))
	if d := l.v.KeepInit; d > 0 {
		c.start(now, timerKeep, d)
	}
	c.output(now, acts)
	return c
}

// stampOffset is what a new connection adds to the host's clock in its timestamps.
func (l *Layer) stampOffset(now time.Duration, dial bool) uint32 {
	switch v := l.v; {
	case v.StampOwn:
		return 1 - v.Stamp(now)
	case dial && v.StampRandomDial, !dial && v.StampRandom:
		return uint32(l.random64())
	}
	return 0
}

func (c *Conn) startSend(iss uint32) {
	c.iss = iss
	c.una, c.nxt, c.sndMax, c.recover = iss, iss, iss, iss
	c.board.Fack, c.lastSmall = iss, iss
}

func (c *Conn) startReceive(irs uint32) {
	c.irs = irs
	c.rcvNxt, c.rcvAdv = irs+1, irs+1
	c.lastWin = uint32(c.rcvBuf)
}

// established is what happens when the handshake is over.
func (c *Conn) established(now time.Duration, acts *Acts) {
	c.l.Stats.Connects++
	if c.has(reqScale) && c.has(gotScale) {
		c.rcvScale = c.reqScaleBy
	}
	if c.l.v.BufRound && c.mss > 0 && c.rcvBuf > int(c.mss) {
		c.rcvBuf = min(roundUp(c.rcvBuf, int(c.mss)), c.l.v.BufMax)
	}
	c.cong.First(c.l.v, c.firstWindow())
	c.flags |= connected
	acts.Events |= Connected | Writable
	if c.has(needFIN) {
		c.flags &^= needFIN
		c.state = FinWait1
		return
	}
	c.state = Established
	c.stop(timerKeep)
	c.keepAlive(now)
}

// firstWindow is the congestion window before anything was acknowledged.
func (c *Conn) firstWindow() uint32 {
	return loss.FirstWindow(c.l.v, uint32(c.mss), c.path.OnLink, c.has(synAgain))
}

// mssLeast is the fewest bytes of a full segment, whatever peers, routers and sysctls say:
// one call must not make segments without number.
const mssLeast = 64

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// setMSS takes the size that the peer named, 0 for none: FreeBSD tcp_input.c,
// tcp_mss_update; NetBSD tcp_subr.c, tcp_mss_from_peer.
func (c *Conn) setMSS(offer int) {
	v := c.l.v
	if offer == 0 {
		offer = v.MSSDefault
		if c.remote.Addr().Is6() {
			offer = v.MSSDefault6
		}
	}
	mss := max(min(max(offer, v.MSSMin), c.path.MSS(c.remote.Addr())), mssLeast)
	if c.opt.MaxSeg > 0 {
		mss = min(mss, max(c.opt.MaxSeg, mssLeast))
	}
	mss = min(mss, 65535-60)
	c.maxOpt = uint16(mss)
	if c.has(reqStamp) && c.has(gotStamp) {
		mss -= 12
	}
	if n := v.MSSCluster; n > 0 && mss > n {
		mss -= mss % n
	}
	if c.sndBuf < mss {
		mss = max(c.sndBuf, mssLeast)
	} else if v.BufRound {
		c.sndBuf = min(roundUp(c.sndBuf, mss), v.BufMax)
	}
	c.mss = uint16(mss)
}

// fail ends the connection with an error for its user. It sends RST to a peer that knows it.
func (c *Conn) fail(now time.Duration, e errno.Errno, acts *Acts) {
	if c.state >= SynReceived {
		c.l.Stats.Drops++
		c.sendReset(now, acts)
	} else {
		c.l.Stats.ConnDrops++
	}
	if e == errno.ETIMEDOUT && c.soft != 0 {
		e = c.soft
	}
	c.drop(e, acts)
}

// drop ends the connection without a word to the peer.
func (c *Conn) drop(e errno.Errno, acts *Acts) {
	if e != 0 {
		c.err = e
		acts.Events |= Failed
	}
	acts.Events |= Readable | Writable
	c.kill(acts)
}

// kill frees what the connection has but what its user may still read.
func (c *Conn) kill(acts *Acts) {
	if c.has(dead) {
		return
	}
	c.state = Closed
	c.l.Stats.Closed++
	c.l.conns--
	c.flags |= dead | noRead | noWrite
	c.at = [timers]time.Duration{}
	c.snd.Free(&c.l.pool)
	c.sndMark = 0
	if c.has(closed) {
		c.rcv.Free(&c.l.pool)
	}
	c.board, c.ahead = loss.Board{}, stream.Ahead{}
	acts.Events |= Dead
	if c.l.conns == 0 {
		c.l.pool.Drop()
		c.l.pool.Open = false
	}
}
