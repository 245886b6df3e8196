package kern_test

import (
	"bytes"
	"slices"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func TestChains(t *testing.T) {
	k := kerntest.New(kern.FreeBSD).K
	for _, tc := range []struct {
		name string
		n    int
		lens []int
		want []int
	}{
		{"one mbuf", 10, nil, []int{10}},
		{"rest in one more", 10, []int{3, 2}, []int{3, 2, 5}},
		{"nothing left", 5, []int{3, 2}, []int{3, 2}},
		{"longer than the data", 5, []int{3, 9, 4}, []int{3, 2}},
		{"an empty one inside", 5, []int{3, 0}, []int{3, 0, 2}},
		{"below zero", 5, []int{-3}, []int{0, 5}},
		{"an empty packet", 0, []int{4}, []int{0}},
		{"an empty packet of one", 0, nil, []int{0}},
	} {
		m := k.NewChain(make([]byte, tc.n), tc.lens...)
		if got := m.Segs(); !slices.Equal(got, tc.want) || m.Len() != tc.n {
			t.Errorf("%s: %v of %d bytes, want %v of %d", tc.name, got, m.Len(), tc.want, tc.n)
		}
		m.Free()
	}
	if got := k.InUse(); got != 0 {
		t.Errorf("%d bytes taken, want 0", got)
	}
}

func TestPrependUsesFreedRoom(t *testing.T) {
	m := kerntest.New(kern.DragonFly)
	fault := false
	m.K.SetFault(func(string) bool { return fault })
	p := m.K.NewChain([]byte{1, 2, 3, 4, 5, 6}, 5)
	p.Adj(4)
	fault = true // no mbuf to be had: the room of what Adj took is enough
	head := p.Prepend(4)
	if head == nil || !slices.Equal(p.Segs(), []int{5, 1}) {
		t.Fatalf("prepend in freed room: %v, chain %v, want room and 5 1", head, p.Segs())
	}
	copy(head, "abcd")
	if got := p.Bytes(); !bytes.Equal(got, []byte{'a', 'b', 'c', 'd', 5, 6}) {
		t.Errorf("packet %v", got)
	}
	if p.Prepend(16) != nil || m.K.InUse() != 0 {
		t.Errorf("prepend without an mbuf succeeded, or left %d bytes taken", m.K.InUse())
	}
}

func TestPullup(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	p := m.K.NewChain([]byte{1, 2, 3, 4, 5, 6}, 1, 1, 1)
	if !p.Pullup(4) || !slices.Equal(p.Segs(), []int{4, 2}) || p.First()[3] != 4 {
		t.Errorf("chain %v, first %v, want 4 2", p.Segs(), p.First())
	}
	if p.Pullup(7) || m.K.InUse() != 0 {
		t.Errorf("pullup of more than there is succeeded, or left %d bytes taken", m.K.InUse())
	}
}

func TestAdjTakesFromSeveral(t *testing.T) {
	k := kerntest.New(kern.FreeBSD).K
	p := k.NewChain([]byte{1, 2, 3, 4, 5}, 1, 1)
	p.Adj(3)
	if got := p.Bytes(); !bytes.Equal(got, []byte{4, 5}) || !slices.Equal(p.Segs(), []int{0, 0, 2}) {
		t.Errorf("packet %v in %v, want 4 5 in 0 0 2", got, p.Segs())
	}
	p.Adj(100)
	if p.Len() != 0 {
		t.Errorf("%d bytes left, want 0", p.Len())
	}
}

// What a read copies, by how the driver goes on at an mbuf without data.
func TestCopyOut(t *testing.T) {
	k := kerntest.New(kern.FreeBSD).K
	data := []byte{1, 2, 3, 4, 5, 6}
	for _, tc := range []struct {
		name  string
		lens  []int
		room  int
		empty kern.EmptyMbuf
		fault int // which copy fails, -1 for none
		n     int
		left  bool
		err   errno.Errno
	}{
		{"all of it", []int{2, 2}, 10, kern.SkipEmpty, -1, 6, false, errno.OK},
		{"short buffer loses the tail", []int{2, 2}, 3, kern.SkipEmpty, -1, 3, true, errno.OK},
		{"no room", nil, 0, kern.SkipEmpty, -1, 0, true, errno.OK},
		{"skip an empty one", []int{2, 0}, 10, kern.SkipEmpty, -1, 6, false, errno.OK},
		{"stop at an empty one", []int{2, 0}, 10, kern.StopAtEmpty, -1, 2, true, errno.OK},
		{"copy an empty one", []int{2, 0}, 10, kern.MoveEmpty, -1, 6, false, errno.OK},
		{"no room, by uiomove", []int{2}, 0, kern.MoveEmpty, -1, 0, true, errno.OK},
		{"fault", []int{2, 2}, 10, kern.SkipEmpty, 1, 2, true, errno.EFAULT},
		{"fault at an empty one", []int{2, 0}, 10, kern.MoveEmpty, 1, 2, true, errno.EFAULT},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := k.NewChain(data, tc.lens...)
			m.Tag = 3
			copies := -1
			u := kern.Uio{Buf: make([]byte, tc.room), Fault: func() bool { copies++; return copies == tc.fault }}
			left, err := m.CopyOut(&u, tc.empty)
			if u.Off != tc.n || left != tc.left || err != tc.err || u.Tag != 3 {
				t.Errorf("%d bytes of packet %d, left %v, %v, want %d bytes of packet 3, %v, %v", u.Off, u.Tag, left, err, tc.n, tc.left, tc.err)
			}
			if !bytes.Equal(u.Buf[:u.Off], data[:u.Off]) {
				t.Errorf("copied %v", u.Buf[:u.Off])
			}
			m.Free()
		})
	}
}

// The mbufs that a write takes: first those of one size, then of another
// (MGETHDR and MGET), or those of m_uiotombuf.
func TestWriteSegments(t *testing.T) {
	k := kerntest.New(kern.FreeBSD).K
	for _, tc := range []struct {
		name string
		n    int
		bsd4 []int
		uio  []int
	}{
		{"nothing", 0, []int{0}, []int{0}},
		{"one", 100, []int{100}, []int{100}},
		{"two", 300, []int{200, 100}, []int{300}},
		{"cluster and more", 5000, []int{200, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300}, []int{4096, 904}},
	} {
		data := make([]byte, tc.n)
		m := k.GetHdr(tc.n)
		if err := m.Fill(&kern.Uio{Buf: data, Write: true}, 200, 300); err != errno.OK || !slices.Equal(m.Segs(), tc.bsd4) {
			t.Errorf("%s: %v %v, want %v", tc.name, err, m.Segs(), tc.bsd4)
		}
		m.Free()
		m = k.UioToMbuf(&kern.Uio{Buf: data, Write: true})
		if m == nil || !slices.Equal(m.Segs(), tc.uio) {
			t.Errorf("%s: m_uiotombuf %v, want %v", tc.name, m.Segs(), tc.uio)
		}
		m.Free()
	}
}

func TestPacketMemoryIsLimited(t *testing.T) {
	k := kern.New(kern.Config{Host: kerntest.New(kern.NetBSD), Dialect: kern.NetBSD, MbufLimit: 10000})
	var taken []*kern.Mbuf
	for m := k.NewMbuf(make([]byte, 1000)); m != nil; m = k.NewFrame(make([]byte, 1000)) {
		taken = append(taken, m)
	}
	if len(taken) != 4 {
		t.Errorf("%d packets of 2048 bytes in 10000, want 4", len(taken))
	}
	if k.GetHdr(10) != nil || k.NewChain([]byte{1}, 1) != nil || k.UioToMbuf(&kern.Uio{Buf: make([]byte, 1), Write: true}) != nil {
		t.Error("an mbuf beyond the limit")
	}
	for _, m := range taken {
		m.Free()
	}
	if k.InUse() != 0 || k.NewMbuf(nil) == nil {
		t.Errorf("%d bytes taken after all is free, or no packet to be had", k.InUse())
	}
}

func TestFreeTwicePanics(t *testing.T) {
	m := kerntest.New(kern.NetBSD).K.NewMbuf(nil)
	m.Free()
	defer func() {
		if recover() == nil {
			t.Error("a second Free went unnoticed")
		}
	}()
	m.Free()
}

func TestIfqueue(t *testing.T) {
	k := kerntest.New(kern.NetBSD).K
	q := kern.Ifqueue{Max: 2}
	a, b, c := k.NewMbuf([]byte{1}), k.NewMbuf([]byte{2}), k.NewMbuf([]byte{3})
	if q.Get() != nil || q.Peek() != nil || q.Full() {
		t.Error("an empty queue that is not")
	}
	if !q.Put(a) || !q.Put(b) || q.Put(c) || !q.Full() || q.Len() != 2 {
		t.Errorf("%d packets in a queue of 2", q.Len())
	}
	if q.Peek() != a || q.Get() != a || q.Get() != b || q.Get() != nil || q.Len() != 0 {
		t.Error("not first in, first out")
	}
}

func TestNewFrameMarksGroups(t *testing.T) {
	k := kerntest.New(kern.NetBSD).K
	for b, want := range map[byte]bool{0xff: true, 0x01: true, 0x02: false, 0x00: false} {
		if got := k.NewFrame([]byte{b, 1, 2, 3, 4, 5}).Mcast; got != want {
			t.Errorf("destination %02x…: a group %v, want %v", b, got, want)
		}
	}
	if k.NewFrame(nil).Mcast {
		t.Error("an empty frame for a group")
	}
}
