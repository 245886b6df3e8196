package stp

import "time"

// Port State Transition, Topology Change and Port Transmit (802.1D-2004, 17.30, 17.31
// and 17.26).

// States of Port State Transition.
const (
	pstDiscarding machineState = iota
	pstLearning
	pstForwarding
)

func (p *rstpPort) portStateTransition() bool {
	switch {
	case p.pst == pstDiscarding && p.learn:
		p.pst, p.learning = pstLearning, true
	case p.pst == pstLearning && p.forward:
		p.pst, p.forwarding = pstForwarding, true
	case p.pst == pstLearning && !p.learn, p.pst == pstForwarding && !p.forward:
		p.pst, p.learning, p.forwarding = pstDiscarding, false, false
	default:
		return false
	}
	return true
}

// States of Topology Change. Those between ACTIVE and ACTIVE are passed through
// within a turn.
const (
	tcmInactive machineState = iota
	tcmLearning
	tcmActive
)

func (p *rstpPort) topologyChange() bool {
	inTree := p.role == RootPort || p.role == DesignatedPort
	told := p.rcvdTc || p.rcvdTcn || p.rcvdTcAck || p.tcProp
	switch p.tcm {
	case tcmInactive:
		if !p.learn || p.fdbFlush {
			return false
		}
		p.toTcmLearning()
	case tcmLearning:
		switch {
		case inTree && p.forward && !p.operEdge: // DETECTED
			p.b.act(Act{Kind: Change, Port: p.i})
			p.newTcWhile()
			p.setTcPropTree()
			p.newInfo = true
			p.tcm = tcmActive
		case !inTree && !p.learn && !p.learning && !told: // INACTIVE
			p.tcm = tcmInactive
			p.flush()
			p.tcWhile, p.tcAck = 0, false
		case told:
			p.toTcmLearning()
		default:
			return false
		}
	case tcmActive:
		switch {
		case !inTree || p.operEdge:
			p.toTcmLearning()
		case p.rcvdTcn, p.rcvdTc: // NOTIFIED_TCN, NOTIFIED_TC
			if p.rcvdTcn {
				p.newTcWhile()
			}
			p.rcvdTcn, p.rcvdTc = false, false
			p.tcAck = p.tcAck || p.role == DesignatedPort
			p.setTcPropTree()
		case p.tcProp: // PROPAGATING
			p.newTcWhile()
			p.flush()
			p.tcProp = false
		case p.rcvdTcAck: // ACKNOWLEDGED
			p.tcWhile, p.rcvdTcAck = 0, false
		default:
			return false
		}
	default:
		panic("stp: the topology change machine is in a state of another's")
	}
	return true
}

func (p *rstpPort) toTcmLearning() {
	p.tcm = tcmLearning
	p.rcvdTc, p.rcvdTcn, p.rcvdTcAck, p.tcProp = false, false, false, false
}

// newTcWhile (17.21.7).
func (p *rstpPort) newTcWhile() {
	switch {
	case p.tcWhile != 0:
	case p.sendRSTP:
		p.tcWhile = p.helloTime() + 1
		p.newInfo = true
	default:
		p.tcWhile = secondsOf(p.b.rootTimes.MaxAge) + secondsOf(p.b.rootTimes.ForwardDelay)
	}
}

func (p *rstpPort) setTcPropTree() {
	if p.conf.RestrictedTC {
		return
	}
	for i := range p.b.ports {
		if i != p.i {
			p.b.ports[i].tcProp = true
		}
	}
}

// flush is fdbFlush (17.19.7): at once where the bridge speaks RSTP, else what was
// learned ages within the forward delay for as long as the change is told.
func (p *rstpPort) flush() {
	if p.b.rstpVersion() {
		p.b.act(Act{Kind: Flush, Port: p.i})
		return
	}
	p.b.act(Act{Kind: ShortAge, Port: p.i, Age: time.Duration(p.fwdDelay()) * second})
}

// Port Transmit rests in IDLE; the others are passed through.
func (p *rstpPort) toIdle() { p.helloWhen = p.helloTime() }

func (p *rstpPort) portTransmit() bool {
	if !p.portEnabled || !p.selected || p.updtInfo {
		return false
	}
	if p.helloWhen == 0 { // TRANSMIT_PERIODIC
		p.newInfo = p.newInfo || p.role == DesignatedPort || p.role == RootPort && p.tcWhile != 0
		p.toIdle()
		return true
	}
	if !p.pending() || p.txNext > p.b.now {
		return false
	}
	p.txNext = p.b.now + txGap<<p.txCount
	switch {
	case p.sendRSTP: // TRANSMIT_RSTP
		p.newInfo = false
		p.txRstp()
		p.tcAck = false
	case p.role == DesignatedPort: // TRANSMIT_CONFIG
		p.newInfo = false
		p.txConfig()
		p.tcAck = false
	case p.role == RootPort: // TRANSMIT_TCN
		p.newInfo = false
		p.send(BPDU{Type: TypeTCN})
	default:
		return false
	}
	p.txCount++
	p.toIdle()
	return true
}

// pending reports whether the port has something to send that nothing but txGap holds
// back.
func (p *rstpPort) pending() bool {
	return p.portEnabled && p.selected && !p.updtInfo && p.newInfo && p.txCount < p.b.conf.TxHoldCount &&
		(p.sendRSTP || p.role == DesignatedPort || p.role == RootPort)
}

var roleBits = [...]uint8{DisabledPort: 0, AlternatePort: 1 << 2, BackupPort: 1 << 2, RootPort: 2 << 2, DesignatedPort: 3 << 2}

// txRstp (17.21.20).
func (p *rstpPort) txRstp() {
	m := BPDU{Version: 2, Type: TypeRST, Flags: roleBits[p.role], Vector: p.designatedPriority, Times: p.designatedTimes}
	for _, f := range [...]struct {
		on  bool
		bit uint8
	}{
		{p.tcWhile != 0, FlagTC},
		{p.proposing, FlagProposal},
		{p.learning, FlagLearning},
		{p.forwarding, FlagForwarding},
		{p.agree, FlagAgreement},
	} {
		if f.on {
			m.Flags |= f.bit
		}
	}
	p.send(m)
}

// txConfig (17.21.19).
func (p *rstpPort) txConfig() {
	m := BPDU{Type: TypeConfig, Vector: p.designatedPriority, Times: p.designatedTimes}
	if p.tcWhile != 0 {
		m.Flags |= FlagTC
	}
	if p.tcAck {
		m.Flags |= FlagTCAck
	}
	p.send(m)
}

func (p *rstpPort) send(m BPDU) {
	if !p.portEnabled {
		return
	}
	if m.Flags&FlagProposal != 0 {
		p.b.act(Act{Kind: Proposal, Port: p.i})
	}
	if m.Flags&FlagAgreement != 0 && p.role != DesignatedPort {
		p.b.act(Act{Kind: Agreement, Port: p.i})
	}
	p.b.act(Act{Kind: Send, Port: p.i, BPDU: m.Append(nil)})
}
