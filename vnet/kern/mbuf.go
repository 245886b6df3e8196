package kern

import "wireloom/vnet/errno"

const (
	// DefaultMbufLimit is the packet memory of a kernel, in bytes. What is
	// beyond it fails with ENOBUFS.
	DefaultMbufLimit = 32 << 20

	// headroom is kept before a packet for what Prepend adds: the longest
	// sockaddr, or a family and more.
	headroom = 64
	// poolMax is how many free packets a kernel keeps, each up to poolCap bytes.
	poolMax = 512
	poolCap = 4096
)

// An Mbuf is a packet: a chain of mbufs in the originals, here its bytes in
// one piece and the lengths that the mbufs of the chain would have, because
// what a driver counts and how it copies depends on them. It comes from its
// kernel's pool and goes back with Free.
type Mbuf struct {
	// Tag is an identity that travels with the packet; kernels and drivers
	// only carry it.
	Tag uint64
	// Mcast marks an Ethernet frame for a group (M_MCAST).
	Mcast bool
	// Rcvif is the interface that received the packet.
	Rcvif *Ifnet

	k        *Kernel
	buf      []byte
	off, end int
	lead     int // bytes free at the front of the first mbuf, which Prepend may use
	head     int // bytes at the front that Prepend has added
	segs     []int
	next     *Mbuf
	free     bool
}

type mbufPool struct {
	free  *Mbuf
	n     int
	used  int // bytes in packets that are out
	limit int
}

// InUse is the packet memory taken, in bytes: 0 when nothing is queued
// anywhere.
func (k *Kernel) InUse() int { return k.mbufs.used }

// alloc takes a packet of n bytes from the pool without asking for faults;
// nil if the kernel is out of packet memory.
func (k *Kernel) alloc(n int) *Mbuf {
	p := &k.mbufs
	m := p.free
	if m != nil {
		p.free = m.next
		p.n--
		m.next = nil
		m.free = false
	} else {
		m = &Mbuf{k: k}
	}
	if cap(m.buf) < headroom+n {
		size := 2048
		for size < headroom+n {
			size *= 2
		}
		m.buf = make([]byte, size)
	}
	if p.used+cap(m.buf) > p.limit || !k.memory.Take(int64(cap(m.buf))) {
		m.free = true
		m.next, p.free = p.free, m
		p.n++
		return nil
	}
	p.used += cap(m.buf)
	m.buf = m.buf[:cap(m.buf)]
	m.off, m.end, m.lead = headroom, headroom, 0
	m.segs = m.segs[:0]
	m.Tag, m.Mcast, m.Rcvif, m.head = 0, false, nil, 0
	return m
}

// NewMbuf makes a packet of one mbuf with a copy of data, or returns nil
// when the kernel is out of packet memory.
func (k *Kernel) NewMbuf(data []byte) *Mbuf {
	m := k.alloc(len(data))
	if m == nil {
		return nil
	}
	m.end += copy(m.buf[m.off:], data)
	m.segs = append(m.segs, len(data))
	return m
}

// NewFrame is NewMbuf for an Ethernet frame: it sets Mcast by the group bit
// of the destination.
func (k *Kernel) NewFrame(data []byte) *Mbuf {
	m := k.NewMbuf(data)
	if m != nil {
		m.Mcast = len(data) > 0 && data[0]&1 != 0
	}
	return m
}

// NewChain is NewMbuf with the lengths of the leading mbufs of the chain;
// what is left is one more. Lengths beyond the data are cut.
func (k *Kernel) NewChain(data []byte, lens ...int) *Mbuf {
	m := k.NewMbuf(data)
	if m == nil || len(lens) == 0 {
		return m
	}
	m.segs = m.segs[:0]
	left := len(data)
	for _, n := range lens {
		if left == 0 {
			break
		}
		n = min(max(n, 0), left)
		m.segs = append(m.segs, n)
		left -= n
	}
	if left > 0 || len(m.segs) == 0 {
		m.segs = append(m.segs, left)
	}
	return m
}

// Len is the length of the packet: m_pkthdr.len.
func (m *Mbuf) Len() int { return m.end - m.off }

// Bytes is the packet. It is the mbuf's own memory: read it before Free.
func (m *Mbuf) Bytes() []byte { return m.buf[m.off:m.end:m.end] }

// CopyTo copies the packet and returns how many bytes fit.
func (m *Mbuf) CopyTo(p []byte) int { return copy(p, m.Bytes()) }

// Segs are the lengths of the mbufs of the chain; not to be changed.
func (m *Mbuf) Segs() []int { return m.segs }

// First is the data of the first mbuf of the chain (mtod and m_len).
func (m *Mbuf) First() []byte {
	if len(m.segs) == 0 {
		return nil
	}
	return m.buf[m.off : m.off+m.segs[0]]
}

// Next frees the first mbuf of the chain, as m = m_free(m) does, and says
// whether there is another.
func (m *Mbuf) Next() bool {
	if len(m.segs) == 0 {
		return false
	}
	m.off += m.segs[0]
	m.lead = 0
	n := copy(m.segs, m.segs[1:])
	m.segs = m.segs[:n]
	return n > 0
}

// Adj takes n bytes off the front, which leaves their room there: m_adj(9).
// It takes no more than the packet has.
func (m *Mbuf) Adj(n int) {
	n = min(n, m.Len())
	m.head = max(m.head-n, 0)
	for i := range m.segs {
		d := min(n, m.segs[i])
		m.segs[i] -= d
		m.off += d
		n -= d
		if i == 0 {
			m.lead += d
		}
		if n == 0 {
			return
		}
	}
}

// Pullup makes the first mbuf hold at least n bytes: m_pullup(9). It returns
// false, and frees the packet, when there are not that many or no mbuf for
// them; a chain gathers them in the first one it has.
func (m *Mbuf) Pullup(n int) bool {
	if n > m.Len() || len(m.segs) == 1 && m.k.Fault("mbuf") {
		m.Free()
		return false
	}
	for m.segs[0] < n {
		d := min(n-m.segs[0], m.segs[1])
		m.segs[0] += d
		m.segs[1] -= d
		if m.segs[1] == 0 {
			m.segs = append(m.segs[:1], m.segs[2:]...)
		}
	}
	return true
}

// Prepend makes room for n bytes before the packet and returns it: M_PREPEND.
// The room is in the first mbuf if that has some, else in a new one. When
// there is none it frees the packet and returns nil.
func (m *Mbuf) Prepend(n int) []byte {
	if n > m.off {
		panic("kern: Prepend beyond the headroom of an mbuf")
	}
	if m.lead >= n && len(m.segs) > 0 {
		m.lead -= n
		m.segs[0] += n
	} else {
		if m.k.Fault("mbuf") {
			m.Free()
			return nil
		}
		m.segs = append(m.segs, 0)
		copy(m.segs[1:], m.segs)
		m.segs[0] = n
		m.lead = 0
	}
	m.off -= n
	m.head += n
	return m.buf[m.off : m.off+n]
}

// Head is how many bytes that Prepend added stand before the packet.
func (m *Mbuf) Head() int { return m.head }

// Free gives the packet back. Freeing it twice is a bug of ours.
func (m *Mbuf) Free() {
	if m.free {
		panic("kern: an mbuf freed twice")
	}
	m.free = true
	p := &m.k.mbufs
	p.used -= cap(m.buf)
	m.k.memory.Give(int64(cap(m.buf)))
	m.Rcvif = nil
	if p.n < poolMax && cap(m.buf) <= poolCap {
		m.next, p.free = p.free, m
		p.n++
	}
}

// GetHdr takes the first mbuf of a packet of about n bytes (MGETHDR), or
// returns nil. Fill puts data in.
func (k *Kernel) GetHdr(n int) *Mbuf {
	if k.Fault("mbuf") {
		return nil
	}
	return k.alloc(max(n, 0))
}

// Fill moves what is left of u into a packet that GetHdr made: first bytes
// into its first mbuf, rest bytes into each that follows, which are taken as
// they are needed. On an error it frees the packet.
func (m *Mbuf) Fill(u *Uio, first, rest int) errno.Errno {
	m.Tag = u.Tag
	for size := first; u.Resid() > 0; size = rest {
		if len(m.segs) > 0 && m.k.Fault("mbuf") {
			m.Free()
			return errno.ENOBUFS
		}
		if err := m.moveIn(u, size); err != errno.OK {
			m.Free()
			return err
		}
	}
	if len(m.segs) == 0 {
		m.segs = append(m.segs, 0)
	}
	return errno.OK
}

func (m *Mbuf) moveIn(u *Uio, size int) errno.Errno {
	n := min(size, u.Resid())
	if err := u.Move(m.buf[m.end : m.end+n]); err != errno.OK {
		return err
	}
	m.end += n
	m.segs = append(m.segs, n)
	return errno.OK
}

// UioToMbuf is FreeBSD's m_uiotombuf(9): it takes all the mbufs that what is
// left of u needs, of the sizes that m_getm2 chooses, and then copies. It
// returns nil on any failure.
func (k *Kernel) UioToMbuf(u *Uio) *Mbuf {
	total := u.Resid()
	if k.fault != nil {
		for left := max(total, 1); left > 0; left -= clusterFor(left) {
			if k.Fault("mbuf") {
				return nil
			}
		}
	}
	m := k.alloc(max(total, 0))
	if m == nil {
		return nil
	}
	m.Tag = u.Tag
	for u.Resid() > 0 {
		if err := m.moveIn(u, clusterFor(u.Resid())); err != errno.OK {
			m.Free()
			return nil
		}
	}
	if len(m.segs) == 0 {
		m.segs = append(m.segs, 0)
	}
	return m
}

// clusterFor is the size of the mbuf or cluster that FreeBSD's m_getm2 takes
// when n bytes are left.
func clusterFor(n int) int {
	const mhlen, mclbytes, pagesize = 168, 2048, 4096
	switch {
	case n > mclbytes:
		return pagesize
	case n > mhlen:
		return mclbytes
	}
	return mhlen
}

// An EmptyMbuf is what a driver's copying to the process does at an mbuf
// without data.
type EmptyMbuf uint8

// What it does.
const (
	SkipEmpty   EmptyMbuf = iota // go on with the next: tun
	StopAtEmpty                  // end the read: DragonFly's tap
	MoveEmpty                    // copy nothing, by uiomove: NetBSD's tap, which also does that once for a read of no bytes
)

// CopyOut copies the packet to the process, mbuf by mbuf, until there is no
// more of it or no more room. It says whether mbufs are left over; the caller
// frees m.
func (m *Mbuf) CopyOut(u *Uio, empty EmptyMbuf) (left bool, err errno.Errno) {
	u.Tag = m.Tag
	if u.Resid() <= 0 && empty != MoveEmpty {
		return true, errno.OK
	}
	u.Head = min(m.head, max(u.Resid(), 0))
	for {
		p := m.First()
		p = p[:max(0, min(len(p), u.Resid()))]
		switch {
		case len(p) > 0 || empty == MoveEmpty:
			err = u.Move(p)
		case empty == StopAtEmpty:
			return true, errno.OK
		}
		left = m.Next()
		if !left || u.Resid() <= 0 || err != errno.OK {
			return left, err
		}
	}
}
