// Package syncache is what a listener keeps of connections that are half open, as a value: a
// SYN came and our SYN+ACK was sent, nothing more is known yet. The kernels call it the SYN
// cache. It sends SYN+ACKs again, judges the ACK that completes a connection, and forgets what
// nobody completes. What becomes of a connection that is complete is its listener's.
package syncache

import (
	"net/netip"
	"slices"
	"time"

	"wireloom/vnet/inet/tcp/kernel"
	"wireloom/vnet/inet/tcp/wire"
)

// A Pair is the two ends of a connection.
type Pair struct{ Local, Remote netip.AddrPort }

// A Half is a half-open connection. Who adds it says where it is and what it begins with: Pair,
// Path, ISS and StampOff.
type Half struct {
	Pair
	Path      wire.Path
	ISS, IRS  uint32
	Window    uint16       // that the SYN+ACK announces
	Opt       wire.Options // of the SYN, as far as both sides take part
	ece       bool
	StampOff  uint32
	stampSent uint32 // FreeBSD has one timestamp for a SYN+ACK however often it is sent
	Sent      uint8  // SYN+ACKs
	soft      bool   // an ICMP error came
	at        time.Duration
	last      time.Duration // what the timer waited
	Since     time.Duration // when the SYN came
}

// Bytes, about: of a half, and of its place in the map, which stays when it goes.
const (
	halfBytes  = 216
	placeBytes = 176
)

// Stats are counted as the BSDs count them (tcps_sc_* of netinet/tcp_var.h). Completed, aborted
// and BadACK are counted by the listener.
type Stats struct {
	SCAdded, SCRexmit, SCDupSYN, SCCompleted, SCAborted, SCBadACK uint64
	SCReset, SCTimedOut, SCOverflow, SCUnreach                    uint64
}

// A Cache is the half-open connections of one listener, at most Values.SynCache.
type Cache struct {
	v     *kernel.Values
	stats *Stats
	byEnd map[Pair]*Half
	order []*Half // as they came: the oldest gives way
	peak  int     // entries that byEnd had: it does not shrink by itself
	next  time.Duration
}

// New returns the empty cache of a listener, which counts in stats.
func New(v *kernel.Values, stats *Stats) Cache {
	return Cache{v: v, stats: stats, byEnd: map[Pair]*Half{}}
}

// Of returns the half-open connection of a pair, nil for none.
func (c *Cache) Of(p Pair) *Half { return c.byEnd[p] }

// Len is how many connections are half open.
func (c *Cache) Len() int { return len(c.order) }

// Bytes is what the cache holds.
func (c *Cache) Bytes() int { return len(c.order)*halfBytes + c.peak*placeBytes }

// Close forgets all. Nothing can be added afterwards.
func (c *Cache) Close() { c.byEnd, c.order, c.peak, c.next = nil, nil, 0, 0 }

// Add takes a SYN: it makes h of what the SYN asks, and answers. buf is the size of the receive
// buffer that the connection will have, in bytes. Where the cache is full the oldest gives way.
func (c *Cache) Add(now time.Duration, h *Half, syn *wire.Segment, buf int, out *wire.Batch) {
	v := c.v
	if len(c.order) >= v.SynCache {
		c.Remove(c.order[0])
		c.stats.SCOverflow++
	}
	h.IRS, h.Since = syn.Seq, now
	h.Opt.Parse(syn.Options, true)
	h.Opt.HasTS = h.Opt.HasTS && v.RFC1323 && !v.NoStamps
	h.Opt.HasScale = h.Opt.HasScale && v.RFC1323 && !v.NoScale
	h.Opt.SACKOK = h.Opt.SACKOK && v.SACK
	h.ece = v.ECN && syn.Flags&(wire.ECE|wire.CWR) == wire.ECE|wire.CWR
	h.stampSent = v.Stamp(now) + h.StampOff
	if v.WindowLinux && !h.Opt.HasTS {
		buf = min(buf, v.RcvBuf)
	}
	h.Window = uint16(min(buf, v.SYNACKWindow, 65535))
	c.byEnd[h.Pair] = h
	c.order = append(c.order, h)
	c.peak = max(c.peak, len(c.order))
	c.stats.SCAdded++
	c.Respond(now, h, out)
	h.Sent = 1
	c.arm(now, h)
}

// Again takes a SYN of a connection that is half open already.
func (c *Cache) Again(now time.Duration, h *Half, syn *wire.Segment, out *wire.Batch) {
	c.stats.SCDupSYN++
	var o wire.Options
	o.Parse(syn.Options, true)
	if h.Opt.HasTS = h.Opt.HasTS && o.HasTS; h.Opt.HasTS {
		h.Opt.TSVal = o.TSVal
	}
	c.Respond(now, h, out)
	if c.v.Half == kernel.HalfFreeBSD {
		h.Sent = 1
		c.arm(now, h)
	}
}

// Respond sends the SYN+ACK.
func (c *Cache) Respond(now time.Duration, h *Half, out *wire.Batch) {
	v := c.v
	s := wire.Segment{Src: h.Local, Dst: h.Remote, Seq: h.ISS, Ack: h.IRS + 1, Flags: wire.SYN | wire.ACK, Window: h.Window, DF: !(h.soft && v.Half == kernel.HalfFreeBSD), HasID: v.IDs}
	if h.ece {
		s.Flags |= wire.ECE
	}
	mss := h.Path.MSS(h.Remote.Addr())
	if v.MSSEcho && h.Opt.MSS != 0 {
		mss = max(min(mss, int(h.Opt.MSS)), v.MSSMin)
	}
	o := wire.SYNOptions{MSS: uint16(min(mss, 65535)), Scale: v.WindowScale(), HasScale: h.Opt.HasScale, SACKOK: h.Opt.SACKOK, TS: h.Opt.HasTS, TSEcr: h.Opt.TSVal, ACK: true}
	o.TSVal = h.stampSent
	if v.Half != kernel.HalfFreeBSD || !v.StampRandom {
		o.TSVal = v.Stamp(now) + h.StampOff
	}
	s.Options = out.Written(v.Layout.AppendSYN(out.Tail(), &o))
	out.Add(&s)
}

// Remove forgets a half-open connection.
func (c *Cache) Remove(h *Half) {
	delete(c.byEnd, h.Pair)
	if i := slices.Index(c.order, h); i >= 0 {
		c.order = slices.Delete(c.order, i, i+1)
	}
	c.shrink()
}

// shrink gives back what a flood of SYNs has left.
func (c *Cache) shrink() {
	if n := len(c.order); c.peak < 32 || 4*n > c.peak {
		return
	}
	c.order = slices.Clone(c.order)
	c.peak = len(c.order)
	c.byEnd = make(map[Pair]*Half, c.peak)
	for _, h := range c.order {
		c.byEnd[h.Pair] = h
	}
}
