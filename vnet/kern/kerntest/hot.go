package kerntest

import (
	"fmt"
	"net/netip"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A Hot is the path that every packet takes, both ways: out of the interface
// to the process and from the process into the interface.
type Hot struct {
	m   *Machine
	f   *kern.File
	i   *kern.Ifnet
	dst kern.Sockaddr
	in  int // packets that have come in
}

// NewHot opens a device on a machine and counts what comes in.
func NewHot(m *Machine, path string) *Hot {
	h := &Hot{m: m, dst: m.K.Dialect.SockaddrOf(netip.AddrFrom4([4]byte{10, 0, 0, 2}))}
	h.f, h.i = m.Open(path)
	h.i.Input = func(_ *kern.Ifnet, _ int, p *kern.Mbuf) {
		h.in++
		p.Free()
	}
	return h
}

// Out sends a packet and reads it.
func (h *Hot) Out(packet []byte, u *kern.Uio) {
	p := h.m.K.NewFrame(packet)
	var err errno.Errno
	if h.i.Type == kern.IFT_PPP {
		err = h.i.Output(p, h.dst)
	} else {
		err = h.i.Transmit(p)
	}
	u.Off = 0
	if err != errno.OK || h.f.Read(h.m.Root, u) != errno.OK || u.Off != len(packet) {
		panic(fmt.Sprintf("kerntest: out: %v, %d bytes", err, u.Off))
	}
}

// In writes a packet, which comes in.
func (h *Hot) In(u *kern.Uio) {
	u.Off = 0
	if err := h.f.Write(h.m.Root, u); err != errno.OK {
		panic("kerntest: in: " + err.String())
	}
}

// TestHot tests that neither way allocates.
func (h *Hot) TestHot(t *testing.T) {
	for _, n := range []int{64, 1500} {
		packet, room := make([]byte, n), make([]byte, 2048)
		out, in := kern.Uio{Buf: room}, kern.Uio{Buf: packet}
		if got := testing.AllocsPerRun(1000, func() { h.Out(packet, &out) }); got != 0 {
			t.Errorf("%d bytes from the interface to the process: %v allocations, want 0", n, got)
		}
		before := h.in
		if got := testing.AllocsPerRun(1000, func() { h.In(&in) }); got != 0 {
			t.Errorf("%d bytes from the process to the interface: %v allocations, want 0", n, got)
		}
		if got := h.in - before; got != 1001 {
			t.Errorf("%d packets came in, want 1001", got)
		}
	}
	if got := h.m.K.InUse(); got != 0 {
		t.Errorf("%d bytes of packets still taken, want 0", got)
	}
}

// BenchmarkHot measures both ways, and what moving the bytes alone costs: two
// copies, into a ring and out of it.
func (h *Hot) BenchmarkHot(b *testing.B) {
	for _, n := range []int{64, 1500} {
		packet, room := make([]byte, n), make([]byte, 2048)
		b.Run(fmt.Sprintf("output-read/%d", n), func(b *testing.B) {
			u := kern.Uio{Buf: room}
			b.ReportAllocs()
			for b.Loop() {
				h.Out(packet, &u)
			}
		})
		b.Run(fmt.Sprintf("write-input/%d", n), func(b *testing.B) {
			u := kern.Uio{Buf: packet}
			b.ReportAllocs()
			for b.Loop() {
				h.In(&u)
			}
		})
		b.Run(fmt.Sprintf("ring-copy/%d", n), func(b *testing.B) {
			ring, at := make([][2048]byte, 256), 0
			b.ReportAllocs()
			for b.Loop() {
				slot := ring[at%len(ring)][:]
				copy(slot, packet)
				copy(room, slot[:n])
				at++
			}
		})
	}
}
