package stp

import (
	"slices"
	"time"
)

// roundUp is round_jiffies: what needs no exact time ends on a whole second of the
// kernel's clock, together with all else that does not.
func roundSecond(t time.Duration) time.Duration {
	whole := t.Truncate(second)
	if t-whole >= second/4 {
		whole += second
	}
	return whole
}

// generateConfig sends a configuration out of every designated port.
func (b *Linux) generateConfig(now time.Duration) {
	for i := range b.ports {
		if b.ports[i].state != Disabled && b.isDesignated(i) {
			b.transmitConfig(now, i)
		}
	}
}

func (b *Linux) transmitConfig(now time.Duration, i int) {
	p := &b.ports[i]
	if p.hold != linuxNever {
		p.pending = true
		return
	}
	age := time.Duration(0)
	if !b.isRoot() {
		age = b.maxAge - (b.ports[b.rootPort].messageAge - now) + linuxAgeStep
	}
	if age >= b.maxAge {
		return
	}
	m := BPDU{Type: TypeConfig, Vector: Vector{Root: b.root, Cost: b.cost, Bridge: b.conf.ID, Port: p.id}}
	m.Times = Times{to256(age), to256(b.maxAge), to256(b.hello), to256(b.forward)}
	if b.changing {
		m.Flags |= FlagTC
	}
	if p.ack {
		m.Flags |= FlagTCAck
	}
	b.act(Act{Kind: Send, Port: i, BPDU: m.Append(nil)})
	p.ack, p.pending = false, false
	p.hold = roundSecond(now + linuxHold)
}

func (b *Linux) transmitTCN() {
	if b.rootPort >= 0 {
		m := BPDU{Type: TypeTCN}
		b.act(Act{Kind: Send, Port: b.rootPort, BPDU: m.Append(nil)})
	}
}

// topologyChange is br_topology_change_detection.
func (b *Linux) topologyChange(now time.Duration, i int) {
	b.act(Act{Kind: Change, Port: i})
	switch {
	case b.isRoot():
		b.setChanging(true)
		b.changeTimer = now + b.conf.ForwardDelay + b.conf.MaxAge
	case !b.detected:
		b.transmitTCN()
		b.tcnTimer = now + b.conf.HelloTime
	}
	b.detected = true
}

func (b *Linux) setChanging(on bool) {
	if b.changing == on {
		return
	}
	b.changing = on
	age := time.Duration(0)
	if on {
		age = 2 * b.forward // what the kernel shows as its ageing time meanwhile
	}
	b.act(Act{Kind: ShortAge, Port: -1, Age: age})
}

func (b *Linux) becomeRootAgain(now time.Duration, wasRoot bool) {
	if !b.isRoot() || wasRoot {
		return
	}
	b.maxAge, b.hello, b.forward = b.conf.MaxAge, b.conf.HelloTime, b.conf.ForwardDelay
	b.topologyChange(now, 0)
	b.tcnTimer = linuxNever
	b.generateConfig(now)
	b.helloTimer = now + b.hello
}

// Tick lets the timers expire that are due by now, in the order of their times.
func (b *Linux) Tick(now time.Duration) []Act {
	b.begin(now)
	return b.finish()
}

// begin starts a list of acts with those of the timers.
func (b *Linux) begin(now time.Duration) {
	b.acts = b.acts[:0]
	for {
		at, ok := b.Next()
		if !ok || at > now {
			return
		}
		b.expire(at)
	}
}

// timers are all timers of the bridge: its own, then three of each port.
func (b *Linux) timers() []*time.Duration {
	ts := []*time.Duration{&b.helloTimer, &b.tcnTimer, &b.changeTimer}
	for i := range b.ports {
		p := &b.ports[i]
		ts = append(ts, &p.messageAge, &p.forward, &p.hold)
	}
	return ts
}

// Next is when the next timer expires.
func (b *Linux) Next() (time.Duration, bool) {
	next := linuxNever
	for _, t := range b.timers() {
		if *t != linuxNever && (next == linuxNever || *t < next) {
			next = *t
		}
	}
	return next, next != linuxNever
}

// expire runs the first timer that is due at now.
func (b *Linux) expire(now time.Duration) {
	i := slices.IndexFunc(b.timers(), func(t *time.Duration) bool { return *t == now })
	*b.timers()[i] = linuxNever
	switch i {
	case 0:
		b.generateConfig(now)
		b.helloTimer = roundSecond(now + b.hello)
		return
	case 1:
		if !b.isRoot() {
			b.transmitTCN()
			b.tcnTimer = now + b.conf.HelloTime
		}
		return
	case 2:
		b.detected = false
		b.setChanging(false)
		return
	}
	port, which := (i-3)/3, (i-3)%3
	p := &b.ports[port]
	switch {
	case which == 0: // the information of this port is too old
		wasRoot := b.isRoot()
		b.becomeDesignated(port)
		b.configurationUpdate()
		b.portStates(now)
		b.becomeRootAgain(now, wasRoot)
	case which == 1 && p.state == Listening:
		b.setState(port, Learning)
		p.forward = now + b.forward
	case which == 1 && p.state == Learning:
		b.setState(port, Forwarding)
		if b.designatedSomewhere() {
			b.topologyChange(now, port)
		}
	case which == 2 && p.pending:
		b.transmitConfig(now, port)
	}
}

func (b *Linux) designatedSomewhere() bool {
	for i := range b.ports {
		if b.ports[i].state != Disabled && b.isDesignated(i) {
			return true
		}
	}
	return false
}

// finish adds the roles that changed.
func (b *Linux) finish() []Act {
	for i := range b.ports {
		if r := b.role(i); r != b.ports[i].toldRole {
			b.ports[i].toldRole = r
			b.act(Act{Kind: SetRole, Port: i, Role: r})
		}
	}
	return b.acts
}

func (b *Linux) role(i int) Role {
	switch {
	case b.ports[i].state == Disabled:
		return DisabledPort
	case i == b.rootPort:
		return RootPort
	case b.isDesignated(i):
		return DesignatedPort
	}
	return AlternatePort
}

func (b *Linux) act(a Act) { b.acts = append(b.acts, a) }

// Port is what a port is like.
func (b *Linux) Port(port int) PortStatus {
	p := &b.ports[port]
	return PortStatus{ID: p.id, State: p.state, Role: b.role(port), Cost: p.cost, Designated: p.designated, STP: true, Guarded: p.guarded}
}

// Bridge is what the bridge is like.
func (b *Linux) Bridge() BridgeStatus {
	return BridgeStatus{ID: b.conf.ID, Root: b.root, Cost: b.cost, RootPort: b.rootPort, Changing: b.changing}
}
