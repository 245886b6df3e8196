package wire

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
)

// Errno is what a kernel tells a socket of an ICMPv6 error about what it sent; OK for
// nothing. The BSDs': icmp6.c icmp6_notify_error, ip6_input.c inet6ctlerrmap. Linux's:
// icmp.c icmpv6_err_convert.
func Errno(d dialect.Dialect, typ, code uint8) errno.Errno {
	linux := d == dialect.Linux
	switch typ {
	case Unreachable:
		switch {
		case linux && code != NoPort, code == NoRoute, code == BeyondScope:
			return errno.EHOSTUNREACH
		case code == AddressFailed:
			return errno.EHOSTDOWN
		}
		return errno.ECONNREFUSED // no port; of a BSD also administratively prohibited
	case TooBig:
		return errno.EMSGSIZE
	case TimeExceeded:
		if linux {
			return errno.EHOSTUNREACH
		}
	case ParamProblem:
		if code == UnknownNext && !linux {
			return errno.ECONNREFUSED
		}
		return errno.ENOPROTOOPT
	}
	return errno.OK
}
