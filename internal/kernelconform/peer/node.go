// Package peer is a node under test in a lab of its own, and the suite beside it: it makes
// frames as the peers on the node's wires, calls the node's sockets, lets virtual time
// pass, and writes down what left the node in the form of the transcripts.
package peer

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"wireloom/internal/kernelconform/transcript"
	"wireloom/internal/product"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/machine"
	"wireloom/vnet/packet"
)

// A Node is the node under test with the suite around it.
type Node struct {
	Dialect kern.Dialect
	Answers map[string]packet.MAC // ARP and neighbour requests for these the suite answers
	MAC     packet.MAC            // of the node's first interface

	lab      *vnet.Lab
	node     *machine.Node
	root     kern.Thread
	taps     []*kern.File // of NetBSD, by wire
	began    time.Duration
	seen     []Seen
	console  []string
	pending  []*Call
	out      strings.Builder
	captured int // frames that the suite has looked at
}

// Seen is a frame that left the node.
type Seen struct {
	At    time.Duration
	Wire  int
	Frame []byte
}

// Config says what a node has.
type Config struct {
	Dialect kern.Dialect
	Wires   int  // interfaces; 1 if 0
	Card    bool // of NetBSD too a network card, not tap(4)
	Bare    bool // no address and no time to settle
	Alone   bool // it does not know the peer
	Forward bool
	Seed    uint64
}

// Addresses of the suite.
var (
	Host     = netip.MustParseAddr("10.0.0.1") // the node's
	Peer     = netip.MustParseAddr("10.0.0.2")
	PeerMAC  = packet.MAC{2, 0, 0, 0, 0, 0x99}
	Host6    = netip.MustParseAddr("fd00::1")
	Peer6    = netip.MustParseAddr("fd00::2")
	wireName = [...]string{"em0", "em1"}
)

// settle is how long a node with an address is left alone: probes, announcements and
// reports are over then.
const settle = 20 * time.Second

// New returns a node. It has 10.0.0.1/24, on a second wire 10.0.1.1/24, and knows the
// peer 10.0.0.2, unless c says otherwise.
func New(c Config) (*Node, error) {
	wires := max(c.Wires, 1)
	n := &Node{Dialect: c.Dialect, Answers: map[string]packet.MAC{Peer.String(): PeerMAC}, root: kern.Thread{PID: 1, PGID: 1}}
	host := config.Node{Name: "host", Dialect: c.Dialect, Forward: c.Forward}
	conf := config.Lab{Name: "kernelconform", Seed: c.Seed + 1, Window: 1 << 16}
	tap := c.Dialect == kern.NetBSD && !c.Card
	for i := range wires {
		if tap {
			host.Devices = append(host.Devices, config.Device{Name: n.ifname(i, tap), Down: c.Bare})
			continue
		}
		host.NICs = append(host.NICs, config.NIC{Name: n.ifname(i, tap)})
		s := config.Switch{Name: fmt.Sprintf("w%d", i), Ports: 1}
		conf.Switches = append(conf.Switches, s)
		conf.Links = append(conf.Links, config.Link{A: "host:" + n.ifname(i, tap), B: s.Name + ".1"})
	}
	conf.Nodes = []config.Node{host}
	lab, err := vnet.New(conf, product.Runtime())
	if err != nil {
		return nil, err
	}
	n.lab, n.node = lab, lab.Node("host")
	lab.Log().Subscribe(n.event)
	lab.Start()
	if tap {
		if err := n.openTaps(wires); err != nil {
			lab.Close()
			return nil, err
		}
	}
	n.MAC = n.node.Kernel().Ifnet(n.Ifname(0)).MAC
	n.Wait(0)
	if c.Bare {
		return n, nil
	}
	for i := range wires {
		if e := n.AddAddress(i, fmt.Sprintf("10.0.%d.1/24", i)); e != errno.OK {
			lab.Close()
			return nil, fmt.Errorf("the address of wire %d: %v", i, e)
		}
	}
	n.Wait(settle)
	if !c.Alone {
		n.Prime(0, Peer, PeerMAC)
	}
	n.Step("")
	return n, nil
}

func (*Node) ifname(wire int, tap bool) string {
	if tap {
		return fmt.Sprintf("tap%d", wire)
	}
	return wireName[wire]
}

// Ifname is the name of the interface at a wire.
func (n *Node) Ifname(wire int) string { return n.ifname(wire, len(n.taps) > 0) }

// Close ends the node's lab.
func (n *Node) Close() { n.lab.Close() }

// event notes what the node sends by a card, and what its kernel says.
func (n *Node) event(e *event.Event) {
	switch {
	case e.Kind == event.Frame && strings.HasPrefix(e.Port, "host:em") && e.Op != event.Injected:
		n.seen = append(n.seen, Seen{e.At, int(e.Port[len(e.Port)-1] - '0'), append([]byte(nil), e.Data...)})
	case e.Kind == event.Message:
		n.console = append(n.console, e.Text)
	}
}

// openTaps opens the devices that are NetBSD's wires.
func (n *Node) openTaps(wires int) error {
	for i := range wires {
		f, e := n.node.Kernel().Open(&n.root, "/dev/"+n.ifname(i, true), kern.O_RDWR)
		if e != errno.OK {
			return fmt.Errorf("open %s: %v", n.ifname(i, true), e)
		}
		arg := make([]byte, 4)
		kern.PutInt(arg, 1)
		if e := f.Ioctl(&n.root, kern.FIONBIO, arg); e != errno.OK {
			return fmt.Errorf("FIONBIO: %v", e)
		}
		n.taps = append(n.taps, f)
	}
	return nil
}

// drain reads what the taps have.
func (n *Node) drain() {
	for i, f := range n.taps {
		for {
			u := kern.Uio{Buf: make([]byte, 1<<16)}
			if f.Read(&n.root, &u) != errno.OK || u.Off == 0 {
				break
			}
			n.seen = append(n.seen, Seen{n.lab.Now(), i, u.Buf[:u.Off]})
		}
	}
}

// Now is the virtual time.
func (n *Node) Now() time.Duration { return n.lab.Now() }

// Wait lets time pass: the suite answers requests for its addresses meanwhile, and calls
// go on that waited.
func (n *Node) Wait(d time.Duration) {
	n.Until(d, func() bool { return false })
}

// Until lets time pass until done says true, at most d.
func (n *Node) Until(d time.Duration, done func() bool) {
	until := n.lab.Now() + d
	n.work()
	for !done() {
		// The clock stands at each turn, so that what comes of it has its time.
		at, ok := n.lab.Next()
		if !ok || at > until {
			n.lab.Run(until, vnet.NoLimit)
			break
		}
		n.lab.Run(at, n.lab.Steps()+1)
		n.work()
	}
	n.work()
}

// work is what the suite does between two turns of the lab.
func (n *Node) work() {
	for more := true; more; {
		n.drain()
		more = n.answer()
		for _, c := range n.pending {
			c.try()
		}
		n.pending = deleteDone(n.pending)
	}
}

// answer answers the requests that came since it was called last.
func (n *Node) answer() (sent bool) {
	for ; n.captured < len(n.seen); n.captured++ {
		s := n.seen[n.captured]
		e, err := packet.ParseEthernet(s.Frame)
		if err != nil {
			continue
		}
		switch e.Type() {
		case packet.TypeARP:
			a, err := packet.ParseARP(e.Payload())
			if err != nil || a.Op() != packet.ARPRequest {
				continue
			}
			if mac, ok := n.Answers[a.TargetIP().String()]; ok && a.SenderIP() != a.TargetIP() && !a.SenderIP().IsUnspecified() {
				n.Send(s.Wire, ARP{Op: 2, SHA: mac, SPA: a.TargetIP(), THA: e.Src(), TPA: a.SenderIP()}.Frame())
				sent = true
			}
		case packet.TypeIPv6:
			if f := n.advertisement(e); f != nil {
				n.Send(s.Wire, f)
				sent = true
			}
		}
	}
	return sent
}

// Send puts a frame on a wire.
func (n *Node) Send(wire int, frame []byte) {
	if len(n.taps) > 0 {
		n.taps[wire].Write(&n.root, &kern.Uio{Buf: frame, Write: true}) // what the driver refuses is seen by what does not come
		n.lab.Run(n.lab.Now(), vnet.NoLimit)
		n.drain()
		return
	}
	if _, err := n.lab.Do(vnet.Inject{Port: fmt.Sprintf("w%d.1", wire), Hex: frame}); err != nil {
		panic("kernelconform: " + err.Error()) // the suite made no such frame
	}
	n.lab.Run(n.lab.Now(), vnet.NoLimit)
}

// Prime lets the node learn a neighbour: that asks for the node's address.
func (n *Node) Prime(wire int, ip netip.Addr, mac packet.MAC) {
	own := netip.AddrFrom4([4]byte{10, 0, byte(wire), 1})
	n.Send(wire, ARP{Op: 1, SHA: mac, SPA: ip, TPA: own}.Frame())
	n.Wait(50 * time.Millisecond)
}

// AddAddress is ifconfig of the interface at a wire.
func (n *Node) AddAddress(wire int, prefix string) errno.Errno {
	p := netip.MustParsePrefix(prefix)
	return n.node.AddAddress(&n.root, n.Ifname(wire), kern.Addr{Addr: p.Addr(), Bits: p.Bits()})
}

// Up is ifconfig IF up.
func (n *Node) Up(wire int) errno.Errno { return n.node.Kernel().IfUp(&n.root, n.Ifname(wire)) }

// SetMTU is ifconfig IF mtu.
func (n *Node) SetMTU(wire, mtu int) errno.Errno {
	return n.node.Kernel().Ifioctl(&n.root, n.Ifname(wire), kern.SIOCSIFMTU, &kern.IfReq{MTU: mtu})
}

// AddRoute is route add.
func (n *Node) AddRoute(to, via string) errno.Errno {
	return n.node.AddRoute(inet.Route{To: netip.MustParsePrefix(to), Via: netip.MustParseAddr(via)})
}

// Sysctl reads a node of the kernel's tree.
func (n *Node) Sysctl(name string) (string, errno.Errno) {
	return n.node.Kernel().Sysctl(&n.root, name, nil)
}

// SetSysctl sets one.
func (n *Node) SetSysctl(name, value string) errno.Errno {
	_, e := n.node.Kernel().Sysctl(&n.root, name, &value)
	return e
}

// Neighbours are the addresses that the node knows, its own aside.
func (n *Node) Neighbours() []inet.Neighbour { return n.node.Stack().Neighbours() }

// Step begins a step of the transcript: what was seen so far is over. An empty title only
// forgets.
func (n *Node) Step(format string, args ...any) {
	n.work()
	n.began, n.seen, n.console, n.captured = n.lab.Now(), nil, nil, 0
	if format != "" {
		n.Say(format, args...)
	}
}

// Say writes a line.
func (n *Node) Say(format string, args ...any) { fmt.Fprintf(&n.out, format+"\n", args...) }

// Note writes a line below a step.
func (n *Node) Note(format string, args ...any) { n.Say("   "+format, args...) }

// Show writes the frames that were seen since the step.
func (n *Node) Show() { n.ShowFrom(n.began) }

// ShowFrom writes them with the time since another moment.
func (n *Node) ShowFrom(at time.Duration) {
	for _, s := range n.seen {
		wire := ""
		if n.twoWires() {
			wire = wireName[s.Wire] + " "
		}
		n.Note("+%.3f %s%s", (s.At - at).Seconds(), wire, transcript.Describe(s.Frame))
	}
}

func (n *Node) twoWires() bool { return n.node.Kernel().Ifnet(n.ifname(1, len(n.taps) > 0)) != nil }

// Seen are the frames that left since the step.
func (n *Node) Seen() []Seen { return n.seen }

// Frames are those as the transcript has them.
func (n *Node) Frames() []transcript.Frame {
	var out []transcript.Frame
	for _, s := range n.seen {
		f := transcript.ParseFrame(transcript.Describe(s.Frame))
		f.At = (s.At - n.began).Seconds()
		out = append(out, f)
	}
	return out
}

// Console are the lines that the kernel has written since the step.
func (n *Node) Console() []string { return n.console }

// Text is the transcript.
func (n *Node) Text() string { return n.out.String() }
