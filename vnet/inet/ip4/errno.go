package ip4

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/packet"
)

// Errno returns what an ICMP error means to a socket, 0 for nothing. BSD: icmp_input maps a
// type and a code to a PRC, and inetctlerrmap that to an errno (netinet/ip_icmp.c,
// ip_input.c). Linux: icmp_err_convert (net/ipv4/icmp.c), of which a UDP socket is told the
// fatal ones only: see [Values.Fatal].
func (v *Values) Errno(typ, code uint8) errno.Errno {
	switch typ {
	case packet.ICMPUnreachable:
		return v.unreachErrno(code)
	case packet.ICMPTimeExceeded:
		if v.Dialect == dialect.Linux || v.Dialect == dialect.FreeBSD && code == 0 {
			return errno.EHOSTUNREACH
		}
	case packet.ICMPParamProblem:
		if v.Dialect == dialect.Linux {
			return errno.EPROTO
		}
		return errno.ENOPROTOOPT
	}
	return errno.OK
}

// Fatal reports whether a socket that did not ask for all errors hears of one: on BSD
// always, on Linux of those whose row in icmp_err_convert says so, and of 3/4.
func (v *Values) Fatal(typ, code uint8) bool {
	if v.Dialect != dialect.Linux {
		return true
	}
	switch typ {
	case packet.ICMPUnreachable:
		switch code {
		case 2, 3, 4, 6, 7, 8, 9, 10, 13, 14, 15:
			return true
		}
	case packet.ICMPParamProblem:
		return true
	}
	return false
}

func (v *Values) unreachErrno(code uint8) errno.Errno {
	switch v.Dialect {
	case dialect.Linux:
		return linuxUnreach[min(int(code), len(linuxUnreach)-1)]
	case dialect.NetBSD:
		switch code {
		case 2, 3:
			return errno.ECONNREFUSED
		case 4:
			return errno.EMSGSIZE
		}
	default:
		switch code {
		case 2, 3, 9, 10, 13:
			return errno.ECONNREFUSED
		case 4:
			return errno.EMSGSIZE
		}
	}
	if code > 15 {
		return errno.OK
	}
	return errno.EHOSTUNREACH
}

var linuxUnreach = [17]errno.Errno{
	errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENOPROTOOPT, errno.ECONNREFUSED, errno.EMSGSIZE, errno.EOPNOTSUPP,
	errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETUNREACH, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETUNREACH,
	errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.EHOSTUNREACH, errno.OK,
}

// noRoute is what a send without a way gets. FreeBSD's in_pcbladdr says ENETUNREACH to a
// socket that has no address yet, ip_output EHOSTUNREACH to one that has.
func (v *Values) noRoute(bound bool) errno.Errno {
	switch {
	case v.Dialect == dialect.Linux:
		return errno.ENETUNREACH
	case v.Dialect == dialect.NetBSD || bound:
		return errno.EHOSTUNREACH
	}
	return errno.ENETUNREACH
}
