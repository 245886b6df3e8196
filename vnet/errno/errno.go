// Package errno has the error numbers that programs see on a BSD.
//
// A driver and a system call return an Errno, never an error: the set is
// closed, it compares with ==, and zero is success. What an operator sees is
// an error instead; the two are not mixed.
package errno

import "strconv"

// An Errno is the outcome of a call into an emulated kernel. Zero is success.
// The numbers are those that the three kernels share, and FreeBSD's above 84,
// where they differ: see [Errno.NetBSD].
type Errno uint16

// String is the name in <errno.h>: "EHOSTDOWN". Success is "OK", EAGAIN is
// "EWOULDBLOCK", and a number without a name is "errno 200".
func (e Errno) String() string {
	if int(e) < len(names) {
		return names[e].name
	}
	return "errno " + strconv.Itoa(int(e))
}

// Message is what strerror(3) says: "Host is down".
func (e Errno) Message() string {
	if int(e) < len(names) {
		return names[e].message
	}
	return "Unknown error: " + strconv.Itoa(int(e))
}

// Parse returns the number of a name of <errno.h>, EAGAIN and ENOTSUP
// included, and whether there is one.
func Parse(name string) (Errno, bool) {
	switch name {
	case "EAGAIN":
		return EAGAIN, true
	case "ENOTSUP":
		return ENOTSUP, true
	}
	for i, n := range names {
		if n.name == name {
			return Errno(i), true
		}
	}
	return 0, false
}

// NetBSD is the number that NetBSD has for e. Up to EOVERFLOW the BSDs agree;
// after it NetBSD went its own way. What NetBSD does not have keeps its
// number shifted above its own last one, so that two errors never meet.
func (e Errno) NetBSD() uint16 {
	switch e {
	case EILSEQ:
		return 85
	case ECANCELED:
		return 87
	case EBADMSG:
		return 88
	case ENOATTR:
		return 93
	case EMULTIHOP:
		return 94
	case ENOLINK:
		return 95
	case EPROTO:
		return 96
	case EDOOFUS, ENOTCAPABLE, ECAPMODE:
		return uint16(e) + 100
	default:
		return uint16(e)
	}
}
