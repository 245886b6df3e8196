package stp

import (
	"cmp"
	"errors"
	"time"
)

// Of Linux's bridge (net/bridge, br_stp*.c).
const (
	linuxHold     = second  // BR_HOLD_TIME
	linuxPriority = 32      // of a port, of 0 to 63
	linuxAgeStep  = tick256 // MESSAGE_AGE_INCR: not a second, as the standard has it
	linuxNever    = time.Duration(-1)
)

// A Linux is a bridge of the STP that a Linux kernel speaks: 802.1D-1998, clause 8,
// with what the kernel does otherwise:
//
//   - a message's age grows by 1/256 s at a bridge, and by how long it was held;
//   - an age that equals the max age is still accepted;
//   - the first hello comes one hello time after the bridge was made, nothing at
//     link-up; hellos and holds end on whole seconds of the kernel's own clock;
//   - there are no edge ports, and RST BPDUs are ignored;
//   - a topology change shortens the ageing of what was learned in name only, unless
//     the table's collector happens to run: see ShortAge.
type Linux struct {
	conf  Config
	ports []linuxPort

	root     BridgeID // designated_root
	cost     uint32   // root_path_cost
	rootPort int
	// In force, as the root has them; conf has the bridge's own.
	maxAge, hello, forward time.Duration
	changing, detected     bool // topology_change, topology_change_detected
	helloTimer, tcnTimer   time.Duration
	changeTimer            time.Duration
	acts                   []Act
}

// linuxPort is a net_bridge_port.
type linuxPort struct {
	conf       PortConfig
	id         PortID
	cost       uint32
	state      State
	guarded    string
	designated Vector // designated_root, _cost, _bridge, _port
	ack        bool   // topology_change_ack
	pending    bool   // config_pending
	toldRole   Role

	messageAge, forward, hold time.Duration // timers: when they expire
}

// NewLinux returns a bridge whose ports have no link yet.
func NewLinux(now time.Duration, c Config) *Linux {
	b := &Linux{
		conf: c, root: c.ID, rootPort: -1,
		maxAge: cmp.Or(c.MaxAge, defaultMaxAge), hello: cmp.Or(c.HelloTime, defaultHello), forward: cmp.Or(c.ForwardDelay, defaultForward),
		tcnTimer: linuxNever, changeTimer: linuxNever,
	}
	b.conf.MaxAge, b.conf.HelloTime, b.conf.ForwardDelay = b.maxAge, b.hello, b.forward
	b.helloTimer = now + b.hello
	for i, pc := range c.Ports {
		p := linuxPort{conf: pc, cost: cmp.Or(pc.Cost, LinuxPathCost(pc.Speed)), id: linuxPortID(pc.Priority, i)}
		p.messageAge, p.forward, p.hold = linuxNever, linuxNever, linuxNever
		b.ports = append(b.ports, p)
		b.becomeDesignated(i)
	}
	return b
}

// LinuxPathCost is the cost of a path that the kernel derives from a port's speed
// (br_if.c, port_cost): the short costs of 802.1D-1998, changed since.
func LinuxPathCost(bitsPerSecond uint64) uint32 {
	const mbit = 1_000_000
	for _, c := range [...]struct {
		speed uint64
		cost  uint32
	}{{10 * mbit, 100}, {100 * mbit, 19}, {1000 * mbit, 5}, {2500 * mbit, 4}, {5000 * mbit, 3}, {10000 * mbit, 2}} {
		if bitsPerSecond == c.speed {
			return c.cost
		}
	}
	if bitsPerSecond > 10000*mbit {
		return 1
	}
	return 100
}

// Link tells that a port's link came up or went down.
func (b *Linux) Link(now time.Duration, port int, up bool) []Act {
	b.begin(now)
	p := &b.ports[port]
	if !up {
		p.guarded = ""
	}
	switch {
	case up && p.state == Disabled && p.guarded == "":
		b.enable(now, port)
	case !up && p.state != Disabled:
		b.disable(now, port)
	}
	return b.finish()
}

func (b *Linux) enable(now time.Duration, i int) {
	p := &b.ports[i]
	b.becomeDesignated(i)
	b.setState(i, Discarding)
	p.ack, p.pending = false, false
	b.portStates(now)
}

func (b *Linux) disable(now time.Duration, i int) {
	p := &b.ports[i]
	wasRoot := b.isRoot()
	b.becomeDesignated(i)
	b.setState(i, Disabled)
	p.ack, p.pending = false, false
	p.messageAge, p.forward, p.hold = linuxNever, linuxNever, linuxNever
	b.act(Act{Kind: Flush, Port: i})
	b.configurationUpdate()
	b.portStates(now)
	b.becomeRootAgain(now, wasRoot)
}

// Errors of Receive beside those of Parse.
var errVersion = errors.New("a Linux bridge takes BPDUs of version 0 only")

// Receive takes a BPDU that came in at a port.
func (b *Linux) Receive(now time.Duration, port int, bpdu []byte) ([]Act, error) {
	b.begin(now)
	p := &b.ports[port]
	m, err := Parse(bpdu)
	switch {
	case p.state == Disabled:
		return b.finish(), errDisabled
	case err != nil:
		return b.finish(), err
	case p.conf.BPDUGuard:
		p.guarded = "a BPDU came in at a port with BPDU guard"
		b.act(Act{Kind: Guard, Port: port, Why: p.guarded})
		b.disable(now, port)
	case m.Version != 0:
		return b.finish(), errVersion
	case m.Type == TypeTCN:
		b.receivedTCN(now, port)
	case m.Times.MessageAge > m.Times.MaxAge:
		return b.finish(), errAged
	default:
		b.receivedConfig(now, port, &m)
	}
	return b.finish(), nil
}

func from256(t uint16) time.Duration { return time.Duration(t) * tick256 }

func (b *Linux) receivedConfig(now time.Duration, i int, m *BPDU) {
	p := &b.ports[i]
	wasRoot := b.isRoot()
	if !b.supersedes(i, m) {
		if b.isDesignated(i) {
			b.transmitConfig(now, i)
		}
		return
	}
	p.designated = m.Vector
	p.messageAge = now + max(from256(m.Times.MaxAge)-from256(m.Times.MessageAge), 0)
	b.configurationUpdate()
	b.portStates(now)
	if !b.isRoot() && wasRoot {
		b.helloTimer = linuxNever
		if b.detected {
			b.changeTimer = linuxNever
			b.transmitTCN()
			b.tcnTimer = now + b.conf.HelloTime
		}
	}
	if i == b.rootPort {
		b.maxAge, b.hello, b.forward = from256(m.Times.MaxAge), from256(m.Times.HelloTime), from256(m.Times.ForwardDelay)
		b.setChanging(m.Flags&FlagTC != 0)
		b.generateConfig(now)
		if m.Flags&FlagTCAck != 0 {
			b.detected, b.tcnTimer = false, linuxNever
		}
	}
}

// supersedes is br_supersedes_port_info: whether a message is news for a port.
func (b *Linux) supersedes(i int, m *BPDU) bool {
	d := b.ports[i].designated
	c := cmp.Or(cmp.Compare(m.Vector.Root, d.Root), cmp.Compare(m.Vector.Cost, d.Cost), cmp.Compare(m.Vector.Bridge, d.Bridge))
	switch {
	case c != 0:
		return c < 0
	case m.Vector.Bridge != b.conf.ID:
		return true
	}
	return m.Vector.Port <= d.Port
}

func (b *Linux) receivedTCN(now time.Duration, i int) {
	if !b.isDesignated(i) {
		return
	}
	b.act(Act{Kind: Change, Port: i, Received: true})
	b.topologyChange(now, i)
	b.ports[i].ack = true
	b.transmitConfig(now, i)
}

func (b *Linux) isRoot() bool { return b.root == b.conf.ID }

func (b *Linux) isDesignated(i int) bool {
	d := b.ports[i].designated
	return d.Bridge == b.conf.ID && d.Port == b.ports[i].id
}

func (b *Linux) becomeDesignated(i int) {
	b.ports[i].designated = Vector{Root: b.root, Cost: b.cost, Bridge: b.conf.ID, Port: b.ports[i].id}
}

// configurationUpdate selects the root port, then the designated ports.
func (b *Linux) configurationUpdate() {
	b.rootPort = -1
	for i := range b.ports {
		if b.mayBeRoot(i) && (b.rootPort < 0 || b.nearer(i, b.rootPort)) {
			b.rootPort = i
		}
	}
	b.root, b.cost = b.conf.ID, 0
	if b.rootPort >= 0 {
		p := &b.ports[b.rootPort]
		b.root, b.cost = p.designated.Root, p.designated.Cost+p.cost
	}
	for i := range b.ports {
		if b.ports[i].state != Disabled && b.shouldBeDesignated(i) {
			b.becomeDesignated(i)
		}
	}
}

func (b *Linux) mayBeRoot(i int) bool {
	p := &b.ports[i]
	if p.state == Disabled || b.isDesignated(i) || b.conf.ID <= p.designated.Root {
		return false
	}
	if p.conf.RootGuard {
		if p.toldRole != AlternatePort {
			b.act(Act{Kind: Blocked, Port: i, Why: "bridge " + p.designated.Root.String() + " wants to be the root behind a port with root guard"})
		}
		return false
	}
	return true
}

func (b *Linux) nearer(i, than int) bool {
	p, q := &b.ports[i], &b.ports[than]
	return cmp.Or(
		cmp.Compare(p.designated.Root, q.designated.Root),
		cmp.Compare(p.designated.Cost+p.cost, q.designated.Cost+q.cost),
		cmp.Compare(p.designated.Bridge, q.designated.Bridge),
		cmp.Compare(p.designated.Port, q.designated.Port),
		cmp.Compare(p.id, q.id),
	) < 0
}

func (b *Linux) shouldBeDesignated(i int) bool {
	p := &b.ports[i]
	if b.isDesignated(i) || p.designated.Root != b.root {
		return !p.conf.RootGuard || p.designated.Root >= b.root
	}
	return cmp.Or(cmp.Compare(b.cost, p.designated.Cost), cmp.Compare(b.conf.ID, p.designated.Bridge), cmp.Compare(p.id, p.designated.Port)) < 0
}

// portStates is br_port_state_selection.
func (b *Linux) portStates(now time.Duration) {
	for i := range b.ports {
		p := &b.ports[i]
		if p.state == Disabled {
			continue
		}
		switch {
		case i == b.rootPort:
			p.pending, p.ack = false, false
			b.makeForwarding(now, i)
		case b.isDesignated(i):
			p.messageAge = linuxNever
			b.makeForwarding(now, i)
		default:
			p.pending, p.ack = false, false
			b.makeBlocking(now, i)
		}
	}
}

func (b *Linux) makeForwarding(now time.Duration, i int) {
	if b.ports[i].state != Discarding {
		return
	}
	if b.forward == 0 {
		b.setState(i, Forwarding)
		b.topologyChange(now, i)
		return
	}
	b.setState(i, Listening)
	b.ports[i].forward = now + b.forward
}

func (b *Linux) makeBlocking(now time.Duration, i int) {
	p := &b.ports[i]
	if p.state == Discarding {
		return
	}
	if p.state >= Learning {
		b.topologyChange(now, i)
	}
	b.setState(i, Discarding)
	p.forward = linuxNever
}

func (b *Linux) setState(i int, s State) {
	if b.ports[i].state != s {
		b.ports[i].state = s
		b.act(Act{Kind: SetState, Port: i, State: s})
	}
}

// Configure changes a port, as bridge link set does.
func (b *Linux) Configure(now time.Duration, port int, change func(*PortConfig)) []Act {
	b.begin(now)
	p := &b.ports[port]
	change(&p.conf)
	p.cost = cmp.Or(p.conf.Cost, LinuxPathCost(p.conf.Speed)) // br_stp_set_path_cost
	b.configurationUpdate()
	b.portStates(now)
	if id := linuxPortID(p.conf.Priority, port); id != p.id { // br_stp_set_port_priority
		if b.isDesignated(port) {
			p.designated.Port = id
		}
		p.id = id
		if p.designated.Bridge == b.conf.ID && p.id < p.designated.Port {
			b.becomeDesignated(port)
			b.portStates(now)
		}
	}
	return b.finish()
}

// linuxPortID is the identifier of a port by its priority, which is given by the
// standard's scale; negative for the kernel's own.
func linuxPortID(priority, i int) PortID {
	if priority < 0 {
		priority = linuxPriority << 2
	}
	return PortID(priority>>2)<<10 | PortID(i+1)
}

// SetPriority changes the bridge's priority, a multiple of 4096.
func (b *Linux) SetPriority(now time.Duration, priority uint16) []Act {
	b.begin(now)
	wasRoot := b.isRoot()
	was := b.conf.ID
	b.conf.ID = BridgeID(uint64(priority)<<48 | was.address())
	if wasRoot {
		b.root = b.conf.ID
	}
	for i := range b.ports {
		if b.ports[i].designated.Bridge == was {
			b.ports[i].designated.Bridge = b.conf.ID
		}
	}
	b.configurationUpdate()
	b.portStates(now)
	b.becomeRootAgain(now, wasRoot)
	return b.finish()
}
