package userland_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
)

func TestPing(t *testing.T) {
	cases := []struct {
		name, line string
		answer     func([]byte) [][]byte
		code       int64
		out        string
	}{
		{"answered", "ping -c 3 10.0.0.2", pingd, 0, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes
64 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms
64 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=4.000 ms
64 bytes from 10.0.0.2: icmp_seq=2 ttl=255 time=4.000 ms

--- 10.0.0.2 ping statistics ---
3 packets transmitted, 3 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 4.000/5.333/8.000/1.886 ms
`},
		{"by a host's own stack, in fragments", "ping -c2 -s 3000 10.0.0.3", pingd, 0, `
PING 10.0.0.3 (10.0.0.3): 3000 data bytes
3008 bytes from 10.0.0.3: icmp_seq=1 ttl=64 time=4.000 ms

--- 10.0.0.3 ping statistics ---
2 packets transmitted, 1 packets received, 50.0% packet loss
round-trip min/avg/max/stddev = 4.000/4.000/4.000/0.000 ms
`},
		{"oneself", "ping -o 10.0.0.1", nil, 0, `
PING 10.0.0.1 (10.0.0.1): 56 data bytes
64 bytes from 10.0.0.1: icmp_seq=0 ttl=64 time=0.000 ms

--- 10.0.0.1 ping statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 0.000/0.000/0.000/0.000 ms
`},
		{"quiet, and quick", "ping -q -c 4 -i 0.25 10.0.0.2", pingd, 0, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes

--- 10.0.0.2 ping statistics ---
4 packets transmitted, 4 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 4.000/5.000/8.000/1.732 ms
`},
		{"too short for a time stamp", "ping -c 1 -s 7 10.0.0.2", pingd, 0, `
PING 10.0.0.2 (10.0.0.2): 7 data bytes
15 bytes from 10.0.0.2: icmp_seq=0 ttl=255

--- 10.0.0.2 ping statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
`},
		{"the time is up", "ping -n -t 2 10.0.0.2", pingd, 0, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes
64 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms
64 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=4.000 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 4.000/6.000/8.000/2.000 ms
`},
		{"later than -W", "ping -c 2 -W 6 10.0.0.2", pingd, 0, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes
64 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=4.000 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 packets received, 0.0% packet loss, 1 packets out of wait time
round-trip min/avg/max/stddev = 4.000/6.000/8.000/2.000 ms
`},
		{"nobody there", "ping -c 7 10.0.0.9", pingd, 2, `
PING 10.0.0.9 (10.0.0.9): 56 data bytes
ping: sendto: Host is down
ping: sendto: Host is down

--- 10.0.0.9 ping statistics ---
7 packets transmitted, 0 packets received, 100.0% packet loss
`},
		{"no route", "ping -c 1 192.168.1.1", pingd, 2, `
PING 192.168.1.1 (192.168.1.1): 56 data bytes
ping: sendto: No route to host

--- 192.168.1.1 ping statistics ---
1 packets transmitted, 0 packets received, 100.0% packet loss
`},
		{"answered twice", "ping -c 2 10.0.0.2", twice, 0, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes
64 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms
64 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms (DUP!)
64 bytes from 10.0.0.2: icmp_seq=1 ttl=255 time=4.000 ms

--- 10.0.0.2 ping statistics ---
2 packets transmitted, 2 packets received, +1 duplicates, 0.0% packet loss
round-trip min/avg/max/stddev = 4.000/6.667/8.000/1.886 ms
`},
		{"other data comes back", "ping -c 1 -s 10 10.0.0.2", garbled, 0, `
PING 10.0.0.2 (10.0.0.2): 10 data bytes
18 bytes from 10.0.0.2: icmp_seq=0 ttl=255 time=8.000 ms
wrong data byte #9 should be 0x9 but was 0xff
cp: 0  0  0  0  0  0  0  0 ` + `
	 8 ff ` + `
dp: 0  0  0  0  0  0  0  0 ` + `
	 8  9 ` + `

--- 10.0.0.2 ping statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 8.000/8.000/8.000/0.000 ms
`},
		{"unreachable", "ping -c 1 10.0.0.2", refuse, 2, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes
92 bytes from 10.0.0.2: Destination Host Unreachable
Vr HL TOS  Len   ID Flg  off TTL Pro  cks      Src      Dst
 4  5  00 0054 ID   0 0000  40  01 SUM 10.0.0.1  10.0.0.2 


--- 10.0.0.2 ping statistics ---
1 packets transmitted, 0 packets received, 100.0% packet loss
`},
		{"unreachable, quietly", "ping -q -c 1 10.0.0.2", refuse, 2, `
PING 10.0.0.2 (10.0.0.2): 56 data bytes

--- 10.0.0.2 ping statistics ---
1 packets transmitted, 0 packets received, 100.0% packet loss
`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b := newBench(t, c.answer)
			got, code := b.command(c.line)
			if c.name == "unreachable" { // the packet's identification and checksum are chance
				f := strings.Fields(strings.Split(got, "\n")[3])
				got = strings.Replace(got, f[4]+" ", "ID ", 1)
				got = strings.Replace(got, " "+f[9]+" ", " SUM ", 1)
			}
			if want := strings.TrimPrefix(c.out, "\n"); got != want || code != c.code {
				t.Errorf("$ %s\n%s[exit %d]\nwant\n%s[exit %d]", c.line, got, code, want, c.code)
			}
		})
	}
}

func TestPing6(t *testing.T) {
	b := newBench(t, nil)
	b.node = "carol"
	b.want("ifconfig em0 inet6 fd00::3/64", 0, "")
	b.node = "alice"
	b.want("ifconfig em0 inet6 fd00::1/64", 0, "")
	for _, c := range []struct {
		line string
		code int64
		out  string
	}{
		{"ping6 -c 2 fd00::3", 0, `
PING6(104=40+8+56 bytes) fd00::1 --> fd00::3
64 bytes from fd00::3, icmp_seq=0 hlim=64 time=8.000 ms
64 bytes from fd00::3, icmp_seq=1 hlim=64 time=4.000 ms

--- fd00::3 ping6 statistics ---
2 packets transmitted, 2 packets received, 0.0% packet loss
round-trip min/avg/max/std-dev = 4.000/6.000/8.000/2.000 ms
`},
		{"ping -c 1 -s 7 fd00::3", 0, `
PING6(55=40+8+7 bytes) fd00::1 --> fd00::3
15 bytes from fd00::3, icmp_seq=0 hlim=64

--- fd00::3 ping6 statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
`},
		{"ping6 -q -c 1 -s 3000 fd00::3", 0, `
PING6(3048=40+8+3000 bytes) fd00::1 --> fd00::3

--- fd00::3 ping6 statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/std-dev = 4.000/4.000/4.000/0.000 ms
`},
		{"ping6 -c 1 ::1", 0, `
PING6(104=40+8+56 bytes) ::1 --> ::1
64 bytes from ::1, icmp_seq=0 hlim=64 time=0.000 ms

--- ::1 ping6 statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/std-dev = 0.000/0.000/0.000/0.000 ms
`},
	} {
		b.want(c.line, c.code, strings.TrimPrefix(c.out, "\n"))
	}
	if got, code := b.command("ping6 -c 2 fd00::9"); code != 2 || !strings.Contains(got, "2 packets transmitted, 0 packets received, 100.0% packet loss\n") {
		t.Errorf("nobody there: %s[exit %d]", got, code)
	}
}

// twice answers like pingd, twice.
func twice(f []byte) [][]byte {
	out := pingd(f)
	if len(out) == 1 && len(out[0]) > 60 {
		out = append(out, out[0])
	}
	return out
}

// garbled answers like pingd with another last byte.
func garbled(f []byte) [][]byte {
	f = append([]byte(nil), f...)
	if f[12] == 8 && f[13] == 0 {
		f[len(f)-1] = 0xff
	}
	return pingd(f)
}

// refuse answers ARP, and echo requests with an error.
func refuse(f []byte) [][]byte {
	eth, err := packet.ParseEthernet(f)
	if err != nil || eth.Type() != packet.TypeIPv4 {
		return pingd(f)
	}
	msg := packettest.AppendICMPv4Error(nil, packet.ICMPUnreachable, 1, 0, eth.Payload())
	out := packet.AppendEthernet(nil, eth.Src(), bobMAC, packet.TypeIPv4)
	out, _ = packet.AppendIPv4(out, packet.IPv4Header{TTL: 64, Protocol: packet.ProtoICMP, Src: bobIP, Dst: netip.MustParseAddr("10.0.0.1")}, len(msg))
	return [][]byte{append(out, msg...)}
}

func TestPingUsage(t *testing.T) {
	const usage = `usage: ping [-46noQqv] [-c count] [-i wait] [-m ttl] [-p pattern] [-S src_addr]
            [-s packetsize] [-t timeout] [-W waittime] host
`
	cases := []struct {
		line string
		code int64
		out  string
	}{
		{"ping", 64, usage},
		{"ping 10.0.0.2 10.0.0.3", 64, usage},
		{"ping -x 10.0.0.2", 64, "ping: illegal option -- x\n" + usage},
		{"ping -c", 64, "ping: option requires an argument -- c\n" + usage},
		{"ping -c 0 10.0.0.2", 64, "ping: invalid count of packets to transmit: `0'\n"},
		{"ping -cx 10.0.0.2", 64, "ping: invalid count of packets to transmit: `x'\n"},
		{"ping -i 0 10.0.0.2", 64, "ping: invalid timing interval: `0'\n"},
		{"ping -i NaN 10.0.0.2", 64, "ping: invalid timing interval: `NaN'\n"},
		{"ping -W -1 10.0.0.2", 64, "ping: invalid timing interval: `-1'\n"},
		{"ping -s 65508 10.0.0.2", 64, "ping: packet size too large: 65508 > 65507\n"},
		{"ping -s big 10.0.0.2", 64, "ping: invalid packet size: `big'\n"},
		{"ping -t 0 10.0.0.2", 64, "ping: invalid timeout: `0'\n"},
		{"ping -t 3601 10.0.0.2", 64, "ping: invalid timeout: `3601' > 3600\n"},
		{"ping nobody", 68, "ping: cannot resolve nobody: Unknown host\n"},
		{"ping fd00::1", 1, "ping: UDP connect: No route to host\n"},
		{"ping -4 fd00::1", 68, "ping: cannot resolve fd00::1: Unknown host\n"},
		{"ping6 10.0.0.2", 68, "ping6: cannot resolve 10.0.0.2: Unknown host\n"},
		{"ping6 -t 1 fd00::1", 64, "ping6: illegal option -- t\nusage: ping6 [-noqv] [-c count] [-h hoplimit] [-I interface] [-i wait]\n             [-p pattern] [-S sourceaddr] [-s packetsize] host\n"},
		{"ping6 -s 65528 fd00::1", 64, "ping6: packet size too large: 65528 > 65527\n"},
	}
	b := newBench(t, nil)
	for _, c := range cases {
		b.want(c.line, c.code, c.out)
	}
}

// TestPingSeesTheProgramStop is what a newcomer sees: the program that answers is
// stopped, and started again.
func TestPingSeesTheProgramStop(t *testing.T) {
	b := newBench(t, pingd)
	b.stamps = true
	ping := b.exec("ping 10.0.0.2")
	do := func(c vnet.Command) {
		t.Helper()
		if _, err := b.Do(c); err != nil {
			t.Fatal(err)
		}
	}
	b.Run(20500*time.Millisecond, vnet.NoLimit)
	if b.arps != 3 {
		t.Errorf("alice sent %d ARP requests while the pings were answered, want one about each address of hers and one for bob's", b.arps)
	}
	b.out[ping] = ""
	do(vnet.Stop{Node: "bob", Proc: "pingd"})
	b.Run(30500*time.Millisecond, vnet.NoLimit)
	if got := b.out[ping]; got != "" { // a BSD believes in a neighbour for twenty minutes
		t.Errorf("after 20s the program is stopped:\n%s\nwant nothing", got)
	}
	do(vnet.Start{Node: "bob", Proc: "pingd"})
	b.out[ping] = ""
	b.Run(33500*time.Millisecond, vnet.NoLimit)
	if got := b.out[ping]; !strings.HasSuffix(got, "33.004s 64 bytes from 10.0.0.2: icmp_seq=33 ttl=255 time=4.000 ms\n") {
		t.Errorf("it is started again:\n%s", got)
	}
}

// A spy lets a test signal a command.
type spy struct {
	sys.Program
	p *sys.Proc
}

func (s *spy) Main(p *sys.Proc) sys.Exit {
	s.p = p
	return s.Program.Main(p)
}

func TestPingInterrupted(t *testing.T) {
	for _, c := range []struct {
		name string
		sig  int
		code int64
		out  string
	}{
		{"SIGINT prints statistics", signal.SIGINT, 0, `PING 10.0.0.1 (10.0.0.1): 56 data bytes
64 bytes from 10.0.0.1: icmp_seq=0 ttl=64 time=0.000 ms
64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.000 ms

--- 10.0.0.1 ping statistics ---
2 packets transmitted, 2 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 0.000/0.000/0.000/0.000 ms
`},
		{"SIGTERM does not", signal.SIGTERM, 128 + signal.SIGTERM, `PING 10.0.0.1 (10.0.0.1): 56 data bytes
64 bytes from 10.0.0.1: icmp_seq=0 ttl=64 time=0.000 ms
64 bytes from 10.0.0.1: icmp_seq=1 ttl=64 time=0.000 ms
`},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBenchWith(t, nil, func(m map[string]sys.Program) { m["ping"] = &spy{Program: m["ping"]} })
			p := b.exec("ping 10.0.0.1")
			b.At(1500*time.Millisecond, func() { b.commands["ping"].(*spy).p.Signal(c.sig) })
			b.Run(2*time.Second, vnet.NoLimit)
			if code, ended := b.exits[p]; !ended || code != c.code || b.out[p] != c.out {
				t.Errorf("%s[exit %d, ended %v]\nwant\n%s[exit %d]", b.out[p], code, ended, c.out, c.code)
			}
		})
	}
}

// TestPingIsDeterministic runs the same lab many times.
func TestPingIsDeterministic(t *testing.T) {
	first := ""
	for range 10 {
		b := newBench(t, pingd)
		b.exec("ping 10.0.0.2")
		b.exec("ping -i 0.1 -s 2000 10.0.0.3")
		b.Run(30*time.Second, vnet.NoLimit)
		if first == "" {
			first = b.Log().Hash()
		}
		if h := b.Log().Hash(); h != first {
			t.Fatalf("hash %s, the first run's is %s", h, first)
		}
	}
}

func TestCommandsOnANodeWithoutAnAddress(t *testing.T) {
	l, err := vnet.New(config.Lab{Nodes: []config.Node{{Name: "alice"}}}, vnet.Runtime{NewStack: host.New, Commands: userland.Commands()})
	if err != nil {
		t.Fatal(err)
	}
	b := bench{t: t, Lab: l, node: "alice", out: map[string]string{}, exits: map[string]int64{}}
	b.watch()
	b.want("ping -c 1 -t 1 10.0.0.1", 2, `PING 10.0.0.1 (10.0.0.1): 56 data bytes
ping: sendto: No route to host

--- 10.0.0.1 ping statistics ---
1 packets transmitted, 0 packets received, 100.0% packet loss
`)
	b.want("ping -c 1 -t 1 127.0.0.1", 0, `PING 127.0.0.1 (127.0.0.1): 56 data bytes
64 bytes from 127.0.0.1: icmp_seq=0 ttl=64 time=0.000 ms

--- 127.0.0.1 ping statistics ---
1 packets transmitted, 1 packets received, 0.0% packet loss
round-trip min/avg/max/stddev = 0.000/0.000/0.000/0.000 ms
`)
	b.want("arp -a", 0, "")
	b.want("ifconfig", 0, "")
	l.Close()
}
