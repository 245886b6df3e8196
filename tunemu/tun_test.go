package tunemu

import (
	"net/netip"
	"slices"
	"strconv"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
	"wireloom/vnet/packet"
)

var peer = netip.AddrFrom4([4]byte{10, 0, 0, 2})

func TestReaderSleepsUntilOutput(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    kern.Dialect
		mod  kern.Module
	}{
		{"freebsd", kern.FreeBSD, FreeBSD()},
		{"dragonfly", kern.DragonFly, DragonFly()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(tc.d, tc.mod)
			defer m.Close()
			f, ifp := m.Open("tun3")
			u := kern.Uio{Buf: make([]byte, 100)}
			var err errno.Errno
			p := m.Go(100, func(th *kern.Thread) { err = f.Read(th, &u) })
			if got := p.Wmesg(); got != "tunread" {
				t.Fatalf("wait message %q, want tunread", got)
			}
			if err := ifp.Output(m.K.NewMbuf([]byte{0x45, 1, 2}), m.K.Dialect.SockaddrOf(peer)); err != errno.OK {
				t.Fatalf("output: %v", err)
			}
			m.Run()
			if !p.Done || err != errno.OK || u.Off != 3 {
				t.Errorf("read: done %v, %v, %d bytes, want true, OK, 3", p.Done, err, u.Off)
			}
		})
	}
}

// A second reader, one that does not wait, takes TUN_RWAIT away from the one
// that sleeps: the next packet wakes nobody (tunread clears the flag when it
// begins).
func TestSecondReaderStealsTheWakeup(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    kern.Dialect
		mod  kern.Module
	}{
		{"freebsd", kern.FreeBSD, FreeBSD()},
		{"dragonfly", kern.DragonFly, DragonFly()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := kerntest.New(tc.d, tc.mod)
			defer m.Close()
			f, ifp := m.Open("tun0")
			p := m.Go(100, func(th *kern.Thread) { f.Read(th, &kern.Uio{Buf: make([]byte, 100)}) })
			if err := f.Ops().Read(m.Root, &kern.Uio{Buf: make([]byte, 100)}, kern.IO_NDELAY); err != errno.EWOULDBLOCK {
				t.Fatalf("second read: %v, want EWOULDBLOCK", err)
			}
			ifp.Output(m.K.NewMbuf([]byte{0x45}), m.K.Dialect.SockaddrOf(peer))
			m.Run()
			if p.Done || ifp.Snd.Len() != 1 {
				t.Errorf("reader done: %v with %d packets queued, want asleep with 1", p.Done, ifp.Snd.Len())
			}
		})
	}
}

// Other interfaces of the machine are not units.
func TestStateIsOfUnitsOnly(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    kern.Dialect
		mod  kern.Module
	}{
		{"freebsd", kern.FreeBSD, FreeBSD()},
		{"dragonfly", kern.DragonFly, DragonFly()},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := len(tc.mod.State().Units); got != 0 {
				t.Errorf("%d units before the driver is loaded, want 0", got)
			}
			m := kerntest.New(tc.d, tc.mod)
			m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
			m.Open("tun5")
			m.Open("tun2")
			units := tc.mod.State().Units
			if len(units) != 2 || units[0].If.Name != "tun2" || units[1].If.Name != "tun5" || units[0].PID != 1 {
				t.Errorf("units %+v, want tun2 and tun5 of process 1", units)
			}
		})
	}
}

func TestDragonFlyCannotGo(t *testing.T) {
	d := DragonFly()
	m := kerntest.New(kern.DragonFly, d)
	if err := m.K.Unload(m.Root, "if_tun"); err != errno.EOPNOTSUPP {
		t.Errorf("unload: %v, want EOPNOTSUPP", err)
	}
	if err := d.Event(m.K); err != errno.EOPNOTSUPP {
		t.Errorf("another event: %v, want EOPNOTSUPP", err)
	}
	f, _ := m.Open("tun0")
	if err := f.Kqfilter(m.Root, &kern.Knote{Filter: kern.EVFILT_READ}); err != errno.ENODEV {
		t.Errorf("kqueue: %v, want ENODEV", err)
	}
}

// A write to a family that is none, with an IFHEAD longer than the packet
// and so on are recorded; here is what recordings cannot have: a packet of
// the family-in-front kind that is too short to have one.
func TestDragonFlyShortUnspec(t *testing.T) {
	m := kerntest.New(kern.DragonFly, DragonFly())
	f, ifp := m.Open("tun0")
	arg := []byte{1, 0, 0, 0}
	if err := f.Ioctl(m.Root, kern.TUNSIFHEAD, arg); err != errno.OK {
		t.Fatal(err)
	}
	if err := ifp.Output(m.K.NewMbuf([]byte{2}), kern.Sockaddr{Len: 16}); err != errno.OK {
		t.Fatalf("output: %v", err)
	}
	u := kern.Uio{Buf: make([]byte, 100)}
	if err := f.Read(m.Root, &u); err != errno.OK || !slices.Equal(u.Buf[:u.Off], []byte{0, 0, 0, 2}) {
		t.Errorf("read: %v %x, want OK and the family alone", err, u.Buf[:u.Off])
	}
}

func TestFreeBSDRunsOutOfUnits(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, FreeBSD())
	for u := range kern.IF_MAXUNIT + 1 {
		m.K.MakeDev("make_dev", "tun", node(u))
	}
	if _, err := m.K.Open(m.Root, "/dev/tun", kern.O_RDWR); err != errno.ENOENT {
		t.Errorf("open with every unit taken: %v, want ENOENT", err)
	}
}

// tunopen makes the interface itself when cloning it has failed, and then
// if_alloc may be what fails (tuncreate panics).
func TestFreeBSDPanicsWithoutInterface(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, FreeBSD())
	m.K.SetFault(func(what string) bool { return what == "if_clone_create" || what == "if_alloc" })
	if _, err := m.K.Open(m.Root, "tun0", kern.O_RDWR); err != errno.EIO {
		t.Errorf("open: %v, want EIO", err)
	}
	if got, want := m.K.Dead(), "tun0: failed to if_alloc() interface"; got != want {
		t.Errorf("dead: %q, want %q", got, want)
	}
}

// The wait for the last close cannot be interrupted (tun_destroy: cv_wait).
func TestFreeBSDDestroyWaits(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, FreeBSD())
	defer m.Close()
	f, _ := m.Open("tun0")
	var err errno.Errno
	p := m.Go(200, func(th *kern.Thread) { err = m.K.IfDestroy(th, "tun0") })
	if got := p.Wmesg(); got != "tun_condvar" {
		t.Fatalf("wait message %q, want tun_condvar", got)
	}
	if p.Interrupt() {
		t.Error("a signal ended the wait")
	}
	if err := f.Close(m.Root); err != errno.OK {
		t.Fatal(err)
	}
	m.Run()
	if !p.Done || err != errno.OK || m.K.Ifnet("tun0") != nil {
		t.Errorf("destroy: done %v, %v, interface %v, want true, OK and none", p.Done, err, m.K.Ifnet("tun0"))
	}
	if err := f.Read(m.Root, &kern.Uio{Buf: make([]byte, 1)}); err != errno.EBADF {
		t.Errorf("read of the closed file: %v, want EBADF", err)
	}
}

func TestFreeBSDNodes(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, FreeBSD())
	for i := range 3 {
		f, err := m.K.Open(m.Root, "/dev/tun", kern.O_RDWR)
		if want := "/dev/tun" + strconv.Itoa(i); err != errno.OK || f.Path() != want {
			t.Fatalf("open: %v %s, want OK, %s", err, f.Path(), want)
		}
	}
	d := m.K.Dev("tun1")
	if d.UID != 66 || d.GID != 68 || d.Mode != 0o600 || d.Opens != 1 {
		t.Errorf("node %+v, want uucp:dialer 0600, open once", d)
	}
}
