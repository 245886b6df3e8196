package kern_test

import (
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

func TestSleepersWakeOldestFirst(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	var order []int
	ch := new(int)
	for pid := 1; pid <= 3; pid++ {
		m.Go(pid, func(th *kern.Thread) {
			if err := m.K.Sleep(th, ch, "test", true); err != errno.OK {
				t.Errorf("sleep of %d: %v, want OK", th.PID, err)
			}
			order = append(order, th.PID)
		})
	}
	other := m.Go(4, func(th *kern.Thread) { m.K.Sleep(th, new(int), "other", false) })
	if got := m.K.Wakeup(ch); got != 3 {
		t.Errorf("woken %d, want 3", got)
	}
	m.Run()
	if !slices.Equal(order, []int{1, 2, 3}) {
		t.Errorf("order %v, want 1 2 3", order)
	}
	if other.Done || other.Wmesg() != "other" || other.Interrupt() {
		t.Errorf("the sleeper elsewhere: done %v, %q, or a signal ended its wait", other.Done, other.Wmesg())
	}
	if got := m.K.Wakeup(ch); got != 0 {
		t.Errorf("woken again %d, want 0", got)
	}
	m.K.Forget(other.Thread)
	if got := other.Wmesg(); got != "" {
		t.Errorf("a forgotten thread sleeps in %q", got)
	}
	m.Close()
}

func TestHowSleepEnds(t *testing.T) {
	ch := new(int)
	for _, tc := range []struct {
		name string
		end  func(m *kerntest.Machine, p *kerntest.Proc)
		want errno.Errno
	}{
		{"wakeup", func(m *kerntest.Machine, _ *kerntest.Proc) { m.K.Broadcast(ch); m.Run() }, errno.OK},
		{"signal", func(_ *kerntest.Machine, p *kerntest.Proc) { p.Interrupt() }, errno.EINTR},
		{"time", func(m *kerntest.Machine, _ *kerntest.Proc) { m.Advance(time.Second) }, errno.EWOULDBLOCK},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(kern.NetBSD)
			got := errno.EIO
			p := m.Go(1, func(th *kern.Thread) { got = m.K.SleepFor(th, ch, "test", true, time.Second) })
			if p.Done {
				t.Fatal("it did not sleep")
			}
			m.Advance(999 * time.Millisecond)
			if p.Done {
				t.Fatal("it woke by itself before its time")
			}
			tc.end(m, p)
			if !p.Done || got != tc.want {
				t.Errorf("done %v, %v, want true, %v", p.Done, got, tc.want)
			}
		})
	}
}

// The timeout of a sleep that is over does not end the next one.
func TestTimeoutIsOfItsSleep(t *testing.T) {
	m := kerntest.New(kern.NetBSD)
	defer m.Close()
	ch := new(int)
	p := m.Go(1, func(th *kern.Thread) {
		m.K.SleepFor(th, ch, "first", true, time.Second)
		m.K.Sleep(th, ch, "second", true)
	})
	m.K.Wakeup(ch)
	m.Run()
	m.Advance(2 * time.Second)
	if got := p.Wmesg(); got != "second" {
		t.Errorf("it sleeps in %q, want second", got)
	}
}

func TestThreadThatCannotSleep(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	if err := m.K.Sleep(m.Root, m, "test", true); err != errno.EWOULDBLOCK {
		t.Errorf("sleep: %v, want EWOULDBLOCK", err)
	}
	if err := m.K.SleepFor(nil, m, "test", true, time.Second); err != errno.EWOULDBLOCK {
		t.Errorf("sleep of no thread: %v, want EWOULDBLOCK", err)
	}
	m.Advance(time.Minute)
}

func TestSelect(t *testing.T) {
	var a, b kern.SelInfo
	for _, tc := range []struct {
		name    string
		timeout time.Duration
		do      func(m *kerntest.Machine, p *kerntest.Proc)
		want    errno.Errno
	}{
		{"a device becomes ready", -1, func(m *kerntest.Machine, _ *kerntest.Proc) { a.Wakeup(m.K); m.Run() }, errno.OK},
		{"the other, by selnotify", time.Second, func(m *kerntest.Machine, _ *kerntest.Proc) { b.Notify(m.K); m.Run() }, errno.OK},
		{"a device goes away", time.Second, func(m *kerntest.Machine, _ *kerntest.Proc) { b.Destroy(m.K); m.Run() }, errno.OK},
		{"time", time.Second, func(m *kerntest.Machine, _ *kerntest.Proc) { m.Advance(time.Second) }, errno.EWOULDBLOCK},
		{"a signal", -1, func(_ *kerntest.Machine, p *kerntest.Proc) { p.Interrupt() }, errno.EINTR},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(kern.FreeBSD)
			got := errno.EIO
			p := m.Go(1, func(th *kern.Thread) {
				m.K.SelBegin(th)
				a.Record(m.K, th)
				b.Record(m.K, th)
				b.Record(m.K, th)
				got = m.K.SelWait(th, tc.timeout)
				m.K.SelEnd(th)
			})
			if p.Done || p.Wmesg() != "select" || !a.Recorded() || !b.Recorded() {
				t.Fatalf("done %v, %q, recorded %v %v, want asleep in select and both", p.Done, p.Wmesg(), a.Recorded(), b.Recorded())
			}
			tc.do(m, p)
			if !p.Done || got != tc.want {
				t.Errorf("done %v, %v, want true, %v", p.Done, got, tc.want)
			}
			if a.Recorded() || b.Recorded() {
				t.Error("somebody is still recorded after SelEnd")
			}
		})
	}
}

// What becomes ready between the poll and the wait is not lost.
func TestSelectDoesNotMissAWakeup(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	var s kern.SelInfo
	m.K.SelBegin(m.Root)
	s.Record(m.K, m.Root)
	s.Wakeup(m.K)
	if err := m.K.SelWait(m.Root, -1); err != errno.OK {
		t.Errorf("wait: %v, want OK", err)
	}
	if err := m.K.SelWait(m.Root, 0); err != errno.EWOULDBLOCK {
		t.Errorf("a second wait of no time: %v, want EWOULDBLOCK", err)
	}
}

// pipe is a file of the machine's own that a kqueue can watch.
type pipe struct {
	sel   kern.SelInfo
	bytes int64
}

func (p *pipe) Kqfilter(_ *kern.Thread, kn *kern.Knote) errno.Errno {
	if kn.Filter != kern.EVFILT_READ {
		return errno.EINVAL
	}
	p.sel.Attach(kn, p)
	return errno.OK
}

func (p *pipe) Event(kn *kern.Knote) bool {
	kn.Data = p.bytes
	return p.bytes > 0
}

func (p *pipe) Detach(kn *kern.Knote) { p.sel.Remove(kn) }

func TestKqueue(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	q := m.K.NewKqueue()
	p := &pipe{}
	add := func(flags int) kern.Kevent {
		return kern.Kevent{Ident: 3, Filter: kern.EVFILT_READ, Flags: flags, Udata: 9}
	}
	collect := func() []kern.Kevent {
		out := make([]kern.Kevent, 4)
		n, err := q.Collect(m.Root, out, 0)
		if err != errno.OK {
			t.Fatalf("collect: %v", err)
		}
		return out[:n]
	}
	for _, tc := range []struct {
		name string
		file kern.KqFile
		ev   kern.Kevent
		want errno.Errno
	}{
		{"delete of nothing", p, add(kern.EV_DELETE), errno.ENOENT},
		{"enable of nothing", p, add(kern.EV_ENABLE), errno.ENOENT},
		{"no such descriptor", nil, add(kern.EV_ADD), errno.EBADF},
		{"no such filter", p, kern.Kevent{Ident: 3, Filter: kern.EVFILT_VNODE, Flags: kern.EV_ADD}, errno.EINVAL},
		{"add", p, add(kern.EV_ADD), errno.OK},
	} {
		if got := q.Change(m.Root, tc.file, tc.ev); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
	if got := collect(); len(got) != 0 || q.Ready() {
		t.Errorf("collected %v of an empty pipe", got)
	}
	p.bytes = 5
	p.sel.Knote(m.K)
	want := kern.Kevent{Ident: 3, Filter: kern.EVFILT_READ, Data: 5, Udata: 9}
	for range 2 { // without EV_CLEAR it stays
		if got := collect(); len(got) != 1 || got[0] != want || !q.Ready() {
			t.Errorf("collected %+v, want %+v", got, want)
		}
	}
	q.Change(m.Root, p, add(kern.EV_DISABLE))
	if got := collect(); len(got) != 0 {
		t.Errorf("collected %v, disabled", got)
	}
	q.Change(m.Root, p, add(kern.EV_ADD|kern.EV_CLEAR))
	if got := collect(); len(got) != 1 {
		t.Errorf("collected %v, enabled again", got)
	}
	if got := collect(); len(got) != 0 {
		t.Errorf("collected %v a second time with EV_CLEAR", got)
	}
	q.Change(m.Root, p, add(kern.EV_ADD|kern.EV_ONESHOT))
	if got := collect(); len(got) != 1 || q.Len() != 0 || len(p.sel.Notes()) != 0 {
		t.Errorf("collected %v, %d registrations left after EV_ONESHOT", got, q.Len())
	}
	q.Change(m.Root, p, add(kern.EV_ADD))
	q.Forget(4)
	q.Forget(3)
	q.Change(m.Root, p, add(kern.EV_ADD))
	q.Close()
	if q.Len() != 0 || len(p.sel.Notes()) != 0 || q.Ready() {
		t.Errorf("%d registrations, %d knotes after close", q.Len(), len(p.sel.Notes()))
	}
	if n, err := q.Collect(m.Root, nil, -1); n != 0 || err != errno.OK {
		t.Errorf("collect of no room: %d, %v", n, err)
	}
	if _, err := q.Collect(m.Root, make([]kern.Kevent, 1), -1); err != errno.EWOULDBLOCK {
		t.Errorf("collect by who cannot sleep: %v, want EWOULDBLOCK", err)
	}
	many := &pipe{}
	for i := range 1025 {
		err := q.Change(m.Root, many, kern.Kevent{Ident: i, Filter: kern.EVFILT_READ, Flags: kern.EV_ADD})
		if want := map[bool]errno.Errno{false: errno.OK, true: errno.ENOMEM}[i == 1024]; err != want {
			t.Fatalf("registration %d: %v, want %v", i, err, want)
		}
	}
}

func TestKqueueSleeps(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	q, p := m.K.NewKqueue(), &pipe{}
	q.Change(m.Root, p, kern.Kevent{Ident: 3, Filter: kern.EVFILT_READ, Flags: kern.EV_ADD})
	start := func(timeout time.Duration) (*kerntest.Proc, *int, *errno.Errno) {
		n, err := -1, errno.EIO
		return m.Go(1, func(th *kern.Thread) { n, err = q.Collect(th, make([]kern.Kevent, 1), timeout) }), &n, &err
	}
	proc, n, err := start(-1)
	if proc.Wmesg() != "kqread" {
		t.Fatalf("it sleeps in %q, want kqread", proc.Wmesg())
	}
	p.bytes = 1
	p.sel.Knote(m.K)
	m.Run()
	if !proc.Done || *n != 1 || *err != errno.OK {
		t.Errorf("done %v, %d, %v, want true, 1, OK", proc.Done, *n, *err)
	}
	p.bytes = 0
	proc, n, err = start(time.Second)
	m.Advance(time.Second)
	if !proc.Done || *n != 0 || *err != errno.OK {
		t.Errorf("after its time: done %v, %d, %v, want true, 0, OK", proc.Done, *n, *err)
	}
	proc, _, err = start(time.Second)
	proc.Interrupt()
	if !proc.Done || *err != errno.EINTR {
		t.Errorf("after a signal: done %v, %v, want true, EINTR", proc.Done, *err)
	}
}

// A signal that came before keeps the next sleep that it ends from beginning, once.
func TestSignalBeforeASleep(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	defer m.Close()
	ch := new(int)
	var got []errno.Errno
	p := m.Go(1, func(th *kern.Thread) {
		th.Signalled = true
		got = append(got, m.K.SleepFor(th, ch, "deaf", false, time.Second))
		got = append(got, m.K.SleepFor(th, ch, "first", true, time.Second))
		got = append(got, m.K.SleepFor(th, ch, "second", true, time.Second))
	})
	m.Advance(time.Minute)
	if want := []errno.Errno{errno.EWOULDBLOCK, errno.EINTR, errno.EWOULDBLOCK}; !p.Done || !slices.Equal(got, want) {
		t.Errorf("done %v, %v, want %v", p.Done, got, want)
	}
}

// A counter is a filter whose events count anew after each.
type counter struct {
	n      int64
	resets int
}

func (c *counter) Kqfilter(_ *kern.Thread, kn *kern.Knote) errno.Errno {
	new(kern.SelInfo).Attach(kn, c)
	return errno.OK
}

func (c *counter) Event(kn *kern.Knote) bool {
	kn.Data, kn.Fflags, kn.EOF = c.n, 3, c.n > 5
	return c.n > 0
}
func (c *counter) Reset(*kern.Knote) { c.n, c.resets = 0, c.resets+1 }
func (*counter) Detach(*kern.Knote)  {}

func TestKqueueResetsCounters(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	defer m.Close()
	c := &counter{n: 9}
	q := m.K.NewKqueue()
	th := &kern.Thread{}
	if e := q.Change(th, c, kern.Kevent{Ident: 4, Filter: kern.EVFILT_TIMER, Flags: kern.EV_ADD}); e != errno.OK {
		t.Fatal(e)
	}
	out := make([]kern.Kevent, 2)
	n, e := q.Collect(th, out, 0)
	if want := (kern.Kevent{Ident: 4, Filter: kern.EVFILT_TIMER, Flags: kern.EV_EOF, Fflags: 3, Data: 9}); n != 1 || e != errno.OK || out[0] != want {
		t.Errorf("%d %v %+v, want 1 and %+v", n, e, out[0], want)
	}
	if n, _ := q.Collect(th, out, 0); n != 0 || c.resets != 1 {
		t.Errorf("then %d events and %d resets, want 0 and 1", n, c.resets)
	}
	q.Forget(4) // a descriptor's number
	if q.Len() != 1 {
		t.Error("the timer went with a descriptor of its number")
	}
}
