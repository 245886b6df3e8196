// Package tcp is TCP as a value: a connection takes the time and a segment, a call of its
// user or the time alone, and returns segments to send and what has happened. It keeps no
// goroutine, lock or clock. Which kernel it answers as is a table, [Values].
//
// A [Layer] is the TCP of a host. It makes connections ([Layer.Dial], or a [Listener]'s
// Input) and answers what belongs to none ([Layer.Reset]). The host finds the [Conn] of a
// segment by its addresses, makes the checksums and the IP headers, and calls Tick when
// the time that Next told has come.
//
// Everything here but [Parse] and [Segment.Append] is called by one caller, one call at a
// time. No input makes it panic, and what it holds is bounded: by the sizes of buffers for
// a connection, by Values.SynCache and the backlog for a listener.
package tcp

import (
	"errors"
	"net/netip"
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/stream"
	"wireloom/vnet/inet/tcp/wire"
)

// A Layer is the TCP of one host: what its connections share.
type Layer struct {
	Stats Stats

	v   *Values
	rnd func([]byte)
	isn kernel.ISN

	challenges    int // challenge ACKs in the second that began at challengeFrom
	challengeFrom time.Duration
	conns         int         // that are alive
	pool          stream.Pool // spare buffers, while there are connections
}

// New returns the TCP of a host. rnd fills its argument with bytes of the lab's chance.
func New(v *Values, rnd func(p []byte)) *Layer {
	l := &Layer{v: v, rnd: rnd}
	l.isn.Start(l.random64)
	return l
}

// Bytes is what the Layer itself holds: spare buffers.
func (l *Layer) Bytes() int { return l.pool.Bytes() }

func (l *Layer) random64() uint64 {
	var p [8]byte
	l.rnd(p[:])
	var v uint64
	for _, b := range p {
		v = v<<8 | uint64(b)
	}
	return v
}

// A Segment is one TCP segment; see [wire.Segment].
type Segment = wire.Segment

// Flags are its control bits.
type Flags = wire.Flags

// The control bits.
const (
	FIN, SYN, RST, PSH = wire.FIN, wire.SYN, wire.RST, wire.PSH
	ACK, URG, ECE, CWR = wire.ACK, wire.URG, wire.ECE, wire.CWR
)

// Parse reads a TCP message that came from src to dst; see [wire.Parse].
func Parse(src, dst netip.Addr, p []byte) (Segment, error) { return wire.Parse(src, dst, p) }

// Values are what kernels differ in; see [kernel.Values].
type Values = kernel.Values

// ValuesOf returns the values of a kernel.
func ValuesOf(d dialect.Dialect) Values { return kernel.ValuesOf(d) }

// Acts are what a call returns: segments to send in order, and what has happened. A caller
// owns one and empties it; its slices are good until Reset.
type Acts struct {
	wire.Batch
	Events   Event   // of the Conn that was called
	Accepted []*Conn // by a Listener's Input: connections that are complete
}

// Reset empties the acts and keeps their memory.
func (a *Acts) Reset() {
	a.Batch.Reset()
	clear(a.Accepted)
	a.Accepted, a.Events = a.Accepted[:0], 0
}

// An Event is what has happened to a connection, as bits.
type Event uint8

// The events.
const (
	Connected Event = 1 << iota // connect has succeeded
	Readable                    // there are bytes to read, or the end, or an error
	Writable                    // there is room to write
	Failed                      // an error stands: Err tells it
	Dead                        // the connection is over: it has no timer and takes no segment any more
)

// A Path is what TCP has to know of the way to a peer; see [wire.Path].
type Path = wire.Path

// Options are those of a socket. The zero value is not the default: [DefaultOptions] is.
type Options struct {
	SndBuf, RcvBuf int // bytes; 0: the host's
	NoDelay        bool
	KeepAlive      bool
	Linger         int // seconds, below 0 off: with 0 close resets
	MaxSeg         int // largest segment to send, 0 for no limit of its own
}

// DefaultOptions are those of a new socket.
func DefaultOptions() Options { return Options{Linger: -1} }

// Params say what Dial connects.
type Params struct {
	Local, Remote netip.AddrPort
	Path          Path
	Options       Options
}

// Reset answers a segment for which the host has neither a connection nor a listener, by a
// RST if it calls for one (RFC 9293, 3.5.2). Limits of how many are the IP layer's.
func (l *Layer) Reset(s *Segment, acts *Acts) {
	l.Stats.RcvTotal++
	if l.v.Blackhole >= 2 || l.v.Blackhole == 1 && s.Flags&SYN != 0 {
		return
	}
	l.reset(s, acts)
}

func (l *Layer) reset(s *Segment, acts *Acts) {
	if s.Flags&RST != 0 {
		return
	}
	r := Segment{Src: s.Dst, Dst: s.Src, Flags: RST, DF: l.v.RSTDF, HasID: l.v.IDs}
	if s.Flags&ACK != 0 {
		r.Seq = s.Ack
	} else {
		r.Flags |= ACK
		r.Ack = s.Seq + uint32(len(s.Data))
		if s.Flags&SYN != 0 {
			r.Ack++
		}
		if s.Flags&FIN != 0 && l.v.RSTCountsFIN {
			r.Ack++
		}
	}
	l.Stats.SndTotal++
	l.Stats.SndCtrl++
	acts.Add(&r)
}

// Refused counts a message that Parse refused with err.
func (l *Layer) Refused(err error) {
	l.Stats.RcvTotal++
	if errors.Is(err, wire.ErrChecksum) {
		l.Stats.RcvBadSum++
	} else {
		l.Stats.RcvBadOff++
	}
}

// mayChallenge tells whether one more challenge ACK may be sent this second.
func (l *Layer) mayChallenge(now time.Duration) bool {
	if now-l.challengeFrom >= time.Second || now < l.challengeFrom {
		l.challengeFrom, l.challenges = now, 0
	}
	if l.v.ChallengeLimit > 0 && l.challenges >= l.v.ChallengeLimit {
		l.Stats.ChallengeDrop++
		return false
	}
	l.challenges++
	l.Stats.Challenges++
	return true
}
