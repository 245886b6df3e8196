package userland_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet/host"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/packet/packettest"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland"
)

// A bench is a lab of three nodes on a switch: alice, a host that commands run on
// (10.0.0.1, 10.0.1.1); carol, another (10.0.0.3); and bob, who has a tap that a
// program of the test answers on. Every link takes a millisecond.
type bench struct {
	t *testing.T
	*vnet.Lab
	node     string // that commands run on
	commands map[string]sys.Program
	out      map[string]string // console, by process
	stamps   bool              // console lines begin with the virtual time
	exits    map[string]int64
	arps     int // ARP requests that alice sent
}

// A native is a program made of a Go function.
type native struct{ main func(p *sys.Proc) sys.Exit }

func (native) Name() string                { return "answer" }
func (native) ID() string                  { return "aa" }
func (n native) Main(p *sys.Proc) sys.Exit { return n.main(p) }

var (
	bobMAC = packet.MAC{2, 0, 0, 0, 0, 0xb}
	bobIP  = netip.MustParseAddr("10.0.0.2")
)

func newBench(t *testing.T, answer func(frame []byte) [][]byte) *bench {
	t.Helper()
	return newBenchWith(t, answer, func(map[string]sys.Program) {})
}

// newBenchWith lets change replace commands first.
func newBenchWith(t *testing.T, answer func(frame []byte) [][]byte, change func(map[string]sys.Program)) *bench {
	t.Helper()
	commands := userland.Commands()
	change(commands)
	nic := func(addrs ...string) []config.NIC {
		c := config.NIC{Name: "em0"}
		for _, a := range addrs {
			c.Addresses = append(c.Addresses, netip.MustParsePrefix(a))
		}
		return []config.NIC{c}
	}
	ms := time.Millisecond
	l, err := vnet.New(config.Lab{
		Name: "test", Seed: 7,
		Nodes: []config.Node{
			{Name: "alice", NICs: nic("10.0.0.1/24", "10.0.1.1/24")},
			{
				Name: "bob", Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0", MAC: bobMAC}},
				Programs: []config.Program{{Name: "pingd", Start: true}},
			},
			{Name: "carol", NICs: nic("10.0.0.3/24")},
		},
		Switches: []config.Switch{{Name: "s1", Ports: 3}},
		Links: []config.Link{
			{A: "alice:em0", B: "s1.1", Delay: ms}, {A: "bob:tap0", B: "s1.2", Delay: ms}, {A: "carol:em0", B: "s1.3", Delay: ms},
		},
	}, vnet.Runtime{
		Modules: func(d kern.Dialect) []kern.Module {
			if d == kern.NetBSD {
				return []kern.Module{tapemu.NetBSD()}
			}
			return nil
		},
		NewStack: host.New,
		Commands: commands,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	b := &bench{t: t, Lab: l, node: "alice", commands: commands, out: map[string]string{}, exits: map[string]int64{}}
	b.watch()
	if answer != nil {
		if err := l.Install("bob", "pingd", native{func(p *sys.Proc) sys.Exit { return serve(p, answer) }}); err != nil {
			t.Fatal(err)
		}
	}
	l.Start()
	return b
}

// watch collects what the lab logs.
func (b *bench) watch() {
	b.Log().Subscribe(func(e *event.Event) {
		switch e.Kind {
		case event.Console:
			text := string(e.Data)
			if b.stamps {
				text = fmt.Sprintf("%v %s", e.At, text)
			}
			b.out[e.Node+":"+e.Proc] += text
		case event.Exit:
			b.exits[e.Node+":"+e.Proc] = e.N
		case event.Frame:
			if p, err := packet.ParseEthernet(e.Data); err == nil && e.Port == "alice:em0" && p.Type() == packet.TypeARP {
				b.arps++
			}
		default:
		}
	})
}

// serve is a program on a tap: it writes what answer makes of each frame.
func serve(p *sys.Proc, answer func([]byte) [][]byte) sys.Exit {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	buf := make([]byte, 2048)
	for e == errno.OK && !p.Dying() {
		var n int
		if n, e = p.Read(fd, buf); e != errno.OK {
			break
		}
		for _, f := range answer(buf[:n]) {
			_, e = p.Write(fd, f)
		}
	}
	if p.Dying() {
		return p.Verdict()
	}
	return sys.Exit{Code: 1, How: "exit", Why: e.String()}
}

// pingd answers ARP and echo requests for bobIP.
func pingd(frame []byte) [][]byte {
	eth, err := packet.ParseEthernet(frame)
	if err != nil {
		return nil
	}
	out := packet.AppendEthernet(nil, eth.Src(), bobMAC, eth.Type())
	switch eth.Type() {
	case packet.TypeARP:
		a, err := packet.ParseARP(eth.Payload())
		if err != nil || a.TargetIP() != bobIP || a.Op() != packet.ARPRequest {
			return nil
		}
		out = packettest.AppendARP(out, packet.ARPReply, bobMAC, bobIP, packettest.SenderMAC(a), a.SenderIP())
		return [][]byte{out}
	case packet.TypeIPv4:
		ip, err := packet.ParseIPv4(eth.Payload())
		if err != nil || ip.Dst() != bobIP || ip.Protocol() != packet.ProtoICMP || ip.Payload()[0] != packet.ICMPEcho {
			return nil
		}
		msg := ip.Payload()
		out, _ = packet.AppendIPv4(out, packet.IPv4Header{TTL: 255, Protocol: packet.ProtoICMP, Src: bobIP, Dst: ip.Src()}, len(msg))
		id, seq := uint16(msg[4])<<8|uint16(msg[5]), uint16(msg[6])<<8|uint16(msg[7])
		out, _ = packet.AppendICMPv4Echo(out, true, id, seq, msg[8:])
		return [][]byte{out}
	}
	return nil
}

// exec starts a command on the node and returns its process.
func (b *bench) exec(line string) string {
	b.t.Helper()
	r, err := b.Do(vnet.Exec{Node: b.node, Argv: strings.Fields(line)})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.node + ":" + r.Proc
}

// command runs a command to its end and returns what it printed and its exit code.
func (b *bench) command(line string) (string, int64) {
	b.t.Helper()
	p := b.exec(line)
	for range 200 {
		if code, ended := b.exits[p]; ended {
			return b.out[p], code
		}
		b.Run(b.Now()+time.Second, vnet.NoLimit)
	}
	b.t.Fatalf("%s does not end; it printed\n%s", line, b.out[p])
	return "", 0
}

// want runs a command to its end and checks what it printed and its exit code.
func (b *bench) want(line string, code int64, out string) {
	b.t.Helper()
	got, gotCode := b.command(line)
	if got != out || gotCode != code {
		b.t.Errorf("$ %s\n%s[exit %d]\nwant\n%s[exit %d]", line, got, gotCode, out, code)
	}
}
