//go:build wasip1

package tuntap

import (
	"syscall"
	"unsafe"
)

// BindToDevice is SO_BINDTODEVICE: a UDP socket, as ListenPacket returns it, hears and
// sends by the interface of that name alone. A DHCP server or client needs it, which
// goes by broadcasts; no BSD has it, and there such a program uses bpf(4).
func BindToDevice(c syscall.Conn, name string) error {
	const levelBSD, bindToDevice = 0xffff, 0x1100
	value := []byte(name)
	_, err := control(c, func(fd int32) int32 {
		return -int32(sockSetOpt(fd, levelBSD, bindToDevice, unsafe.Pointer(unsafe.SliceData(value)), uint32(len(value))))
	})
	return err
}
