package userland_test

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/userland"
	"wireloom/vnet/userland/command"
)

func TestArp(t *testing.T) {
	b := newBench(t, pingd)
	const usage = `usage: arp [-n] [-i interface] hostname
       arp [-n] [-i interface] -a
       arp -d hostname
       arp -d [-i interface] -a
       arp -s hostname ether_addr [temp] [pub]
       arp -S hostname ether_addr [temp] [pub]
       arp -f filename
`
	b.want("arp -a", 0, `? (10.0.0.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
? (10.0.1.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
`)
	b.command("ping -c 1 10.0.0.2")
	b.command("ping -c 1 -t 4 10.0.0.9")
	b.want("arp -an", 0, `? (10.0.0.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
? (10.0.0.2) at 02:00:00:00:00:0b on em0 expires in 1195 seconds [ethernet]
? (10.0.0.9) at (incomplete) on em0 expired [ethernet]
? (10.0.1.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
`)
	b.contains("arp 10.0.0.2", "? (10.0.0.2) at 02:00:00:00:00:0b on em0 expires in 119")
	b.want("arp 10.0.0.77", 1, "10.0.0.77 (10.0.0.77) -- no entry\n")
	b.want("arp -i em0 10.0.0.77", 1, "10.0.0.77 (10.0.0.77) -- no entry on interface em0\n")
	b.want("arp nobody", 1, "arp: nobody: Unknown host\n")
	b.want("arp -i em7 -a", 1, "arp: interface em7 does not exist\n")
	b.want("arp", 1, usage)
	b.want("arp -a 10.0.0.2", 1, usage)
	b.want("arp -x", 1, "arp: illegal option -- x\n"+usage)
	b.want("arp -s 10.0.0.5", 1, usage)
	b.want("arp -s 10.0.0.5 2:0:0:0:0:5 always", 1, usage)
	b.want("arp -d 10.0.0.2", 0, "10.0.0.2 (10.0.0.2) deleted\n")
	b.want("arp -d 10.0.0.2", 1, "arp: delete: cannot locate 10.0.0.2\n")
	b.want("arp -d 10.0.0.1", 1, "arp: writing to routing socket: Operation not permitted\n")
	b.want("arp -s 10.0.0.5 2:0:0:0:0:5", 0, "")
	b.want("arp 10.0.0.5", 0, "? (10.0.0.5) at 02:00:00:00:00:05 on em0 permanent [ethernet]\n")
	b.want("arp -S 10.0.0.5 02:00:00:00:00:06 temp", 0, "")
	b.want("arp 10.0.0.5", 0, "? (10.0.0.5) at 02:00:00:00:00:06 on em0 expires in 1199 seconds [ethernet]\n")
	b.want("arp -s 10.0.0.7 auto pub", 0, "")
	b.want("arp 10.0.0.7", 0, "? (10.0.0.7) at 02:00:00:00:01:01 on em0 permanent published [ethernet]\n")
	for _, mac := range []string{"x", "1:2:3:4:5", "1:2:3:4:5:6:7", "1:2:3:4:5:", ":1:2:3:4:5", "111:2:3:4:5:6", "1::2:3:4:5", "g:1:2:3:4:5"} {
		b.want("arp -s 10.0.0.5 "+mac, 1, "arp: invalid Ethernet address '"+mac+"'\n")
	}
	b.want("arp -s 10.7.0.5 2:0:0:0:0:5", 1, "cannot intuit interface index and type for 10.7.0.5\n")
	b.want("arp -s 10.7.0.5 auto pub", 1, "no interface found for 10.7.0.5\n")
	b.want("arp -f /nowhere", 1, "arp: cannot open /nowhere: No such file or directory\n")
	for _, line := range []string{"echo 10.0.0.8 2:0:0:0:0:8 temp > /tmp/hosts", "echo # none >> /tmp/hosts", "echo odd >> /tmp/hosts"} {
		if _, err := b.Do(vnet.Exec{Node: b.node, Line: line}); err != nil {
			t.Fatal(err)
		}
		b.Run(b.Now()+time.Second, vnet.NoLimit)
	}
	b.want("arp -f /tmp/hosts", 1, "arp: bad line: odd\n")
	b.contains("arp 10.0.0.8", "at 02:00:00:00:00:08 on em0 expires in 1")
	b.want("arp -d -a", 0, `10.0.0.5 (10.0.0.5) deleted
10.0.0.7 (10.0.0.7) deleted
10.0.0.8 (10.0.0.8) deleted
`)
	b.want("arp -ad", 0, "")
	b.want("arp -a", 0, `? (10.0.0.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
? (10.0.1.1) at 02:00:00:00:01:01 on em0 permanent [ethernet]
`)
}

// both is an interface with two addresses.
func both(a, b string) []config.NIC {
	return []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(a), netip.MustParsePrefix(b)}}}
}

// two is a lab of two hosts on a wire, alice of a dialect and bob of FreeBSD.
func two(t *testing.T, d kern.Dialect) *bench {
	t.Helper()
	b := netBench(t, "alice", []config.Node{
		{Name: "alice", Dialect: d, NICs: both("10.0.0.1/24", "fd00::1/64")},
		{Name: "bob", NICs: both("10.0.0.2/24", "fd00::2/64")},
	}, []config.Link{cable("alice:em0", "bob:em0")}, nil)
	b.Run(5*time.Second, vnet.NoLimit) // until nobody else has the addresses
	return b
}

// TestArpOfOthers: DragonFly and NetBSD do not say when an entry ends, NetBSD not what
// it is of, and it says what it did when -v asks.
func TestArpOfOthers(t *testing.T) {
	b := two(t, kern.DragonFly)
	b.command("ping -c 1 10.0.0.2")
	b.contains("arp -an", "? (10.0.0.2) at ", " on em0 [ethernet]\n")
	b.contains("netstat -rn", "10/24              link#1             UC          0        0    em0\n", "UHLW        0        0    em0   119")
	b = two(t, kern.NetBSD)
	b.command("ping -c 1 10.0.0.2")
	b.contains("arp -an", " on em0 permanent\n? (10.0.0.2) at ", " on em0\n")
	b.want("arp -d 10.0.0.2", 0, "")
	b.want("arp -vs 10.0.0.9 2:0:0:0:0:9", 0, "10.0.0.9 (2:0:0:0:0:9) added\n")
	b.want("arp -vd 10.0.0.9", 0, "10.0.0.9 (10.0.0.9) deleted\n")
	b.want("arp -s 10.7.0.5 2:0:0:0:0:5", 1, "arp: cannot intuit interface index and type for 10.7.0.5\n")
	b.contains("netstat -rn -f inet", "10/24              link#1             UC          -        -      -  em0\n")
}

func TestNdp(t *testing.T) {
	b := two(t, kern.FreeBSD)
	b.command("ping6 -c 1 fd00::2")
	const head = "Neighbor                             Linklayer Address  Netif Expire    S Flags\n"
	out, _ := b.command("ndp -an")
	lines := strings.SplitAfter(out, "\n")
	if len(lines) < 3 || lines[0] != head {
		t.Fatalf("ndp -an:\n%s", out)
	}
	b.contains("ndp -a", "fd00::1                              02:", "em0 permanent R ", "fd00::2                              02:")
	b.contains("ndp fd00::2", head, "em0 ", "s       R ")
	b.want("ndp fd00::9", 1, "fd00::9 (fd00::9) -- no entry\n")
	b.want("ndp 10.0.0.2", 1, "ndp: 10.0.0.2: hostname nor servname provided, or not known\n")
	b.want("ndp fe80::1%em9", 1, "ndp: fe80::1%em9: hostname nor servname provided, or not known\n")
	b.want("ndp -s fd00::5 2:0:0:0:0:5", 0, "")
	b.want("ndp -n fd00::5", 0, head+"fd00::5                              02:00:00:00:00:05    em0 permanent R \n")
	b.want("ndp -s fd00::5 2:0", 1, "ndp: invalid Ethernet address '2:0'\n")
	b.want("ndp -s fd07::5 2:0:0:0:0:5", 1, "cannot intuit interface index and type for fd07::5\n")
	b.want("ndp -d fd00::5", 0, "fd00::5 (fd00::5) deleted\n")
	b.want("ndp -d fd00::5", 1, "ndp: delete: cannot locate fd00::5\n")
	b.want("ndp -d fd00::1", 1, "ndp: writing to routing socket: Operation not permitted\n")
	b.contains("ndp -c", "fd00::2 (fd00::2) deleted\n")
	b.want("ndp fd00::2", 1, "fd00::2 (fd00::2) -- no entry\n")
	b.want("ndp -r", 0, "")
	b.contains("ndp", "usage: ndp [-n] hostname\n")
	b.contains("ndp -z", "ndp: illegal option -- z\n")
	b.contains("ndp -ap", "usage: ")
}

// TestNetstatStats: each kernel's own words for what was counted.
func TestNetstatStats(t *testing.T) {
	for d, want := range map[kern.Dialect][]string{
		kern.FreeBSD:   {"\t2 ARP requests sent\n", "\tInput histogram:\n\t\techo reply: 2\n", "\t0 messages less than the minimum length\n", "icmp6:\n", "\t\tneighbor solicitation: "},
		kern.DragonFly: {"\tInput histogram:\n\t\techo reply: 2\n", "\t0 messages < minimum length\n", "'cuz old message was icmp\n"},
		kern.NetBSD:    {"\t\techo reply: 2\n", "\t0 path MTU changes\n", "\t0 SYN cache entries added\n"},
	} {
		b := two(t, d)
		b.command("ping -c 2 10.0.0.2")
		b.command("ping6 -c 1 fd00::2")
		b.contains("netstat -s", append(want, "tcp:\n\t0 packets sent\n", "udp:\n", "ip:\n", "\t0 bad header checksums\n")...)
		if out, _ := b.command("netstat -s -p arp"); strings.Contains(out, "arp:\n") != (d != kern.DragonFly) {
			t.Errorf("%v: arp's counters: %s", d, out)
		}
		b.contains("netstat -p icmp", "icmp:\n\t0 calls to icmp_error\n")
		if out, _ := b.command("netstat -s -f inet6"); strings.Contains(out, "icmp:") || !strings.Contains(out, "icmp6:") {
			t.Errorf("%v: -f inet6: %s", d, out)
		}
	}
	b := two(t, kern.FreeBSD)
	b.want("netstat -sp sctp", 1, "netstat: sctp: unknown or uninstrumented protocol\n")
	b.want("netstat -f ipx", 1, "netstat: ipx: unknown address family\n")
	b.contains("netstat -is", "usage: netstat ")
	b.contains("netstat -I em0", "em0    1500 <Link#1> ")
}

func TestRoute(t *testing.T) {
	b := two(t, kern.FreeBSD)
	b.want("route add 10.7.0.0/16 10.0.0.2", 0, "add net 10.7.0.0: gateway 10.0.0.2\n")
	b.want("route change 10.7.0.0/16 10.0.0.3", 0, "change net 10.7.0.0: gateway 10.0.0.3\n")
	b.contains("netstat -rn", "10.7.0.0/16        10.0.0.3           UGS ")
	b.want("route change 10.7.0.0/16 10.9.0.3", 1, "route: writing to routing socket: Network is unreachable\nchange net 10.7.0.0: gateway 10.9.0.3: Network is unreachable\n")
	b.want("route change 10.8.0.0/16 10.0.0.3", 1, "route: writing to routing socket: No such process\nchange net 10.8.0.0: gateway 10.0.0.3: not in table\n")
	b.contains("route get 10.7.1.1", "destination: 10.7.0.0\n", "       mask: 255.255.0.0\n", "    gateway: 10.0.0.3\n", "      1500         1         0 ")
	b.want("route -q add -inet6 default fd00::2", 0, "")
	b.contains("route get -inet6 fd07::1", "    gateway: fd00::2\n")
	b.contains("netstat -rn", "default                           fd00::2                       UGS         em0\n")
	b.want("route flush -inet6", 0, "default              fd00::2              done\n")
	b.want("route flush", 0, "10.7.0.0/16          10.0.0.3             done\n")
	b.want("route -q flush", 0, "")
	b.want("route get 10.7.1.1", 1, "route: writing to routing socket: No such process\n")
	b.contains("route fly", "route: bad keyword: fly\n", "usage: route ")
	b.contains("route -x", "route: illegal option -- x\n")
	b.contains("route flush -ipx", "usage: ")
}

// TestLearnedRoute: what a redirect says is in the table until it is deleted.
func TestLearnedRoute(t *testing.T) {
	for d, want := range map[kern.Dialect]string{
		kern.FreeBSD: "10.7.0.9           10.0.0.3           UGHD        0        0    em0",
		kern.NetBSD:  "10.7.0.9           10.0.0.3           UGHD        -        -      -  em0\n",
	} {
		nic := func(mac byte, a string) []config.NIC {
			return []config.NIC{{Name: "em0", MAC: packet.MAC{2, 0, 0, 0, 0, mac}, Addresses: []netip.Prefix{netip.MustParsePrefix(a)}}}
		}
		b := netBench(t, "alice", []config.Node{
			{Name: "alice", Dialect: d, NICs: nic(1, "10.0.0.1/24"), Routes: []config.Route{via("10.7.0.0/24", "10.0.0.2")}},
			{Name: "r", NICs: nic(2, "10.0.0.2/24"), Forward: true, Routes: []config.Route{via("10.7.0.0/24", "10.0.0.3")}},
			{Name: "far", NICs: append(nic(3, "10.0.0.3/24"), config.NIC{Name: "em1", Addresses: []netip.Prefix{netip.MustParsePrefix("10.7.0.9/24")}})},
		}, []config.Link{cable("alice:em0", "s1.1"), cable("r:em0", "s1.2"), cable("far:em0", "s1.3")}, nil)
		b.command("ping -c 2 10.7.0.9")
		b.contains("netstat -rn", want)
		b.contains("route get 10.7.0.9", "    gateway: 10.0.0.3\n", ",DYNAMIC")
		b.want("route delete 10.7.0.9", 0, "delete host 10.7.0.9\n")
		if out, _ := b.command("netstat -rn"); strings.Contains(out, "UGHD") {
			t.Errorf("%v: a learned route stayed:\n%s", d, out)
		}
		b.Run(b.Now()+time.Second, vnet.NoLimit)
	}
}

// TestSysctl: names and errors as each kernel's sysctl has them, and -d knows every one.
func TestSysctl(t *testing.T) {
	b := two(t, kern.FreeBSD)
	b.want("sysctl net.inet.ip.ttl net.nowhere", 1, "net.inet.ip.ttl: 64\nsysctl: unknown oid 'net.nowhere'\n")
	b.want("sysctl -q net.nowhere", 1, "")
	b.want("sysctl -e net.inet.ip.ttl", 0, "net.inet.ip.ttl=64\n")
	b.want("sysctl -N net.inet.ip.ttl", 0, "net.inet.ip.ttl\n")
	b.want("sysctl net.inet.ip.ttl=0x20", 0, "net.inet.ip.ttl: 64 -> 32\n")
	b.contains("ping -c 1 10.0.0.2", "ttl=64")
	b.want("sysctl -n net.inet.ip.ttl=64", 0, "32 -> 64\n")
	b.want("sysctl -d net.inet.ip.ttl", 0, "net.inet.ip.ttl: TTL of packets sent from here\n")
	b.want("sysctl net.inet.ip.ttl=many", 1, "sysctl: invalid integer 'many'\n")
	b.want("sysctl net.inet.ip.ttl=300", 1, "sysctl: net.inet.ip.ttl: Invalid argument\n")
	b.want("sysctl net.inet.ip=1", 1, "sysctl: oid 'net.inet.ip' isn't a leaf node\n")
	b.want("sysctl net.nowhere=1", 1, "sysctl: unknown oid 'net.nowhere'\n")
	b.want("sysctl net.inet.raw", 0, "net.inet.raw.maxdgram: 9216\nnet.inet.raw.recvspace: 9216\n")
	b.contains("sysctl", "usage: sysctl ")
	b.contains("sysctl -a net.inet", "usage: sysctl ")
	b.contains("sysctl -z", "sysctl: illegal option -- z\n")
	b = two(t, kern.NetBSD)
	b.want("sysctl net.inet.ip.ttl", 0, "net.inet.ip.ttl = 64\n")
	b.want("sysctl net.inet.ip.ttl=32", 1, "sysctl: Must specify -w to set variables\n")
	b.want("sysctl -w net.inet.ip.ttl=32", 0, "net.inet.ip.ttl: 64 -> 32\n")
	b.want("sysctl net.inet.nothing.here", 1, "sysctl: third level name 'nothing' in 'net.inet.nothing.here' is invalid\n")
	b.want("sysctl foo", 1, "sysctl: top level name 'foo' in 'foo' is invalid\n")
	b.want("sysctl net.inet.ip.tt", 1, "sysctl: fourth level name 'tt' in 'net.inet.ip.tt' is invalid\n")
	b = newBench(t, nil)
	b.node = "bob"
	b.contains("syscall -c sysctl", "net.inet.ip.ttl: 64\n", "net.link.tap.tap0: 02:00:00:00:00:0b\n")
	for _, d := range []kern.Dialect{kern.FreeBSD, kern.DragonFly, kern.NetBSD} {
		out, _ := two(t, d).command("sysctl -ad")
		for line := range strings.Lines(out) {
			if _, text, _ := strings.Cut(line, ": "); len(text) < 3 || strings.Contains(text, "(no") {
				t.Errorf("%v: no description of %s", d, line)
			}
		}
	}
}

// TestMan: every command has a page, which tells of every option that its usage has.
func TestMan(t *testing.T) {
	b := newBench(t, nil)
	options := regexp.MustCompile(`\[-([A-Za-z0-9#]+)|[ |]-([A-Za-z0-9#])\b`)
	for name, p := range userland.Commands() {
		page, code := b.command("man " + name)
		if code != 0 {
			t.Errorf("man %s: %s", name, page)
			continue
		}
		_, text, _ := strings.Cut(page, "\nDESCRIPTION\n")
		for _, m := range options.FindAllStringSubmatch(p.(*command.Command).Usage, -1) {
			if len(m[1]) > 1 && (name == "route" || name == "kill" || name == "ifconfig") {
				continue // words, not letters
			}
			for _, o := range m[1] + m[2] {
				if !strings.Contains(text, "-"+string(o)) {
					t.Errorf("man %s does not tell of -%c", name, o)
				}
			}
		}
	}
	b.contains("man 7 pcap-filter", "PCAP-FILTER(7)", "\nNAME\n     pcap-filter - the expressions by which tcpdump chooses packets\n")
	b.contains("man -k address", "arp(8)           - show or change the table of resolved addresses\n", "dhclient(8) ")
	b.want("man -f ls", 0, "ls(1)            - list directories\n")
	b.want("man -k zzz", 1, "zzz: nothing appropriate\n")
	b.want("man vi", 1, "man: no manual entry for vi\n")
	b.want("man 7 ls", 1, "man: no entry for ls in section 7 of the manual\n")
	b.want("man", 1, "man: what manual page do you want?\n")
	b.contains("man a b", "usage: man ")
	b.contains("man -x ls", "man: illegal option -- x\n")
}

// TestRouterAdvertisement: a router advertises when it is told, and a host that asks has an address and a way out.
func TestRouterAdvertisement(t *testing.T) {
	for _, dialect := range []kern.Dialect{kern.FreeBSD, kern.NetBSD, kern.DragonFly} {
		t.Run(dialect.String(), func(t *testing.T) {
			b := netBench(t, "alice", []config.Node{
				{Name: "alice", Dialect: dialect, NICs: nics("10.0.0.2/24")},
				{Name: "r", Dialect: dialect, Forward: true, NICs: nics("fd01::1/64", "fd02::1/64")},
				{Name: "bob", Dialect: dialect, NICs: nics("fd02::2/64"), Routes: []config.Route{via("::/0", "fd02::1")}},
			}, []config.Link{cable("alice:em0", "r:em0"), cable("r:em1", "bob:em0")}, nil)
			b.want("sleep 5", 0, "")
			b.want("rtsol em0", 1, "rtsol: kernel is configured not to accept RAs\n")
			b.want("sysctl -w net.inet6.ip6.accept_rtadv=1", 0, "net.inet6.ip6.accept_rtadv: 0 -> 1\n")
			b.want("rtadvd em0", 1, "rtadvd: IPv6 forwarding is disabled: sysctl net.inet6.ip6.forwarding=1\n")
			b.want("rtsol", 1, "usage: rtsol interface ...\n")
			b.want("rtsol em7", 1, "rtsol: em7: Device not configured\n")
			b.on("r").want("rtadvd em0", 0, "")
			b.want("rtadvctl", 1, "usage: rtadvctl enable | disable interface ...\n")
			b.on("alice").want("rtsol em0", 0, "")
			b.want("sleep 3", 0, "")
			b.contains("ifconfig em0", "inet6 fd01::")
			b.contains("ping6 -c 1 fd02::2", "64 bytes from fd02::2, icmp_seq=0 hlim=63")
			b.on("r").want("rtadvctl disable em0", 0, "")
			b.want("sleep 1", 0, "")
			b.on("alice").contains("ping6 -c 1 fd02::2", "No route to host")
		})
	}
}

// TestPingOptions: what the requests are like, and where they go.
func TestPingOptions(t *testing.T) {
	b := chain(t, nil)
	b.contains("ping -c 1 -t 2 -m 1 bob", "36 bytes from 10.0.0.1: Time to live exceeded\n")
	b.want("ping -c 1 -S 10.0.0.2 -p ff00 bob", 0, `PATTERN: 0xff00
PING bob (10.0.2.2) from 10.0.0.2: 56 data bytes
64 bytes from 10.0.2.2: icmp_seq=0 ttl=62 time=10.000 ms

--- bob ping statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 10.000/10.000/10.000/0.000 ms
`)
	b.contains("ping -S 10.9.9.9 bob", "ping: bind: Can't assign requested address\n")
	b.contains("ping -m 300 bob", "ping: invalid TTL: `300'\n")
	b.contains("ping -p xy bob", "ping: patterns must be specified as hex digits\n")
	b = two(t, kern.NetBSD)
	b.contains("ping6 -c 1 -h 3 -I em0 fd00::2", "64 bytes from fd00::2, icmp_seq=0 hlim=64 ")
	b.contains("ping6 -c 1 fe80::ff:fe00:201%em0", "64 bytes from fe80::ff:fe00:201")
	b.contains("ping6 -c 1 -I em7 fd00::2", "ping6: em7: invalid interface name\n")
	b.contains("ping6 -h 256 fd00::2", "ping6: illegal hoplimit -- 256\n")
	b.contains("ping6 -c 1 -S fd00::1 fd00::2", "fd00::1 --> fd00::2\n")
}

// FuzzAdminCommands: no words make a command that shows or changes a table fail otherwise
// than by a message and an exit code.
func FuzzAdminCommands(f *testing.F) {
	for _, line := range []string{
		"arp -s 10.0.0.5 2:0:0:0:0:5 pub", "arp -d 10.0.0.2", "ndp -s fd00::5 2:0:0:0:0:5", "ndp -d fe80::1%em0", "route add -net 10.7.0.0 10.0.0.2 -netmask",
		"route change default -interface em0", "route get -inet6 ::1", "netstat -rn -f inet6", "netstat -sp tcp", "sysctl net.inet.ip.ttl=1", "sysctl -d net.", "man -k", "man 7 x",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		words := strings.Fields(line)
		if len(words) == 0 || len(line) > 200 || strings.ContainsRune(line, 0) || !slices.Contains([]string{"arp", "ndp", "route", "netstat", "sysctl", "man"}, words[0]) {
			return
		}
		b := two(t, kern.FreeBSD)
		if out, code := b.command(line); code != 0 && out == "" && !strings.Contains(line, "q") {
			t.Errorf("%q fails without a word: %d", line, code)
		}
	})
}
