package guest

import (
	"net/netip"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/signal"
	"wireloom/vnet/sys"
)

// must stops a native program whose call failed: what the test waits for is missing
// then.
func must(p *sys.Proc, e errno.Errno) {
	if e != errno.OK {
		p.Sleep(time.Hour)
	}
}

// frames is a tap that sends a frame to everybody, which nobody answers, and then
// frames to one address, the next only after the right answer.
func frames(n int) native {
	return func(p *sys.Proc) {
		fd, e := p.Open("/dev/tap0", kern.O_RDWR)
		must(p, e)
		p.Sleep(time.Second)
		f := make([]byte, 60)
		copy(f, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5")
		_, e = p.Write(fd, f)
		must(p, e)
		for i := range n {
			copy(f, "\x02\x00\x00\x00\x00\x02")
			f[14] = byte(i)
			_, e := p.Write(fd, f)
			must(p, e)
			got := make([]byte, 100)
			n, e := p.Read(fd, got)
			must(p, e)
			if n != 60 || string(got[:12]) != "\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02" || got[14] != byte(i) {
				return
			}
		}
	}
}

// onTaps is two NetBSD machines with a tap each, on one switch.
func onTaps(peer native, argv ...string) setting {
	tap := []config.Device{{Name: "tap0"}}
	return setting{
		node: "bob", argv: argv, native: map[string]sys.Program{"peer": peer},
		conf: config.Lab{
			Nodes: []config.Node{
				{Name: "alice", Dialect: kern.NetBSD, Devices: tap, Programs: []config.Program{{Name: "peer", Command: "peer", Start: true}}},
				{Name: "bob", Dialect: kern.NetBSD, Devices: tap},
			},
			Switches: []config.Switch{{Name: "s1", Ports: 2}},
			Links:    []config.Link{{A: "alice:tap0", B: "s1.1", Delay: time.Millisecond}, {A: "bob:tap0", B: "s1.2"}},
		},
	}
}

// watched is a tun with a ping behind it, whose first packet comes before the device
// is open, and somebody who sends signals.
func watched() setting {
	signals := native(func(p *sys.Proc) {
		send := func(after time.Duration, sig int) {
			p.Sleep(after)
			const everybody = -1
			must(p, p.Kill(everybody, sig))
		}
		const sigInfo = 29
		send(5*time.Second, sigInfo)
		send(15*time.Second, signal.SIGINT)
	})
	return setting{
		node: "bob", argv: []string{"tunwatch", "/dev/tun0"}, native: map[string]sys.Program{"signals": signals},
		conf: config.Lab{Nodes: []config.Node{{
			Name: "bob", Dialect: kern.FreeBSD,
			Devices: []config.Device{{Name: "tun0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.8.0.1/32")}, Peer: netip.MustParseAddr("10.8.0.2")}},
			Programs: []config.Program{
				{Name: "signals", Command: "signals", Start: true},
				{Name: "ping", Command: "ping", Argv: []string{"ping", "-c", "3", "10.8.0.2"}, Start: true},
			},
		}}},
	}
}

// served is two machines with an Ethernet between them; a client runs on alice.
func served(client native, argv ...string) setting {
	at := func(a string) []config.NIC {
		return []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix(a)}}}
	}
	return setting{
		node: "bob", argv: argv, native: map[string]sys.Program{"client": client},
		conf: config.Lab{
			Nodes: []config.Node{
				{Name: "alice", NICs: at("10.0.0.1/24"), Programs: []config.Program{{Name: "client", Command: "client", Start: true}}},
				{Name: "bob", NICs: at("10.0.0.2/24")},
			},
			Links: []config.Link{{A: "alice:em0", B: "bob:em0"}},
		},
	}
}

func asks(words ...string) native {
	return func(p *sys.Proc) {
		p.Sleep(time.Second)
		fd, e := p.Socket(inet.SocketUDP)
		must(p, e)
		must(p, p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:4000")))
		for _, w := range words {
			_, e := p.SendTo(fd, []byte(w), netip.MustParseAddrPort("10.0.0.2:7000"))
			must(p, e)
			b := make([]byte, 100)
			n, _, _, e := p.RecvFrom(fd, b)
			must(p, e)
			if string(b[:n]) != w {
				return
			}
		}
	}
}

// quits is a command that prints and ends with a code of its own.
type quits struct{ native }

func (quits) Main(p *sys.Proc) sys.Exit {
	_, _ = p.Write(1, []byte("one\ntwo\n"))
	return sys.Exit{How: "exit", Code: 3}
}

// examples are the programs that docs/c.md and docs/go.md show, where each runs and
// what it prints.
var examples = []struct {
	name  string
	flags string // of the C compiler
	setting
	want string
}{
	{
		"tapecho", "-D__NetBSD__", onTaps(frames(4), "tapecho", "-n", "4", "/dev/tap0"),
		"/dev/tap0 is tap0\ndone\nexit 0\n",
	},
	{
		"tunwatch", "-D__FreeBSD__", watched(),
		"10.8.0.1 > 10.8.0.2: protocol 1, 84 bytes\n10.8.0.1 > 10.8.0.2: protocol 1, 84 bytes\n2 packets so far\nnothing for ten seconds\n2 packets\nexit 0\n",
	},
	{
		"udpechod", "-D__FreeBSD__", served(asks("hello", "", "world!"), "udpechod", "-v", "-n", "3", "-p", "7000"),
		"5 bytes from 10.0.0.1 port 4000\n0 bytes from 10.0.0.1 port 4000\n6 bytes from 10.0.0.1 port 4000\nexit 0\n",
	},
	{
		"runner", "-D__DragonFly__",
		setting{
			node: "bob", argv: []string{"runner", "quits", "now"}, native: map[string]sys.Program{"quits": quits{}},
			conf: config.Lab{Nodes: []config.Node{{Name: "bob", Dialect: kern.DragonFly}}},
		},
		"bob is a DragonFly\n   1  one\n   2  two\nquits: exit 3\nexit 0\n",
	},
}

func TestExamples(t *testing.T) {
	var dirs []string
	for _, x := range examples {
		dirs = append(dirs, "examples/c/"+x.name)
	}
	pinned := nodeClang(t, dirs...)
	for _, x := range examples {
		c, pkg := "examples/c/"+x.name, "examples/go/"+x.name
		for _, how := range []struct {
			name   string
			module []byte
		}{
			{"C, Debian's clang", debianClang(t, c+"/"+x.name+".c", x.flags)},
			{"C, pinned clang", pinned[c]},
			{"Go", goBuild(t, "./"+pkg)},
		} {
			t.Run(x.name+"/"+how.name, func(t *testing.T) {
				want := x.want
				if how.name == "C, pinned clang" && x.name == "tapecho" {
					want = "done\nexit 0\n" // it is built for FreeBSD, which has no TAPGIFNAME
				}
				if got := x.run(t, how.module); got != want {
					t.Errorf("got:\n%s\nwant:\n%s", got, want)
				}
			})
		}
	}
}
