package userland_test

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
)

// netBench makes a bench of a lab whose nodes and links the test says, with the
// drivers of every dialect. programs are installed by NODE, in the slot prog.
func netBench(t *testing.T, node string, nodes []config.Node, links []config.Link, programs map[string]func(p *sys.Proc) sys.Exit) *bench {
	t.Helper()
	for i := range nodes {
		if programs[nodes[i].Name] != nil {
			nodes[i].Programs = []config.Program{{Name: "prog", Start: true}}
		}
	}
	lab := config.Lab{Name: "test", Seed: 7, Nodes: nodes, Links: links}
	if slices.ContainsFunc(links, func(l config.Link) bool { return strings.HasPrefix(l.B, "s1.") }) {
		lab.Switches = []config.Switch{{Name: "s1", Ports: len(links)}}
	}
	l, err := vnet.New(lab, vnet.Runtime{
		Modules: func(d kern.Dialect) []kern.Module {
			switch d {
			case kern.NetBSD:
				return []kern.Module{tapemu.NetBSD()}
			case kern.DragonFly:
				return []kern.Module{tunemu.DragonFly(), tapemu.DragonFly()}
			default:
				return []kern.Module{tunemu.FreeBSD()}
			}
		},
		NewStack: host.New,
		Commands: userland.Commands(),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	b := &bench{t: t, Lab: l, node: node, out: map[string]string{}, exits: map[string]int64{}}
	b.watch()
	for name, main := range programs {
		if err := l.Install(name, "prog", native{main}); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	return b
}

func nics(addrs ...string) (out []config.NIC) {
	for i, a := range addrs {
		c := config.NIC{Name: fmt.Sprintf("em%d", i)}
		if a != "" {
			c.Addresses = []netip.Prefix{netip.MustParsePrefix(a)}
		}
		out = append(out, c)
	}
	return out
}

func via(to, gateway string) config.Route {
	return config.Route{To: netip.MustParsePrefix(to), Via: netip.MustParseAddr(gateway)}
}

func cable(a, b string) config.Link {
	return config.Link{A: a, B: b, Delay: time.Millisecond}
}

// chain is alice - r1 - r2 - bob.
func chain(t *testing.T, programs map[string]func(p *sys.Proc) sys.Exit) *bench {
	t.Helper()
	return netBench(t, "alice", []config.Node{
		{Name: "alice", NICs: nics("10.0.0.2/24"), Routes: []config.Route{via("0.0.0.0/0", "10.0.0.1")}},
		{Name: "r1", NICs: nics("10.0.0.1/24", "10.0.1.1/24"), Routes: []config.Route{via("10.0.2.0/24", "10.0.1.2")}, Forward: true},
		{Name: "r2", NICs: nics("10.0.1.2/24", "10.0.2.1/24"), Routes: []config.Route{via("10.0.0.0/24", "10.0.1.1")}, Forward: true},
		{Name: "bob", NICs: nics("10.0.2.2/24"), Routes: []config.Route{via("0.0.0.0/0", "10.0.2.1")}},
	}, []config.Link{cable("alice:em0", "r1:em0"), cable("r1:em1", "r2:em0"), cable("r2:em1", "bob:em0")}, programs)
}

func (b *bench) on(node string) *bench {
	b.node = node
	return b
}

// contains runs a command and looks for a text in what it prints.
func (b *bench) contains(line string, texts ...string) {
	b.t.Helper()
	out, _ := b.command(line)
	for _, text := range texts {
		if !strings.Contains(out, text) {
			b.t.Errorf("$ %s\n%swant %q in it", line, out, text)
		}
	}
}

func TestRouters(t *testing.T) {
	b := chain(t, nil)
	b.contains("ping -c 1 bob", "64 bytes from 10.0.2.2: icmp_seq=0 ttl=62 time=11.000 ms\n") // ARP on each link, once
	b.contains("ping -c 1 bob", "64 bytes from 10.0.2.2: icmp_seq=0 ttl=62 time=6.000 ms\n")
	b.want("traceroute -q 2 bob", 0, `traceroute to bob (10.0.2.2), 64 hops max, 52 byte packets
 1  10.0.0.1 (10.0.0.1)  2.000 ms  2.000 ms
 2  10.0.1.2 (10.0.1.2)  4.000 ms  4.000 ms
 3  10.0.2.2 (10.0.2.2)  6.000 ms  6.000 ms
`)
	b.want("traceroute -In -q 1 bob", 0, "traceroute to bob (10.0.2.2), 64 hops max, 48 byte packets\n 1  10.0.0.1  2.000 ms\n 2  10.0.1.2  4.000 ms\n 3  10.0.2.2  6.000 ms\n")
	b.want("traceroute -q 1 -p 40000 -f 3 -S 10.0.2.2 1000", 0, "traceroute to 10.0.2.2 (10.0.2.2), 64 hops max, 1000 byte packets\n 3  10.0.2.2 (10.0.2.2)  6.000 ms (0% loss)\n")
	b.want("traceroute -q 1 10.0.0.2", 0, "traceroute to 10.0.0.2 (10.0.0.2), 64 hops max, 52 byte packets\n 1  10.0.0.2 (10.0.0.2)  0.000 ms\n")
	for line, want := range map[string]string{
		"traceroute -f 9 -m 8 bob": "traceroute: first ttl (9) may not be greater than max ttl (8)\n",
		"traceroute -m 256 bob":    "traceroute: max ttl must be <= 255\n",
		"traceroute -q x bob":      "traceroute: \"x\" bad value for nprobes\n",
		"traceroute -P tcp bob":    "traceroute: unknown protocol: tcp\n",
		"traceroute nobody":        "traceroute: unknown host nobody\n",
		"traceroute bob 20":        "traceroute: packet size must be 52 <= s <= 32768\n",
		"traceroute6 bob":          "traceroute6: unknown host bob\n",
	} {
		b.want(line, 1, want)
	}
	b.contains("ping -c 1 10.9.9.9", "36 bytes from 10.0.0.1: Destination Host Unreachable\n") // so FreeBSD says that it has no route
	b.contains("ping -c 1 -t 8 10.0.2.99", "100.0% packet loss")                               // one packet waits for ever
	b.contains("ping -c 6 -t 12 10.0.2.99", "from 10.0.1.2: Destination Host Unreachable\n")
	b.contains("ping -c 1 10.0.1.1", "64 bytes from 10.0.1.1: icmp_seq=0 ttl=64 ") // an address of the router's other side
	b.want("traceroute -m 4 -q 1 10.9.9.9", 0, `traceroute to 10.9.9.9 (10.9.9.9), 4 hops max, 52 byte packets
 1  10.0.0.1 (10.0.0.1)  2.000 ms
 2  10.0.0.1 (10.0.0.1)  2.000 ms !H
`)

	b.on("r2").want("sysctl net.inet.ip.forwarding=0", 0, "net.inet.ip.forwarding: 1 -> 0\n")
	b.on("alice").contains("ping -c 1 -t 2 bob", "100.0% packet loss")
	b.contains("ping -c 1 10.0.2.1", "ttl=63 ") // its own address it still takes, by the other interface
	b.on("r2").want("sysctl net.inet.ip.forwarding=1", 0, "net.inet.ip.forwarding: 0 -> 1\n")
	b.want("sysctl -n net.inet.ip.forwarding", 0, "1\n")
	b.want("sysctl net.inet.ip.forwarding=2", 1, "sysctl: net.inet.ip.forwarding: Invalid argument\n")
	b.want("sysctl net.nowhere", 1, "sysctl: unknown oid 'net.nowhere'\n")
	b.on("alice").contains("ping -c 1 bob", "ttl=62")

	b.on("r1").want("route delete 10.0.2.0/24", 0, "delete net 10.0.2.0\n")
	b.want("route delete 10.0.2.0/24", 1, "route: writing to routing socket: No such process\ndelete net 10.0.2.0: not in table\n")
	b.on("alice").contains("ping -c 1 bob", "Destination Host Unreachable")
	b.on("r1").want("route add -net 10.0.2.0 10.0.1.2 -netmask 255.255.255.0", 0, "add net 10.0.2.0: gateway 10.0.1.2\n")
	b.want("route add 10.0.2.0/24 10.0.1.2", 1, "route: writing to routing socket: File exists\nadd net 10.0.2.0: gateway 10.0.1.2: route already in table\n")
	b.want("route add 10.7.0.0/24 10.6.1.2", 1, "route: writing to routing socket: Network is unreachable\nadd net 10.7.0.0: gateway 10.6.1.2: Network is unreachable\n")
	b.want("route add 10.7.0.0/24 nobody", 68, "route: bad address: nobody\n")
	b.want("route add -host 10.7.0.1 r2", 0, "add host 10.7.0.1: gateway 10.0.1.2\n")
	b.on("alice").contains("ping -c 1 bob", "ttl=62")

	b.on("r1").want("netstat -rn", 0, `Routing tables

Internet:
Destination        Gateway            Flags    Refs      Use  Netif Expire
10.0.0.0/24        link#1             U           0        0    em0
10.0.0.1           link#1             UHS         0        0    lo0
10.0.1.0/24        link#2             U           0        0    em1
10.0.1.1           link#2             UHS         0        0    lo0
10.0.2.0/24        10.0.1.2           UGS         0        0    em1
10.7.0.1           10.0.1.2           UGHS        0        0    em1
`)
	b.on("alice").want("route -n get bob", 0, `   route to: bob
destination: default
       mask: 0.0.0.0
    gateway: 10.0.0.1
  interface: em0
      flags: <UP,GATEWAY,DONE,STATIC>
 recvpipe  sendpipe  ssthresh  rtt,msec    mtu        weight    expire
       0         0         0         0      1500         1         0  
`)
	b.contains("netstat -i", "em0    1500 <Link#1>      02:00:00:00:01:01")
}

// TestInterfaceGoesDown: its routes go with it, static ones stay, and what is sent by
// them is lost.
func TestInterfaceGoesDown(t *testing.T) {
	b := chain(t, nil)
	b.command("ping -c 1 bob")
	b.on("r1").want("ifconfig em1 down", 0, "")
	b.want("netstat -r", 0, `Routing tables

Internet:
Destination        Gateway            Flags    Refs      Use  Netif Expire
10.0.0.0/24        link#1             U           0        0    em0
10.0.0.1           link#1             UHS         0        0    lo0
10.0.2.0/24        10.0.1.2           UGS         0        0    em1
`)
	b.contains("ping -c 1 -t 1 10.0.1.2", "sendto: No route to host")
	b.want("ifconfig em1 up", 0, "")
	b.on("alice").contains("ping -c 1 bob", "ttl=62")
	b.on("r1").want("ifconfig em1 delete 10.0.1.1", 0, "")
	b.want("netstat -r", 0, `Routing tables

Internet:
Destination        Gateway            Flags    Refs      Use  Netif Expire
10.0.0.0/24        link#1             U           0        0    em0
10.0.0.1           link#1             UHS         0        0    lo0
`)
	b.want("ifconfig em1 delete 10.0.1.1", 1, "ifconfig: ioctl (SIOCDIFADDR): Can't assign requested address\n")
	b.want("ifconfig em1 10.0.0.1/24", 1, "ifconfig: ioctl (SIOCAIFADDR): File exists\n")
	b.want("ifconfig em1 inet 10.0.1.7 netmask 0xffffff00", 0, "")
	b.want("ifconfig em1 10.0.1.8/24 alias", 0, "")
	b.want("ifconfig em1 10.0.1.1/24", 0, "") // in the place of 10.0.1.7
	b.want("ifconfig em1", 0, `em1: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500
	ether 02:00:00:00:02:02
	inet 10.0.1.8 netmask 0xffffff00 broadcast 10.0.1.255
	inet 10.0.1.1 netmask 0xffffff00 broadcast 10.0.1.255
	status: active
`)
	for _, bad := range []string{"10.0.1", "10.0.1.1/33", "inet 10.0.1.9 fd00::1", "10.0.1.9 netmask 255.0.255.0", "inet6 10.0.0.9"} {
		if out, code := b.command("ifconfig em1 " + bad); code != 1 || !strings.Contains(out, "bad value") {
			t.Errorf("ifconfig em1 %s: %d %s", bad, code, out)
		}
	}
}

// TestStreamThroughRouters sends a stream with nc, twice, with one hash, and ends with
// the goroutines that there were.
func TestStreamThroughRouters(t *testing.T) {
	before := runtime.NumGoroutine()
	first := ""
	for range 2 {
		b := chain(t, nil)
		b.on("bob").exec("nc -l -v 80")
		b.on("alice").exec("nc -w 30 bob 80")
		do := func(c vnet.Command) {
			if _, err := b.Do(c); err != nil {
				t.Fatal(err)
			}
		}
		do(vnet.Stdin{Node: "alice", Proc: "nc.1", Text: strings.Repeat("0123456789", 2000)})
		b.Run(b.Now()+time.Second, vnet.NoLimit)
		b.on("bob").contains("netstat -an", "tcp4       0      0  10.0.2.2.80            10.0.0.2.")
		do(vnet.Stdin{Node: "bob", Proc: "nc.1", Text: "thanks\n"})
		b.Run(b.Now()+time.Second, vnet.NoLimit)
		do(vnet.Stdin{Node: "alice", Proc: "nc.1", EOF: true})
		b.Run(b.Now()+10*time.Second, vnet.NoLimit)
		got := b.out["bob:nc.1"]
		if head, rest, _ := strings.Cut(got, "\n"); !strings.HasPrefix(head, "Connection from 10.0.0.2:") || len(rest) != 20000 {
			t.Errorf("bob's nc printed %d bytes: %.60q", len(got), got)
		}
		if got := b.out["alice:nc.1"]; got != "thanks\n" {
			t.Errorf("alice's nc printed %q", got)
		}
		if b.exits["alice:nc.1"] != 0 || b.exits["bob:nc.1"] != 0 || len(b.exits) < 2 {
			t.Errorf("exits %v", b.exits)
		}
		if h := b.Log().Hash(); first == "" {
			first = h
		} else if h != first {
			t.Error("the same commands, another hash")
		}
		b.Close()
	}
	for i := 0; i < 100_000 && runtime.NumGoroutine() > before; i++ {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > before {
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// TestNarrowLink has a link in the middle that carries less than the others: what may
// not be cut is answered with how much goes through, and the rest goes in fragments.
func TestNarrowLink(t *testing.T) {
	b := chain(t, nil)
	b.on("r1").want("ifconfig em1 mtu 700", 0, "")
	b.on("r2").want("ifconfig em0 mtu 700", 0, "")
	b.on("alice").contains("ping -c 1 bob", "64 bytes") // else the first fragments would wait for ARP in vain
	b.contains("ping -c 1 -s 1400 bob", "1408 bytes from 10.0.2.2: icmp_seq=0 ttl=62")
	b.on("bob").exec("nc -l 80")
	sender := strings.TrimPrefix(b.on("alice").exec("nc bob 80"), "alice:")
	if _, err := b.Do(vnet.Stdin{Node: "alice", Proc: sender, Text: strings.Repeat("x", 50_000), EOF: true}); err != nil {
		t.Fatal(err)
	}
	needed := 0
	b.Log().Subscribe(func(e *event.Event) {
		if e.Kind == event.Frame && e.Port == "r1:em0" && len(e.Data) > 36 && e.Data[23] == packet.ProtoICMP && e.Data[34] == packet.ICMPUnreachable && e.Data[35] == 4 {
			needed++
		}
	})
	b.Run(b.Now()+10*time.Second, vnet.NoLimit)
	if n := len(b.out["bob:nc.1"]); n != 50_000 || needed == 0 {
		t.Errorf("%d bytes arrived, %d times a fragment was needed", n, needed)
	}
}

func TestNcDatagrams(t *testing.T) {
	b := chain(t, nil)
	b.on("bob").exec("nc -u -l 7")
	b.on("alice").exec("nc -u -w 2 bob 7")
	for _, c := range []vnet.Stdin{{Node: "alice", Text: "question\n"}, {Node: "bob", Text: "answer\n"}} {
		c.Proc = "nc.1"
		if _, err := b.Do(c); err != nil {
			t.Fatal(err)
		}
		b.Run(b.Now()+100*time.Millisecond, vnet.NoLimit)
	}
	b.Run(b.Now()+10*time.Second, vnet.NoLimit)
	if b.out["bob:nc.1"] != "question\n" || b.out["alice:nc.1"] != "answer\n" {
		t.Errorf("bob got %q, alice %q", b.out["bob:nc.1"], b.out["alice:nc.1"])
	}
	b.on("alice").want("nc -z bob 81", 1, "nc: connect to 10.0.2.2 port 81 (tcp) failed: Connection refused\n")
	b.want("nc nobody 80", 1, "nc: unknown host: nobody\nusage: nc [-nuvz] [-p port] [-s source] [-w timeout] host port\n       nc -l [-nuv] [-s source] [-w timeout] port\n")
}

// tunnel is a program on a tun that answers echo requests for its peer's address and
// those behind it, notes what it reads, and writes one request of its own first.
func tunnel(log *[]string, rounds int) func(p *sys.Proc) sys.Exit {
	return func(p *sys.Proc) sys.Exit {
		fd, e := p.Open("/dev/tun0", kern.O_RDWR)
		if e != errno.OK {
			return sys.Exit{Code: 1, Why: e.String()}
		}
		p.Sleep(100 * time.Millisecond)
		ask, _ := packet.AppendIPv4(nil, packet.IPv4Header{
			TTL: 64, Protocol: packet.ProtoICMP, Src: netip.MustParseAddr("10.8.0.2"), Dst: netip.MustParseAddr("10.8.0.1"),
		}, packet.ICMPLen)
		ask, _ = packet.AppendICMPv4Echo(ask, false, 1, 1, nil)
		_, e = p.Write(fd, ask)
		buf := make([]byte, 2000)
		for i := 0; i < rounds && e == errno.OK; i++ {
			var n int
			if n, e = p.Read(fd, buf); e != errno.OK {
				break
			}
			ip, err := packet.ParseIPv4(buf[:n])
			if err != nil {
				*log = append(*log, "not IPv4")
				continue
			}
			msg := ip.Payload()
			*log = append(*log, fmt.Sprintf("%v > %v ttl %d type %d", ip.Src(), ip.Dst(), ip.TTL(), msg[0]))
			if msg[0] == packet.ICMPEcho {
				out, _ := packet.AppendIPv4(nil, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoICMP, Src: ip.Dst(), Dst: ip.Src()}, len(msg))
				out, _ = packet.AppendICMPv4Echo(out, true, binary.BigEndian.Uint16(msg[4:]), binary.BigEndian.Uint16(msg[6:]), msg[8:])
				_, e = p.Write(fd, out)
			}
		}
		p.Sleep(time.Second)
		return sys.Exit{How: "exit"} // which closes the tun
	}
}

// TestTun has a program behind the tun of a router: what it writes enters the stack,
// what is routed there it reads, and what its close deletes is gone.
func TestTun(t *testing.T) {
	for _, c := range []struct {
		dialect kern.Dialect
		closed  string // ifconfig after the close
		routes  string // before it
	}{
		{kern.FreeBSD, "tun0: flags=8010<POINTOPOINT,MULTICAST> metric 0 mtu 1500\n\tstatus: no carrier\n", `10.8.0.1           link#2             UHS         0        0    lo0
10.8.0.2           link#2             UH          0        0   tun0
10.9.0.0/16        10.8.0.2           UGS         0        0   tun0
`},
		{kern.DragonFly, "tun0: flags=8010<POINTOPOINT,MULTICAST> metric 0 mtu 1500\n\tinet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff\n", `10.8.0.1           link#2             UHL         0        0    lo0
10.8.0.2           link#2             UH          0        0   tun0
10.9/16            10.8.0.2           UGSc        0        0   tun0
`},
	} {
		t.Run(c.dialect.String(), func(t *testing.T) {
			var log []string
			b := netBench(t, "router", []config.Node{
				{Name: "alice", NICs: nics("10.0.0.2/24"), Routes: []config.Route{via("0.0.0.0/0", "10.0.0.1")}},
				{
					Name: "router", Dialect: c.dialect, NICs: nics("10.0.0.1/24"), Forward: true,
					Devices: []config.Device{{
						Name: "tun0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}, Peer: netip.MustParseAddr("10.8.0.2"),
					}},
					Routes: []config.Route{via("10.9.0.0/16", "10.8.0.2")},
				},
			}, []config.Link{cable("alice:em0", "router:em0")}, map[string]func(p *sys.Proc) sys.Exit{"router": tunnel(&log, 4)})
			b.Run(50*time.Millisecond, vnet.NoLimit)
			b.contains("ifconfig tun0", "inet 10.8.0.1 --> 10.8.0.2 netmask 0xffffffff\n")
			b.contains("netstat -rn", c.routes)
			b.contains("ping -c 1 10.8.0.1", "icmp_seq=0 ttl=64 time=0.000 ms") // itself
			b.contains("ping -c 1 10.8.0.2", "64 bytes from 10.8.0.2: icmp_seq=0 ttl=64 ")
			b.on("alice").contains("ping -c 1 10.9.1.1", "64 bytes from 10.9.1.1: icmp_seq=0 ttl=63 ")
			b.contains("ping -c 1 10.8.0.1", "ttl=64 ") // the router's address on its other side
			b.contains("ping -c 1 10.8.0.2", "ttl=63 ")
			b.Run(b.Now()+2*time.Second, vnet.NoLimit)
			want := []string{
				"10.8.0.1 > 10.8.0.2 ttl 64 type 0", "10.8.0.1 > 10.8.0.2 ttl 64 type 8", "10.0.0.2 > 10.9.1.1 ttl 63 type 8", "10.0.0.2 > 10.8.0.2 ttl 63 type 8",
			}
			if got := strings.Join(log, "\n"); got != strings.Join(want, "\n") {
				t.Errorf("the program read\n%s\nwant\n%s", got, strings.Join(want, "\n"))
			}
			b.on("router").want("ifconfig tun0", 0, c.closed)
			if out, _ := b.command("netstat -rn"); strings.Contains(out, "10.8.0") && !strings.Contains(out, strings.SplitAfter(c.routes, "\n")[2]) {
				t.Errorf("routes are left:\n%s", out)
			}
			b.contains("ping -c 1 -t 1 10.8.0.2", "sendto: No route to host")
			b.on("alice").contains("ping -c 1 -t 2 10.8.0.2", "Destination Host Unreachable")
		})
	}
}

// TestTunByHand sets an address while the program runs, and is told that nobody has
// the tun open when nobody has.
func TestTunByHand(t *testing.T) {
	var log []string
	b := netBench(t, "n", []config.Node{{Name: "n", Devices: []config.Device{{Name: "tun0"}}}}, nil,
		map[string]func(p *sys.Proc) sys.Exit{"n": func(p *sys.Proc) sys.Exit {
			p.Sleep(3 * time.Second)
			return tunnel(&log, 2)(p)
		}})
	b.want("ifconfig tun0 10.8.0.1", 1, "ifconfig: ioctl (SIOCAIFADDR): Destination address required\n")
	b.want("ifconfig tun0 10.8.0.1 10.8.0.2", 0, "")
	b.contains("ping -c 1 -t 1 10.8.0.2", "ping: sendto: Host is down\n")
	b.Run(5*time.Second, vnet.NoLimit)
	if len(log) != 1 || log[0] != "10.8.0.1 > 10.8.0.2 ttl 64 type 0" {
		t.Errorf("the program read %q", log)
	}
	b.want("ifconfig tun0 10.8.0.5 10.8.0.2", 0, "")
	b.contains("ping -c 1 10.8.0.2", "64 bytes from 10.8.0.2")
	b.Run(b.Now()+2*time.Second, vnet.NoLimit)
	events := b.ifaceEvents("n:tun0")
	want := "inet 10.8.0.1 --> 10.8.0.2 added, inet 10.8.0.1 --> 10.8.0.2 removed, inet 10.8.0.5 --> 10.8.0.2 added, " +
		"inet 10.8.0.5 --> 10.8.0.2 removed" // by the close
	if got := strings.Join(events, ", "); got != want {
		t.Errorf("events: %s\nwant %s", got, want)
	}
}

// ifaceEvents are the events about addresses and routes of an interface so far.
func (b *bench) ifaceEvents(port string) (out []string) {
	es, _, _ := b.Log().From(0, 10_000)
	for _, e := range es {
		if e.Kind == event.Iface && e.Port == port && (e.Op == "inet" || e.Op == "inet6" || e.Op == "route") {
			out = append(out, e.Text)
		}
	}
	return out
}

// TestTapOfTheStack: a tap with an address is an Ethernet interface of its node, and
// its program the whole network behind it.
func TestTapOfTheStack(t *testing.T) {
	b := netBench(t, "n", []config.Node{{
		Name: "n", Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0", MAC: packet.MAC{2, 0, 0, 0, 0, 1}, Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24")}}},
	}}, nil, map[string]func(p *sys.Proc) sys.Exit{"n": func(p *sys.Proc) sys.Exit { return serve(p, pingd) }})
	b.contains("ping -c 2 10.0.0.2", "2 packets received")
	b.contains("arp -an", "? (10.0.0.2) at 02:00:00:00:00:0b on tap0\n")
	b.want("ifconfig tap0 down", 0, "")
	b.contains("ping -c 1 -t 1 10.0.0.2", "No route to host")
	b.want("ifconfig tap0 up", 0, "") // the program has ended: a read of a tap that is down is EHOSTDOWN
	b.want("ifconfig tap0 destroy", 0, "")
	b.want("netstat -rn", 0, "Routing tables\n")
	b.want("ifconfig tap0 create", 0, "")
	b.contains("ping -c 1 -t 1 10.0.0.2", "No route to host")
	b.want("ifconfig tap0 10.0.0.1/24", 0, "")
	b.contains("netstat -rn", "10/24              link#2             UC          -        -      -  tap0\n")
}

// TestClientWithoutAddress is what a DHCP client needs: it broadcasts from 0.0.0.0 and
// hears the broadcast answer, by an interface that has no address yet.
func TestClientWithoutAddress(t *testing.T) {
	ports := [2]netip.AddrPort{netip.MustParseAddrPort("0.0.0.0:67"), netip.MustParseAddrPort("0.0.0.0:68")}
	talk := func(me int, first bool, device string) func(p *sys.Proc) sys.Exit {
		return func(p *sys.Proc) sys.Exit {
			fd, _ := p.Socket(inet.SocketUDP)
			_ = p.Bind(fd, ports[me])
			all := netip.AddrPortFrom(netip.MustParseAddr("255.255.255.255"), ports[1-me].Port())
			buf := make([]byte, 100)
			if first {
				p.Sleep(10 * time.Millisecond)
				if _, e := p.SendTo(fd, []byte("x"), all); e != errno.EACCES {
					_, _ = p.Write(1, []byte("without SO_BROADCAST: "+e.String()+"\n"))
				}
			}
			_ = p.SetSockOpt(fd, inet.SO_BROADCAST, 1)
			if e := p.BindDevice(fd, device); e != errno.OK {
				_, _ = p.Write(1, []byte("device: "+e.String()+"\n"))
			}
			for i := range 2 {
				if first == (i == 0) {
					_, e := p.SendTo(fd, []byte("from "+p.System().Name()), all)
					_, _ = p.Write(1, fmt.Appendf(nil, "send %v\n", e))
				} else {
					n, from, ttl, _ := p.RecvFrom(fd, buf)
					_, _ = p.Write(1, fmt.Appendf(nil, "%s %v ttl %d\n", buf[:n], from, ttl))
				}
			}
			return sys.Exit{How: "exit"}
		}
	}
	for _, device := range []string{"", "em0"} {
		b := netBench(t, "s", []config.Node{{Name: "s", NICs: nics("10.0.0.1/24")}, {Name: "c", NICs: nics("")}},
			[]config.Link{cable("s:em0", "c:em0")}, map[string]func(p *sys.Proc) sys.Exit{"s": talk(0, false, "em0"), "c": talk(1, true, device)})
		b.Run(time.Second, vnet.NoLimit)
		if got := b.out["s:prog"]; got != "from c 0.0.0.0:68 ttl 64\nsend OK\n" {
			t.Errorf("the server: %q", got)
		}
		if got := b.out["c:prog"]; got != "send OK\nfrom s 10.0.0.1:67 ttl 64\n" {
			t.Errorf("the client, bound to %q: %q", device, got)
		}
		b.on("c").want("ifconfig em0 10.0.0.50/24", 0, "")
		b.contains("ping -c 1 10.0.0.1", "ttl=64")
	}
}

// TestBroadcastServer is what a DHCP server needs: a socket for each of two networks,
// which hear and answer each their own.
func TestBroadcastServer(t *testing.T) {
	var got []string
	server := func(p *sys.Proc) sys.Exit {
		var fds []file.PollFD
		for _, dev := range []string{"em0", "em1"} {
			fd, _ := p.Socket(inet.SocketUDP)
			for _, e := range []errno.Errno{
				p.SetSockOpt(fd, inet.SO_REUSEADDR, 1), p.SetSockOpt(fd, inet.SO_BROADCAST, 1), p.BindDevice(fd, dev),
				p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:67")),
			} {
				if e != errno.OK {
					got = append(got, dev+": "+e.String())
				}
			}
			fds = append(fds, file.PollFD{FD: fd, Events: kern.POLLIN})
		}
		if p.BindDevice(fds[0].FD, "em7") != errno.ENXIO {
			got = append(got, "em7 can be bound to")
		}
		buf := make([]byte, 100)
		for !p.Dying() {
			if _, e := p.Poll(fds, -1); e != errno.OK {
				continue
			}
			for _, f := range fds {
				if f.Revents&kern.POLLIN == 0 {
					continue
				}
				n, from, _, _ := p.RecvFrom(f.FD, buf)
				dev, _ := p.Device(f.FD)
				got = append(got, fmt.Sprintf("%s on %s from %v", buf[:n], dev, from))
				_, _ = p.SendTo(f.FD, []byte("offer on "+dev), netip.MustParseAddrPort("255.255.255.255:68"))
			}
		}
		return p.Verdict()
	}
	client := func(p *sys.Proc) sys.Exit {
		fd, _ := p.Socket(inet.SocketUDP)
		_ = p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:68"))
		all := netip.MustParseAddrPort("255.255.255.255:67")
		if _, e := p.SendTo(fd, []byte("x"), all); e != errno.EACCES {
			_, _ = p.Write(1, []byte("without SO_BROADCAST: "+e.String()+"\n"))
		}
		_ = p.SetSockOpt(fd, inet.SO_BROADCAST, 1)
		_, _ = p.SendTo(fd, []byte("discover of "+p.System().Name()), all)
		buf := make([]byte, 100)
		n, from, _, _ := p.RecvFrom(fd, buf)
		_, _ = p.Write(1, fmt.Appendf(nil, "%s from %v\n", buf[:n], from))
		return sys.Exit{How: "exit"}
	}
	b := netBench(t, "s", []config.Node{
		{Name: "s", NICs: nics("10.0.0.1/24", "10.0.1.1/24")}, {Name: "a", NICs: nics("10.0.0.2/24")}, {Name: "c", NICs: nics("10.0.1.2/24")},
	}, []config.Link{cable("s:em0", "a:em0"), cable("s:em1", "c:em0")}, map[string]func(p *sys.Proc) sys.Exit{"s": server, "a": client, "c": client})
	b.Run(time.Second, vnet.NoLimit)
	if s := strings.Join(got, ", "); s != "discover of a on em0 from 10.0.0.2:68, discover of c on em1 from 10.0.1.2:68" {
		t.Errorf("the server got %s", s)
	}
	if b.out["a:prog"] != "offer on em0 from 10.0.0.1:67\n" || b.out["c:prog"] != "offer on em1 from 10.0.1.1:67\n" {
		t.Errorf("the clients got %q and %q", b.out["a:prog"], b.out["c:prog"])
	}
}
