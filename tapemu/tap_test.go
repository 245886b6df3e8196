package tapemu

import (
	"slices"
	"strings"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
)

var user = kern.Cred{UID: 1001, GID: 100}

func frame(n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(i)
	}
	return p
}

// A reader sleeps until a frame goes out of the interface, on both.
func TestReaderSleepsUntilOutput(t *testing.T) {
	for _, tc := range []struct {
		name, path, wmesg string
		d                 kern.Dialect
		mod               kern.Module
	}{
		{"netbsd", "tap", "tapread", kern.NetBSD, NetBSD()},
		{"dragonfly", "tap0", "taprd", kern.DragonFly, DragonFly()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(tc.d, tc.mod)
			defer m.Close()
			f, ifp := m.Open(tc.path)
			u := kern.Uio{Buf: make([]byte, 100)}
			var err errno.Errno
			p := m.Go(100, func(th *kern.Thread) { err = f.Read(th, &u) })
			if got := p.Wmesg(); got != tc.wmesg {
				t.Fatalf("wait message %q, want %q", got, tc.wmesg)
			}
			out := m.K.NewFrame(frame(60))
			out.Tag = 77
			if err := ifp.Transmit(out); err != errno.OK {
				t.Fatalf("transmit: %v", err)
			}
			m.Run()
			if !p.Done || err != errno.OK || u.Off != 60 || u.Tag != 77 {
				t.Errorf("read: done %v, %v, %d bytes of packet %d, want true, OK, 60 bytes of packet 77", p.Done, err, u.Off, u.Tag)
			}
			p = m.Go(100, func(th *kern.Thread) { err = f.Read(th, &u) })
			if !p.Interrupt() || !p.Done || err != errno.EINTR {
				t.Errorf("interrupted read: done %v, %v, want true, EINTR", p.Done, err)
			}
		})
	}
}

// What a destroy under an open device of a preallocated unit leads to
// (tap_clone_destroy does not ask): each entry of the driver follows a null
// pointer then.
func TestDragonFlyPanicsWithoutSoftc(t *testing.T) {
	for _, tc := range []struct {
		name, function string
		call           func(f *kern.File, t *kern.Thread) errno.Errno
	}{
		{"read", "tapread", func(f *kern.File, t *kern.Thread) errno.Errno { return f.Read(t, &kern.Uio{Buf: make([]byte, 9)}) }},
		{"write", "tapwrite", func(f *kern.File, t *kern.Thread) errno.Errno { return f.Write(t, &kern.Uio{Buf: make([]byte, 9)}) }},
		{"ioctl", "tapioctl", func(f *kern.File, t *kern.Thread) errno.Errno { return f.Ioctl(t, kern.FIONREAD, make([]byte, 4)) }},
		{"kqueue", "tapkqfilter", func(f *kern.File, t *kern.Thread) errno.Errno {
			return f.Kqfilter(t, &kern.Knote{Filter: kern.EVFILT_READ})
		}},
		{"close", "tapclose", func(f *kern.File, t *kern.Thread) errno.Errno { return f.Close(t) }},
		{"poll", "tappoll", func(f *kern.File, t *kern.Thread) errno.Errno {
			if got := f.Poll(t, kern.POLLIN); got != kern.POLLERR {
				return errno.Errno(got)
			}
			return errno.EIO
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(kern.DragonFly, DragonFly())
			m.Trace = true
			if _, err := m.K.IfCreate(m.Root, "tap0"); err != errno.OK {
				t.Fatal(err)
			}
			f, _ := m.Open("tap0")
			if err := m.K.IfDestroy(m.Root, "tap0"); err != errno.OK {
				t.Fatal(err)
			}
			if got := tc.call(f, m.Root); got != errno.EIO {
				t.Errorf("%v, want EIO", got)
			}
			want := "page fault in " + tc.function + ": the interface of /dev/tap0 was destroyed while the device was open"
			if got := m.K.Dead(); got != want {
				t.Errorf("dead: %q, want %q", got, want)
			}
			if got := m.Log[len(m.Log)-1]; got != "panic "+want {
				t.Errorf("last event %q, want the panic", got)
			}
			if _, err := m.K.Open(m.Root, "tap1", kern.O_RDWR); err != errno.EIO {
				t.Errorf("open after the panic: %v, want EIO", err)
			}
		})
	}
}

func TestDragonFlyAutocloneRunsOut(t *testing.T) {
	d := DragonFly()
	m := kerntest.New(kern.DragonFly, d)
	for u := range kern.IF_MAXUNIT + 1 {
		d.bits[u] = true
	}
	if _, err := m.K.Open(m.Root, "/dev/tap", kern.O_RDWR); err != errno.ENXIO {
		t.Errorf("open with every unit taken: %v, want ENXIO", err)
	}
}

func TestDragonFlyForceTouchesOneUnit(t *testing.T) {
	d := DragonFly()
	m := kerntest.New(kern.DragonFly, d)
	m.Open("tap0")
	m.Open("tap1")
	on := true
	d.Force(1, Force{VMnet: &on})
	got := d.State().Units
	if slices.Contains(got[0].Flags, "VMNET") || !slices.Contains(got[1].Flags, "VMNET") {
		t.Errorf("flags %v and %v, want VMNET only in the second", got[0].Flags, got[1].Flags)
	}
}

// if_stop clears RUNNING and drains what waits for a read, whoever calls it.
func TestDragonFlyStop(t *testing.T) {
	d := DragonFly()
	m := kerntest.New(kern.DragonFly, d)
	_, ifp := m.Open("tap0")
	ifp.Transmit(m.K.NewFrame(frame(60)))
	if got := d.units[0].devq.Len(); got != 1 {
		t.Fatalf("%d packets wait for a read, want 1", got)
	}
	d.units[0].Stop(ifp)
	if got := d.units[0].devq.Len(); got != 0 || ifp.Flags&kern.IFF_RUNNING != 0 {
		t.Errorf("%d packets, flags %v, want 0 and not RUNNING", got, ifp.Flags.Names())
	}
}

// FIONREAD tells of what is still on the interface's queue, when nothing is
// on the device's (tapioctl).
func TestDragonFlyFionreadLooksBehind(t *testing.T) {
	m := kerntest.New(kern.DragonFly, DragonFly())
	f, ifp := m.Open("tap0")
	ifp.Enqueue(m.K.NewFrame(frame(33)))
	arg := make([]byte, 4)
	if err := f.Ioctl(m.Root, kern.FIONREAD, arg); err != errno.OK || kern.Int(arg) != 33 {
		t.Errorf("FIONREAD: %v, %d, want OK, 33", err, kern.Int(arg))
	}
}

func TestNetBSDUnitsAreLimited(t *testing.T) {
	d := NetBSD()
	m := kerntest.New(kern.NetBSD, d)
	for u := range nbMaxUnits {
		d.units[u] = &nbSoftc{}
	}
	if _, err := m.K.Open(m.Root, "/dev/tap", kern.O_RDWR); err != errno.ENXIO {
		t.Errorf("open of the cloner with %d units: %v, want ENXIO", nbMaxUnits, err)
	}
}

func TestNetBSDWriteIsLimited(t *testing.T) {
	m := kerntest.New(kern.NetBSD, NetBSD())
	f, ifp := m.Open("tap")
	if err := f.Write(m.Root, &kern.Uio{Buf: make([]byte, nbMaxWrite+1)}); err != errno.ENOBUFS || ifp.Cnt.Ierrors != 1 {
		t.Errorf("write: %v, %d input errors, want ENOBUFS, 1", err, ifp.Cnt.Ierrors)
	}
	if err := f.Write(m.Root, &kern.Uio{Buf: make([]byte, nbMaxWrite)}); err != errno.OK {
		t.Errorf("the longest write: %v, want OK", err)
	}
}

// Somebody who is not root may make an interface, and fstat tells whose file
// it is (tap_fops_stat).
func TestNetBSDClonerFile(t *testing.T) {
	m := kerntest.New(kern.NetBSD, NetBSD())
	p := &kern.Thread{PID: 200, Cred: user}
	m.Advance(5e9)
	f, err := m.K.Open(p, "/dev/tap", kern.O_RDWR)
	if err != errno.OK {
		t.Fatal(err)
	}
	st, err := f.Stat(p)
	if err != errno.OK || st.UID != 1001 || st.GID != 100 || st.Major != 169 || st.Created != 5e9 {
		t.Errorf("stat: %v %+v, want OK, 1001, 100, major 169, made at 5 s", err, st)
	}
	name := make([]byte, 144)
	if err := f.Ioctl(p, kern.TAPGIFNAME, name); err != errno.OK || strings.TrimRight(string(name), "\x00") != "tap0" {
		t.Errorf("TAPGIFNAME: %v %q, want OK, tap0", err, name)
	}
	if err := f.Close(p); err != errno.OK || m.K.Ifnet("tap0") != nil {
		t.Errorf("close: %v, interface %v, want OK and none", err, m.K.Ifnet("tap0"))
	}
	if err := f.Close(p); err != errno.EBADF {
		t.Errorf("second close: %v, want EBADF", err)
	}
}

// fcntl(F_SETFL) reaches the unit on NetBSD, where NBIO is what read looks
// at, and stays with the file on DragonFly, whose tap does not know FIONBIO.
func TestSetFlags(t *testing.T) {
	nb := NetBSD()
	m := kerntest.New(kern.NetBSD, nb)
	f, _ := m.Open("tap")
	if err := f.SetFlags(m.Root, kern.O_NONBLOCK|kern.O_ASYNC); err != errno.OK {
		t.Fatal(err)
	}
	if got := nb.State().Units[0].Flags; !slices.Equal(got, []string{"INUSE", "ASYNCIO", "NBIO"}) {
		t.Errorf("flags of the unit %v, want INUSE ASYNCIO NBIO", got)
	}
	df := DragonFly()
	m = kerntest.New(kern.DragonFly, df)
	f, _ = m.Open("tap0")
	if err := f.SetFlags(m.Root, kern.O_NONBLOCK|kern.O_ASYNC); err != errno.OK {
		t.Fatal(err)
	}
	if got := df.State().Units[0].Flags; !slices.Equal(got, []string{"OPEN", "INITED", "ASYNC"}) {
		t.Errorf("flags of the unit %v, want OPEN INITED ASYNC", got)
	}
	if err := f.Read(m.Root, &kern.Uio{Buf: make([]byte, 9)}); err != errno.EWOULDBLOCK {
		t.Errorf("read: %v, want EWOULDBLOCK", err)
	}
}

func TestEtherAton(t *testing.T) {
	for _, tc := range []struct {
		in, want string
	}{
		{"00:11:22:33:44:55", "00:11:22:33:44:55"},
		{"0:1:2:3:4:5", "00:01:02:03:04:05"},
		{"a-B.c:d-E.f", "0a:0b:0c:0d:0e:0f"},
		{"001122aabbcc", "00:11:22:aa:bb:cc"},
		{"00:11:22:33:44", ""},
		{"00:11:22:33:44:", ""},
		{"00:11:22:33:44:55:", ""},
		{"00:11:22:33:44:555", ""},
		{"00::11:22:33:44:55", ""},
		{"00:11:22:33:44:5g", ""},
		{"", ""},
	} {
		mac, ok := etherAton(tc.in)
		if got := mac.String(); ok != (tc.want != "") || ok && got != tc.want {
			t.Errorf("etherAton(%q) = %s, %v, want %q", tc.in, got, ok, tc.want)
		}
	}
}
