package inet

import (
	"slices"
	"strconv"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/kern"
)

// A tunable is a sysctl of the network: where its value is, and under which name each
// kernel has it. Of durations unit is what 1 stands for.
type tunable struct {
	free, dragonfly, net string // "" where the kernel has it not
	at                   func(v *Values) any
	unit                 time.Duration
	negated              bool
}

// both is the name that FreeBSD and DragonFly share.
func both(name string) tunable { return tunable{free: name, dragonfly: name} }

// all is the name that all three share.
func all(name string) tunable { return tunable{free: name, dragonfly: name, net: name} }

func (t tunable) netbsd(name string) tunable        { t.net = name; return t }
func (t tunable) of(at func(v *Values) any) tunable { t.at = at; return t }
func (t tunable) in(unit time.Duration) tunable     { t.unit = unit; return t }
func (t tunable) not() tunable                      { t.negated = true; return t }
func freebsd(name string) tunable                   { return tunable{free: name} }
func netbsd(name string) tunable                    { return tunable{net: name} }
func (t tunable) name(d dialect.Dialect) string {
	switch d {
	case dialect.FreeBSD:
		return t.free
	case dialect.DragonFly:
		return t.dragonfly
	case dialect.NetBSD:
		return t.net
	case dialect.Linux:
	}
	return ""
}

// tunables: names and units as sysctl(8) of each kernel shows them.
var tunables = slices.Concat(ipTunables, tcpTunables)

// ipTunables are those of all but TCP.
var ipTunables = []tunable{
	both("net.link.ether.inet.max_age").netbsd("net.inet.arp.keep").of(func(v *Values) any { return &v.ARP.Keep }).in(time.Second),
	both("net.link.ether.inet.maxtries").of(func(v *Values) any { return &v.ARP.MaxTries }),
	freebsd("net.link.ether.inet.maxhold").of(func(v *Values) any { return &v.ARP.MaxHold }),
	freebsd("net.link.ether.inet.wait").netbsd("net.inet.arp.down").of(func(v *Values) any { return &v.ARP.Down }).in(time.Second),
	tunable{dragonfly: "net.link.ether.inet.host_down_time"}.of(func(v *Values) any { return &v.ARP.Down }).in(time.Second),
	tunable{dragonfly: "net.link.ether.inet.prune_intvl"}.of(func(v *Values) any { return &v.ARP.Prune }).in(time.Second),
	both("net.link.ether.inet.proxyall").of(func(v *Values) any { return &v.ARP.ProxyAll }),
	both("net.link.ether.inet.log_arp_movements").netbsd("net.inet.arp.log_movements").of(func(v *Values) any { return &v.ARP.LogMovements }),
	both("net.link.ether.inet.log_arp_permanent_modify").netbsd("net.inet.arp.log_permanent_modify").of(func(v *Values) any { return &v.ARP.LogPermanent }),
	netbsd("net.inet.ip.dad_count").of(func(v *Values) any { return &v.ARP.Probes }),

	all("net.inet.ip.ttl").of(func(v *Values) any { return &v.IP4.TTL }),
	all("net.inet.ip.redirect").of(func(v *Values) any { return &v.IP4.SendRedirects }),
	both("net.inet.ip.sourceroute").netbsd("net.inet.ip.forwsrcrt").of(func(v *Values) any { return &v.IP4.SourceRoute }),
	both("net.inet.ip.accept_sourceroute").netbsd("net.inet.ip.allowsrcrt").of(func(v *Values) any { return &v.IP4.AcceptSourceRoute }),
	freebsd("net.inet.ip.process_options").of(func(v *Values) any { return &v.IP4.ProcessOptions }),
	both("net.inet.ip.random_id").netbsd("net.inet.ip.random_id").of(func(v *Values) any { return &v.IP4.RandomID }),
	both("net.inet.ip.check_interface").netbsd("net.inet.ip.checkinterface").of(func(v *Values) any { return &v.IP4.CheckInterface }),
	netbsd("net.inet.ip.directed-broadcast").of(func(v *Values) any { return &v.IP4.DirectedBroadcast }),
	both("net.inet.ip.maxfragpackets").netbsd("net.inet.ip.maxfragpackets").of(func(v *Values) any { return &v.IP4.MaxFragPackets }),
	both("net.inet.ip.maxfragsperpacket").of(func(v *Values) any { return &v.IP4.MaxFragsPerPacket }),
	netbsd("net.inet.ip.mtudisc").of(func(v *Values) any { return &v.IP4.MTUDisc }),
	netbsd("net.inet.ip.mtudisctimeout").of(func(v *Values) any { return &v.IP4.MTULife }).in(time.Second),
	both("net.inet.tcp.path_mtu_discovery").of(func(v *Values) any { return &v.IP4.MTUDisc }),
	both("net.inet.ip.portrange.first").netbsd("net.inet.ip.anonportmin").of(func(v *Values) any { return &v.Sockets.FirstPort }),
	both("net.inet.ip.portrange.last").netbsd("net.inet.ip.anonportmax").of(func(v *Values) any { return &v.Sockets.LastPort }),

	both("net.inet.icmp.bmcastecho").netbsd("net.inet.icmp.bmcastecho").of(func(v *Values) any { return &v.IP4.BMCastEcho }),
	all("net.inet.icmp.maskrepl").of(func(v *Values) any { return &v.IP4.MaskReply }),
	both("net.inet.icmp.drop_redirect").of(func(v *Values) any { return &v.IP4.DropRedirect }),
	netbsd("net.inet.icmp.rediraccept").of(func(v *Values) any { return &v.IP4.DropRedirect }).not(),
	netbsd("net.inet.icmp.redirtimeout").of(func(v *Values) any { return &v.IP4.RedirectLife }).in(time.Second),
	both("net.inet.icmp.log_redirect").of(func(v *Values) any { return &v.IP4.LogRedirect }),
	freebsd("net.inet.icmp.quotelen").netbsd("net.inet.icmp.returndatabytes").of(func(v *Values) any { return &v.IP4.QuoteLen }),
	freebsd("net.inet.icmp.reply_from_interface").of(func(v *Values) any { return &v.IP4.ReplyFromInterface }),
	both("net.inet.icmp.icmplim").netbsd("net.inet.icmp.errppslimit").of(func(v *Values) any { return &v.IP4.ICMPLimit }),
	both("net.inet.icmp.icmplim_output").of(func(v *Values) any { return &v.IP4.LimitOutput }),
	netbsd("net.inet.tcp.rstppslimit").of(func(v *Values) any { return &v.IP4.RSTLimit }),

	both("net.inet.tcp.log_in_vain").of(func(v *Values) any { return &v.Sockets.TCPLogInVain }),
	freebsd("net.inet.tcp.hostcache.expire").of(func(v *Values) any { return &v.IP4.MTULife }).in(time.Second),

	all("net.inet6.ip6.hlim").of(func(v *Values) any { return &v.IP6.HopLimit }),
	all("net.inet6.ip6.auto_linklocal").of(func(v *Values) any { return &v.IP6.AutoLinkLocal }),
	all("net.inet6.ip6.accept_rtadv").of(func(v *Values) any { return &v.IP6.AcceptRA }),
	all("net.inet6.ip6.dad_count").of(func(v *Values) any { return &v.IP6.DADCount }),
	all("net.inet6.ip6.redirect").of(func(v *Values) any { return &v.IP6.SendRedirects }),
	all("net.inet6.ip6.auto_flowlabel").of(func(v *Values) any { return &v.IP6.FlowLabels }),
	all("net.inet6.ip6.hdrnestlimit").of(func(v *Values) any { return &v.IP6.MaxHeaders }),
	netbsd("net.inet6.ip6.maxifprefixes").of(func(v *Values) any { return &v.IP6.MaxPrefixes }),
	netbsd("net.inet6.ip6.maxifdefrouters").of(func(v *Values) any { return &v.IP6.MaxRouters }),
	all("net.inet6.ip6.maxfragpackets").of(func(v *Values) any { return &v.IP6.Fragments.Datagrams }),
	all("net.inet6.ip6.maxfrags").of(func(v *Values) any { return &v.IP6.Fragments.Fragments }),
	all("net.inet6.icmp6.rediraccept").of(func(v *Values) any { return &v.IP6.AcceptRedirects }),
	all("net.inet6.icmp6.redirtimeout").of(func(v *Values) any { return &v.IP6.RedirectTimeout }).in(time.Second),
	all("net.inet6.icmp6.errppslimit").of(func(v *Values) any { return &v.IP6.Errors.Second }),
	all("net.inet6.icmp6.nd6_delay").of(func(v *Values) any { return &v.IP6.Delay }).in(time.Second),
	all("net.inet6.icmp6.nd6_umaxtries").of(func(v *Values) any { return &v.IP6.UnicastTries }),
	all("net.inet6.icmp6.nd6_maxnudhint").of(func(v *Values) any { return &v.IP6.MaxHints }),
	freebsd("net.inet6.icmp6.nd6_onlink_ns_rfc4861").of(func(v *Values) any { return &v.IP6.NeighbourSource }).not(),
	all("net.inet6.icmp6.nd6_mmaxtries").of(func(v *Values) any { return &v.IP6.MulticastTries }),
	freebsd("net.inet6.icmp6.nd6_maxqueuelen").netbsd("net.inet6.icmp6.nd6_maxqueuelen").of(func(v *Values) any { return &v.IP6.MaxHold }),

	both("net.inet.udp.log_in_vain").of(func(v *Values) any { return &v.Sockets.UDPLogInVain }),
	both("net.inet.udp.maxdgram").netbsd("net.inet.udp.sendspace").of(func(v *Values) any { return &v.IP4.MaxDgram }),
	all("net.inet.udp.recvspace").of(func(v *Values) any { return &v.Sockets.UDPRecvSpace }),
	all("net.inet.udp.checksum").of(func(v *Values) any { return &v.Sockets.UDPChecksum }),
	both("net.inet.udp.blackhole").of(func(v *Values) any { return &v.Sockets.UDPBlackhole }),
	both("net.inet.raw.maxdgram").of(func(v *Values) any { return &v.IP4.RawMaxDgram }),
	both("net.inet.raw.recvspace").of(func(v *Values) any { return &v.Sockets.RawRecvSpace }),
	both("kern.ipc.maxsockbuf").netbsd("kern.sbmax").of(func(v *Values) any { return &v.Sockets.MaxBuffer }),
	both("kern.ipc.somaxconn").netbsd("kern.somaxconn").of(func(v *Values) any { return &v.TCP.BacklogMax }),
}

// SysctlNames implements kern.SysctlSource.
func (n *Net) SysctlNames() []string {
	var out []string
	for i := range tunables {
		if name := tunables[i].name(n.Dialect()); name != "" {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// Sysctl implements kern.SysctlSource: the value changes while the stack runs.
func (n *Net) Sysctl(t *kern.Thread, name string, set *string) (old string, e errno.Errno) {
	i := slices.IndexFunc(tunables, func(t tunable) bool { return name != "" && t.name(n.Dialect()) == name })
	if i < 0 {
		return "", errno.ENOENT
	}
	x := &tunables[i]
	p := x.at(n.values)
	was := x.read(p)
	old = strconv.FormatInt(was, 10)
	switch {
	case set == nil:
		return old, errno.OK
	case !t.Cred.Root():
		return "", errno.EPERM
	}
	v, err := strconv.ParseInt(*set, 0, 32)
	if err != nil || !x.write(p, v) {
		return "", errno.EINVAL
	}
	return old, errno.OK
}

func (x *tunable) read(p any) int64 {
	switch p := p.(type) {
	case *bool:
		if *p != x.negated {
			return 1
		}
		return 0
	case *int:
		return int64(*p)
	case *uint8:
		return int64(*p)
	case *time.Duration:
		return int64(*p / x.unit)
	}
	panic("inet: a sysctl of no type")
}

// write reports false for a value that its variable can't have.
func (x *tunable) write(p any, v int64) bool {
	switch p := p.(type) {
	case *bool:
		*p = v != 0 != x.negated
	case *int:
		*p = int(v)
	case *uint8:
		if v < 0 || v > 255 {
			return false
		}
		*p = uint8(v)
	case *time.Duration:
		if v < 0 {
			return false
		}
		*p = time.Duration(v) * x.unit
	default:
		return false
	}
	return true
}
