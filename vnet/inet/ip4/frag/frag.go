// Package frag is the fragments of a host's IPv4 datagrams that wait for the others, and how
// each kernel puts them together: which bytes win where they overlap, what is refused, when
// it gives up.
package frag

import (
	"time"

	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// Limits are the tunable constants, with the sysctls of FreeBSD, DragonFly and NetBSD.
type Limits struct {
	// MaxFragPackets is how many datagrams may be in reassembly; 0 none, below 0 any
	// number (net.inet.ip.maxfragpackets).
	MaxFragPackets int
	// MaxFragsPerPacket is how many fragments of one are kept; NetBSD and Linux have no
	// such limit, here 0 (net.inet.ip.maxfragsperpacket).
	MaxFragsPerPacket int
	// FragLife is how long fragments wait for the others: 60 ticks of half a second
	// (netinet/ip_var.h, IPFRAGTTL; Linux net/ipv4/ip_fragment.c, IP_FRAG_TIME).
	FragLife time.Duration
	// FragBytes is how many bytes of fragments are kept. It is this lab's limit; the
	// kernels stop when they have no mbufs.
	FragBytes int
}

// LimitsOf returns what a kernel starts with.
func LimitsOf(d dialect.Dialect) Limits {
	// nmbclusters/32, which is 25600 by default (ip_input.c, ip_init).
	v := Limits{MaxFragPackets: 800, MaxFragsPerPacket: 16, FragLife: 30 * time.Second, FragBytes: 4 << 20}
	switch d {
	case dialect.NetBSD:
		v.MaxFragPackets, v.MaxFragsPerPacket = 200, 0 // ip_reass.c, ip_reass_init
	case dialect.Linux:
		v.MaxFragPackets, v.MaxFragsPerPacket = -1, 0
	default:
	}
	return v
}

// Stats count what happened, as `netstat -s -p ip` prints it.
type Stats struct {
	TooSmall    uint64 // less data than a header; on FreeBSD bad fragments too
	Fragments   uint64 // fragments that came
	FragDropped uint64 // fragments given up: duplicate, no space, too many
	BadFrags    uint64 // NetBSD: malformed fragments
	FragTimeout uint64 // fragments (NetBSD: datagrams) given up as the rest never came
	Reassembled uint64 // datagrams put together
	TooLong     uint64 // datagrams that would be over 65535 bytes (not printed)
	FragNoSpace uint64 // fragments refused by this lab's own limits: Limits.FragBytes, maxParts
}

// A Table is the datagrams of which some fragments are there, the oldest first.
type Table struct {
	d  dialect.Dialect
	v  *Limits
	st *Stats

	queues []*Datagram
	byKey  map[key]*Datagram
	spare  *Datagram // an empty one, for the next datagram
	bytes  int       // what the datagrams hold, their own size included
}

// New returns a table, which looks at v when it needs to and counts in st.
func New(d dialect.Dialect, v *Limits, st *Stats) Table { return Table{d: d, v: v, st: st} }

// Bytes is how much the table holds.
func (t *Table) Bytes() int { return t.bytes }

// Len is how many datagrams wait.
func (t *Table) Len() int { return len(t.queues) }

// Next returns when Expired has one, if any waits.
func (t *Table) Next() (at time.Duration, ok bool) {
	if len(t.queues) == 0 {
		return 0, false
	}
	return t.queues[0].until, true
}

// A Datagram is the fragments of one datagram.
type Datagram struct {
	key   key
	until time.Duration
	count uint8 // BSD's ipq_nfrags, with its mistakes
	tos   uint8 // NetBSD: of all of them
	frags []part
	buf   []byte // their headers and data, in the order of their arrival
	end   int    // Linux: how long the datagram is as far as is known
	last  bool   // Linux: end is its end
}

type key struct {
	src, dst [4]byte
	id       uint16
	proto    uint8
}

// A part is what is left of a fragment: bytes [off, off+len) of the datagram.
type part struct {
	off, len  int
	hdr, data int // where they begin in buf
	hlen      int
	more      bool
	run       bool // Linux: it begins a run of fragments that came in order
	at        Arrival
}

// An Arrival is how a fragment came: by which interface, and whether its frame was for this
// host, which is the caller's number.
type Arrival struct {
	NIC  int
	Link uint8
}

const (
	datagramBytes = 256     // a datagram without its buffers, and its place in the map
	partBytes     = 80      // an entry of frags
	spareBytes    = 8 << 10 // the largest buffer that is kept for the next datagram
	slowTick      = 500 * time.Millisecond
)

// maxParts is how many fragments of one datagram are kept at most, where NetBSD and Linux know
// no limit: as many as a link of 68 bytes (RFC 791) makes of the longest.
const maxParts = (0xffff + 47) / 48

// remove takes a datagram out. Its bytes are good until the next fragment comes.
func (t *Table) remove(q *Datagram) {
	for i := range t.queues {
		if t.queues[i] == q {
			copy(t.queues[i:], t.queues[i+1:])
			t.queues[len(t.queues)-1] = nil
			t.queues = t.queues[:len(t.queues)-1]
			break
		}
	}
	delete(t.byKey, q.key)
	t.bytes -= q.size()
	if cap(q.buf) <= spareBytes {
		t.spare = q
	}
}

// size is what a datagram holds: its buffers may be larger than what is in them.
func (q *Datagram) size() int { return datagramBytes + cap(q.buf) + cap(q.frags)*partBytes }

// Add takes a fragment in and returns the datagram if it is whole now: good until the next
// Add. FreeBSD's and DragonFly's ip_reass are in ip_input.c, NetBSD's ip_reass_packet in
// ip_reass.c, Linux's ip_defrag in ip_fragment.c.
func (t *Table) Add(now time.Duration, at Arrival, pkt packet.IPv4) *Datagram {
	t.trim()
	if t.v.MaxFragPackets == 0 || t.v.MaxFragsPerPacket == 0 && t.is(dialect.FreeBSD) {
		t.st.Fragments++
		t.st.FragDropped++
		return nil
	}
	f := part{off: pkt.FragmentOffset(), len: len(pkt) - pkt.HeaderLen(), hlen: pkt.HeaderLen(), more: pkt.Flags()&packet.MoreFragments != 0, at: at}
	k := key{[4]byte(pkt[12:16]), [4]byte(pkt[16:20]), pkt.ID(), pkt.Protocol()}
	q := t.byKey[k]
	if q == nil {
		t.makeRoom(k)
	}
	if !t.good(q, &f, pkt) {
		return nil
	}
	t.st.Fragments++
	if t.bytes+len(pkt)+datagramBytes+partBytes > t.v.FragBytes || q != nil && len(q.frags) >= maxParts {
		t.st.FragNoSpace++
		t.st.FragDropped++
		return nil
	}
	first := q == nil
	if first {
		if q = t.begin(now, k, pkt); q == nil {
			t.st.FragDropped++
			return nil
		}
	} else {
		q.count++
	}
	switch {
	case t.is(dialect.Linux):
		return t.linuxMerge(q, f, pkt)
	case first:
		t.insert(q, 0, f, pkt)
		return nil
	case !t.merge(q, f, pkt):
		t.st.FragDropped++
		q.count--
		return nil
	}
	return t.whole(q)
}

func (t *Table) is(d dialect.Dialect) bool { return t.d == d }

// good refuses fragments that no sender makes.
func (t *Table) good(q *Datagram, f *part, pkt packet.IPv4) bool {
	st := t.st
	odd := f.more && (f.len == 0 || f.len%8 != 0)
	switch t.d {
	case dialect.NetBSD:
		least := len(pkt)
		if f.off > 0 {
			least = f.off + f.hlen
		}
		if least < netbsdMin || odd || q != nil && q.tos != pkt.TOS() {
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
		if t.is(dialect.FreeBSD) {
			st.FragDropped++
			if q != nil {
				q.count-- // it had not been counted
			}
		}
		return false
	}
	return true
}

// netbsdMin is what NetBSD wants a first fragment to have, and the others to leave before
// them: IP_MINFRAGSIZE - 1 (netinet/ip.h), so that a TCP header is in the first.
const netbsdMin = 68

// trim lets the oldest go when a sysctl has lowered the limit.
func (t *Table) trim() {
	limit := t.v.MaxFragPackets
	for limit >= 0 && len(t.queues) > limit+1 {
		t.st.FragDropped += uint64(t.queues[0].count)
		t.remove(t.queues[0])
	}
}

// makeRoom is DragonFly's: a datagram above the limit takes the place of the oldest of its
// hash bucket, or of the first bucket that has one. FreeBSD's zone of queues is full
// before it comes to that.
func (t *Table) makeRoom(k key) {
	if t.d != dialect.DragonFly || t.v.MaxFragPackets <= 0 || len(t.queues) <= t.v.MaxFragPackets {
		return
	}
	var gone *Datagram
	for _, q := range t.queues {
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
	t.st.FragTimeout += uint64(gone.count)
	t.remove(gone)
}

// bucket is IPREASS_HASH, of fields that a little-endian machine reads as they stand.
func (k key) bucket() byte {
	return ((k.src[0]&0xf | k.src[1]&0xf<<4) ^ byte(k.id>>8)) & 63
}

// begin makes a datagram; nil if there are too many.
func (t *Table) begin(now time.Duration, k key, pkt packet.IPv4) *Datagram {
	limit := t.v.MaxFragPackets
	if limit >= 0 && len(t.queues) >= limit && !t.is(dialect.DragonFly) {
		return nil
	}
	q := t.spare
	t.spare = nil
	if q == nil {
		q = &Datagram{}
	}
	*q = Datagram{key: k, count: 1, tos: pkt.TOS(), frags: q.frags[:0], buf: q.buf[:0]}
	q.until = now + t.v.FragLife
	if !t.is(dialect.Linux) { // counted down by ip_slowtimo
		q.until = now.Truncate(slowTick) + t.v.FragLife
	}
	t.queues = append(t.queues, q)
	if t.byKey == nil {
		t.byKey = map[key]*Datagram{}
	}
	t.byKey[k] = q
	t.bytes += q.size()
	return q
}

// insert puts f, whose bytes are those of pkt from f's own offset on, before the fragment i.
func (t *Table) insert(q *Datagram, i int, f part, pkt packet.IPv4) {
	t.bytes -= q.size()
	skip := f.off - pkt.FragmentOffset()
	f.hdr = len(q.buf)
	q.buf = append(q.buf, pkt[:f.hlen]...)
	f.data = len(q.buf)
	q.buf = append(q.buf, pkt[f.hlen+skip:f.hlen+skip+f.len]...)
	q.frags = append(q.frags, part{})
	copy(q.frags[i+1:], q.frags[i:])
	q.frags[i] = f
	q.pack()
	t.bytes += q.size()
}

// maxBuf is how long a datagram's buffer gets before what no fragment has any more is
// taken out of it.
const maxBuf = 3 * 0xffff

func (q *Datagram) pack() {
	if len(q.buf) <= maxBuf {
		return
	}
	packed := make([]byte, 0, maxBuf)
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
func (t *Table) merge(q *Datagram, f part, pkt packet.IPv4) bool {
	if t.is(dialect.FreeBSD) && !t.sameECN(q, pkt) {
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
	t.bytes -= q.size()
	j := i
	for ; j < len(q.frags) && f.off+f.len > q.frags[j].off; j++ {
		n := &q.frags[j]
		if over := f.off + f.len - n.off; over < n.len {
			n.off += over
			n.data += over
			n.len -= over
			break
		}
		if !t.is(dialect.NetBSD) {
			t.st.FragDropped++
		}
		q.count--
	}
	q.frags = append(q.frags[:i], q.frags[j:]...)
	t.bytes += q.size()
	t.insert(q, i, f, pkt)
	return true
}

// sameECN is RFC 3168's rule for fragments: one that met congestion marks the whole, and
// marked ones don't mix with those that can't be.
func (t *Table) sameECN(q *Datagram, pkt packet.IPv4) bool {
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
func (t *Table) whole(q *Datagram) *Datagram {
	next, gap := q.reach()
	if gap || q.frags[len(q.frags)-1].more {
		if t.v.MaxFragsPerPacket > 0 && int(q.count) > t.v.MaxFragsPerPacket {
			t.giveUp(q) // the one above the limit had its chance to make it whole
		}
		return nil
	}
	if next+q.frags[0].hlen > 0xffff {
		t.st.TooLong++
		if !t.is(dialect.NetBSD) {
			t.st.FragDropped += uint64(q.count)
		}
		t.remove(q)
		return nil
	}
	return t.done(q)
}

// reach is how far the fragments go without a gap; gap: there are some behind one.
func (q *Datagram) reach() (next int, gap bool) {
	for i := range q.frags {
		if q.frags[i].off != next {
			return next, true
		}
		next += q.frags[i].len
	}
	return next, false
}

func (t *Table) done(q *Datagram) *Datagram {
	t.st.Reassembled++
	t.remove(q)
	return q
}

func (t *Table) giveUp(q *Datagram) {
	t.st.FragDropped += uint64(q.count)
	t.remove(q)
}

// Size is the length of a datagram that is whole, header included.
func (q *Datagram) Size() int {
	next, _ := q.reach()
	return q.frags[0].hlen + next
}

// Write writes the datagram, of Size bytes, to p: the header is the first fragment's,
// without flags and offset. Its checksum is not right then.
func (q *Datagram) Write(p []byte) {
	first := &q.frags[0]
	copy(p, q.buf[first.hdr:first.hdr+first.hlen])
	at := first.hlen
	for i := range q.frags {
		f := &q.frags[i]
		at += copy(p[at:], q.buf[f.data:f.data+f.len])
	}
	p[2], p[3] = byte(len(p)>>8), byte(len(p))
	p[6], p[7] = 0, 0
}

// First is how the fragment with the beginning came.
func (q *Datagram) First() Arrival { return q.frags[0].at }

// Head is the first fragment as it came, nil if the beginning is missing.
func (q *Datagram) Head() packet.IPv4 {
	f := &q.frags[0]
	if f.off > 0 || f.data != f.hdr+f.hlen {
		return nil
	}
	return q.buf[f.hdr : f.data+f.len]
}

// linuxMerge is ip_frag_queue and inet_frag_queue_insert: what only repeats bytes that came
// in one run is dropped, any other overlap ends the datagram (RFC 5722 for IPv4 too).
func (t *Table) linuxMerge(q *Datagram, f part, pkt packet.IPv4) *Datagram {
	end := f.off + f.len
	if !q.linuxEnd(&f) {
		t.giveUp(q)
		return nil
	}
	for i := 0; i < len(q.frags); {
		start, stop := q.frags[i].off, q.frags[i].off+q.frags[i].len
		for i++; i < len(q.frags) && !q.frags[i].run; i++ {
			stop = q.frags[i].off + q.frags[i].len
		}
		switch {
		case end <= start || f.off >= stop:
		case f.off >= start && end <= stop:
			t.st.FragDropped++
			q.count--
			return nil
		default:
			t.giveUp(q)
			return nil
		}
	}
	i := 0
	for i < len(q.frags) && q.frags[i].off < f.off {
		i++
	}
	f.run = i < len(q.frags) || i == 0 || q.frags[i-1].off+q.frags[i-1].len != f.off
	t.insert(q, i, f, pkt)
	if next, gap := q.reach(); gap || !q.last || next != q.end {
		return nil
	}
	return t.done(q)
}

// linuxEnd reports whether a fragment goes with what is known of the datagram's length: its
// end must not move, nothing may lie behind it, and no fragment is empty.
func (q *Datagram) linuxEnd(f *part) bool {
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

// Expired takes out a datagram that has waited too long, nil if none has.
func (t *Table) Expired(now time.Duration) *Datagram {
	if len(t.queues) == 0 {
		t.queues, t.byKey, t.spare = nil, nil, nil
		return nil
	}
	q := t.queues[0]
	if q.until > now {
		return nil
	}
	if t.is(dialect.NetBSD) || t.is(dialect.Linux) {
		t.st.FragTimeout++
	} else {
		t.st.FragTimeout += uint64(q.count)
	}
	t.remove(q)
	return q
}
