package userland_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// TestInterfaceIoctls sets up a tun the way a BSD's daemon does, with ioctls on a socket.
func TestInterfaceIoctls(t *testing.T) {
	const group = uint32('i') << 8
	sockaddr := func(a ...byte) []byte {
		b := make([]byte, 16)
		b[0], b[1] = 16, kern.AF_INET
		copy(b[4:], a)
		return b
	}
	req := func(name string, parts ...[]byte) []byte {
		b := append([]byte(name), make([]byte, 16-len(name))...)
		for _, p := range parts {
			b = append(b, p...)
		}
		return append(b, make([]byte, max(0, 32-len(b)))...)
	}
	number := func(v uint32) []byte { return binary.LittleEndian.AppendUint32(nil, v) }
	mine, peer, mask := sockaddr(10, 8, 0, 1), sockaddr(10, 8, 0, 2), sockaddr(255, 255, 255, 255)
	net := sockaddr(255, 255, 255, 0)
	var got []string
	b := netBench(t, "n", []config.Node{{Name: "n", NICs: nics("10.0.0.1/24"), Devices: []config.Device{{Name: "tun0"}}}}, nil,
		map[string]func(p *sys.Proc) sys.Exit{"n": func(p *sys.Proc) sys.Exit {
			fd, _ := p.Socket(inet.SocketUDP)
			for _, c := range []struct {
				name string
				num  uint32
				arg  []byte
				want errno.Errno
				out  []byte // from byte 16 on
			}{
				{"no address yet", 33, req("tun0"), errno.EADDRNOTAVAIL, nil},
				{"SIOCAIFADDR", 26, req("tun0", mine, peer, mask), errno.OK, nil},
				{"SIOCAIFADDR again", 26, req("tun0", mine, peer, mask), errno.EEXIST, nil},
				{"without the peer", 26, req("tun0", sockaddr(10, 8, 0, 3), make([]byte, 16), mask), errno.EDESTADDRREQ, nil},
				{"a netmask with holes", 26, req("em0", sockaddr(10, 1, 0, 3), make([]byte, 16), sockaddr(255, 0, 255, 0)), errno.EINVAL, nil},
				{"another family", 26, req("em0", make([]byte, 16), make([]byte, 16), mask), errno.EAFNOSUPPORT, nil},
				{"short", 26, req("em0"), errno.EINVAL, nil},
				{"SIOCGIFADDR", 33, req("tun0"), errno.OK, mine},
				{"SIOCGIFDSTADDR", 34, req("tun0"), errno.OK, peer},
				{"SIOCGIFNETMASK", 37, req("tun0"), errno.OK, mask},
				{"SIOCGIFBRDADDR of a tun", 35, req("tun0"), errno.EINVAL, nil},
				{"SIOCGIFBRDADDR", 35, req("em0"), errno.OK, sockaddr(10, 0, 0, 255)},
				{"SIOCGIFNETMASK", 37, req("em0"), errno.OK, net},
				{"SIOCGIFDSTADDR of em0", 34, req("em0"), errno.EINVAL, nil},
				{"SIOCGIFFLAGS", 17, req("tun0"), errno.OK, number(0x8051)},
				{"SIOCSIFMTU", 52, req("tun0", number(1400)), errno.OK, nil},
				{"SIOCSIFMTU too small", 52, req("tun0", number(1)), errno.EINVAL, nil},
				{"SIOCGIFMTU", 51, req("tun0"), errno.OK, number(1400)},
				{"SIOCGIFINDEX", 32, req("tun0"), errno.OK, number(2)},
				{"SIOCSIFFLAGS down", 16, req("em0", number(0x8802)), errno.OK, nil},
				{"SIOCGIFFLAGS", 17, req("em0"), errno.OK, number(0x8802)},
				{"SIOCSIFADDR", 12, req("em0", sockaddr(10, 5, 0, 1)), errno.OK, nil},
				{"its class's netmask", 37, req("em0"), errno.OK, sockaddr(255)},
				{"SIOCDIFADDR", 25, req("em0", sockaddr(10, 5, 0, 1)), errno.OK, nil},
				{"SIOCDIFADDR of none", 25, req("em0"), errno.EADDRNOTAVAIL, nil},
				{"no such interface", 33, req("em7"), errno.ENXIO, nil},
				{"a name without end", 33, req("aaaaaaaaaaaaaaaa"), errno.ENXIO, nil},
				{"what there is not", 99, req("em0"), errno.EOPNOTSUPP, nil},
			} {
				arg := append([]byte(nil), c.arg...)
				e := p.Ioctl(fd, uint32(len(arg))<<16|group|c.num, arg)
				if e != c.want || c.out != nil && string(arg[16:16+len(c.out)]) != string(c.out) {
					got = append(got, fmt.Sprintf("%s: %v % x", c.name, e, arg[16:]))
				}
			}
			if e := p.Ioctl(fd, kern.TUNSIFHEAD, make([]byte, 4)); e != errno.ENOTTY {
				got = append(got, "a tun's ioctl: "+e.String())
			}
			return sys.Exit{How: "exit"}
		}})
	b.command("ifconfig")
	if len(got) > 0 {
		t.Errorf("not as it should be:\n%s", strings.Join(got, "\n"))
	}
	b.contains("netstat -rn", "10.8.0.2           link#2             UH          0        0   tun0\n")
	b.contains("ifconfig tun0", "mtu 1400\n\tinet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff\n")
}

// TestInterfaceList walks through the list that the SDKs make SIOCGIFCONF and
// getifaddrs(3) of.
func TestInterfaceList(t *testing.T) {
	const request = 0xc0_44_69_fa // _IOWR('i', 250, 68 bytes)
	var got []string
	b := netBench(t, "n", []config.Node{{Name: "n", NICs: nics("10.0.0.1/24", "fd00::1/64"), Devices: []config.Device{
		{Name: "tun0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}, Peer: netip.MustParseAddr("10.8.0.2")},
	}}}, nil,
		map[string]func(p *sys.Proc) sys.Exit{"n": func(p *sys.Proc) sys.Exit {
			fd, _ := p.Socket(inet.SocketUDP)
			for number := uint32(0); ; number++ {
				arg := binary.LittleEndian.AppendUint32(nil, number)
				arg = append(arg, make([]byte, 64)...)
				if e := p.Ioctl(fd, request, arg); e != errno.OK {
					got = append(got, e.String())
					break
				}
				le := binary.LittleEndian
				got = append(got, fmt.Sprintf("%d %s %x %d family %d type %d /%d peer %d %x %x",
					le.Uint32(arg[4:]), strings.TrimRight(string(arg[8:24]), "\x00"), le.Uint32(arg[24:]), le.Uint32(arg[28:]), arg[32], arg[33], arg[34], arg[35], arg[36:52], arg[52:]))
			}
			for _, short := range []int{0, 4, 67, 69} {
				if e := p.Ioctl(fd, request, make([]byte, short)); e != errno.EINVAL {
					got = append(got, fmt.Sprintf("%d bytes: %v", short, e))
				}
			}
			return sys.Exit{How: "exit"}
		}})
	b.command("ifconfig")
	const none = "00000000000000000000000000000000"
	want := []string{
		"1 em0 8843 1500 family 0 type 6 /0 peer 0 02000000010100000000000000000000 " + none,
		"1 em0 8843 1500 family 4 type 6 /24 peer 0 0a000001000000000000000000000000 " + none,
		"2 em1 8843 1500 family 0 type 6 /0 peer 0 02000000010200000000000000000000 " + none,
		"2 em1 8843 1500 family 6 type 6 /64 peer 0 fd000000000000000000000000000001 " + none,
		"2 em1 8843 1500 family 6 type 6 /64 peer 0 fe80000000000000000000fffe000102 " + none,
		"3 tun0 8051 1500 family 0 type 23 /0 peer 0 " + none + " " + none,
		"3 tun0 8051 1500 family 4 type 23 /32 peer 1 0a080001000000000000000000000000 0a080002000000000000000000000000",
		"ENXIO",
	}
	if g, w := strings.Join(got, "\n"), strings.Join(want, "\n"); g != w {
		t.Errorf("got:\n%s\nwant:\n%s", g, w)
	}
}

// TestRouteToTheOwnAddress is how daemons route the network of their tunnel.
func TestRouteToTheOwnAddress(t *testing.T) {
	b := netBench(t, "n", []config.Node{{Name: "n", NICs: nics("10.0.0.1/24"), Devices: []config.Device{{Name: "tun0"}}}}, nil, nil)
	b.want("ifconfig tun0 10.8.0.1 10.8.0.2", 0, "")
	b.want("route add 10.8.0.0/24 10.8.0.1", 0, "add net 10.8.0.0: gateway 10.8.0.1\n")
	b.contains("netstat -rn", "10.8.0.0/24        link#2             US          0        0   tun0\n")
	b.want("route add 10.9.0.0/24 10.9.0.1", 1, "route: writing to routing socket: Network is unreachable\nadd net 10.9.0.0: gateway 10.9.0.1: Network is unreachable\n")
	b.want("ifconfig tun0 10.8.0.1 delete", 0, "")
	if out, _ := b.command("netstat -rn"); strings.Contains(out, "10.8.0.0/24") {
		t.Errorf("the route outlives the address that its gateway was:\n%s", out)
	}
}
