package stp

import (
	"cmp"
	"errors"
	"time"
)

// Parameters of 802.1D-2004, 17.13 and 17.14, in seconds.
const (
	migrateTime        = 3
	defaultHello       = 2 * second
	defaultMaxAge      = 20 * second
	defaultForward     = 15 * second
	defaultTxHoldCount = 6
	defaultPriority    = 128
)

// An RSTP is a bridge of the Rapid Spanning Tree Protocol: the state machines of
// 802.1D-2004, clause 17, which stand here as the standard draws them, with its names
// of states and variables. One turn of run goes through all of them until none moves.
//
//	       BPDU                                     act
//	        |                                        ^
//	+-------v-------+   +------------+   +-----------+-----------+
//	| port receive  |-->| port       |-->| port role transitions |
//	| migration     |   | information|   | port state transition |
//	| edge detection|   +-----+------+   | topology change       |
//	+---------------+         |          | port transmit         |
//	                  +-------v--------+ +-----------^-----------+
//	                  | role selection |-------------+
//	                  +----------------+  of the bridge
type RSTP struct {
	conf         Config
	ports        []rstpPort
	bridgeTimes  Times // BridgeTimes, 17.18.4
	rootPriority Vector
	rootTimes    Times
	rootPort     int           // index, -1 at the root
	due          time.Duration // of the next tick of the timers
	now          time.Duration
	acts         []Act
}

// rstpPort is a port: its fields are the variables of the standard, each under its
// name there (17.19).
type rstpPort struct {
	b    *RSTP
	i    int
	conf PortConfig

	portID      PortID
	portEnabled bool
	up          bool   // its link; portEnabled is that without a guard
	guarded     string // why a guard has shut it

	msg BPDU // the one that rcvdMsg is about

	// Variables of 17.19, by the standard's names.
	agree, agreed, disputed, fdbFlush               bool
	forward, forwarding, learn, learning            bool
	mcheck, newInfo, operEdge, proposed, proposing  bool
	rcvdBPDU, rcvdMsg, rcvdRSTP, rcvdSTP            bool
	rcvdTc, rcvdTcAck, rcvdTcn, tcAck, tcProp       bool
	reRoot, reselect, selected, sendRSTP, sync      bool
	synced, updtInfo, refused                       bool
	infoIs                                          infoIs
	role, selectedRole                              Role
	designatedPriority, portPriority                Vector
	designatedTimes, portTimes                      Times
	txCount                                         int
	edgeDelayWhile, fdWhile, helloWhen, mdelayWhile int // timers (17.17), in seconds
	rbWhile, rcvdInfoWhile, rrWhile, tcWhile        int
	prx, ppm, bdm, pim, prt, pst, tcm               machineState
	toldState                                       State
	toldRole                                        Role
	changed                                         time.Duration // when what the port says last changed
	again                                           time.Duration // when it proposes again, 0 for not at all: see settle
	txNext                                          time.Duration // until when it sends nothing: see txGap
}

// infoIs is where a port's information comes from (17.19.10).
type infoIs uint8

const (
	infoDisabled infoIs = iota
	infoAged
	infoMine
	infoReceived
)

// machineState is the state that one of a port's machines is in. Each machine has its
// own, named where the machine stands.
type machineState uint8

// NewRSTP returns a bridge whose ports have no link yet.
func NewRSTP(now time.Duration, c Config) *RSTP {
	c.HelloTime = cmp.Or(c.HelloTime, defaultHello)
	c.MaxAge = cmp.Or(c.MaxAge, defaultMaxAge)
	c.ForwardDelay = cmp.Or(c.ForwardDelay, defaultForward)
	c.TxHoldCount = cmp.Or(c.TxHoldCount, defaultTxHoldCount)
	b := &RSTP{conf: c, ports: make([]rstpPort, len(c.Ports)), rootPort: -1, due: now + second}
	b.bridgeTimes = Times{0, to256(c.MaxAge), to256(c.HelloTime), to256(c.ForwardDelay)}
	b.rootPriority, b.rootTimes = Vector{Root: c.ID, Bridge: c.ID}, b.bridgeTimes
	for i := range b.ports {
		p := &b.ports[i]
		*p = rstpPort{b: b, i: i, conf: c.Ports[i], portID: portID(c.Ports[i].Priority, i)}
		p.conf.Cost = cmp.Or(p.conf.Cost, PathCost(p.conf.Speed))
		p.designatedTimes, p.portTimes = b.bridgeTimes, b.bridgeTimes
		p.begin()
	}
	b.run()
	b.acts = b.acts[:0] // how a bridge begins is no news
	return b
}

func portID(priority, i int) PortID {
	if priority < 0 {
		priority = defaultPriority
	}
	return PortID(priority&0xf0)<<8 | PortID(i+1)
}

// begin is what BEGIN does to every machine of a port.
func (p *rstpPort) begin() {
	p.toDiscard()
	p.toCheckingRSTP()
	p.operEdge, p.bdm = p.conf.Edge, bdmNotEdge
	if p.conf.Edge {
		p.bdm = bdmEdge
	}
	p.newInfo, p.txCount = true, 0
	p.toIdle()
	p.toDisabledInfo()
	p.toInitPort()
	p.tcm, p.tcWhile, p.tcAck = tcmInactive, 0, false
}

// rstpVersion is true unless the bridge is made to speak STP (17.20.11).
func (b *RSTP) rstpVersion() bool { return !b.conf.STP }

// Link tells that a port's link came up or went down: portEnabled.
func (b *RSTP) Link(now time.Duration, port int, up bool) []Act {
	b.acts = b.acts[:0]
	b.advance(now)
	p := &b.ports[port]
	if !up {
		p.guarded = "" // whoever pulled the cable has been there
	}
	p.up = up
	p.portEnabled = up && p.guarded == ""
	b.run()
	return b.acts
}

// Errors of Receive.
var (
	errDisabled = errors.New("the port is disabled")
	errLoopback = errors.New("the BPDU is the port's own")
	errAged     = errors.New("the BPDU's message age is not below its max age")
)

// Receive takes a BPDU that came in at a port: 9.3.4 says which are valid.
func (b *RSTP) Receive(now time.Duration, port int, bpdu []byte) ([]Act, error) {
	b.acts = b.acts[:0]
	b.advance(now)
	p := &b.ports[port]
	if !p.portEnabled {
		return b.acts, errDisabled
	}
	m, err := Parse(bpdu)
	if err != nil {
		return b.acts, err
	}
	if p.conf.BPDUGuard {
		p.guarded = "a BPDU came in at a port with BPDU guard"
		p.portEnabled = false
		b.act(Act{Kind: Guard, Port: port, Why: p.guarded})
		b.run()
		return b.acts, nil
	}
	switch {
	case m.Type == TypeConfig && m.Vector.Bridge == b.conf.ID && m.Vector.Port == p.portID:
		return b.acts, errLoopback
	case m.Type == TypeConfig && m.Times.MessageAge >= m.Times.MaxAge:
		return b.acts, errAged
	}
	p.msg, p.rcvdBPDU = m, true
	b.run()
	return b.acts, nil
}

// Tick is the Port Timers machine (17.22): once a second each timer goes down by one.
func (b *RSTP) Tick(now time.Duration) []Act {
	b.acts = b.acts[:0]
	b.advance(now)
	return b.acts
}

// Next is when the timers count down next, or a port that waits goes on.
func (b *RSTP) Next() (time.Duration, bool) {
	at := b.due
	for i := range b.ports {
		p := &b.ports[i]
		if p.again != 0 {
			at = min(at, p.again)
		}
		if p.txNext > b.now && p.pending() {
			at = min(at, p.txNext)
		}
	}
	return at, true
}

func (b *RSTP) advance(now time.Duration) {
	for b.due <= now {
		b.proposeAgain(b.due)
		b.due += second
		for i := range b.ports {
			p := &b.ports[i]
			for _, t := range [...]*int{
				&p.edgeDelayWhile, &p.fdWhile, &p.helloWhen, &p.mdelayWhile, &p.rbWhile, &p.rcvdInfoWhile, &p.rrWhile, &p.tcWhile, &p.txCount,
			} {
				*t = max(*t-1, 0)
			}
		}
		b.run()
	}
	b.proposeAgain(now)
	b.run()
}

// proposeAgain asks once more for the agreements that came too early.
func (b *RSTP) proposeAgain(now time.Duration) {
	b.now = now
	for i := range b.ports {
		p := &b.ports[i]
		if p.again != 0 && p.again <= now {
			p.again = 0
			if p.role == DesignatedPort && !p.agreed {
				p.proposing, p.newInfo = true, true
			}
		}
	}
}

// Port is what a port is like.
func (b *RSTP) Port(port int) PortStatus {
	p := &b.ports[port]
	return PortStatus{
		ID: p.portID, State: p.state(), Role: p.role, Cost: p.conf.Cost, Designated: p.portPriority,
		Edge: p.operEdge, STP: p.portEnabled && !p.sendRSTP, Guarded: p.guarded,
	}
}

// Bridge is what the bridge is like.
func (b *RSTP) Bridge() BridgeStatus {
	s := BridgeStatus{ID: b.conf.ID, Root: b.rootPriority.Root, Cost: b.rootPriority.Cost, RootPort: b.rootPort}
	for i := range b.ports {
		s.Changing = s.Changing || b.ports[i].tcWhile > 0
	}
	return s
}

func (p *rstpPort) state() State {
	switch {
	case !p.portEnabled:
		return Disabled
	case p.forwarding:
		return Forwarding
	case p.learning:
		return Learning
	}
	return Discarding
}

func (b *RSTP) act(a Act) { b.acts = append(b.acts, a) }

// Two things that the standard does not have, for bridges whose links take no time.
//
// A port that has just sent waits, twice as long after each BPDU of a second, before it
// sends what changed since: a change that runs through a ring of twenty would else use
// up TxHoldCount with news that is old when it arrives.
//
// An agreement that comes right after the port's own information changed may have been
// sent before its sender knew, and so be about what was said before. RSTP has no way to
// tell, and with information about a root that is gone (count to infinity) it makes a
// loop: Elmeleegy, Cox and Ng, "On Count-to-Infinity Induced Forwarding Loops in
// Ethernet Networks" (2006). So the port lets it pass and proposes again; and an
// agreement holds for what was said, where the standard keeps it for better news too.
const (
	txGap  = 8 * time.Millisecond
	settle = 20 * time.Millisecond
)

// maxTurns is far beyond what the machines need to come to rest: each BPDU or tick
// moves each machine of each port a handful of times.
const maxTurns = 10_000

// run lets every machine move until none can, then tells what changed.
func (b *RSTP) run() {
	for turn, moved := 0, true; moved; turn++ {
		if turn == maxTurns {
			panic("stp: the state machines do not come to rest")
		}
		moved = b.roleSelection()
		for i := range b.ports {
			p := &b.ports[i]
			for _, machine := range [...]func() bool{
				p.portReceive, p.portProtocolMigration, p.bridgeDetection, p.portInformation,
				p.portRoleTransitions, p.portStateTransition, p.topologyChange,
			} {
				moved = machine() || moved
			}
		}
		// What is sent is what everything has come to, once.
		if !moved {
			for i := range b.ports {
				moved = b.ports[i].portTransmit() || moved
			}
		}
	}
	for i := range b.ports {
		p := &b.ports[i]
		if p.role != p.toldRole {
			p.toldRole = p.role
			b.act(Act{Kind: SetRole, Port: i, Role: p.role})
		}
		if s := p.state(); s != p.toldState {
			p.toldState = s
			b.act(Act{Kind: SetState, Port: i, State: s})
		}
	}
}

// Configure changes a port's configuration (17.13); its role is selected anew.
func (b *RSTP) Configure(now time.Duration, port int, change func(*PortConfig)) []Act {
	b.acts = b.acts[:0]
	b.advance(now)
	p := &b.ports[port]
	change(&p.conf)
	p.conf.Cost = cmp.Or(p.conf.Cost, PathCost(p.conf.Speed))
	p.portID = portID(p.conf.Priority, port)
	p.refused = p.refused && p.conf.RootGuard
	p.reselect, p.selected = true, false
	b.run()
	return b.acts
}

// SetPriority changes the bridge's priority, a multiple of 4096 (17.13.7).
func (b *RSTP) SetPriority(now time.Duration, priority uint16) []Act {
	b.acts = b.acts[:0]
	b.advance(now)
	b.conf.ID = BridgeID(uint64(priority)<<48 | b.conf.ID.address())
	for i := range b.ports {
		b.ports[i].reselect, b.ports[i].selected = true, false
	}
	b.run()
	return b.acts
}
