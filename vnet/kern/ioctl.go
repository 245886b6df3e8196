package kern

import (
	"encoding/binary"
	"slices"
)

// Ioctl commands are built as <sys/ioccom.h> does: direction in bits 29 to
// 31, 13 bits of length, a group and a number.
const (
	iocVoid = 0x20000000
	iocOut  = 0x40000000
	iocIn   = 0x80000000

	ifreqLen = 32
)

// IoctlLen is the length of a command's argument in bytes: IOCPARM_LEN. A
// command that takes its argument by value has length 0; its value is given
// to the driver in four bytes.
func IoctlLen(cmd uint32) int { return int(cmd >> 16 & 0x1fff) }

// IoctlReads and IoctlWrites say whether the argument is copied out to the
// process and in from it.
func IoctlReads(cmd uint32) bool  { return cmd&iocOut != 0 }
func IoctlWrites(cmd uint32) bool { return cmd&iocIn != 0 }

// Commands of devices.
const (
	FIONREAD  = 0x4004667f
	FIONBIO   = 0x8004667e
	FIOASYNC  = 0x8004667d
	FIOSETOWN = 0x8004667c
	FIOGETOWN = 0x4004667b
	TIOCSPGRP = 0x80047476
	TIOCGPGRP = 0x40047477

	TUNGDEBUG  = 0x40047459
	TUNSDEBUG  = 0x8004745a
	TUNSIFINFO = 0x8008745b
	TUNGIFINFO = 0x4008745c
	TUNSLMODE  = 0x8004745d
	TUNSIFMODE = 0x8004745e
	TUNSIFPID  = 0x2000745f
	TUNSIFHEAD = 0x80047460
	TUNGIFHEAD = 0x40047461

	// DragonFly's tap has the numbers of tun.
	TAPGDEBUG         = TUNGDEBUG
	TAPSDEBUG         = TUNSDEBUG
	TAPSIFINFO        = TUNSIFINFO
	TAPGIFINFO        = TUNGIFINFO
	VMIO_SIOCSIFFLAGS = 0x20005600

	// NetBSD's struct ifreq has 144 bytes.
	TAPGIFNAME = 0x40906500
)

// Commands of interfaces, with the ifreq of FreeBSD and DragonFly. On NetBSD
// they have other lengths; a kernel here knows each by one number.
const (
	SIOCSIFADDR    = iocIn | ifreqLen<<16 | 'i'<<8 | 12
	OSIOCGIFADDR   = iocIn | iocOut | ifreqLen<<16 | 'i'<<8 | 13
	SIOCSIFDSTADDR = iocIn | ifreqLen<<16 | 'i'<<8 | 14
	SIOCSIFFLAGS   = iocIn | ifreqLen<<16 | 'i'<<8 | 16
	SIOCGIFFLAGS   = iocIn | iocOut | ifreqLen<<16 | 'i'<<8 | 17
	SIOCDIFADDR    = iocIn | ifreqLen<<16 | 'i'<<8 | 25
	SIOCGIFADDR    = iocIn | iocOut | ifreqLen<<16 | 'i'<<8 | 33
	SIOCADDMULTI   = iocIn | ifreqLen<<16 | 'i'<<8 | 49
	SIOCDELMULTI   = iocIn | ifreqLen<<16 | 'i'<<8 | 50
	SIOCSIFMTU     = iocIn | ifreqLen<<16 | 'i'<<8 | 52
	SIOCSIFMEDIA   = iocIn | iocOut | ifreqLen<<16 | 'i'<<8 | 53
	SIOCGIFMEDIA   = iocIn | iocOut | 40<<16 | 'i'<<8 | 56
	SIOCGIFSTATUS  = iocIn | iocOut | 817<<16 | 'i'<<8 | 59
	SIOCSIFPHYADDR = iocIn | 64<<16 | 'i'<<8 | 70
	SIOCINITIFADDR = iocIn | iocOut | ifreqLen<<16 | 'i'<<8 | 132 // inside NetBSD's kernel only

	// UnknownIoctl is a command that no driver has.
	UnknownIoctl = iocVoid | 'z'<<8 | 255
)

// readsOnly is SIOCG*: what anybody may ask of an interface.
func readsOnly(cmd uint32) bool {
	switch cmd {
	case OSIOCGIFADDR, SIOCGIFFLAGS, SIOCGIFADDR, SIOCGIFMEDIA, SIOCGIFSTATUS:
		return true
	}
	return false
}

type ioctlName struct {
	name string
	cmd  uint32
}

// ioctlNames is in the order of the tables of the manual pages.
var ioctlNames = []ioctlName{
	{"FIONREAD", FIONREAD},
	{"FIONBIO", FIONBIO},
	{"FIOASYNC", FIOASYNC},
	{"FIOSETOWN", FIOSETOWN},
	{"FIOGETOWN", FIOGETOWN},
	{"TIOCSPGRP", TIOCSPGRP},
	{"TIOCGPGRP", TIOCGPGRP},
	{"TUNGDEBUG", TUNGDEBUG},
	{"TUNSDEBUG", TUNSDEBUG},
	{"TUNSIFINFO", TUNSIFINFO},
	{"TUNGIFINFO", TUNGIFINFO},
	{"TUNSLMODE", TUNSLMODE},
	{"TUNSIFMODE", TUNSIFMODE},
	{"TUNSIFPID", TUNSIFPID},
	{"TUNSIFHEAD", TUNSIFHEAD},
	{"TUNGIFHEAD", TUNGIFHEAD},
	{"TAPGDEBUG", TAPGDEBUG},
	{"TAPSDEBUG", TAPSDEBUG},
	{"TAPSIFINFO", TAPSIFINFO},
	{"TAPGIFINFO", TAPGIFINFO},
	{"VMIO_SIOCSIFFLAGS", VMIO_SIOCSIFFLAGS},
	{"TAPGIFNAME", TAPGIFNAME},
	{"SIOCSIFADDR", SIOCSIFADDR},
	{"OSIOCGIFADDR", OSIOCGIFADDR},
	{"SIOCSIFDSTADDR", SIOCSIFDSTADDR},
	{"SIOCSIFFLAGS", SIOCSIFFLAGS},
	{"SIOCGIFFLAGS", SIOCGIFFLAGS},
	{"SIOCDIFADDR", SIOCDIFADDR},
	{"SIOCGIFADDR", SIOCGIFADDR},
	{"SIOCADDMULTI", SIOCADDMULTI},
	{"SIOCDELMULTI", SIOCDELMULTI},
	{"SIOCSIFMTU", SIOCSIFMTU},
	{"SIOCSIFMEDIA", SIOCSIFMEDIA},
	{"SIOCGIFMEDIA", SIOCGIFMEDIA},
	{"SIOCGIFSTATUS", SIOCGIFSTATUS},
	{"SIOCSIFPHYADDR", SIOCSIFPHYADDR},
	{"SIOCINITIFADDR", SIOCINITIFADDR},
}

// ParseIoctl is the command of that name.
func ParseIoctl(name string) (cmd uint32, ok bool) {
	i := slices.IndexFunc(ioctlNames, func(n ioctlName) bool { return n.name == name })
	if i < 0 {
		return 0, false
	}
	return ioctlNames[i].cmd, true
}

// IoctlName is the name of a command, the first if it has several, or "".
func IoctlName(cmd uint32) string {
	i := slices.IndexFunc(ioctlNames, func(n ioctlName) bool { return n.cmd == cmd })
	if i < 0 {
		return ""
	}
	return ioctlNames[i].name
}

// Int is the int at the start of an ioctl's argument; a short argument is
// read as if zeros followed.
func Int(arg []byte) int32 {
	var b [4]byte
	copy(b[:], arg)
	return int32(binary.LittleEndian.Uint32(b[:]))
}

// PutInt writes the int at the start of an ioctl's argument, as far as that
// goes.
func PutInt(arg []byte, v int32) {
	var b [4]byte
	binary.LittleEndian.PutUint32(b[:], uint32(v))
	copy(arg, b[:])
}

// An IfInfo is struct tuninfo, which is also struct tapinfo: eight bytes.
type IfInfo struct {
	Baudrate int32
	MTU      int16
	Type     uint8
}

// ParseIfInfo reads one from an ioctl's argument.
func ParseIfInfo(arg []byte) IfInfo {
	var b [8]byte
	copy(b[:], arg)
	return IfInfo{
		Baudrate: int32(binary.LittleEndian.Uint32(b[:])),
		MTU:      int16(binary.LittleEndian.Uint16(b[4:])),
		Type:     b[6],
	}
}

// Put writes it to an ioctl's argument.
func (v IfInfo) Put(arg []byte) {
	var b [8]byte
	binary.LittleEndian.PutUint32(b[:], uint32(v.Baudrate))
	binary.LittleEndian.PutUint16(b[4:], uint16(v.MTU))
	b[6] = v.Type
	copy(arg, b[:])
}

// Set gives an interface what TUNSIFINFO and TAPSIFINFO carry. The numbers
// are signed there and unsigned long in the interface.
func (v IfInfo) Set(i *Ifnet) {
	i.SetMTU(uint64(int64(v.MTU)))
	i.Type, i.Baud = v.Type, uint64(int64(v.Baudrate))
}

// InfoOf is the answer to TUNGIFINFO and TAPGIFINFO, cut to what it holds.
func InfoOf(i *Ifnet) IfInfo {
	return IfInfo{Baudrate: int32(i.Baud), MTU: int16(i.MTU), Type: i.Type}
}
