package ip4

import (
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// reassembly is the datagrams of which some fragments are there, the oldest first.
type reassembly struct {
	queues []*fragQueue
	byKey  map[fragKey]*fragQueue
	spare  *fragQueue // an empty one, for the next datagram
	bytes  int        // what the queues hold, their own size included
}

// A fragQueue is the fragments of one datagram.
type fragQueue struct {
	key   fragKey
	until time.Duration
	count uint8 // BSD's ipq_nfrags, with its mistakes
	tos   uint8 // NetBSD: of all of them
	frags []frag
	buf   []byte // their headers and data, in the order of their arrival
	end   int    // Linux: how long the datagram is as far as is known
	last  bool   // Linux: end is its end
}

type fragKey struct {
	src, dst [4]byte
	id       uint16
	proto    uint8
}

// A frag is what is left of a fragment: bytes [off, off+len) of the datagram.
type frag struct {
	off, len  int
	hdr, data int // where they begin in buf
	hlen      int
	more      bool
	run       bool // Linux: it begins a run of fragments that came in order
	at        arrival
}

// arrival is how a fragment came.
type arrival struct {
	nic  int
	link Link
}

const (
	fragQueueBytes = 256     // a queue without its buffers, and its place in the map
	fragBytes      = 80      // an entry of frags
	spareBytes     = 8 << 10 // the largest buffer that is kept for the next datagram
	slowTick       = 500 * time.Millisecond
)

func (r *reassembly) next() (at time.Duration, ok bool) {
	if len(r.queues) == 0 {
		return 0, false
	}
	return r.queues[0].until, true
}

// remove takes a queue out. Its bytes are good until the next fragment comes.
func (r *reassembly) remove(q *fragQueue) {
	for i := range r.queues {
		if r.queues[i] == q {
			copy(r.queues[i:], r.queues[i+1:])
			r.queues[len(r.queues)-1] = nil
			r.queues = r.queues[:len(r.queues)-1]
			break
		}
	}
	delete(r.byKey, q.key)
	r.bytes -= q.size()
	if cap(q.buf) <= spareBytes {
		r.spare = q
	}
}

func (q *fragQueue) size() int { return fragQueueBytes + len(q.buf) + len(q.frags)*fragBytes }

// reassemble takes a fragment in and returns the datagram if it is whole now, and how its
// first fragment came. FreeBSD's and DragonFly's ip_reass are in ip_input.c, NetBSD's
// ip_reass_packet in ip_reass.c, Linux's ip_defrag in ip_fragment.c.
func (l *Layer) reassemble(now time.Duration, nic int, link Link, pkt packet.IPv4, a *Acts) (packet.IPv4, arrival) {
	l.trimQueues()
	if l.v.MaxFragPackets == 0 || l.v.MaxFragsPerPacket == 0 && l.is(dialect.FreeBSD) {
		l.st.IP.Fragments++
		l.st.IP.FragDropped++
		return nil, arrival{}
	}
	f := frag{off: pkt.FragmentOffset(), len: len(pkt) - pkt.HeaderLen(), hlen: pkt.HeaderLen(), more: fragWord(pkt)&flagMF != 0, at: arrival{nic, link}}
	key := fragKey{[4]byte(pkt[12:16]), [4]byte(pkt[16:20]), pkt.ID(), pkt.Protocol()}
	q := l.reass.byKey[key]
	if q == nil && !l.is(dialect.NetBSD) {
		l.makeRoom(key)
	}
	if !l.goodFragment(q, &f, pkt) {
		return nil, arrival{}
	}
	l.st.IP.Fragments++
	if l.reass.bytes+len(pkt)+fragQueueBytes+fragBytes > l.v.FragBytes {
		l.st.IP.FragNoSpace++
		l.st.IP.FragDropped++
		return nil, arrival{}
	}
	if q == nil {
		if q = l.newQueue(now, key, pkt); q == nil {
			l.st.IP.FragDropped++
			return nil, arrival{}
		}
		if l.is(dialect.Linux) {
			return l.linuxMerge(q, f, pkt, a)
		}
		q.insert(0, f, pkt, &l.reass)
		return nil, arrival{}
	}
	if l.is(dialect.Linux) {
		q.count++
		return l.linuxMerge(q, f, pkt, a)
	}
	q.count++
	if !l.merge(q, f, pkt) {
		l.st.IP.FragDropped++
		q.count--
		return nil, arrival{}
	}
	return l.whole(q, a)
}

// goodFragment refuses fragments that no sender makes.
func (l *Layer) goodFragment(q *fragQueue, f *frag, pkt packet.IPv4) bool {
	st := &l.st.IP
	odd := f.more && (f.len == 0 || f.len%8 != 0)
	switch l.v.Dialect {
	case dialect.NetBSD:
		least := len(pkt)
		if f.off > 0 {
			least = f.off + f.hlen
		}
		if least < netbsdMinFrag-1 || odd || q != nil && q.tos != pkt.TOS() {
			st.BadFrags++
			return false
		}
	case dialect.Linux:
		if f.more {
			f.len &^= 7
		}
		if f.off+f.len+f.hlen > 0xffff {
			st.FragDropped++
			return false
		}
	default:
		if !odd {
			return true
		}
		st.TooSmall++
		if l.is(dialect.FreeBSD) {
			st.FragDropped++
			if q != nil {
				q.count-- // it had not been counted
			}
		}
		return false
	}
	return true
}

// trimQueues lets the oldest go when a sysctl has lowered the limit.
func (l *Layer) trimQueues() {
	limit := l.v.MaxFragPackets
	for limit >= 0 && len(l.reass.queues) > limit+1 {
		q := l.reass.queues[0]
		l.st.IP.FragDropped += uint64(q.count)
		l.reass.remove(q)
	}
}

// makeRoom is DragonFly's: a datagram above the limit takes the place of the oldest of its
// hash bucket, or of the first bucket that has one. FreeBSD's zone of queues is full
// before it comes to that.
func (l *Layer) makeRoom(k fragKey) {
	if !l.is(dialect.DragonFly) || l.v.MaxFragPackets <= 0 || len(l.reass.queues) <= l.v.MaxFragPackets {
		return
	}
	var gone *fragQueue
	for _, q := range l.reass.queues {
		switch {
		case q.key.bucket() == k.bucket():
			gone = q
		case gone == nil || q.key.bucket() < gone.key.bucket():
			gone = q
			continue
		default:
			continue
		}
		break
	}
	l.st.IP.FragTimeout += uint64(gone.count)
	l.reass.remove(gone)
}

// bucket is IPREASS_HASH, of fields that a little-endian machine reads as they stand.
func (k fragKey) bucket() byte {
	return ((k.src[0]&0xf | k.src[1]&0xf<<4) ^ byte(k.id>>8)) & 63
}

// newQueue makes a queue for a datagram; nil if there are too many.
func (l *Layer) newQueue(now time.Duration, k fragKey, pkt packet.IPv4) *fragQueue {
	r := &l.reass
	limit := l.v.MaxFragPackets
	if limit >= 0 && len(r.queues) >= limit && !l.is(dialect.DragonFly) {
		return nil
	}
	q := r.spare
	r.spare = nil
	if q == nil {
		q = &fragQueue{}
	}
	*q = fragQueue{key: k, count: 1, tos: pkt.TOS(), frags: q.frags[:0], buf: q.buf[:0]}
	q.until = now + l.v.FragLife
	if !l.is(dialect.Linux) { // counted down by ip_slowtimo
		q.until = now.Truncate(slowTick) + l.v.FragLife
	}
	r.queues = append(r.queues, q)
	if r.byKey == nil {
		r.byKey = map[fragKey]*fragQueue{}
	}
	r.byKey[k] = q
	r.bytes += q.size()
	return q
}

// insert puts f, whose bytes are those of pkt from f's own offset on, before the fragment i.
func (q *fragQueue) insert(i int, f frag, pkt packet.IPv4, r *reassembly) {
	r.bytes -= q.size()
	skip := f.off - pkt.FragmentOffset()
	f.hdr = len(q.buf)
	q.buf = append(q.buf, pkt[:f.hlen]...)
	f.data = len(q.buf)
	q.buf = append(q.buf, pkt[f.hlen+skip:f.hlen+skip+f.len]...)
	q.frags = append(q.frags, frag{})
	copy(q.frags[i+1:], q.frags[i:])
	q.frags[i] = f
	q.pack()
	r.bytes += q.size()
}

// maxFragBuf is how long a queue's buffer gets before what no fragment has any more is
// taken out of it.
const maxFragBuf = 3 * 0xffff

func (q *fragQueue) pack() {
	if len(q.buf) <= maxFragBuf {
		return
	}
	packed := make([]byte, 0, maxFragBuf)
	for i := range q.frags {
		f := &q.frags[i]
		hdr, data := q.buf[f.hdr:f.hdr+f.hlen], q.buf[f.data:f.data+f.len]
		f.hdr = len(packed)
		packed = append(packed, hdr...)
		f.data = len(packed)
		packed = append(packed, data...)
	}
	q.buf = packed
}

// merge puts a fragment among the others: bytes that the one before it has already are
// cut off its head; it is preferred to those behind it, which are cut or dropped. It
// reports false if nothing of it was new.
func (l *Layer) merge(q *fragQueue, f frag, pkt packet.IPv4) bool {
	if l.is(dialect.FreeBSD) && !l.sameECN(q, pkt) {
		return false
	}
	i := 0
	for i < len(q.frags) && q.frags[i].off <= f.off {
		i++
	}
	if i > 0 {
		p := &q.frags[i-1]
		if over := p.off + p.len - f.off; over > 0 {
			if over >= f.len {
				return false
			}
			f.off += over
			f.len -= over
		}
	}
	l.reass.bytes -= q.size()
	j := i
	for ; j < len(q.frags) && f.off+f.len > q.frags[j].off; j++ {
		n := &q.frags[j]
		if over := f.off + f.len - n.off; over < n.len {
			n.off += over
			n.data += over
			n.len -= over
			break
		}
		if !l.is(dialect.NetBSD) {
			l.st.IP.FragDropped++
		}
		q.count--
	}
	q.frags = append(q.frags[:i], q.frags[j:]...)
	l.reass.bytes += q.size()
	q.insert(i, f, pkt, &l.reass)
	return true
}

// sameECN is RFC 3168's rule for fragments: one that met congestion marks the whole, and
// marked ones don't mix with those that can't be.
func (l *Layer) sameECN(q *fragQueue, pkt packet.IPv4) bool {
	const notECT, ce = 0, 3
	first := &q.buf[q.frags[0].hdr+1]
	switch ecn, ecn0 := pkt.TOS()&3, *first&3; {
	case ecn == ce && ecn0 == notECT, ecn == notECT && ecn0 != notECT:
		return false
	case ecn == ce:
		*first |= ce
	}
	return true
}

// whole returns the datagram if nothing of it is missing.
func (l *Layer) whole(q *fragQueue, a *Acts) (packet.IPv4, arrival) {
	next := 0
	for i := range q.frags {
		if q.frags[i].off != next {
			l.tooMany(q)
			return nil, arrival{}
		}
		next += q.frags[i].len
	}
	if q.frags[len(q.frags)-1].more {
		l.tooMany(q)
		return nil, arrival{}
	}
	if next+q.frags[0].hlen > 0xffff {
		l.st.IP.TooLong++
		if !l.is(dialect.NetBSD) {
			l.st.IP.FragDropped += uint64(q.count)
		}
		l.reass.remove(q)
		return nil, arrival{}
	}
	l.st.IP.Reassembled++
	return l.join(q, next, a), q.frags[0].at
}

// tooMany gives a datagram up that is not whole with the fragment above the limit.
func (l *Layer) tooMany(q *fragQueue) {
	if l.v.MaxFragsPerPacket > 0 && int(q.count) > l.v.MaxFragsPerPacket {
		l.st.IP.FragDropped += uint64(q.count)
		l.reass.remove(q)
	}
}

// join takes a queue out and returns its datagram, of n bytes behind the header, which is
// the first fragment's without flags and offset.
func (l *Layer) join(q *fragQueue, n int, a *Acts) packet.IPv4 {
	first := &q.frags[0]
	pkt := packet.IPv4(a.grab(first.hlen + n))
	copy(pkt, q.buf[first.hdr:first.hdr+first.hlen])
	at := first.hlen
	for i := range q.frags {
		f := &q.frags[i]
		at += copy(pkt[at:], q.buf[f.data:f.data+f.len])
	}
	pkt[2], pkt[3] = byte(len(pkt)>>8), byte(len(pkt))
	pkt[6], pkt[7] = 0, 0
	putSum(pkt)
	l.reass.remove(q)
	return pkt
}

// linuxMerge is ip_frag_queue and inet_frag_queue_insert: what only repeats bytes that came
// in one run is dropped, any other overlap ends the datagram (RFC 5722 for IPv4 too).
func (l *Layer) linuxMerge(q *fragQueue, f frag, pkt packet.IPv4, a *Acts) (packet.IPv4, arrival) {
	end := f.off + f.len
	if !q.linuxEnd(&f) {
		l.giveUp(q)
		return nil, arrival{}
	}
	for i := 0; i < len(q.frags); {
		start, stop := q.frags[i].off, q.frags[i].off+q.frags[i].len
		for i++; i < len(q.frags) && !q.frags[i].run; i++ {
			stop = q.frags[i].off + q.frags[i].len
		}
		switch {
		case end <= start || f.off >= stop:
		case f.off >= start && end <= stop:
			l.st.IP.FragDropped++
			q.count--
			return nil, arrival{}
		default:
			l.giveUp(q)
			return nil, arrival{}
		}
	}
	i := 0
	for i < len(q.frags) && q.frags[i].off < f.off {
		i++
	}
	f.run = i < len(q.frags) || i == 0 || q.frags[i-1].off+q.frags[i-1].len != f.off
	q.insert(i, f, pkt, &l.reass)
	return l.linuxWhole(q, a)
}

// linuxEnd reports whether a fragment goes with what is known of the datagram's length: its
// end must not move, nothing may lie behind it, and no fragment is empty.
func (q *fragQueue) linuxEnd(f *frag) bool {
	switch end := f.off + f.len; {
	case !f.more && (end < q.end || q.last && end != q.end), f.more && end > q.end && q.last:
		return false
	case !f.more:
		q.end, q.last = end, true
	case end > q.end:
		q.end = end
	}
	return f.len > 0
}

func (l *Layer) giveUp(q *fragQueue) {
	l.st.IP.FragDropped += uint64(q.count)
	l.reass.remove(q)
}

// linuxWhole returns the datagram if nothing of it is missing.
func (l *Layer) linuxWhole(q *fragQueue, a *Acts) (packet.IPv4, arrival) {
	next := 0
	for i := range q.frags {
		if q.frags[i].off != next {
			return nil, arrival{}
		}
		next += q.frags[i].len
	}
	if !q.last || next != q.end {
		return nil, arrival{}
	}
	l.st.IP.Reassembled++
	return l.join(q, next, a), q.frags[0].at
}

// expireFragments gives up what waited too long. BSD says nothing to the sender; Linux
// says 11/1 if it has the first fragment.
func (l *Layer) expireFragments(now time.Duration, a *Acts) {
	for len(l.reass.queues) > 0 && l.reass.queues[0].until <= now {
		q := l.reass.queues[0]
		if l.is(dialect.NetBSD) || l.is(dialect.Linux) {
			l.st.IP.FragTimeout++
		} else {
			l.st.IP.FragTimeout += uint64(q.count)
		}
		if f := &q.frags[0]; l.is(dialect.Linux) && f.off == 0 {
			l.group++
			first := packet.IPv4(a.grab(f.hlen + f.len))
			copy(first, q.buf[f.hdr:f.hdr+f.hlen])
			copy(first[f.hlen:], q.buf[f.data:f.data+f.len])
			u := Up{NIC: f.at.nic, Link: f.at.link, Packet: first}
			l.sendError(now, problem{typ: packet.ICMPTimeExceeded, code: 1}, &u, first, a)
		}
		l.reass.remove(q)
	}
	if len(l.reass.queues) == 0 {
		l.reass = reassembly{}
	}
}
