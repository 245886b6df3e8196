package admin

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// An ifAddress is what ifconfig's words say of an address.
type ifAddress struct {
	addr, peer netip.Addr
	bits       int // of the netmask, 0 if not given
	alias      bool
	remove     bool
	family     string // inet or inet6
}

// take takes the words at the front that are about an address and says how many
// those are; why is the error.
func (a *ifAddress) take(words []string) (n int, why string) {
	w, value := words[0], ""
	if len(words) > 1 {
		value = words[1]
	}
	switch w {
	case "inet", "inet6":
		a.family = w
		return 1, ""
	case "alias", "add":
		a.alias = true
		return 1, ""
	case "-alias", "delete", "remove":
		a.remove = true
		return 1, ""
	case "netmask", "prefixlen":
		b, ok := maskBits(value)
		if !ok {
			return 0, fmt.Sprintf("%s: bad value", value)
		}
		a.bits = b
		return 2, ""
	case "broadcast": // it follows from the netmask
		if _, err := netip.ParseAddr(value); err != nil {
			return 0, fmt.Sprintf("%s: bad value", value)
		}
		return 2, ""
	}
	if len(w) == 0 || a.peer.IsValid() || !strings.ContainsAny(w, ".:") {
		return 0, ""
	}
	if p, err := netip.ParsePrefix(w); err == nil && !a.addr.IsValid() {
		a.addr, a.bits = p.Addr(), p.Bits()
	} else if x, err := netip.ParseAddr(w); err != nil || x.Zone() != "" {
		return 0, fmt.Sprintf("%s: bad value", w)
	} else if a.addr.IsValid() {
		a.peer = x
	} else {
		a.addr = x
	}
	if a.family != "" && (a.family == "inet") != a.addr.Is4() || a.peer.IsValid() && a.peer.Is4() != a.addr.Is4() {
		return 0, fmt.Sprintf("%s: bad value", w)
	}
	return 1, ""
}

// maskBits is the length of a netmask: 255.255.255.0, 0xffffff00 or 24.
func maskBits(s string) (int, bool) {
	var mask uint32
	if a, err := netip.ParseAddr(s); err == nil && a.Is4() {
		b := a.As4()
		mask = binary.BigEndian.Uint32(b[:])
	} else if hex, ok := strings.CutPrefix(s, "0x"); ok {
		n, err := strconv.ParseUint(hex, 16, 32)
		if err != nil {
			return 0, false
		}
		mask = uint32(n)
	} else {
		n, err := strconv.Atoi(s)
		return n, err == nil && n > 0 && n <= 128
	}
	n := bits.LeadingZeros32(^mask)
	return n, n > 0 && mask == ^uint32(0)<<(32-n)
}

// apply sets the address: without alias in the place of the first of its family, as
// SIOCDIFADDR and SIOCAIFADDR do.
func (a *ifAddress) apply(p *command.Proc, i *kern.Ifnet) sys.Exit {
	n, t := p.System(), p.Thread()
	if !a.addr.IsValid() {
		if a.remove || a.alias || a.bits > 0 {
			return p.Fail(1, "no address was given")
		}
		return command.Exit(0)
	}
	if a.remove {
		if e := n.RemoveAddress(t, i.Name, a.addr); e != errno.OK {
			return p.Fail(1, "ioctl (SIOCDIFADDR): %s", e.Message())
		}
		return command.Exit(0)
	}
	if a.bits > a.addr.BitLen() {
		return p.Fail(1, "%d: bad value", a.bits)
	}
	if i.Flags&kern.IFF_POINTOPOINT != 0 && a.addr.Is4() && !a.peer.IsValid() {
		return p.Fail(1, "ioctl (SIOCAIFADDR): %s", errno.EDESTADDRREQ.Message())
	}
	if !a.alias {
		for _, old := range i.Addrs {
			if old.Valid() && old.Addr.Is4() == a.addr.Is4() {
				if e := n.RemoveAddress(t, i.Name, old.Addr); e != errno.OK {
					return p.Fail(1, "ioctl (SIOCDIFADDR): %s", e.Message())
				}
				break
			}
		}
	}
	if a.bits == 0 {
		a.bits = i.Prefix(&kern.Addr{Addr: a.addr}).Bits()
		if a.peer.IsValid() {
			a.bits = a.addr.BitLen()
		}
	}
	if e := n.AddAddress(t, i.Name, kern.Addr{Addr: a.addr, Dst: a.peer, Bits: a.bits}); e != errno.OK {
		return p.Fail(1, "ioctl (SIOCAIFADDR): %s", e.Message())
	}
	return command.Exit(0)
}
