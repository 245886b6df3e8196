package ip4

import (
	"encoding/binary"
	"net/netip"

	"wireloom/vnet/inet/ip4/option"
)

// Linux obeys options otherwise than BSD (net/ipv4/ip_options.c): it points at the option,
// not at its length, refuses source routes without a word, and in a reply it writes itself
// into a record a second time.

// linuxObey does what the option that begins at byte at of a received packet wants:
// __ip_options_compile, and ip_forward_options where the packet goes on.
func (o *optionWalk) linuxObey(at int, opt []byte) *fault {
	switch opt[0] {
	case option.Loose, option.Strict: // accept_source_route 0 of "all" wins
		if !o.l.v.AcceptSourceRoute {
			return &fault{}
		}
		return o.sourceRoute(at, opt)
	case option.Record:
		return o.linuxRecord(at, opt)
	case option.Timestamp:
		return o.linuxTimestamp(at, opt)
	}
	return nil
}

func (o *optionWalk) linuxRecord(at int, opt []byte) *fault {
	switch {
	case len(opt) < 3:
		return bad(at + 1)
	case opt[2] < 4:
		return bad(at + 2)
	case int(opt[2]) > len(opt):
		return nil // full
	case int(opt[2])+3 > len(opt):
		return bad(at + 2)
	}
	if ip, ok := o.here(); ok {
		option.Put4(opt[opt[2]-1:], ip)
	}
	opt[2] += 4
	return nil
}

func (o *optionWalk) linuxTimestamp(at int, opt []byte) *fault {
	switch {
	case len(opt) < 4:
		return bad(at + 1)
	case opt[2] < 5:
		return bad(at + 2)
	case int(opt[2]) > len(opt):
		if opt[3]&0xf == option.StampSpec {
			return nil
		}
		if opt[3]>>4 == 15 {
			return bad(at + 3)
		}
		opt[3] += 1 << 4
		return nil
	case int(opt[2])+3 > len(opt):
		return bad(at + 2)
	}
	off := int(opt[2]) - 1
	switch opt[3] & 0xf {
	case option.StampOnly:
	case option.StampAddr, option.StampSpec:
		if off+8 > len(opt) {
			return bad(at + 2)
		}
		if opt[3]&0xf == option.StampSpec {
			if _, mine := o.l.own(netip.AddrFrom4([4]byte(opt[off : off+4]))); !mine {
				return nil
			}
		} else if ip, ok := o.here(); ok {
			option.Put4(opt[off:], ip)
		}
		off += 4
	default:
		return nil
	}
	binary.BigEndian.PutUint32(opt[off:], timeOfDay(o.now))
	opt[2] = byte(off + 5)
	return nil
}

// here is the address that this host writes into a received packet: the one it came to,
// or that of the interface it leaves by.
func (o *optionWalk) here() (netip.Addr, bool) {
	if _, mine := o.l.own(o.dst); mine {
		return o.dst, true
	}
	return o.l.sourceFor(o.dst)
}
