package tuntap

// Requests of ioctl(2), as <sys/filio.h>, <net/if_tun.h> and <net/if_tap.h> have
// them.
const (
	FIONREAD  = 0x4004667f // int: bytes that can be read
	FIONBIO   = 0x8004667e // int
	FIOASYNC  = 0x8004667d // int: SIGIO when there is something to read
	FIOSETOWN = 0x8004667c // int: who gets the SIGIO
	FIOGETOWN = 0x4004667b // int

	TUNGDEBUG  = 0x40047459 // int
	TUNSDEBUG  = 0x8004745a // int
	TUNSIFINFO = 0x8008745b // Info
	TUNGIFINFO = 0x4008745c // Info
	TUNSLMODE  = 0x8004745d // int: packets with the address of the next hop
	TUNSIFMODE = 0x8004745e // int: IFF_POINTOPOINT or IFF_BROADCAST
	TUNSIFPID  = 0x2000745f // none: this process owns the interface
	TUNSIFHEAD = 0x80047460 // int: packets with their address family
	TUNGIFHEAD = 0x40047461 // int

	// DragonFly's tap has the numbers of tun.
	TAPGDEBUG  = TUNGDEBUG
	TAPSDEBUG  = TUNSDEBUG
	TAPSIFINFO = TUNSIFINFO
	TAPGIFINFO = TUNGIFINFO

	// NetBSD's, with its struct ifreq of 144 bytes.
	TAPGIFNAME = 0x40906500

	// DragonFly's and FreeBSD's tap: the hardware address, in a struct ifreq's place.
	SIOCGIFADDR = 0xc0206921
	SIOCSIFADDR = 0x8020690c
)

// Flags of interfaces.
const (
	IFF_UP          = 0x1
	IFF_BROADCAST   = 0x2
	IFF_POINTOPOINT = 0x10
	IFF_RUNNING     = 0x40
	IFF_MULTICAST   = 0x8000
)

// Address families, as TUNSIFHEAD's four bytes have them.
const (
	AF_INET         = 2
	AF_INET6        = 28 // of FreeBSD and DragonFly
	AF_INET6_NetBSD = 24
)

// Filters and flags of kevent(2).
const (
	EVFILT_READ   = -1
	EVFILT_WRITE  = -2
	EVFILT_VNODE  = -4
	EVFILT_PROC   = -5
	EVFILT_SIGNAL = -6
	EVFILT_TIMER  = -7

	NOTE_SECONDS  = 0x1 // of EVFILT_TIMER; without one of these, milliseconds
	NOTE_MSECONDS = 0x2
	NOTE_USECONDS = 0x4
	NOTE_NSECONDS = 0x8
	NOTE_EXIT     = 0x80000000 // of EVFILT_PROC

	EV_ADD     = 0x1
	EV_DELETE  = 0x2
	EV_ENABLE  = 0x4
	EV_DISABLE = 0x8
	EV_ONESHOT = 0x10
	EV_CLEAR   = 0x20
	EV_ERROR   = 0x4000
	EV_EOF     = 0x8000
)
