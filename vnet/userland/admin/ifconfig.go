package admin

import (
	"bytes"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/command"
)

// Ifconfig is the command Ifconfig.
func Ifconfig() *command.Command {
	return command.New("ifconfig", "show or set up network interfaces",
		`ifconfig [-a | -l | interface]
       ifconfig interface create | destroy
       ifconfig interface [inet | inet6] address[/bits] [peer] [netmask mask]
                [alias | -alias]
       ifconfig interface [up | down] [mtu n] [[-]link0] [[-]link1] [[-]link2]`, ifconfigMain)
}

// ifconfigMain is ifconfig(8), as far as a lab's interfaces have something to set.
func ifconfigMain(p *command.Proc) sys.Exit {
	args := p.Args()[1:]
	k := p.System().Kernel()
	switch {
	case len(args) == 0 || len(args) == 1 && args[0] == "-a":
		for _, i := range k.Ifnets() {
			p.Printf("%s", describe(p.System(), i))
		}
		return command.Exit(0)
	case len(args) == 1 && args[0] == "-l":
		var names []string
		for _, i := range k.Ifnets() {
			names = append(names, i.Name)
		}
		p.Printf("%s\n", strings.Join(names, " "))
		return command.Exit(0)
	case strings.HasPrefix(args[0], "-"):
		return p.MisuseWith(1)
	}
	name := args[0]
	t := p.Thread()
	if len(args) == 2 && args[1] == "create" {
		made, e := k.IfCreate(t, name)
		switch {
		case e == errno.EEXIST:
			return p.Fail(1, "interface %s already exists", name)
		case e != errno.OK:
			return p.Fail(1, "SIOCIFCREATE2: %s", e.Message())
		}
		if made != name {
			p.Printf("%s\n", made)
		}
		return command.Exit(0)
	}
	i := k.Ifnet(name)
	if i == nil {
		return p.Fail(1, "interface %s does not exist", name)
	}
	if len(args) == 1 {
		p.Printf("%s", describe(p.System(), i))
		return command.Exit(0)
	}
	if len(args) == 2 && args[1] == "destroy" {
		if e := k.IfDestroy(t, name); e != errno.OK {
			return p.Fail(1, "SIOCIFDESTROY: %s", e.Message())
		}
		return command.Exit(0)
	}
	return setInterface(p, k, t, i, args[1:])
}

var linkFlags = map[string]kern.IfFlags{"link0": kern.IFF_LINK0, "link1": kern.IFF_LINK1, "link2": kern.IFF_LINK2}

// setInterface carries out the words after an interface's name, in their order, and
// an address at the end.
func setInterface(p *command.Proc, k *kern.Kernel, t *kern.Thread, i *kern.Ifnet, words []string) sys.Exit {
	var addr ifAddress
	for len(words) > 0 {
		if n, why := addr.take(words); why != "" {
			return p.Fail(1, "%s", why)
		} else if n > 0 {
			words = words[n:]
			continue
		}
		w := words[0]
		words = words[1:]
		switch flag, off := strings.CutPrefix(w, "-"); {
		case w == "up":
			if e := k.IfUp(t, i.Name); e != errno.OK {
				return p.Fail(1, "ioctl (set flags): %s", e.Message())
			}
		case w == "down":
			if e := k.IfDown(t, i.Name); e != errno.OK {
				return p.Fail(1, "ioctl (set flags): %s", e.Message())
			}
		case w == "mtu" && len(words) > 0:
			n, err := strconv.ParseInt(words[0], 0, 32)
			words = words[1:]
			if err != nil {
				return p.Fail(1, "mtu: bad value")
			}
			if e := k.Ifioctl(t, i.Name, kern.SIOCSIFMTU, &kern.IfReq{MTU: int(n)}); e != errno.OK {
				return p.Fail(1, "ioctl (set mtu): %s", e.Message())
			}
		case linkFlags[flag] != 0:
			want := i.Flags | linkFlags[flag]
			if off {
				want = i.Flags &^ linkFlags[flag]
			}
			if e := k.Ifioctl(t, i.Name, kern.SIOCSIFFLAGS, &kern.IfReq{Flags: want}); e != errno.OK {
				return p.Fail(1, "ioctl (set flags): %s", e.Message())
			}
		default:
			return p.Fail(1, "%s: bad value", w)
		}
	}
	return addr.apply(p, i)
}

// shownFlags are the flags that ifconfig names, as IFFBITS does.
const shownFlags = kern.IFF_UP | kern.IFF_BROADCAST | kern.IFF_DEBUG | kern.IFF_LOOPBACK | kern.IFF_POINTOPOINT | kern.IFF_SMART |
	kern.IFF_RUNNING | kern.IFF_NOARP | kern.IFF_PROMISC | kern.IFF_ALLMULTI | kern.IFF_OACTIVE | kern.IFF_SIMPLEX |
	kern.IFF_LINK0 | kern.IFF_LINK1 | kern.IFF_LINK2 | kern.IFF_MULTICAST

// describe is what ifconfig prints about an interface.
func describe(n *sys.System, i *kern.Ifnet) []byte {
	var b bytes.Buffer
	flags := i.Flags & shownFlags
	fmt.Fprintf(&b, "%s: flags=%x<%s> metric 0 mtu %d\n", i.Name, uint32(flags), strings.Join(flags.Names(), ","), i.MTU)
	if i.Type == kern.IFT_ETHER {
		fmt.Fprintf(&b, "\tether %s\n", i.MAC)
	}
	for _, a := range i.Addrs {
		switch {
		case !a.Valid():
		case a.Dst.IsValid() && a.Addr.Is4():
			mask := ^uint32(0)
			if a.Bits > 0 {
				mask <<= 32 - a.Bits
			}
			fmt.Fprintf(&b, "\tinet %s --> %s netmask 0x%08x\n", a.Addr, a.Dst, mask)
		case a.Dst.IsValid():
			fmt.Fprintf(&b, "\tinet6 %s --> %s prefixlen 128\n", a.Addr, a.Dst)
		case a.Bits > 0:
			inetLine(&b, netip.PrefixFrom(a.Addr, a.Bits))
		case a.Addr.Is4():
			fmt.Fprintf(&b, "\tinet %s\n", a.Addr)
		default:
			fmt.Fprintf(&b, "\tinet6 %s\n", a.Addr)
		}
	}
	switch i.Link {
	case kern.LinkUp:
		b.WriteString("\tstatus: active\n")
	case kern.LinkDown:
		b.WriteString("\tstatus: no carrier\n")
	case kern.LinkUnknown:
	}
	var r kern.IfReq
	t := &kern.Thread{PID: 1, PGID: 1}
	if n.Kernel().Ifioctl(t, i.Name, kern.SIOCGIFSTATUS, &r) == errno.OK && r.Status != "" {
		b.WriteString(r.Status)
	}
	return b.Bytes()
}

// inet prints an address of the node's stack.
func inetLine(b *bytes.Buffer, p netip.Prefix) {
	a := p.Addr()
	if !a.Is4() {
		fmt.Fprintf(b, "\tinet6 %s prefixlen %d\n", a, p.Bits())
		return
	}
	mask := ^uint32(0) << (32 - p.Bits())
	fmt.Fprintf(b, "\tinet %s netmask 0x%08x", a, mask)
	if p.Bits() < 31 {
		last := a.As4()
		for i := range last {
			last[i] |= byte(^mask >> (24 - 8*i))
		}
		fmt.Fprintf(b, " broadcast %s", netip.AddrFrom4(last))
	}
	b.WriteByte('\n')
}
