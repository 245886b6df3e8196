package loss

import "time"

// A Cubic is Linux's congestion control (tcp_cubic.c, RFC 9438), in segments
// and 1/1024 s. Its HyStart is left out.
type Cubic struct {
	epoch     time.Duration // when this growth began, 0 for not yet
	wmax      uint32        // window at the last loss
	origin, k uint32        // where and when the curve is flat
	friendly  uint32        // what Reno would have
	acks      uint32        // for friendly
	count     uint32        // acknowledged since the window last grew
}

const (
	cubicBeta  = 717 // of 1024: what is left of the window after a loss
	cubicScale = 410 // of 1024: C of RFC 9438, 0.4
)

// Lost returns the threshold after a loss.
func (q *Cubic) Lost(cwnd, mss uint32) uint32 {
	w := max(cwnd/mss, 1)
	if w < q.wmax { // it gets less: leave room for others
		q.wmax = w * (1024 + cubicBeta) / (2 * 1024)
	} else {
		q.wmax = w
	}
	q.epoch, q.count = 0, 0
	return max(w*cubicBeta/1024, 2) * mss
}

// Grow returns by how many bytes the window grows.
func (q *Cubic) Grow(now time.Duration, cwnd, acked, mss uint32) uint32 {
	w := max(cwnd/mss, 1)
	n := max(acked/mss, 1)
	if q.epoch == 0 {
		q.epoch = max(now, 1)
		q.acks, q.friendly = 0, w
		if q.wmax <= w {
			q.k, q.origin = 0, w
		} else {
			q.k, q.origin = cubeRoot((1<<40)/cubicScale*uint64(q.wmax-w)), q.wmax
		}
	}
	q.acks += n
	t := uint64((now-q.epoch)*1024/time.Second) & (1<<20 - 1)
	off := max(t, uint64(q.k)) - min(t, uint64(q.k))
	delta := uint32(min(off*off*off/(1<<20)*cubicScale/(1<<20), 1<<20))
	target := q.origin + delta
	if t < uint64(q.k) {
		target = q.origin - min(delta, q.origin)
	}
	every := 100 * w
	if target > w {
		every = w / (target - w)
	}
	if q.wmax == 0 {
		every = min(every, 20)
	}
	for step := max(w*15/8, 1); q.acks > step; q.acks -= step {
		q.friendly++
	}
	if q.friendly > w {
		every = min(every, w/(q.friendly-w))
	}
	every = max(every, 2)
	got := uint32(0)
	if q.count >= every { // gathered while growth was slow: it is no reason to jump
		q.count, got = 0, 1
	}
	q.count += n
	got += q.count / every
	q.count %= every
	return got * mss
}

// cubeRoot is the integer cube root of v.
func cubeRoot(v uint64) uint32 {
	var r uint64
	for bit := uint64(1) << 20; bit > 0; bit >>= 1 {
		if t := r | bit; t*t*t <= v {
			r = t
		}
	}
	return uint32(r)
}

// Rest begins the curve anew after a pause.
func (q *Cubic) Rest() { q.epoch = 0 }
