package host

import (
	"container/heap"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// A world is a loop and a wire with hosts on it: what a lab is to a stack, with a
// wire that can lose frames.
type world struct {
	t     testing.TB
	now   time.Duration
	seq   uint64
	queue turns
	hosts []*host
	delay time.Duration
	lose  func(n int, frame []byte) bool // whether the nth frame is lost
	sent  int
	hash  hash.Hash // over every frame, its time and sender
	keep  [][]inet.Socket
}

// A host is a inet.StackHost.
type host struct {
	w      *world
	i      int
	rand   *rand.ChaCha8
	memory *kern.Memory // nil for no limit
	as     dialect.Dialect
	values *inet.Values
	said   []string    // on the console
	refuse errno.Errno // of Transmit
	inet.Stack
}

// newHost makes a machine without a stack.
func newHost(w *world, i int, as dialect.Dialect) *host {
	return &host{w: w, i: i, rand: rand.NewChaCha8([32]byte{byte(i)}), as: as, values: inet.ValuesOf(as)}
}

type turn struct {
	at  time.Duration
	seq uint64
	f   func()
}

type turns []*turn

func (q turns) Len() int { return len(q) }
func (q turns) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].seq < q[j].seq
}
func (q turns) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *turns) Push(x any)   { *q = append(*q, x.(*turn)) }
func (q *turns) Pop() any {
	last := (*q)[len(*q)-1]
	(*q)[len(*q)-1] = nil
	*q = (*q)[:len(*q)-1]
	return last
}

func (w *world) after(d time.Duration, f func()) func() {
	w.seq++
	x := &turn{w.now + d, w.seq, f}
	heap.Push(&w.queue, x)
	return func() { x.f = nil }
}

// run lets d pass.
func (w *world) run(d time.Duration) {
	until := w.now + d
	for len(w.queue) > 0 && w.queue[0].at <= until {
		w.step()
	}
	w.now = until
}

// step does what is due next.
func (w *world) step() {
	x := heap.Pop(&w.queue).(*turn)
	w.now = x.at
	if x.f != nil {
		x.f()
	}
}

func (h *host) Dialect() dialect.Dialect               { return h.as }
func (h *host) Values() *inet.Values                   { return h.values }
func (h *host) Console(text string)                    { h.said = append(h.said, text) }
func (h *host) HostName() string                       { return "host" }
func (h *host) Configured()                            {}
func (h *host) Memory() *kern.Memory                   { return h.memory }
func (h *host) Now() time.Duration                     { return h.w.now }
func (h *host) After(d time.Duration, f func()) func() { return h.w.after(d, f) }
func (h *host) Random(p []byte)                        { _, _ = h.rand.Read(p) }
func (h *host) Transmit(nic int, data []byte, _ netip.Addr) errno.Errno {
	w := h.w
	if h.refuse != errno.OK {
		return h.refuse
	}
	var b [12]byte
	binary.BigEndian.PutUint64(b[:], uint64(w.now))
	b[8], b[9] = byte(h.i), byte(nic)
	w.hash.Write(b[:])
	w.hash.Write(data)
	w.sent++
	if w.lose != nil && w.lose(w.sent, data) {
		return errno.OK
	}
	data = append([]byte(nil), data...)
	w.after(w.delay, func() {
		for _, to := range w.hosts {
			if to != h && to.Stack != nil {
				to.Deliver(0, data)
			}
		}
	})
	return errno.OK
}

func macOfHost(i int) packet.MAC { return packet.MAC{2, 0, 0, 0, 0, byte(i + 1)} }

// newWorld makes n hosts with the addresses 10.0.0.1, fd00::1 and so on, of FreeBSD's
// kind.
func newWorld(t testing.TB, n int) *world { return newWorldOf(t, n, dialect.FreeBSD, nil) }

// newWorldOf makes n hosts of one kind, the first of which has so much memory.
func newWorldOf(t testing.TB, n int, as dialect.Dialect, memory *kern.Memory) *world {
	t.Helper()
	w := &world{t: t, delay: 5 * time.Millisecond, hash: sha256.New()}
	for i := range n {
		h := newHost(w, i, as)
		if i == 0 {
			h.memory = memory
		}
		s, err := New(h, []inet.StackNIC{{
			Name: "em0", MAC: macOfHost(i), MTU: 1500,
			Addresses: []netip.Prefix{
				netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, 0, byte(i + 1)}), 24),
				netip.MustParsePrefix(fmt.Sprintf("fd00::%d/64", i+1)),
			},
		}})
		if err != nil {
			t.Fatal(err)
		}
		h.Stack = s
		w.hosts = append(w.hosts, h)
	}
	t.Cleanup(w.close)
	w.run(10 * time.Second) // until all have their addresses
	w.forget()
	return w
}

// forget forgets the frames so far.
func (w *world) forget() {
	w.sent = 0
	w.hash.Reset()
}

func (w *world) close() {
	for _, h := range w.hosts {
		h.Close()
	}
}

func (w *world) sum() string { return fmt.Sprintf("%x", w.hash.Sum(nil)) }

func (h *host) socket(kind inet.SocketKind) inet.Socket {
	h.w.t.Helper()
	k, e := h.Socket(kind)
	if e != errno.OK {
		h.w.t.Fatalf("socket: %v", e)
	}
	return k
}

// check ends the test if a call did not return what it should.
func (w *world) check(what string, got, want errno.Errno) {
	w.t.Helper()
	if got != want {
		w.t.Fatalf("%s at %v: %v, want %v", what, w.now, got, want)
	}
}

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// listener returns a TCP socket of h that listens on port 80.
func (h *host) listener() inet.Socket {
	h.w.t.Helper()
	k := h.socket(inet.SocketTCP)
	h.w.check("bind", k.Bind(ap("0.0.0.0:80")), errno.OK)
	h.w.check("listen", k.Listen(8), errno.OK)
	return k
}
