package vnet

import (
	"time"

	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/loop"
	"wireloom/vnet/packet"
)

// A tree is the spanning tree of a switch in a lab: the protocol, which decides, and its
// timer. It begins with the first turn of the loop, not while the lab is built.
type tree struct {
	sw       *netswitch
	num      int
	protocol stp.Protocol // nil until it begins
	timer    loop.Timer
	told     stp.BridgeStatus

	changes   uint64        // of the topology, detected or heard of
	changedAt time.Duration // the last of them
}

func newTree(s *netswitch, num int) *tree {
	t := &tree{sw: s, num: num}
	for i := range s.ports {
		s.bridge.SetState(s.lab.loop.Now(), i, stp.Disabled)
	}
	t.timer.Run = t.begin
	s.lab.loop.Set(&t.timer, s.lab.loop.Now())
	return t
}

func (t *tree) now() time.Duration { return t.sw.lab.loop.Now() }

func (t *tree) begin() {
	c := t.sw.conf.SpanningTree(t.sw.mac)
	if t.sw.conf.BridgeDialect() == bridge.Linux {
		t.protocol = stp.NewLinux(t.now(), c)
	} else {
		t.protocol = stp.NewRSTP(t.now(), c)
	}
	t.timer.Run = t.tick
	for i, p := range t.sw.ports {
		if p.carrier() {
			t.carry(t.protocol.Link(t.now(), i, true))
		}
	}
	t.await()
}

func (t *tree) tick() {
	t.carry(t.protocol.Tick(t.now()))
	t.await()
}

// await sets the timer for what the protocol does next.
func (t *tree) await() {
	l := t.sw.lab
	l.loop.Stop(&t.timer)
	if at, ok := t.protocol.Next(); ok && !t.sw.gone {
		l.loop.Set(&t.timer, max(at, l.loop.Now()))
	}
}

// link tells that the link at a port is up or down.
func (t *tree) link(i int, up bool) {
	if t.protocol != nil {
		t.carry(t.protocol.Link(t.now(), i, up))
		t.await()
	}
}

// receive takes a frame to the group of the bridges.
func (t *tree) receive(in int, f *fabric.Frame) {
	if t == nil || t.protocol == nil {
		return
	}
	acts, err := t.protocol.Receive(t.now(), in, f.Data[packet.EthernetLen:])
	t.carry(acts)
	if err != nil {
		f.Share()
		t.sw.lab.drop(t.sw.ports[in], "bad-bpdu", err.Error(), f)
	}
	t.await()
}

// treeGroup is where BPDUs are sent to (802.1Q-2018, table 8-1).
var treeGroup = packet.MAC{0x01, 0x80, 0xc2}

// carry carries out what the protocol wants. Each of its acts but the sending of a BPDU,
// which is a frame, is a fact.
func (t *tree) carry(acts []stp.Act) {
	s := t.sw
	s.touched = true
	for _, a := range acts {
		tell := func(text string, n int64) {
			e := event.Event{Kind: event.Tree, Node: s.name, Op: a.Kind.String(), Text: text, N: n}
			if a.Port >= 0 { // else it is about all
				e.Port = s.ports[a.Port].name
			}
			s.lab.emit(e)
		}
		way := "sent"
		if a.Received {
			way = "received"
		}
		switch a.Kind {
		case stp.Send:
			t.send(a.Port, a.BPDU)
		case stp.SetState:
			s.bridge.SetState(t.now(), a.Port, a.State)
			tell(a.State.String(), 0)
		case stp.SetRole:
			tell(a.Role.String(), 0)
		case stp.Flush:
			forgotten := s.bridge.Flush(t.now(), a.Port)
			tell("", int64(len(forgotten)))
			s.carry(a.Port, nil, forgotten)
		case stp.ShortAge:
			tell(a.Age.String(), int64(a.Age))
			if s.bridge.Dialect() != bridge.Linux { // there it is so in name only
				s.bridge.ShortAge(t.now(), a.Port, a.Age)
				s.wake(t.now())
			}
		case stp.Proposal, stp.Agreement:
			tell(way, 0)
		case stp.Change:
			t.changes++
			t.changedAt = t.now()
			if a.Received {
				way = "heard"
			} else {
				way = "detected"
			}
			tell(way, 0)
		case stp.Guard, stp.Blocked:
			tell(a.Why, 0)
		}
	}
	t.root()
}

// root tells whom the switch takes for the root, when that has changed.
func (t *tree) root() {
	s, now := t.sw, t.protocol.Bridge()
	if now.Root == t.told.Root && now.Cost == t.told.Cost && now.RootPort == t.told.RootPort {
		return
	}
	t.told = now
	e := event.Event{Kind: event.Tree, Node: s.name, Op: "root", Text: now.Root.String(), N: int64(now.Cost)}
	if now.RootPort >= 0 {
		e.Port = s.ports[now.RootPort].name
	}
	s.lab.emit(e)
}

func (t *tree) send(port int, bpdu []byte) {
	l := t.sw.lab
	src := switchMAC(t.num, port+1)
	f := make([]byte, 0, packet.EthernetLen+len(bpdu))
	f = packet.AppendEthernet(f, treeGroup, src, uint16(len(bpdu)))
	t.sw.ports[port].send(l.pool.New(append(f, bpdu...), l.pool.NewID()))
}
