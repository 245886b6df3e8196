package kern_test

import (
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
	"wireloom/vnet/packet"
)

// echo is a driver of one device, for what drivers of this project do not
// do: it refuses what its fields say.
type echo struct {
	refuse map[uint32]errno.Errno
	told   []uint32
	closed int
	stuck  bool
}

func (e *echo) Name() string      { return "echo" }
func (e *echo) Link(*kern.Kernel) {}
func (e *echo) Unload(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	k.RemoveDevClass("echo")
	return errno.OK
}
func (e *echo) Event(*kern.Kernel) errno.Errno { return errno.EOPNOTSUPP }
func (e *echo) State() kern.ModuleState        { return kern.ModuleState{} }
func (e *echo) Open(*kern.Cdev, *kern.Thread, int) (kern.FileOps, errno.Errno) {
	return nil, errno.OK
}

func (e *echo) Load(k *kern.Kernel, _ *kern.Thread) errno.Errno {
	if e.stuck {
		return errno.ENOMEM
	}
	k.AddDevClass(kern.DevClass{Name: "echo", Cdevsw: e})
	if k.Dialect != kern.NetBSD {
		k.MakeDev("make_dev", "echo", &kern.Cdev{Name: "echo0", Mode: 0o600, UID: 5, GID: 6})
	}
	return errno.OK
}

func (e *echo) Close(*kern.Cdev, *kern.Thread) errno.Errno {
	e.closed++
	return errno.OK
}

func (e *echo) Read(_ *kern.Cdev, _ *kern.Thread, _ *kern.Uio, ioflag int) errno.Errno {
	if ioflag&kern.IO_NDELAY != 0 {
		return errno.EWOULDBLOCK
	}
	return errno.OK
}

func (e *echo) Write(*kern.Cdev, *kern.Thread, *kern.Uio, int) errno.Errno { return errno.OK }

func (e *echo) Ioctl(_ *kern.Cdev, _ *kern.Thread, cmd uint32, arg []byte) errno.Errno {
	if kern.Int(arg) == 0 {
		cmd = -cmd
	}
	e.told = append(e.told, cmd)
	return e.refuse[cmd]
}
func (e *echo) Poll(*kern.Cdev, *kern.Thread, int) int { return kern.POLLOUT }
func (e *echo) Kqfilter(*kern.Cdev, *kern.Thread, *kern.Knote) errno.Errno {
	return errno.EINVAL
}

// How fcntl(F_SETFL) reaches a driver. A negative number is a command with
// argument 0.
func TestSetFlags(t *testing.T) {
	const nbio, async = kern.FIONBIO, kern.FIOASYNC
	neg := func(cmd uint32) uint32 { return -cmd }
	both := kern.O_NONBLOCK | kern.O_ASYNC
	for _, tc := range []struct {
		name   string
		d      kern.Dialect
		refuse map[uint32]errno.Errno
		want   errno.Errno
		told   []uint32
		flags  int
	}{
		{"freebsd tells both", kern.FreeBSD, nil, errno.OK, []uint32{nbio, async}, both},
		{"freebsd stops at the first", kern.FreeBSD, map[uint32]errno.Errno{nbio: errno.ENOTTY}, errno.ENOTTY, []uint32{nbio}, both},
		{"freebsd takes the first back", kern.FreeBSD, map[uint32]errno.Errno{async: errno.ENOTTY}, errno.ENOTTY, []uint32{nbio, async, neg(nbio)}, kern.O_ASYNC},
		{"dragonfly tells of one", kern.DragonFly, nil, errno.OK, []uint32{async}, both},
		{"dragonfly keeps its flags", kern.DragonFly, map[uint32]errno.Errno{async: errno.ENOTTY}, errno.ENOTTY, []uint32{async}, 0},
		{"netbsd tells both", kern.NetBSD, nil, errno.OK, []uint32{nbio, async}, both},
		{"netbsd stops at the first", kern.NetBSD, map[uint32]errno.Errno{nbio: errno.ENOTTY}, errno.ENOTTY, []uint32{nbio}, 0},
		{"netbsd takes the first back", kern.NetBSD, map[uint32]errno.Errno{async: errno.EBUSY}, errno.EBUSY, []uint32{nbio, async, neg(nbio)}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := &echo{refuse: tc.refuse}
			m := kerntest.New(tc.d, e)
			f, err := m.K.Open(m.Root, "echo0", kern.O_RDWR)
			if err != errno.OK {
				t.Fatal(err)
			}
			got := f.SetFlags(m.Root, both)
			if got != tc.want || !slices.Equal(e.told, tc.told) || f.Flags() != kern.O_RDWR|tc.flags {
				t.Errorf("%v, told %x, flags %#x, want %v, %x, %#x", got, e.told, f.Flags(), tc.want, tc.told, kern.O_RDWR|tc.flags)
			}
		})
	}
}

func TestFileAccess(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, &echo{})
	open := func(flags int) *kern.File {
		f, err := m.K.Open(m.Root, "/dev/echo0", flags)
		if err != errno.OK {
			t.Fatal(err)
		}
		return f
	}
	r, w, rw := open(kern.O_RDONLY), open(kern.O_WRONLY), open(kern.O_RDWR|kern.O_NONBLOCK)
	u := &kern.Uio{Buf: make([]byte, 1)}
	for _, tc := range []struct {
		name string
		got  errno.Errno
		want errno.Errno
	}{
		{"read", r.Read(m.Root, u), errno.OK},
		{"write to what is read", r.Write(m.Root, u), errno.EBADF},
		{"read from what is written", w.Read(m.Root, u), errno.EBADF},
		{"write", w.Write(m.Root, u), errno.OK},
		{"read, not waiting", rw.Read(m.Root, u), errno.EWOULDBLOCK},
		{"FIONBIO off", rw.Ioctl(m.Root, kern.FIONBIO, []byte{0, 0, 0, 0}), errno.OK},
		{"read, waiting", rw.Read(m.Root, u), errno.OK},
		{"FIOASYNC on", rw.Ioctl(m.Root, kern.FIOASYNC, []byte{1, 0, 0, 0}), errno.OK},
		{"short argument", rw.Ioctl(m.Root, kern.FIONREAD, []byte{0}), errno.EINVAL},
		{"short value", rw.Ioctl(m.Root, kern.VMIO_SIOCSIFFLAGS, nil), errno.EINVAL},
		{"kqueue", rw.Kqfilter(m.Root, &kern.Knote{}), errno.EINVAL},
	} {
		if tc.got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, tc.got, tc.want)
		}
	}
	if rw.Flags() != kern.O_RDWR|kern.O_ASYNC || rw.Path() != "/dev/echo0" {
		t.Errorf("flags %#x of %s, want O_RDWR|O_ASYNC of /dev/echo0", rw.Flags(), rw.Path())
	}
	if st, err := rw.Stat(m.Root); err != errno.OK || st.UID != 5 || st.GID != 6 || st.Mode != 0o600 {
		t.Errorf("stat: %v, %+v", err, st)
	}
}

// The driver sees the last close; calls on a closed file are EBADF.
func TestClose(t *testing.T) {
	e := &echo{}
	m := kerntest.New(kern.FreeBSD, e)
	a, _ := m.K.Open(m.Root, "echo0", kern.O_RDWR)
	b, _ := m.K.Open(m.Root, "echo0", kern.O_RDWR)
	if err := a.Close(m.Root); err != errno.OK || e.closed != 0 {
		t.Errorf("first close: %v, driver told %d times, want OK, 0", err, e.closed)
	}
	_, stat := a.Stat(m.Root)
	for name, got := range map[string]errno.Errno{
		"read": a.Read(m.Root, &kern.Uio{}), "write": a.Write(m.Root, &kern.Uio{}), "ioctl": a.Ioctl(m.Root, 0, nil),
		"kqfilter": a.Kqfilter(m.Root, nil), "stat": stat, "flags": a.SetFlags(m.Root, 0), "close": a.Close(m.Root),
	} {
		if got != errno.EBADF {
			t.Errorf("%s of a closed file: %v, want EBADF", name, got)
		}
	}
	if got := a.Poll(m.Root, kern.POLLIN); got != kern.POLLNVAL {
		t.Errorf("poll of a closed file: %#x, want POLLNVAL", got)
	}
	if err := b.Close(m.Root); err != errno.OK || e.closed != 1 {
		t.Errorf("last close: %v, driver told %d times, want OK, 1", err, e.closed)
	}
}

// A device that goes away under a file: ENXIO, and the close goes well where
// devfs had the node.
func TestDeviceGoesAway(t *testing.T) {
	for _, tc := range []struct {
		d     kern.Dialect
		poll  int
		close errno.Errno
	}{
		{kern.FreeBSD, kern.POLLHUP, errno.OK},
		{kern.NetBSD, kern.POLLERR, errno.ENXIO},
	} {
		t.Run(tc.d.String(), func(t *testing.T) {
			e := &echo{}
			m := kerntest.New(tc.d, e)
			f, err := m.K.Open(m.Root, "echo0", kern.O_RDWR)
			if err != errno.OK {
				t.Fatal(err)
			}
			if err := m.K.Unload(m.Root, "echo"); err != errno.OK {
				t.Fatal(err)
			}
			for name, got := range map[string]errno.Errno{
				"read": f.Read(m.Root, &kern.Uio{Buf: make([]byte, 1)}), "write": f.Write(m.Root, &kern.Uio{}),
				"ioctl": f.Ioctl(m.Root, kern.UnknownIoctl, nil), "kqfilter": f.Kqfilter(m.Root, &kern.Knote{}),
			} {
				if got != errno.ENXIO {
					t.Errorf("%s: %v, want ENXIO", name, got)
				}
			}
			if got := f.Poll(m.Root, kern.POLLIN); got != tc.poll {
				t.Errorf("poll: %#x, want %#x", got, tc.poll)
			}
			if tc.d == kern.NetBSD {
				// A node is a number there: the driver comes back to it.
				kerntest.Must(m.K.Load(m.Root, e))
				if got := f.Poll(m.Root, kern.POLLOUT); got != kern.POLLOUT {
					t.Errorf("poll after the driver came back: %#x, want POLLOUT", got)
				}
				kerntest.Must(m.K.Unload(m.Root, "echo"))
			}
			if got := f.Close(m.Root); got != tc.close || e.closed != 0 {
				t.Errorf("close: %v, driver told %d times, want %v, 0", got, e.closed, tc.close)
			}
			kerntest.Must(m.K.Load(m.Root, e))
			if got := len(m.K.Modules()); got != 1 {
				t.Errorf("%d modules, want 1", got)
			}
		})
	}
}

func TestOpenWithoutDevice(t *testing.T) {
	for _, tc := range []struct {
		d    kern.Dialect
		path string
		want errno.Errno
	}{
		{kern.FreeBSD, "/dev/tun0", errno.ENOENT},
		{kern.DragonFly, "/dev/tap0", errno.ENOENT},
		{kern.DragonFly, "/dev/tun0", errno.ENXIO},
		{kern.NetBSD, "/dev/tap0", errno.ENXIO},
		{kern.NetBSD, "/dev/tun", errno.ENXIO},
		{kern.NetBSD, "/dev/null7", errno.ENOENT},
	} {
		m := kerntest.New(tc.d)
		if _, err := m.K.Open(m.Root, tc.path, kern.O_RDWR); err != tc.want {
			t.Errorf("%s %s: %v, want %v", tc.d, tc.path, err, tc.want)
		}
	}
}

func TestLoad(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	e := &echo{stuck: true}
	if err := m.K.Load(m.Root, e); err != errno.ENOMEM || m.K.Module("echo") != nil {
		t.Errorf("load that fails: %v, loaded %v", err, m.K.Module("echo"))
	}
	e.stuck = false
	for _, want := range []errno.Errno{errno.OK, errno.EEXIST} {
		if err := m.K.Load(m.Root, e); err != want {
			t.Errorf("load: %v, want %v", err, want)
		}
	}
	for _, want := range []errno.Errno{errno.OK, errno.ENOENT} {
		if err := m.K.Unload(m.Root, "echo"); err != want {
			t.Errorf("unload: %v, want %v", err, want)
		}
	}
}

func TestSysctl(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	v := 3
	m.K.AddSysctlInt("b.v", &v)
	m.K.AddSysctlInt("a.v", &v)
	m.K.AddSysctlInt("a.v", &v)
	user := &kern.Thread{Cred: kern.Cred{UID: 1}}
	str := func(s string) *string { return &s }
	for _, tc := range []struct {
		name string
		t    *kern.Thread
		node string
		set  *string
		old  string
		want errno.Errno
		v    int
	}{
		{"anybody reads", user, "a.v", nil, "3", errno.OK, 3},
		{"root sets", m.Root, "a.v", str("-4"), "3", errno.OK, -4},
		{"hexadecimal", m.Root, "b.v", str("0x10"), "-4", errno.OK, 16},
		{"not a number", m.Root, "b.v", str("x"), "", errno.EINVAL, 16},
		{"too big", m.Root, "b.v", str("4294967296"), "", errno.EINVAL, 16},
		{"not root", user, "b.v", str("1"), "", errno.EPERM, 16},
		{"no such node", user, "c.v", str("1"), "", errno.ENOENT, 16},
	} {
		if old, err := m.K.Sysctl(tc.t, tc.node, tc.set); old != tc.old || err != tc.want || v != tc.v {
			t.Errorf("%s: %q, %v, now %d, want %q, %v, %d", tc.name, old, err, v, tc.old, tc.want, tc.v)
		}
	}
	want := []kern.Sysctl{{Name: "a.v", Value: "16"}, {Name: "b.v", Value: "16"}}
	if got := m.K.Sysctls(user); !slices.Equal(got, want) {
		t.Errorf("nodes %v, want %v", got, want)
	}
	m.K.RemoveSysctl("a.v")
	m.K.RemoveSysctl("a.v")
	if got := m.K.Sysctls(user); !slices.Equal(got, want[1:]) {
		t.Errorf("nodes %v, want %v", got, want[1:])
	}
}

func TestOwner(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    kern.Dialect
		cmd  uint32
		arg  int32
		want errno.Errno
		own  kern.Owner
	}{
		{"a process", kern.FreeBSD, kern.FIOSETOWN, 100, errno.OK, 100},
		{"a group", kern.FreeBSD, kern.FIOSETOWN, -100, errno.OK, -100},
		{"nobody", kern.FreeBSD, kern.FIOSETOWN, 0, errno.OK, 0},
		{"no such process", kern.FreeBSD, kern.FIOSETOWN, 1000, errno.ESRCH, 7},
		{"a group, the old way", kern.DragonFly, kern.TIOCSPGRP, 100, errno.OK, -100},
		{"a process, the old way", kern.DragonFly, kern.TIOCSPGRP, -100, errno.OK, 100},
		{"not on netbsd", kern.NetBSD, kern.TIOCSPGRP, -100, errno.EINVAL, 7},
		{"get", kern.NetBSD, kern.FIOGETOWN, 0, errno.OK, 7},
	} {
		k, own := kerntest.New(tc.d).K, kern.Owner(7)
		arg := make([]byte, 4)
		kern.PutInt(arg, tc.arg)
		if handled, err := k.OwnerIoctl(&own, tc.cmd, arg); !handled || err != tc.want || own != tc.own {
			t.Errorf("%s: handled %v, %v, owner %d, want true, %v, %d", tc.name, handled, err, own, tc.want, tc.own)
		}
	}
	k := kern.New(kern.Config{Host: kerntest.New(kern.FreeBSD)})
	if got := k.FGetOwn(1000); got != 0 {
		t.Errorf("an owner that is no more is %d, want 0", got)
	}
	k.PGSigio(5) // nobody listens, and nothing happens
	m := kerntest.New(kern.NetBSD)
	m.K.FownSignal(-9, "POLL_IN", 1)
	m.K.FownSignal(0, "POLL_IN", 1)
	m.K.PGSigio(8)
	m.K.PGSigio(0)
	if want := []string{"-9 23", "8 23"}; !slices.Equal(m.Signals, want) {
		t.Errorf("signals %q, want %q", m.Signals, want)
	}
}

func TestPanicKillsTheKernel(t *testing.T) {
	m := kerntest.New(kern.FreeBSD, &echo{})
	f, _ := m.K.Open(m.Root, "echo0", kern.O_RDWR)
	em0 := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	if err := m.K.Panic("page %s", "fault"); err != errno.EIO || m.K.Dead() != "page fault" {
		t.Errorf("panic: %v, dead %q", err, m.K.Dead())
	}
	m.K.Panic("again")
	_, create := m.K.IfCreate(m.Root, "tun0")
	_, sysctl := m.K.Sysctl(m.Root, "x", nil)
	_, open := m.K.Open(m.Root, "echo0", 0)
	for name, got := range map[string]errno.Errno{
		"read": f.Read(m.Root, &kern.Uio{}), "create": create, "destroy": m.K.IfDestroy(m.Root, "em0"), "sysctl": sysctl, "open": open,
		"up": m.K.IfUp(m.Root, "em0"), "load": m.K.Load(m.Root, &echo{}), "unload": m.K.Unload(m.Root, "echo"),
		"transmit": em0.Transmit(m.K.NewFrame(nil)), "output": em0.Output(m.K.NewFrame(nil), kern.Sockaddr{}), "close": f.Close(m.Root),
	} {
		if got != errno.EIO {
			t.Errorf("%s: %v, want EIO", name, got)
		}
	}
	if m.K.Dead() != "page fault" || m.K.InUse() != 0 {
		t.Errorf("dead of %q, %d bytes taken, want page fault, 0", m.K.Dead(), m.K.InUse())
	}
	if got := f.Poll(m.Root, 1); got != kern.POLLNVAL {
		t.Errorf("poll of the closed file: %#x, want POLLNVAL", got)
	}
}

func TestSoftint(t *testing.T) {
	m := kerntest.New(kern.NetBSD)
	n := 0
	s := m.K.NewSoftint(func() { n++ })
	s.Schedule()
	s.Schedule()
	if n != 0 {
		t.Error("it ran at once")
	}
	m.Run()
	if n != 1 {
		t.Errorf("it ran %d times, want 1", n)
	}
	s.Schedule()
	s.Disestablish()
	m.Run()
	if n != 1 {
		t.Errorf("it ran %d times, disestablished, want 1", n)
	}
	m.K.SetFault(func(what string) bool { return what == "softint_establish" })
	if m.K.NewSoftint(func() {}) != nil {
		t.Error("a softint in spite of the fault")
	}
}

// ticks count a hundred a second from a start that is not zero.
func TestTicks(t *testing.T) {
	m := kerntest.New(kern.DragonFly)
	a := m.K.Ticks()
	m.Advance(1500 * time.Millisecond)
	if got := m.K.Ticks() - a; got != 150 || a == 0 {
		t.Errorf("%d ticks in 1.5 s from %d, want 150 from something", got, a)
	}
}

func TestIoctlNumbers(t *testing.T) {
	for name, want := range map[string]uint32{
		"TUNSIFMODE": 0x8004745e, "TUNSIFPID": 0x2000745f, "TAPGIFNAME": 0x40906500, "FIONREAD": 0x4004667f,
		"TIOCGPGRP": 0x40047477, "VMIO_SIOCSIFFLAGS": 0x20005600, "TAPSIFINFO": 0x8008745b, "SIOCSIFFLAGS": 0x80206910,
		"SIOCGIFFLAGS": 0xc0206911, "SIOCSIFMTU": 0x80206934,
	} {
		if got, ok := kern.ParseIoctl(name); got != want || !ok {
			t.Errorf("%s is %#x, %v, want %#x", name, got, ok, want)
		}
	}
	if _, ok := kern.ParseIoctl("TUNNEL"); ok || kern.IoctlName(1) != "" {
		t.Error("a command that is none has a number or a name")
	}
	for _, tc := range []struct {
		cmd           uint32
		n             int
		reads, writes bool
		name          string
	}{
		{kern.TUNSIFHEAD, 4, false, true, "TUNSIFHEAD"},
		{kern.TUNGIFINFO, 8, true, false, "TUNGIFINFO"},
		{kern.TUNSIFPID, 0, false, false, "TUNSIFPID"},
		{kern.TAPGIFNAME, 144, true, false, "TAPGIFNAME"},
		{kern.SIOCGIFADDR, 32, true, true, "SIOCGIFADDR"},
	} {
		if n, r, w, s := kern.IoctlLen(tc.cmd), kern.IoctlReads(tc.cmd), kern.IoctlWrites(tc.cmd), kern.IoctlName(tc.cmd); n != tc.n || r != tc.reads || w != tc.writes || s != tc.name {
			t.Errorf("%s: %d bytes, reads %v, writes %v, name %s", tc.name, n, r, w, s)
		}
	}
}

func TestUnitOf(t *testing.T) {
	for _, tc := range []struct {
		name, base string
		unit       int
		ok         bool
	}{
		{"tap3", "tap", 3, true},
		{"tap", "tap", -1, true},
		{"tap0", "tap", 0, true},
		{"tap03", "tap", 0, false},
		{"tap-1", "tap", 0, false},
		{"tapx", "tap", 0, false},
		{"tun3", "tap", 0, false},
		{"tap9999999999", "tap", 0, false},
	} {
		if unit, ok := kern.UnitOf(tc.name, tc.base); ok != tc.ok || ok && unit != tc.unit {
			t.Errorf("UnitOf(%q) = %d, %v, want %d, %v", tc.name, unit, ok, tc.unit, tc.ok)
		}
	}
}

func TestDialectNames(t *testing.T) {
	for d, want := range map[kern.Dialect]string{kern.FreeBSD: "freebsd", kern.DragonFly: "dragonfly", kern.NetBSD: "netbsd", kern.Linux: "linux", 9: "unknown"} {
		if got := d.String(); got != want {
			t.Errorf("dialect %d is %q, want %q", d, got, want)
		}
	}
	for af, want := range map[int]string{0: "unspec", 2: "inet", 16: "appletalk", 18: "link", 23: "ipx", 28: "inet6", 99: "other"} {
		if got := kern.FreeBSD.FamilyName(af); got != want {
			t.Errorf("family %d is %q, want %q", af, got, want)
		}
	}
	for r, want := range map[kern.DropReason]string{kern.DropQueueFull: "queue-full", kern.DropDown: "if-down", kern.DropFilter: "filter"} {
		if got := r.String(); got != want {
			t.Errorf("reason %d is %q, want %q", r, got, want)
		}
	}
}
