// Package option is the options of an IPv4 header as bytes (RFC 791, 3.1): walking over them,
// and which of them a reply and a fragment take over.
package option

import (
	"encoding/binary"
	"net/netip"
)

// Kinds of option (RFC 791, 3.1; netinet/ip.h).
const (
	End       = 0
	Nop       = 1
	Record    = 7
	Timestamp = 68
	Security  = 130
	Loose     = 131
	Strict    = 137

	copied = 0x80 // in the kind: every fragment has the option
)

// Next returns the length of the first option of b, at least 1; 0 at the end. ok is
// false if its length byte is wrong.
func Next(b []byte) (n int, ok bool) {
	switch {
	case len(b) == 0 || b[0] == End:
		return 0, true
	case b[0] == Nop:
		return 1, true
	case len(b) < 2 || b[1] < 2 || int(b[1]) > len(b):
		return 0, false
	}
	return int(b[1]), true
}

// WayBack appends to b the source route that leads a reply back the way a request came
// (save_rte, ip_srcroute): the router to go to first, then an option with the others, last
// first, and the request's source.
func WayBack(b, opt []byte, src netip.Addr) []byte {
	hops := (len(opt) - 3) / 4
	if hops == 0 {
		return b
	}
	last := 3 + 4*(hops-1)
	b = append(b, opt[last:last+4]...)
	b = append(b, Nop, opt[0], opt[1], 4)
	for at := last - 4; at >= 3; at -= 4 {
		b = append(b, opt[at:at+4]...)
	}
	v := src.As4()
	return append(b, v[:]...)
}

// Answer appends to b what a reply takes over of a request's options: the route and
// the times that were recorded, and a security label (icmp_reflect), padded.
func Answer(b, opts []byte) []byte {
	for len(opts) > 0 {
		n, ok := Next(opts)
		if !ok || n == 0 {
			break
		}
		switch opts[0] {
		case Record, Timestamp, Security:
			b = append(b, opts[:n]...)
		}
		opts = opts[n:]
	}
	return pad(b)
}

// Copied appends to b what a fragment behind the first has of a datagram's options
// (ip_optcopy): those with the copy bit, and each no-operation.
func Copied(b, opts []byte) []byte {
	for len(opts) > 0 {
		n, ok := Next(opts)
		if !ok || n == 0 {
			break
		}
		if opts[0] == Nop || opts[0]&copied != 0 {
			b = append(b, opts[:n]...)
		}
		opts = opts[n:]
	}
	return pad(b)
}

// pad ends options at a multiple of 4.
func pad(b []byte) []byte {
	for len(b)%4 != 0 {
		b = append(b, End)
	}
	return b
}

// LinuxEcho writes the sender's address and time once more into the options of a reply:
// __ip_options_echo and ip_options_build.
func LinuxEcho(opts []byte, src netip.Addr, now uint32) {
	for at := 0; at < len(opts); {
		n, ok := Next(opts[at:])
		if !ok || n == 0 {
			return
		}
		opt := opts[at : at+n]
		switch opt[0] {
		case Record:
			if n >= 3 && opt[2] >= 4 && int(opt[2])+3 <= n {
				Put4(opt[opt[2]-1:], src)
				opt[2] += 4
			}
		case Timestamp:
			linuxTime(opt, src, now)
		}
		at += n
	}
}

func linuxTime(opt []byte, src netip.Addr, now uint32) {
	if len(opt) < 4 || opt[2] < 5 {
		return
	}
	off := int(opt[2]) - 1
	if opt[3]&0xf == StampAddr && off+8 <= len(opt) {
		Put4(opt[off:], src)
		off += 4
	} else if opt[3]&0xf != StampOnly {
		return
	}
	if off+4 <= len(opt) {
		binary.BigEndian.PutUint32(opt[off:], now)
		opt[2] = byte(off + 5)
	}
}

// LinuxCopied appends the options of a fragment behind the first: ip_options_fragment
// leaves their room and puts no-operations where an option has no copy bit.
func LinuxCopied(b, opts []byte) []byte {
	b = append(b, opts...)
	for at := 0; at < len(b); {
		n, ok := Next(b[at:])
		if !ok || n == 0 {
			break
		}
		if b[at]&copied == 0 {
			for i := at; i < at+n; i++ {
				b[i] = Nop
			}
		}
		at += n
	}
	return b
}

// The flags of a timestamp option (RFC 791, 3.1).
const (
	StampOnly = 0
	StampAddr = 1
	StampSpec = 3
)

// Put4 writes an address.
func Put4(b []byte, ip netip.Addr) {
	v := ip.As4()
	copy(b, v[:])
}
