package tcp

import (
	"bytes"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/tcp/syncache"
	"wireloom/vnet/inet/tcp/wire"
)

// A host is a Layer, its connections by their pair and perhaps a listener: as much of a
// host as TCP needs.
type host struct {
	w     *world
	name  string
	addr  netip.Addr
	v     Values
	l     *Layer
	li    *Listener
	conns map[syncache.Pair]*Conn
	users []*user
	acts  Acts
	path  Path
	hand  bool // its users do nothing by themselves

	accepted func(*user) // prepares the user of a connection that is complete
}

// A user writes to a connection and reads from it what there is, as often as it can.
type user struct {
	h             *host
	c             *Conn
	send          []byte // what is still to be written
	got           []byte
	slow          int // reads at most so many bytes at a time, 0 for all
	halfClose     bool
	closed, ended bool
	err           errno.Errno
}

type flight struct {
	at  time.Duration
	seq int
	to  *host
	src netip.Addr
	p   []byte
}

type flights []flight

func (f flights) Len() int { return len(f) }
func (f flights) Less(i, j int) bool {
	return f[i].at < f[j].at || f[i].at == f[j].at && f[i].seq < f[j].seq
}
func (f flights) Swap(i, j int) { f[i], f[j] = f[j], f[i] }
func (f *flights) Push(x any)   { *f = append(*f, x.(flight)) }
func (f *flights) Pop() any     { o := *f; x := o[len(o)-1]; *f = o[:len(o)-1]; return x }

// A world is hosts on a wire that may lose, repeat and reorder, in virtual time.
type world struct {
	t             testing.TB
	now           time.Duration
	seq           int
	rnd           *rand.Rand
	hosts         []*host
	air           flights
	delay, jitter time.Duration
	loss, repeat  float64
	sent, lost    int
	maxBytes      int
	log           func(*host, *Segment)
}

func newWorld(t testing.TB, seed uint64) *world {
	return &world{t: t, rnd: rand.New(rand.NewPCG(seed, 1)), delay: time.Millisecond}
}

func (w *world) host(addr string, d dialect.Dialect) *host {
	h := &host{w: w, name: fmt.Sprintf("%s(%s)", addr, d), addr: netip.MustParseAddr(addr), v: ValuesOf(d), conns: map[syncache.Pair]*Conn{}, path: Path{MTU: 1500, OnLink: true}}
	rnd := rand.New(rand.NewPCG(w.rnd.Uint64(), 2))
	h.l = New(&h.v, func(p []byte) {
		for i := range p {
			p[i] = byte(rnd.Uint32())
		}
	})
	w.hosts = append(w.hosts, h)
	return h
}

func (h *host) listen(port uint16, backlog int) {
	h.li = h.l.Listen(netip.AddrPortFrom(h.addr, port), backlog, DefaultOptions())
}

func (h *host) dial(to *host, from, port uint16) *user {
	p := Params{Local: netip.AddrPortFrom(h.addr, from), Remote: netip.AddrPortFrom(to.addr, port), Path: h.path, Options: DefaultOptions()}
	c := h.l.Dial(h.w.now, p, &h.acts)
	return h.add(c)
}

func (h *host) add(c *Conn) *user {
	u := &user{h: h, c: c}
	h.users = append(h.users, u)
	h.conns[syncache.Pair{Local: c.Local(), Remote: c.Remote()}] = c
	h.flush()
	return u
}

// flush puts what the host sends on the wire, and lets users run.
func (h *host) flush() {
	w := h.w
	for _, c := range h.acts.Accepted {
		u := &user{h: h, c: c}
		if h.accepted != nil {
			h.accepted(u)
		}
		h.users = append(h.users, u)
		h.conns[syncache.Pair{Local: c.Local(), Remote: c.Remote()}] = c
	}
	for i := range h.acts.Segments {
		s := &h.acts.Segments[i]
		if w.log != nil {
			w.log(h, s)
		}
		w.sent++
		if w.rnd.Float64() < w.loss {
			w.lost++
			continue
		}
		n := 1
		if w.rnd.Float64() < w.repeat {
			n = 2
		}
		for range n {
			d := w.delay
			if w.jitter > 0 {
				d += time.Duration(w.rnd.Int64N(int64(w.jitter)))
			}
			for _, to := range w.hosts {
				if to.addr == s.Dst.Addr() {
					w.seq++
					heap.Push(&w.air, flight{w.now + d, w.seq, to, s.Src.Addr(), s.Append(nil)})
				}
			}
		}
	}
	h.acts.Reset()
}

// run lets the users of the host do what they can.
func (h *host) run() {
	for again := true; again; {
		again = false
		for _, u := range h.users {
			if u.step() {
				again = true
			}
		}
		h.flush()
	}
	for p, c := range h.conns {
		if c.has(dead) {
			delete(h.conns, p)
		}
	}
}

func (u *user) step() (did bool) {
	h, c := u.h, u.c
	now := h.w.now
	if u.closed || h.hand && len(u.send) == 0 {
		return false
	}
	if len(u.send) > 0 {
		if n, e := c.Write(now, u.send, &h.acts); n > 0 {
			u.send = u.send[n:]
			did = true
		} else if e != errno.EWOULDBLOCK && e != errno.ENOTCONN {
			u.err, u.send = e, nil
		}
		h.flush()
	}
	if h.hand {
		return did
	}
	buf := make([]byte, 8192)
	if u.slow > 0 {
		buf = buf[:u.slow]
	}
	if !u.ended {
		n, e := c.Read(now, buf, &h.acts)
		u.got = append(u.got, buf[:n]...)
		switch {
		case n > 0:
			did = u.slow == 0
		case e == 0:
			u.ended = true
			did = true
		case e != errno.EWOULDBLOCK && e != errno.ENOTCONN:
			u.err, u.ended = e, true
		}
		h.flush()
	}
	if len(u.send) == 0 && u.halfClose && c.State() >= Established && !c.has(noWrite) {
		c.Shutdown(now, false, true, &h.acts)
		h.flush()
		did = true
	}
	if len(u.send) == 0 && u.ended && !u.closed {
		u.closed = true
		c.Close(now, &h.acts)
		h.flush()
		did = true
	}
	return did
}

// receive hands the host a message.
func (h *host) receive(src netip.Addr, p []byte) {
	s, err := Parse(src, h.addr, p)
	if err != nil {
		h.l.Refused(err)
		return
	}
	key := syncache.Pair{Local: s.Dst, Remote: s.Src}
	if c := h.conns[key]; c != nil {
		if c.Input(h.w.now, &s, &h.acts) {
			delete(h.conns, key)
		} else {
			h.w.check(c)
			return
		}
	}
	if h.li != nil && s.Dst == h.li.local {
		h.li.Input(h.w.now, &s, h.path, &h.acts)
		return
	}
	h.l.Reset(&s, &h.acts)
}

// check holds a connection to what must always be so.
func (w *world) check(c *Conn) {
	w.maxBytes = max(w.maxBytes, c.Bytes())
	if c.has(dead) {
		return
	}
	if wire.Before(c.sndMax, c.nxt) || wire.Before(c.nxt, c.una) {
		w.t.Fatalf("%s: una %d nxt %d max %d", c.state, c.una-c.iss, c.nxt-c.iss, c.sndMax-c.iss)
	}
	if c.sndMark > c.snd.Len() || c.snd.Len() > c.sndBuf+1<<20 {
		w.t.Fatalf("mark %d of %d bytes, limit %d", c.sndMark, c.snd.Len(), c.sndBuf)
	}
	for i, s := range c.ahead.Spans() {
		if !wire.Before(s.Start, s.End) || !wire.After(s.Start, c.rcvNxt) && c.state >= Established || i > 0 && !wire.After(s.Start, c.ahead.Spans()[i-1].End) {
			w.t.Fatalf("ahead %v, next %d", c.ahead.Spans(), c.rcvNxt)
		}
	}
	for i, h := range c.board.Holes {
		if !wire.Before(h.Start, h.End) || wire.Before(h.Resent, h.Start) || wire.After(h.Resent, h.End) || i > 0 && !wire.After(h.Start, c.board.Holes[i-1].End) {
			w.t.Fatalf("holes %v", c.board.Holes)
		}
	}
}

// step moves time to what comes next; false if nothing does before the deadline.
func (w *world) step(until time.Duration) bool {
	next := until + 1
	if len(w.air) > 0 {
		next = min(next, w.air[0].at)
	}
	for _, h := range w.hosts {
		for _, u := range h.users {
			if at, ok := u.c.Next(); ok {
				next = min(next, at)
			}
		}
		if h.li != nil {
			if at, ok := h.li.Next(); ok {
				next = min(next, at)
			}
		}
	}
	if next > until {
		w.now = until
		return false
	}
	w.now = max(w.now, next)
	for len(w.air) > 0 && w.air[0].at <= w.now {
		f := heap.Pop(&w.air).(flight)
		f.to.receive(f.src, f.p)
		f.to.flush()
		f.to.run()
	}
	for _, h := range w.hosts {
		for _, u := range h.users {
			if at, ok := u.c.Next(); ok && at <= w.now {
				u.c.Tick(w.now, &h.acts)
				w.check(u.c)
				h.flush()
			}
		}
		if h.li != nil {
			if at, ok := h.li.Next(); ok && at <= w.now {
				h.li.Tick(w.now, &h.acts)
				h.flush()
			}
		}
		h.run()
	}
	return true
}

func (w *world) runFor(d time.Duration) {
	for until := w.now + d; w.step(until); {
	}
}

func pattern(n int, seed uint64) []byte {
	p := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 9))
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// transfer sends bytes both ways over the world's wire until both ends are dead.
func transfer(t *testing.T, w *world, a, b *host, there, back []byte, prepare func(cl, sv *user)) (cl, sv *user) {
	t.Helper()
	b.listen(80, 5)
	b.accepted = func(u *user) {
		sv = u
		sv.send, sv.halfClose = back, true
		if prepare != nil {
			prepare(cl, sv)
		}
	}
	cl = a.dial(b, 1025, 80)
	cl.send, cl.halfClose = there, true
	a.run()
	for steps := 0; ; steps++ {
		if !w.step(w.now+time.Hour) || steps > 2_000_000 {
			break
		}
		if cl.c.has(dead) && sv != nil && sv.c.has(dead) {
			break
		}
	}
	if sv != nil { // a connection that is over can still be read
		sv.slow = 0
		b.run()
	}
	if sv == nil {
		t.Fatalf("at %v: no connection; client %s %v", w.now, cl.c.State(), cl.err)
	}
	for _, x := range []struct {
		u    *user
		want []byte
		name string
	}{{cl, back, "client"}, {sv, there, "server"}} {
		if !bytes.Equal(x.u.got, x.want) {
			t.Fatalf("at %v the %s has %d bytes, right %t, want %d; %s, error %v, dead %t", w.now, x.name, len(x.u.got), bytes.HasPrefix(x.want, x.u.got), len(x.want), x.u.c.State(), x.u.err, x.u.c.has(dead))
		}
		if !x.u.c.has(dead) || x.u.err != 0 {
			t.Fatalf("at %v the %s is in %s, error %v", w.now, x.name, x.u.c.State(), x.u.err)
		}
	}
	return cl, sv
}

func TestEveryByteArrivesOnAQuietWire(t *testing.T) {
	for _, x := range dialect.All {
		for _, y := range dialect.All {
			t.Run(x.String()+" to "+y.String(), func(t *testing.T) {
				w := newWorld(t, 1)
				a, b := w.host("10.0.0.1", x), w.host("10.0.0.2", y)
				transfer(t, w, a, b, pattern(300_000, 1), pattern(20_000, 2), nil)
				if a.l.Stats.SndRexmitPack+b.l.Stats.SndRexmitPack != 0 {
					t.Errorf("sent again on a wire that loses nothing: %d and %d", a.l.Stats.SndRexmitPack, b.l.Stats.SndRexmitPack)
				}
			})
		}
	}
}

func TestEveryByteArrivesOnABadWire(t *testing.T) {
	seeds := uint64(60)
	if testing.Short() {
		seeds = 20
	}
	for _, x := range dialect.All {
		for _, y := range dialect.All {
			t.Run(x.String()+" to "+y.String(), func(t *testing.T) {
				for seed := range seeds {
					w := newWorld(t, seed<<8|uint64(x)<<4|uint64(y))
					w.loss = []float64{0.01, 0.05, 0.15, 0.3}[seed%4]
					w.repeat = 0.05
					w.delay, w.jitter = time.Millisecond, 20*time.Millisecond
					from, to := "10.0.0.1", "10.0.0.2"
					if seed%3 == 0 {
						from, to = "fd00::1", "fd00::2"
					}
					a, b := w.host(from, x), w.host(to, y)
					a.path.MTU = []int{1500, 1500, 576, 9000, 1280, 65535, 296}[seed%7]
					b.path.MTU = []int{1500, 1500, 1500, 576, 33648}[seed%5]
					if w.loss > 0.1 { // so that a handshake or a long loss does not end it
						for _, h := range w.hosts {
							h.v.KeepInit, h.v.SYNACKMax, h.v.SYNACKWhole, h.v.MaxSYN, h.v.MaxRexmit = time.Hour, 30, 0, 30, 40
						}
					}
					transfer(t, w, a, b, pattern(int(seed*997%40000), seed), pattern(int(seed*331%9000), seed+1), func(cl, sv *user) {
						if seed%5 == 0 {
							sv.slow = 700
						}
					})
				}
			})
		}
	}
}
