package file

import (
	"encoding/binary"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// captureBuffer is how many bytes a Capture keeps for its reader: what tcpdump asks bpf(4)
// for with BIOCSBLEN.
const captureBuffer = 512 << 10

// A Captured is a packet that passed an interface.
type Captured struct {
	At   time.Duration
	Data []byte // as much of it as was asked for
	Size int    // bytes that it had
}

// A Capturing says what of an interface's packets a Capture takes.
type Capturing struct {
	Snap int                              // bytes kept of each
	Own  bool                             // only what is sent, or is to the interface or a group: without promiscuous mode
	In   bool                             // what comes in, and
	Out  bool                             // what goes out
	Take func(data []byte, size int) bool // the filter
}

// A Capture is an open bpf(4) device on an interface. Of an interface of IP packets each has
// its address family in front, in four little-endian bytes: DLT_NULL.
type Capture struct {
	Plain
	k       *kern.Kernel
	ifp     *kern.Ifnet
	want    Capturing
	sel     kern.SelInfo
	queue   []Captured
	held    int
	gone    bool
	Seen    uint64 // packets that the filter took
	Dropped uint64 // of those, what the buffer had no room for
}

// NewCapture begins to capture on an interface.
func NewCapture(k *kern.Kernel, ifp *kern.Ifnet, want Capturing) *Capture {
	c := &Capture{k: k, ifp: ifp, want: want}
	ifp.Listen(c)
	return c
}

// Bpf implements kern.BpfListener.
func (c *Capture) Bpf(ifp *kern.Ifnet, dir kern.Direction, af int, m *kern.Mbuf) {
	if dir == kern.In && !c.want.In || dir == kern.Out && !c.want.Out {
		return
	}
	b := m.Bytes()
	if c.want.Own && dir == kern.In && ifp.Type == kern.IFT_ETHER && len(b) >= 6 && b[0]&1 == 0 && [6]byte(b) != [6]byte(ifp.MAC) {
		return
	}
	front := 0
	if af >= 0 {
		front = 4
	}
	size := front + len(b)
	data := make([]byte, min(size, c.want.Snap))
	if front > 0 {
		var family [4]byte
		binary.LittleEndian.PutUint32(family[:], uint32(af))
		copy(data, family[:])
	}
	if len(data) > front {
		copy(data[front:], b)
	}
	if !c.want.Take(data, size) {
		return
	}
	c.Seen++
	if c.held+len(data) > captureBuffer || !c.k.Memory().Take(int64(len(data))) {
		c.Dropped++
		return
	}
	c.held += len(data)
	c.queue = append(c.queue, Captured{c.k.Host().Now(), data, size})
	c.sel.Wakeup(c.k)
}

// BpfDetached implements kern.BpfDetacher: the interface goes away.
func (c *Capture) BpfDetached() {
	c.gone = true
	c.sel.Wakeup(c.k)
}

// Take returns what was captured since the last time, ENXIO once the interface is gone and
// nothing is left.
func (c *Capture) Take() ([]Captured, errno.Errno) {
	out := c.queue
	c.queue = nil
	c.k.Memory().Give(int64(c.held))
	c.held = 0
	if len(out) == 0 && c.gone {
		return nil, errno.ENXIO
	}
	return out, errno.OK
}

// Poll finds something to take.
func (c *Capture) Poll(w *Caller, events int) int {
	if len(c.queue) > 0 || c.gone {
		return events & (kern.POLLIN | kern.POLLRDNORM)
	}
	w.record(&c.sel)
	return 0
}

// Close ends the capture.
func (c *Capture) Close(*Caller) errno.Errno {
	c.ifp.Unlisten(c)
	_, _ = c.Take()
	c.sel.Destroy(c.k)
	return errno.OK
}
