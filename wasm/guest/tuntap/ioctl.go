//go:build wasip1

package tuntap

import (
	"bytes"
	"net"
	"os"
	"syscall"
	"unsafe"
)

// control runs f with the descriptor of a file or connection.
func control(c syscall.Conn, f func(fd int32) int32) (int, error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var r int32
	if err := raw.Control(func(fd uintptr) { r = f(int32(fd)) }); err != nil {
		return -1, err
	}
	return result(r)
}

// Ioctl is ioctl(2). The argument is an int32 or a struct, as the request says; nil
// where the request has none.
func Ioctl[T any](f syscall.Conn, request uint32, arg *T) error {
	size := request >> 16 & 0x1fff // as much as the request says, if there is as much
	if arg == nil {
		size = 0
	} else if uintptr(size) > unsafe.Sizeof(*arg) {
		return EINVAL
	}
	_, err := control(f, func(fd int32) int32 { return hostIoctl(fd, request, unsafe.Pointer(arg), size) })
	return err
}

func setInt(f syscall.Conn, request uint32, n int) error {
	arg := int32(n)
	return Ioctl(f, request, &arg)
}

func getInt(f syscall.Conn, request uint32) (int, error) {
	var arg int32
	err := Ioctl(f, request, &arg)
	return int(arg), err
}

func oneIf(on bool) int {
	if on {
		return 1
	}
	return 0
}

// Buffered is FIONREAD: how many bytes the next read of a device, pipe or socket
// finds.
func Buffered(f syscall.Conn) (int, error) { return getInt(f, FIONREAD) }

// SetAsync is FIOASYNC: the owner gets a SIGIO when there is something to read.
func SetAsync(f syscall.Conn, on bool) error { return setInt(f, FIOASYNC, oneIf(on)) }

// SetOwner is FIOSETOWN: the process, or minus the process group, that gets SIGIO.
func SetOwner(f syscall.Conn, pid int) error { return setInt(f, FIOSETOWN, pid) }

// Info is struct tuninfo, and struct tapinfo of DragonFly.
type Info struct {
	Baudrate int32
	MTU      int16
	Type     uint8 // IFT_ETHER 6, IFT_PPP 23
	_        uint8
}

// A Tun is an open tun device: an [os.File] with the requests of tun(4).
type Tun struct{ *os.File }

// OpenTun opens a device for reading and writing.
func OpenTun(name string) (*Tun, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	return &Tun{f}, Explain(err)
}

// SetHead is TUNSIFHEAD: each packet begins with its address family, four bytes,
// most significant first.
func (t *Tun) SetHead(on bool) error { return setInt(t, TUNSIFHEAD, oneIf(on)) }

// Head is TUNGIFHEAD.
func (t *Tun) Head() (bool, error) {
	n, err := getInt(t, TUNGIFHEAD)
	return n != 0, err
}

// SetLinkMode is TUNSLMODE: a packet that is read begins with the address of the
// next hop, a struct sockaddr.
func (t *Tun) SetLinkMode(on bool) error { return setInt(t, TUNSLMODE, oneIf(on)) }

// SetMode is TUNSIFMODE: IFF_POINTOPOINT or IFF_BROADCAST, with IFF_MULTICAST if it
// is to be.
func (t *Tun) SetMode(flags int) error { return setInt(t, TUNSIFMODE, flags) }

// TakeOver is TUNSIFPID: the interface is this process's.
func (t *Tun) TakeOver() error { return Ioctl[int32](t, TUNSIFPID, nil) }

// Info is TUNGIFINFO.
func (t *Tun) Info() (Info, error) {
	var i Info
	err := Ioctl(t, TUNGIFINFO, &i)
	return i, err
}

// SetInfo is TUNSIFINFO.
func (t *Tun) SetInfo(i Info) error { return Ioctl(t, TUNSIFINFO, &i) }

// A Tap is an open tap device: an [os.File] with the requests of tap(4).
type Tap struct{ *os.File }

// OpenTap opens a device for reading and writing. /dev/tap is the cloner: it makes
// a new one.
func OpenTap(name string) (*Tap, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	return &Tap{f}, Explain(err)
}

// IfName is TAPGIFNAME of NetBSD: the name of the interface, which is how who opened
// the cloner learns it.
func (t *Tap) IfName() (string, error) {
	var ifreq [144]byte
	if err := Ioctl(t, TAPGIFNAME, &ifreq); err != nil {
		return "", err
	}
	name, _, _ := bytes.Cut(ifreq[:16], []byte{0})
	return string(name), nil
}

// MAC is SIOCGIFADDR of DragonFly: the interface's hardware address.
func (t *Tap) MAC() (net.HardwareAddr, error) {
	var ifreq [32]byte
	if err := Ioctl(t, SIOCGIFADDR, &ifreq); err != nil {
		return nil, err
	}
	return net.HardwareAddr(bytes.Clone(ifreq[:6])), nil
}

// SetMAC is SIOCSIFADDR of DragonFly: the address that the driver keeps for the
// process, not that of the interface.
func (t *Tap) SetMAC(mac net.HardwareAddr) error {
	var ifreq [32]byte
	copy(ifreq[:6], mac)
	return Ioctl(t, SIOCSIFADDR, &ifreq)
}

// Info is TAPGIFINFO of DragonFly.
func (t *Tap) Info() (Info, error) {
	var i Info
	err := Ioctl(t, TAPGIFINFO, &i)
	return i, err
}

// SetInfo is TAPSIFINFO of DragonFly.
func (t *Tap) SetInfo(i Info) error { return Ioctl(t, TAPSIFINFO, &i) }
