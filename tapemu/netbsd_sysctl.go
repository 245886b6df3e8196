package tapemu

import (
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// sysctlSetup is sysctl_tap_setup: the nodes net.link and net.link.tap. A
// node of the tree is not seen by itself here; only the failures matter.
func (d *NetBSDTap) sysctlSetup() {
	for range 2 {
		if d.k.Fault("sysctl_createv") {
			return
		}
	}
}

// sysctlCreate makes net.link.tap.tapN; tap_attach carries on without it.
func (sc *nbSoftc) sysctlCreate() {
	if sc.d.k.Fault("sysctl_createv") {
		sc.ifp.Logf("sysctl_createv returned %d, ignoring\n", int(errno.EEXIST))
		return
	}
	sc.sysctl = "net.link.tap." + sc.ifp.Name
	sc.d.k.AddSysctl(sc.sysctl, sc.sysctlMAC)
}

func (sc *nbSoftc) sysctlDestroy() {
	if sc.d.k.Fault("sysctl_destroyv") || sc.sysctl == "" {
		sc.ifp.Logf("sysctl_destroyv returned %d, ignoring\n", int(errno.ENOENT))
		return
	}
	sc.d.k.RemoveSysctl(sc.sysctl)
}

// sysctlMAC is tap_sysctl_handler: the address as a string. Any address is
// taken, that of a group too. With an empty string sysctl_lookup copies
// nothing in, and the old address is set once more.
func (sc *nbSoftc) sysctlMAC(t *kern.Thread, set *string) (string, errno.Errno) {
	old := sc.ifp.MAC.String()
	if set == nil {
		return old, errno.OK
	}
	if !t.Cred.Root() {
		return "", errno.EPERM
	}
	s := *set
	if s == "" {
		s = old
	}
	mac, ok := etherAton(s)
	if len(s) < 11 || len(s) > 17 || !ok {
		return old, errno.EINVAL
	}
	sc.ifp.SetMAC(mac)
	return old, errno.OK
}

// etherAton is ether_aton_r: six groups of one or two hexadecimal digits with
// at most one of ":-." between two of them.
func etherAton(s string) (mac packet.MAC, ok bool) {
	for i := range mac {
		digits := 0
		for len(s) > 0 && digits < 2 {
			v, ok := hexDigit(s[0])
			if !ok {
				break
			}
			mac[i] = mac[i]<<4 | v
			s = s[1:]
			digits++
		}
		if digits == 0 {
			return mac, false
		}
		if i < len(mac)-1 && len(s) > 0 && (s[0] == ':' || s[0] == '-' || s[0] == '.') {
			s = s[1:]
		}
	}
	return mac, s == ""
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}
