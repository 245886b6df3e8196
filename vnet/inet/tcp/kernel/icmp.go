package kernel

import "wireloom/vnet/errno"

// A Verdict is what an ICMP error means, of either version.
type Verdict uint8

// The verdicts.
const (
	Nothing     Verdict = iota
	Unreachable         // net, host, source route
	PortClosed          // port or protocol
	Prohibited
	Expired // TTL
	TooBig
	BadHeader
)

// VerdictOf is what an error of ICMPv4, or of ICMPv6, means.
func VerdictOf(typ, code uint8, v6 bool) Verdict {
	if v6 {
		switch {
		case typ == 1 && code == 4:
			return PortClosed
		case typ == 1 && code == 1:
			return Prohibited
		case typ == 1 && code <= 6:
			return Unreachable
		case typ == 2:
			return TooBig
		case typ == 3 && code == 0:
			return Expired
		case typ == 4 && code == 1:
			return PortClosed
		case typ == 4:
			return BadHeader
		}
		return Nothing
	}
	switch {
	case typ == 3 && (code == 2 || code == 3):
		return PortClosed
	case typ == 3 && code == 4:
		return TooBig
	case typ == 3 && (code == 9 || code == 10 || code == 13):
		return Prohibited
	case typ == 3 && code <= 15:
		return Unreachable
	case typ == 11 && code == 0:
		return Expired
	case typ == 12 && code <= 1:
		return BadHeader
	}
	return Nothing
}

// Errno is what the user is told of a verdict: FreeBSD ip_input.c and NetBSD ip_input.c,
// inetctlerrmap; Linux icmp.c, icmp_err_convert. 0 is for what this kernel ignores.
func (r ICMPRules) Errno(what Verdict, code uint8) errno.Errno {
	switch what {
	case Unreachable:
		if r == ICMPLinux && (code == 0 || code == 6) {
			return errno.ENETUNREACH
		}
		return errno.EHOSTUNREACH
	case PortClosed:
		if r == ICMPLinux && code == 2 {
			return errno.ENOPROTOOPT
		}
		return errno.ECONNREFUSED
	case Prohibited:
		if r == ICMPFreeBSD {
			return errno.ECONNREFUSED
		}
		return errno.EHOSTUNREACH
	case Expired:
		if r == ICMPNetBSD {
			return 0
		}
		return errno.EHOSTUNREACH
	case BadHeader:
		return errno.ENOPROTOOPT
	case Nothing, TooBig:
	}
	return 0
}
