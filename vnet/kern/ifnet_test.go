package kern_test

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/kern/kerntest"
	"wireloom/vnet/packet"
)

var dialects = kern.Dialects()

func frame(n int) []byte { return make([]byte, n) }

func TestNetworkCard(t *testing.T) {
	for _, d := range dialects {
		t.Run(d.String(), func(t *testing.T) {
			m := kerntest.New(d)
			var sent, came int
			em0 := m.K.AttachEther("em0", packet.MAC{2, 0, 0, 0, 0, 1}, 1400, func(p *kern.Mbuf) { sent += p.Len(); p.Free() })
			em0.Input = func(_ *kern.Ifnet, af int, p *kern.Mbuf) {
				came += p.Len()
				if af != 0 || p.Rcvif != em0 {
					t.Errorf("family %d from %v, want 0 from em0", af, p.Rcvif)
				}
				p.Free()
			}
			if m.K.Ifnet("em0") != em0 || em0.Index != 1 || em0.MTU != 1400 || em0.Link != kern.LinkUp {
				t.Errorf("interface %+v", em0)
			}
			if err := em0.Output(m.K.NewFrame(frame(60)), kern.Sockaddr{}); err != errno.ENETDOWN {
				t.Errorf("output while down: %v, want ENETDOWN", err)
			}
			em0.Receive(m.K.NewFrame(frame(60)))
			if err := m.K.IfUp(m.Root, "em0"); err != errno.OK {
				t.Fatal(err)
			}
			if em0.Flags&(kern.IFF_UP|kern.IFF_RUNNING) != kern.IFF_UP|kern.IFF_RUNNING {
				t.Errorf("flags %v, want UP and RUNNING", em0.Flags.Names())
			}
			group := frame(60)
			group[0] = 1
			if err := em0.Output(m.K.NewFrame(group), kern.Sockaddr{}); err != errno.OK {
				t.Errorf("output: %v", err)
			}
			em0.Transmit(m.K.NewFrame(frame(100)))
			em0.Receive(m.K.NewFrame(group))
			em0.Receive(m.K.NewFrame(frame(13)))
			want := kern.Counters{Ipackets: 1, Ierrors: 1, Ibytes: 60, Imcasts: 1, Opackets: 2, Obytes: 160, Omcasts: 1}
			if em0.Cnt != want || sent != 160 || came != 60 {
				t.Errorf("counters %+v, sent %d, came %d, want %+v, 160, 60", em0.Cnt, sent, came, want)
			}
			if err := m.K.IfDown(m.Root, "em0"); err != errno.OK || em0.Flags&(kern.IFF_UP|kern.IFF_RUNNING) != 0 {
				t.Errorf("down: %v, flags %v", err, em0.Flags.Names())
			}
			em0.Transmit(m.K.NewFrame(frame(60)))
			if em0.Cnt.Oerrors != 1 {
				t.Errorf("%d output errors after a frame while down, want 1", em0.Cnt.Oerrors)
			}
			em0.DetachEther()
			if m.K.Ifnet("em0") != nil || m.K.InUse() != 0 {
				t.Errorf("after detach: %v, %d bytes taken", m.K.Ifnet("em0"), m.K.InUse())
			}
		})
	}
}

func TestCardIoctls(t *testing.T) {
	inet := kern.Addr{Family: kern.AF_INET, Addr: netip.MustParseAddr("10.0.0.1")}
	for _, tc := range []struct {
		name string
		cmd  uint32
		req  kern.IfReq
		want [3]errno.Errno // by dialect
	}{
		{"address", kern.SIOCSIFADDR, kern.IfReq{Addr: inet}, [3]errno.Errno{}},
		{"delete an address", kern.SIOCDIFADDR, kern.IfReq{}, [3]errno.Errno{}},
		{"delete none", kern.SIOCDIFADDR, kern.IfReq{}, [3]errno.Errno{errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL}},
		{"MTU", kern.SIOCSIFMTU, kern.IfReq{MTU: 1400}, [3]errno.Errno{}},
		{"MTU too big", kern.SIOCSIFMTU, kern.IfReq{MTU: 9001}, [3]errno.Errno{errno.EINVAL, errno.EINVAL, errno.EINVAL}},
		{"MTU too small", kern.SIOCSIFMTU, kern.IfReq{MTU: 20}, [3]errno.Errno{errno.EINVAL, errno.EINVAL, errno.EINVAL}},
		{"join a group", kern.SIOCADDMULTI, kern.IfReq{MAC: packet.MAC{1, 0, 0x5e}}, [3]errno.Errno{}},
		{"join it again", kern.SIOCADDMULTI, kern.IfReq{MAC: packet.MAC{1, 0, 0x5e}}, [3]errno.Errno{}},
		{"leave the group", kern.SIOCDELMULTI, kern.IfReq{MAC: packet.MAC{1, 0, 0x5e}}, [3]errno.Errno{}},
		{"leave it again", kern.SIOCDELMULTI, kern.IfReq{MAC: packet.MAC{1, 0, 0x5e}}, [3]errno.Errno{0, 0, errno.ENXIO}},
		{"leave what is no group", kern.SIOCDELMULTI, kern.IfReq{MAC: packet.MAC{2}}, [3]errno.Errno{0, 0, errno.ENXIO}},
		{"join no group", kern.SIOCADDMULTI, kern.IfReq{MAC: packet.MAC{2}}, [3]errno.Errno{0, 0, errno.EINVAL}},
		{"address of the card", kern.SIOCGIFADDR, kern.IfReq{}, [3]errno.Errno{0, 0, errno.ENOTTY}},
		{"destination", kern.SIOCSIFDSTADDR, kern.IfReq{}, [3]errno.Errno{errno.EADDRNOTAVAIL, errno.EADDRNOTAVAIL, errno.ENOTTY}},
		{"unknown", kern.UnknownIoctl, kern.IfReq{}, [3]errno.Errno{errno.EINVAL, errno.EINVAL, errno.ENOTTY}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, d := range dialects {
				m := kerntest.New(d)
				em0 := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
				switch tc.name {
				case "delete an address":
					m.K.Ifioctl(m.Root, "em0", kern.SIOCSIFADDR, &kern.IfReq{Addr: inet})
				case "join it again", "leave the group":
					m.K.Ifioctl(m.Root, "em0", kern.SIOCADDMULTI, &tc.req)
				}
				r := tc.req
				want := tc.want[d%kern.Linux] // to its programs a Linux is as a FreeBSD
				if got := m.K.Ifioctl(m.Root, "em0", tc.cmd, &r); got != want {
					t.Errorf("%s: %v, want %v", d, got, want)
				}
				switch tc.name {
				case "address":
					if len(em0.Addrs) != 1 || em0.Flags&kern.IFF_UP == 0 || em0.Flags&kern.IFF_RUNNING == 0 {
						t.Errorf("%s: addresses %v, flags %v, want one and UP, RUNNING", d, em0.Addrs, em0.Flags.Names())
					}
				case "delete an address":
					if len(em0.Addrs) != 0 {
						t.Errorf("%s: addresses %v, want none", d, em0.Addrs)
					}
				case "MTU":
					if em0.MTU != 1400 {
						t.Errorf("%s: MTU %d, want 1400", d, em0.MTU)
					}
				}
			}
		})
	}
}

func TestIfioctlAccess(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	user := &kern.Thread{PID: 9, Cred: kern.Cred{UID: 1001}}
	for _, tc := range []struct {
		name string
		call func() errno.Errno
		want errno.Errno
	}{
		{"no such interface", func() errno.Errno { return m.K.Ifioctl(user, "em1", kern.SIOCSIFMTU, &kern.IfReq{}) }, errno.ENXIO},
		{"no such interface, up", func() errno.Errno { return m.K.IfUp(user, "em1") }, errno.ENXIO},
		{"a user changes", func() errno.Errno { return m.K.IfUp(user, "em0") }, errno.EPERM},
		{"a user asks", func() errno.Errno { return m.K.Ifioctl(user, "em0", kern.SIOCGIFADDR, &kern.IfReq{}) }, errno.OK},
		{"a user creates", func() errno.Errno { _, err := m.K.IfCreate(user, "tun0"); return err }, errno.EPERM},
		{"a user destroys", func() errno.Errno { return m.K.IfDestroy(user, "em0") }, errno.EPERM},
		{"no cloner", func() errno.Errno { _, err := m.K.IfCreate(m.Root, "tun0"); return err }, errno.EINVAL},
		{"no cloner to destroy", func() errno.Errno { return m.K.IfDestroy(m.Root, "em0") }, errno.EINVAL},
	} {
		if got := tc.call(); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestAddressesAreLimited(t *testing.T) {
	for _, d := range dialects {
		m := kerntest.New(d)
		m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
		last := errno.OK
		for range 257 {
			last = m.K.Ifioctl(m.Root, "em0", kern.SIOCSIFADDR, &kern.IfReq{})
		}
		if last != errno.ENOBUFS {
			t.Errorf("%s: address 257: %v, want ENOBUFS", d, last)
		}
	}
}

func TestGroupsAreLimited(t *testing.T) {
	m := kerntest.New(kern.NetBSD)
	m.K.AttachEther("wm0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	for i := range byte(9) {
		want := errno.OK
		if i == 8 {
			want = errno.ENOBUFS
		}
		if got := m.K.Ifioctl(m.Root, "wm0", kern.SIOCADDMULTI, &kern.IfReq{MAC: packet.MAC{1, i}}); got != want {
			t.Errorf("group %d: %v, want %v", i, got, want)
		}
	}
}

// Flags other than UP change by SIOCSIFFLAGS, but not those that the kernel
// keeps.
func TestSetIfFlags(t *testing.T) {
	for _, d := range dialects {
		m := kerntest.New(d)
		em0 := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
		m.Advance(3 * time.Second)
		r := &kern.IfReq{Flags: kern.IFF_UP | kern.IFF_LINK0 | kern.IFF_POINTOPOINT}
		if err := m.K.Ifioctl(m.Root, "em0", kern.SIOCSIFFLAGS, r); err != errno.OK {
			t.Fatal(err)
		}
		want := []string{"UP", "BROADCAST", "RUNNING", "SIMPLEX", "LINK0", "MULTICAST"}
		if got := em0.Flags.Names(); !slices.Equal(got, want) {
			t.Errorf("%s: flags %v, want %v", d, got, want)
		}
		if d != kern.NetBSD && em0.Change != 3*time.Second {
			t.Errorf("%s: last change at %v, want 3s", d, em0.Change)
		}
	}
}

func TestOnIfChange(t *testing.T) {
	m := kerntest.New(kern.NetBSD)
	var got []string
	m.K.OnIfChange(func(i *kern.Ifnet, c kern.IfChange) { got = append(got, i.Name+" "+c.Text) })
	em0 := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	em0.SetFlags(kern.IFF_OACTIVE, 0)
	em0.SetFlags(kern.IFF_UP, kern.IFF_OACTIVE)
	em0.SetLink(kern.LinkDown)
	em0.SetLink(kern.LinkDown)
	em0.SetMAC(packet.MAC{2, 0, 0, 0, 0, 9})
	em0.DetachEther()
	want := []string{
		"em0 attached", "em0 flags [UP BROADCAST SIMPLEX MULTICAST]", "em0 link state down",
		"em0 address 02:00:00:00:00:09", "em0 detached",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// tap is a bpf listener.
type tap struct{ lens []int }

func (t *tap) Bpf(_ *kern.Ifnet, dir kern.Direction, _ int, m *kern.Mbuf) {
	n := m.Len()
	if dir == kern.Out {
		n = -n
	}
	t.lens = append(t.lens, n)
}

func TestBpf(t *testing.T) {
	m := kerntest.New(kern.FreeBSD)
	em0 := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	m.K.IfUp(m.Root, "em0")
	a, b := &tap{}, &tap{}
	em0.Listen(a)
	em0.Listen(b)
	em0.Transmit(m.K.NewFrame(frame(60)))
	em0.Receive(m.K.NewFrame(frame(70)))
	em0.Unlisten(b)
	em0.Unlisten(b)
	em0.Receive(m.K.NewFrame(frame(80)))
	if want := []int{-60, 70, 80}; !slices.Equal(a.lens, want) || !slices.Equal(b.lens, want[:2]) || !em0.BpfActive() {
		t.Errorf("listeners saw %v and %v, want %v and the first two", a.lens, b.lens, want)
	}
}

func TestIfFlagNames(t *testing.T) {
	for i := range 17 {
		f := kern.IfFlags(1) << i
		names := f.Names()
		if len(names) != 1 {
			t.Fatalf("bit %d has names %v", i, names)
		}
		if got, ok := kern.ParseIfFlag(names[0]); got != f || !ok {
			t.Errorf("%s is %#x, %v, want %#x", names[0], got, ok, f)
		}
	}
	if _, ok := kern.ParseIfFlag("NONE"); ok {
		t.Error("NONE is a flag")
	}
}

func TestSockaddr(t *testing.T) {
	for _, tc := range []struct {
		d    kern.Dialect
		addr netip.Addr
		want []byte
	}{
		{kern.FreeBSD, netip.MustParseAddr("10.0.0.2"), []byte{16, 2, 0, 0, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}},
		{kern.FreeBSD, netip.Addr{}, append([]byte{16, 2}, make([]byte, 14)...)},
		{kern.NetBSD, netip.MustParseAddr("::ffff:10.0.0.2"), []byte{16, 2, 0, 0, 10, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0}},
		{kern.NetBSD, netip.MustParseAddr("fe80::1"), append(append([]byte{28, 24, 0, 0, 0, 0, 0, 0, 0xfe, 0x80}, make([]byte, 13)...), 1, 0, 0, 0, 0)},
		{kern.DragonFly, netip.MustParseAddr("::1"), append(append([]byte{28, 28}, make([]byte, 21)...), 1, 0, 0, 0, 0)},
	} {
		sa := tc.d.SockaddrOf(tc.addr)
		got := make([]byte, sa.Len)
		sa.Put(got)
		if !slices.Equal(got, tc.want) {
			t.Errorf("%s %s: % x, want % x", tc.d, tc.addr, got, tc.want)
		}
	}
}
