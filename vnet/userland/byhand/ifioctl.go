package byhand

import (
	"fmt"
	"net/netip"
	"slices"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// An ifIoctl is an ioctl of an interface, made on a socket.
type ifIoctl struct {
	name, takes string
	put         func(h *hand, i *kern.Ifnet, r *kern.IfReq, words []string) error
	show        func(i *kern.Ifnet, r *kern.IfReq) string
}

var ifIoctls = []ifIoctl{
	{"SIOCSIFFLAGS", "FLAG[,FLAG]...", func(h *hand, _ *kern.Ifnet, r *kern.IfReq, words []string) (err error) {
		if len(words) != 1 {
			return errOneValue
		}
		r.Flags, err = h.ifFlags(words[0])
		return err
	}, nil},
	{"SIOCSIFMTU", "INT", func(h *hand, _ *kern.Ifnet, r *kern.IfReq, words []string) error {
		if len(words) != 1 {
			return errOneValue
		}
		n, err := h.number(words[0])
		r.MTU = int(n)
		return err
	}, nil},
	{"SIOCSIFADDR", "ADDRESS", putAddr, nil},
	{"SIOCSIFDSTADDR", "ADDRESS", putAddr, nil},
	{"SIOCDIFADDR", "", noIfReq, nil},
	{"SIOCGIFADDR", "", noIfReq, func(_ *kern.Ifnet, r *kern.IfReq) string { return "[" + r.MAC.String() + "]" }},
	{"SIOCADDMULTI", "MAC", putGroup, nil},
	{"SIOCDELMULTI", "MAC", putGroup, nil},
	{"SIOCSIFPHYADDR", "MAC", putGroup, nil},
	{"SIOCGIFSTATUS", "", noIfReq, func(_ *kern.Ifnet, r *kern.IfReq) string { return fmt.Sprintf("[%q]", r.Status) }},
	{"SIOCSIFMEDIA", "", noIfReq, nil},
	{"SIOCGIFMEDIA", "", noIfReq, nil},
}

func noIfReq(_ *hand, _ *kern.Ifnet, _ *kern.IfReq, words []string) error {
	return putNothing(nil, nil, words)
}

func putAddr(h *hand, _ *kern.Ifnet, r *kern.IfReq, words []string) error {
	if len(words) != 1 {
		return errOneValue
	}
	a, err := netip.ParseAddr(words[0])
	if err != nil || a.Zone() != "" {
		return fmt.Errorf("%.60q is no IP address", words[0])
	}
	r.Addr = kern.Addr{Family: kern.AF_INET, Addr: a, Dst: a}
	if a.Is6() {
		r.Addr.Family = h.System().Dialect().Inet6()
	}
	r.Family = r.Addr.Family
	return nil
}

func putGroup(_ *hand, _ *kern.Ifnet, r *kern.IfReq, words []string) (err error) {
	r.MAC, err = oneMAC(words)
	r.Family = kern.AF_LINK
	return err
}

// ifioctl makes an ioctl of an interface.
func (h *hand) ifioctl(name string, cmd uint32, cmdName string, words []string) error {
	k := h.System().Kernel()
	i := k.Ifnet(name)
	var r kern.IfReq
	var x ifIoctl
	at := slices.IndexFunc(ifIoctls, func(x ifIoctl) bool {
		c, ok := kern.ParseIoctl(x.name)
		return ok && c == cmd
	})
	if at >= 0 {
		x = ifIoctls[at]
		if err := x.put(h, i, &r, words); err != nil {
			if x.takes == "" {
				return fmt.Errorf("%s takes no value", cmdName)
			}
			return fmt.Errorf("%s takes %s: %w", cmdName, x.takes, err)
		}
	} else if len(words) > 0 {
		return fmt.Errorf("%.40s is not known by name: it takes no value here", cmdName)
	}
	if cmd == kern.SIOCSIFADDR {
		r.Addr.Dst = netip.Addr{} // SIOCSIFDSTADDR gives that
	}
	e := k.Ifioctl(h.Thread(), name, cmd, &r)
	more := ""
	if e == errno.OK && x.show != nil {
		more = x.show(i, &r)
	}
	h.answer(0, e, more)
	return nil
}
