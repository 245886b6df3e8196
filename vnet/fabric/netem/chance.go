package netem

import (
	"math/rand/v2"
	"time"
)

// A correlated is a source of random numbers of which each depends on the last: the
// formula of sch_netem.c, get_crandom. It narrows what comes out around the middle, so
// that "loss 10% 25%" loses 1.7 %.
type correlated struct {
	rho  Percent
	last uint32
}

func newCorrelated(r *rand.Rand, rho Percent) correlated { return correlated{rho, r.Uint32()} }

func (c *correlated) next(r *rand.Rand) uint32 {
	v := r.Uint32()
	if c.rho == 0 {
		return v
	}
	rho := uint64(c.rho) + 1
	c.last = uint32((uint64(v)*(1<<32-rho) + uint64(c.last)*rho) >> 32)
	return c.last
}

// happens reports whether something of a probability happens.
func (c *correlated) happens(r *rand.Rand, p Percent) bool {
	return p != 0 && uint32(p) >= c.next(r)
}

// A chain is the state of a loss model.
//
// Of four states (loss_4state), where a frame is lost on the way to 3 and to 4:
//
//	      p13               p31
//	1 ----------> 3 (lost) -----> 1      1: received, 2: received within a burst
//	1 ----------> 4 (lost) -----> 1      3: lost within a burst, 4: lost alone
//	      p14
//	3 -- p32 --> 2 -- p23 --> 3
//
// Of two (loss_gilb_ell): good -- p --> bad -- r --> good; the frame on which the state
// changes is judged by the state before.
type chain struct {
	state uint8
	count uint32 // EveryNth
}

// States of a chain of four.
const (
	received uint8 = iota
	receivedInBurst
	lostInBurst
	lostAlone
)

// States of a chain of two.
const (
	good uint8 = iota
	bad
)

func (c *chain) loses(r *rand.Rand, l *Loss, corr *correlated) bool {
	switch l.Model {
	case RandomLoss:
		return corr.happens(r, l.P)
	case StateLoss:
		return c.four(r.Uint32(), l)
	case GilbertElliott:
		return c.two(r, l)
	case EveryNth:
		if c.count++; c.count >= l.Nth {
			c.count = 0
			return true
		}
	case NoLoss:
	}
	return false
}

func (c *chain) four(rnd uint32, l *Loss) bool {
	x := uint64(rnd)
	switch c.state {
	case received:
		switch {
		case rnd < uint32(l.P14):
			c.state = lostAlone
			return true
		case uint64(l.P14) < x && x < uint64(l.P13)+uint64(l.P14):
			c.state = lostInBurst
			return true
		}
	case receivedInBurst:
		if rnd < uint32(l.P23) {
			c.state = lostInBurst
			return true
		}
	case lostInBurst:
		switch {
		case rnd < uint32(l.P32):
			c.state = receivedInBurst
		case uint64(l.P32) < x && x < uint64(l.P31)+uint64(l.P32):
			c.state = received
		case uint64(l.P31)+uint64(l.P32) < x:
			return true
		}
	case lostAlone:
		c.state = received
	}
	return false
}

func (c *chain) two(r *rand.Rand, l *Loss) bool {
	if c.state == good {
		if r.Uint32() < uint32(l.Bad) {
			c.state = bad
		}
		return r.Uint32() < uint32(l.LostInGood)
	}
	if r.Uint32() < uint32(l.Good) {
		c.state = good
	}
	return r.Uint32() > uint32(l.Kept)
}

// A table is a distribution by equal shares, in units of a sigma / scale.
type table [4096]int16

// scale is NETEM_DIST_SCALE.
const scale = 8192

var tables = map[string]*table{"normal": &normal, "pareto": &pareto, "paretonormal": &paretonormal, "experimental": &experimental}

// around is a time about another: sch_netem.c, tabledist. It may be below 0.
func around(mean, jitter time.Duration, rnd func() uint32, of *table) time.Duration {
	if jitter == 0 {
		return mean
	}
	x := rnd()
	if of == nil {
		return mean - jitter + time.Duration(x%(2*uint32(jitter)))
	}
	t := time.Duration(of[x%uint32(len(of))])
	part := (jitter % scale) * t
	if part >= 0 {
		part += scale / 2
	} else {
		part -= scale / 2
	}
	return part/scale + (jitter/scale)*t + mean
}
