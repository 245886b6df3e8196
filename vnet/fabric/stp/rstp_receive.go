package stp

// The machines that take BPDUs: Port Receive, Port Protocol Migration, Bridge
// Detection and Port Information (802.1D-2004, 17.23, 17.24, 17.25 and 17.27).

// States of Port Receive.
const (
	prxDiscard machineState = iota
	prxReceive
)

func (p *rstpPort) toDiscard() {
	p.prx = prxDiscard
	p.rcvdBPDU, p.rcvdRSTP, p.rcvdSTP, p.rcvdMsg = false, false, false, false
	p.edgeDelayWhile = migrateTime
}

func (p *rstpPort) portReceive() bool {
	switch {
	case (p.rcvdBPDU || p.edgeDelayWhile != migrateTime) && !p.portEnabled:
		p.toDiscard()
	case p.rcvdBPDU && p.portEnabled && (p.prx == prxDiscard || !p.rcvdMsg):
		p.prx = prxReceive
		p.updtBPDUVersion()
		p.operEdge, p.rcvdBPDU = false, false
		p.rcvdMsg = true
		p.edgeDelayWhile = migrateTime
	default:
		return false
	}
	return true
}

func (p *rstpPort) updtBPDUVersion() {
	if p.msg.Type == TypeRST {
		p.rcvdRSTP = true
	} else {
		p.rcvdSTP = true
	}
}

// States of Port Protocol Migration.
const (
	ppmCheckingRSTP machineState = iota
	ppmSelectingSTP
	ppmSensing
)

func (p *rstpPort) toCheckingRSTP() {
	p.ppm = ppmCheckingRSTP
	p.mcheck = false
	p.sendRSTP = p.b.rstpVersion()
	p.mdelayWhile = migrateTime
}

func (p *rstpPort) toSensing() {
	p.ppm = ppmSensing
	p.rcvdRSTP, p.rcvdSTP = false, false
}

func (p *rstpPort) portProtocolMigration() bool {
	switch {
	case p.ppm == ppmCheckingRSTP && p.mdelayWhile != migrateTime && !p.portEnabled:
		p.toCheckingRSTP()
	case p.ppm == ppmCheckingRSTP && p.mdelayWhile == 0,
		p.ppm == ppmSelectingSTP && (p.mdelayWhile == 0 || !p.portEnabled || p.mcheck):
		p.toSensing()
	case p.ppm == ppmSensing && (!p.portEnabled || p.mcheck || p.b.rstpVersion() && !p.sendRSTP && p.rcvdRSTP):
		p.toCheckingRSTP()
	case p.ppm == ppmSensing && p.sendRSTP && p.rcvdSTP:
		p.ppm = ppmSelectingSTP
		p.sendRSTP = false
		p.mdelayWhile = migrateTime
	default:
		return false
	}
	return true
}

// States of Bridge Detection.
const (
	bdmNotEdge machineState = iota
	bdmEdge
)

func (p *rstpPort) bridgeDetection() bool {
	switch {
	case p.bdm == bdmNotEdge && (!p.portEnabled && p.conf.Edge || p.edgeDelayWhile == 0 && p.conf.AutoEdge && p.sendRSTP && p.proposing):
		p.bdm, p.operEdge = bdmEdge, true
	case p.bdm == bdmEdge && (!p.portEnabled && !p.conf.Edge || !p.operEdge):
		p.bdm, p.operEdge = bdmNotEdge, false
	default:
		return false
	}
	return true
}

// States of Port Information. UPDATE and the six that a message leads to are passed
// through within a turn.
const (
	pimDisabled machineState = iota
	pimAged
	pimCurrent
)

func (p *rstpPort) toDisabledInfo() {
	p.pim = pimDisabled
	p.rcvdMsg = false
	p.proposing, p.proposed, p.agree, p.agreed = false, false, false, false
	p.rcvdInfoWhile = 0
	p.infoIs = infoDisabled
	p.reselect, p.selected = true, false
}

func (p *rstpPort) portInformation() bool {
	switch {
	case !p.portEnabled && p.infoIs != infoDisabled, p.pim == pimDisabled && p.rcvdMsg:
		p.toDisabledInfo()
	case p.pim == pimDisabled && p.portEnabled,
		p.pim == pimCurrent && p.infoIs == infoReceived && p.rcvdInfoWhile == 0 && !p.updtInfo && !p.rcvdMsg:
		p.pim, p.infoIs = pimAged, infoAged
		p.reselect, p.selected = true, false
	case (p.pim == pimAged || p.pim == pimCurrent) && p.selected && p.updtInfo:
		p.update()
	case p.pim == pimCurrent && p.rcvdMsg && !p.updtInfo:
		p.receiveInfo()
	default:
		return false
	}
	return true
}

// update is the state UPDATE: what the port says is the bridge's own.
func (p *rstpPort) update() {
	p.proposing, p.proposed = false, false
	p.agreed = p.agreed && p.designatedPriority == p.portPriority // see settle
	p.synced = p.synced && p.agreed
	if p.portPriority != p.designatedPriority {
		p.changed = p.b.now
	}
	p.portPriority, p.portTimes = p.designatedPriority, p.designatedTimes
	p.updtInfo = false
	p.infoIs, p.newInfo = infoMine, true
	p.pim = pimCurrent
}

// receiveInfo is the state RECEIVE, which rcvInfo (17.21.8) leads out of.
func (p *rstpPort) receiveInfo() {
	m := &p.msg
	role := m.role()
	times := p.msgTimes()
	switch {
	case m.Type == TypeTCN:
		p.setTcFlags()
	case role == DesignatedPort || role == DisabledPort && m.Type == TypeRST:
		c := m.Vector.Compare(p.portPriority)
		same := c == 0 && times == p.portTimes
		switch {
		case same && p.infoIs == infoReceived:
			p.repeatedDesignated()
		case !same && (c <= 0 || p.sameSender()):
			p.superiorDesignated(times)
		case c > 0:
			p.recordDispute()
		}
	case m.Vector.Compare(p.portPriority) >= 0: // root, alternate or backup
		p.recordAgreement()
		p.setTcFlags()
	}
	p.rcvdMsg = false
}

// sameSender reports whether a message comes from the designated port of the
// segment itself, whose word counts even where it has become worse (17.6).
func (p *rstpPort) sameSender() bool {
	return p.msg.Vector.Bridge.address() == p.portPriority.Bridge.address() && p.msg.Vector.Port.number() == p.portPriority.Port.number()
}

// msgTimes are the message's times; a Hello Time below the least one that is allowed
// is taken for that (17.21.12, table 17-1).
func (p *rstpPort) msgTimes() Times {
	t := p.msg.Times
	t.HelloTime = max(t.HelloTime, 256)
	return t
}

func (p *rstpPort) superiorDesignated(times Times) {
	if p.conf.RootGuard && p.msg.Vector.Root < p.b.rootPriority.Root && !p.refused {
		p.refused = true
		p.b.act(Act{Kind: Blocked, Port: p.i, Why: "bridge " + p.msg.Vector.Root.String() + " wants to be the root behind a port with root guard"})
	}
	p.agreed, p.proposing = false, false
	p.recordProposal()
	p.setTcFlags()
	p.agree = p.agree && p.msg.Vector == p.portPriority // see settle
	p.portPriority, p.portTimes = p.msg.Vector, times   // recordPriority, recordTimes
	p.updtRcvdInfoWhile()
	p.infoIs = infoReceived
	p.reselect, p.selected = true, false
}

func (p *rstpPort) repeatedDesignated() {
	p.recordProposal()
	p.setTcFlags()
	p.updtRcvdInfoWhile()
}

func (p *rstpPort) recordProposal() {
	if p.msg.Type == TypeRST && p.msg.role() == DesignatedPort && p.msg.Flags&FlagProposal != 0 {
		p.proposed = true
		p.b.act(Act{Kind: Proposal, Port: p.i, Received: true})
	}
}

func (p *rstpPort) recordAgreement() {
	was := p.agreed
	if p.msg.Flags&FlagAgreement != 0 && p.b.now-p.changed < settle {
		p.again = p.changed + settle
		return
	}
	p.agreed = p.b.rstpVersion() && !p.conf.Shared && p.msg.Type == TypeRST && p.msg.Flags&FlagAgreement != 0
	if p.agreed {
		p.proposing = false
		if !was {
			p.b.act(Act{Kind: Agreement, Port: p.i, Received: true})
		}
	}
}

// recordDispute: a neighbour that is worse, believes to be designated and already
// learns does not hear us. The port stops forwarding until it does (17.21.10; that the
// port's agreement ends with it is 802.1Q's).
func (p *rstpPort) recordDispute() {
	if p.msg.Type == TypeRST && p.msg.Flags&FlagLearning != 0 {
		p.disputed = true
		p.agreed = false
	}
}

func (p *rstpPort) setTcFlags() {
	switch {
	case p.msg.Type == TypeTCN:
		p.rcvdTcn = true
	default:
		p.rcvdTc = p.rcvdTc || p.msg.Flags&FlagTC != 0
		p.rcvdTcAck = p.rcvdTcAck || p.msg.Type == TypeConfig && p.msg.Flags&FlagTCAck != 0
	}
	if p.rcvdTcn || p.rcvdTc {
		p.b.act(Act{Kind: Change, Port: p.i, Received: true})
	}
}

// updtRcvdInfoWhile (17.21.23): information lives for three hellos, unless it has
// come too far.
func (p *rstpPort) updtRcvdInfoWhile() {
	p.rcvdInfoWhile = 0
	if int(p.portTimes.MessageAge)+256 <= int(p.portTimes.MaxAge) {
		p.rcvdInfoWhile = 3 * secondsOf(p.portTimes.HelloTime)
	}
}
