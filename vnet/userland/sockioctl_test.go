package userland_test

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"wireloom/vnet"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
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
	b := netBench(t, "n", []vnet.NodeConfig{{Name: "n", NICs: nics("10.0.0.1/24"), Devices: []vnet.DeviceConfig{{Name: "tun0"}}}}, nil,
		map[string]func(p *vnet.Proc) vnet.Exit{"n": func(p *vnet.Proc) vnet.Exit {
			fd, _ := p.Socket(vnet.SocketUDP)
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
			return vnet.Exit{How: "exit"}
		}})
	b.command("ifconfig")
	if len(got) > 0 {
		t.Errorf("not as it should be:\n%s", strings.Join(got, "\n"))
	}
	b.contains("netstat -rn", "10.8.0.2           link#2             UH          0        0   tun0\n")
	b.contains("ifconfig tun0", "mtu 1400\n\tinet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff\n")
}
