package stp

// Port Role Selection, of the bridge, and Port Role Transitions (802.1D-2004, 17.28
// and 17.29).

// roleSelection is the state ROLE_SELECTION, entered where any port asks for it.
func (b *RSTP) roleSelection() bool {
	any := false
	for i := range b.ports {
		any = any || b.ports[i].reselect
	}
	if !any {
		return false
	}
	for i := range b.ports { // clearReselectTree
		b.ports[i].reselect = false
	}
	b.updtRolesTree()
	for i := range b.ports { // setSelectedTree
		b.ports[i].selected = true
	}
	return true
}

// updtRolesTree (17.21.25) finds the root, the way there, and each port's role.
func (b *RSTP) updtRolesTree() {
	b.rootPriority, b.rootTimes, b.rootPort = Vector{Root: b.conf.ID, Bridge: b.conf.ID}, b.bridgeTimes, -1
	for i := range b.ports {
		p := &b.ports[i]
		if p.infoIs != infoReceived || p.conf.RootGuard || p.portPriority.Bridge.address() == b.conf.ID.address() {
			continue
		}
		path := p.portPriority
		path.Cost = uint32(min(uint64(path.Cost)+uint64(p.conf.Cost), 1<<32-1))
		c := path.Compare(b.rootPriority)
		if c < 0 || c == 0 && b.rootPort >= 0 && p.portID < b.ports[b.rootPort].portID {
			b.rootPriority, b.rootPort = path, i
			b.rootTimes = p.portTimes
			// Message ages count in whole seconds, one more at each bridge.
			b.rootTimes.MessageAge = uint16(min((int(p.portTimes.MessageAge)+256+128)/256*256, 0xffff))
		}
	}
	for i := range b.ports {
		p := &b.ports[i]
		p.designatedPriority = Vector{Root: b.rootPriority.Root, Cost: b.rootPriority.Cost, Bridge: b.conf.ID, Port: p.portID}
		p.designatedTimes = b.rootTimes
		p.designatedTimes.HelloTime = b.bridgeTimes.HelloTime
		p.selectRole()
	}
}

// selectRole is the second half of updtRolesTree, for one port.
func (p *rstpPort) selectRole() {
	b := p.b
	better := p.designatedPriority.Compare(p.portPriority) < 0
	switch {
	case p.infoIs == infoDisabled:
		p.selectedRole = DisabledPort
	case p.infoIs == infoAged:
		p.selectedRole, p.updtInfo = DesignatedPort, true
	case p.infoIs == infoMine:
		p.selectedRole = DesignatedPort
		p.updtInfo = p.updtInfo || p.portPriority != p.designatedPriority || p.portTimes != p.designatedTimes
	case p.i == b.rootPort:
		p.selectedRole, p.updtInfo = RootPort, false
	case better:
		p.selectedRole, p.updtInfo = DesignatedPort, true
	case p.portPriority.Bridge.address() == b.conf.ID.address():
		p.selectedRole, p.updtInfo = BackupPort, false
	default:
		p.selectedRole, p.updtInfo = AlternatePort, false
	}
	if p.selectedRole == DesignatedPort {
		p.refused = false
	}
}

// States of Port Role Transitions: where each role's machine rests, and the states of
// passage that wait for something.
const (
	prtDisable  machineState = iota // DISABLE_PORT
	prtDisabled                     // DISABLED_PORT
	prtRoot                         // ROOT_PORT
	prtDesignated
	prtBlock // BLOCK_PORT
	prtAlternate
)

// The times of 17.20, in seconds.
func (p *rstpPort) fwdDelay() int  { return secondsOf(p.designatedTimes.ForwardDelay) }
func (p *rstpPort) helloTime() int { return secondsOf(p.designatedTimes.HelloTime) }
func (p *rstpPort) maxAge() int    { return secondsOf(p.designatedTimes.MaxAge) }

func (p *rstpPort) forwardDelay() int {
	if p.sendRSTP {
		return p.helloTime()
	}
	return p.fwdDelay()
}

func (p *rstpPort) edgeDelay() int {
	if p.conf.Shared {
		return p.maxAge()
	}
	return migrateTime
}

func (p *rstpPort) toInitPort() {
	p.role, p.selectedRole = DisabledPort, DisabledPort
	p.learn, p.forward, p.synced = false, false, false
	p.sync, p.reRoot = true, true
	p.rrWhile, p.fdWhile, p.rbWhile = p.fwdDelay(), p.maxAge(), 0
	p.prt = prtDisable
}

// portRoleTransitions moves only on a role that has been decided: every condition of
// figures 17-20 to 17-23 stands below "selected && !updtInfo".
func (p *rstpPort) portRoleTransitions() bool {
	if !p.selected || p.updtInfo {
		return false
	}
	if p.role != p.selectedRole {
		p.role = p.selectedRole
		switch p.role {
		case DisabledPort:
			p.learn, p.forward = false, false
			p.prt = prtDisable
		case RootPort:
			p.toRootPort()
		case DesignatedPort:
			p.prt = prtDesignated
		case AlternatePort, BackupPort:
			p.learn, p.forward = false, false
			p.prt = prtBlock
		}
		return true
	}
	switch p.prt {
	case prtDisable, prtDisabled:
		return p.disabledRole()
	case prtRoot:
		return p.rootRole()
	case prtDesignated:
		return p.designatedRole()
	default:
		return p.alternateRole()
	}
}

func (p *rstpPort) disabledRole() bool {
	rest := p.prt == prtDisable && !p.learning && !p.forwarding
	if !rest && (p.prt == prtDisable || p.fdWhile == p.maxAge() && !p.sync && !p.reRoot && p.synced) {
		return false
	}
	p.prt = prtDisabled
	p.fdWhile, p.synced, p.rrWhile = p.maxAge(), true, 0
	p.sync, p.reRoot = false, false
	return true
}

func (p *rstpPort) toRootPort() {
	p.prt = prtRoot
	p.rrWhile = p.fwdDelay()
}

// rootRole is figure 17-21.
func (p *rstpPort) rootRole() bool {
	rapid := p.fdWhile == 0 || p.reRooted() && p.rbWhile == 0 && p.b.rstpVersion()
	switch {
	case p.proposed && !p.agree: // ROOT_PROPOSED
		p.b.setSyncTree()
		p.proposed = false
	case p.allSynced() && !p.agree, p.proposed && p.agree: // ROOT_AGREED
		p.proposed, p.sync = false, false
		p.agree, p.newInfo = true, true
	case !p.forward && !p.reRoot: // REROOT
		p.b.setReRootTree()
	case rapid && !p.learn: // ROOT_LEARN
		p.fdWhile = p.forwardDelay()
		p.learn = true
	case rapid && p.learn && !p.forward: // ROOT_FORWARD
		p.fdWhile = 0
		p.forward = true
	case p.reRoot && p.forward: // REROOTED
		p.reRoot = false
	case p.rrWhile != p.fwdDelay(): // ROOT_PORT
	default:
		return false
	}
	p.toRootPort()
	return true
}

// designatedRole is figure 17-22.
func (p *rstpPort) designatedRole() bool {
	retired := p.rrWhile == 0 || !p.reRoot
	ready := p.fdWhile == 0 || p.agreed || p.operEdge
	switch {
	case !p.forward && !p.agreed && !p.proposing && !p.operEdge: // DESIGNATED_PROPOSE
		p.proposing = true
		p.edgeDelayWhile = p.edgeDelay()
		p.newInfo = true
	case !p.learning && !p.forwarding && !p.synced, p.agreed && !p.synced, p.operEdge && !p.synced, p.sync && p.synced: // DESIGNATED_SYNCED
		p.rrWhile = 0
		p.synced, p.sync = true, false
	case p.rrWhile == 0 && p.reRoot: // DESIGNATED_RETIRED
		p.reRoot = false
	case (p.sync && !p.synced || p.reRoot && p.rrWhile != 0 || p.disputed) && !p.operEdge && (p.learn || p.forward): // DESIGNATED_DISCARD
		p.learn, p.forward, p.disputed = false, false, false
		p.fdWhile = p.forwardDelay()
	case ready && retired && !p.sync && !p.learn: // DESIGNATED_LEARN
		p.learn = true
		p.fdWhile = p.forwardDelay()
	case ready && retired && !p.sync && p.learn && !p.forward: // DESIGNATED_FORWARD
		p.forward = true
		p.fdWhile = 0
		p.agreed = p.sendRSTP
	default:
		return false
	}
	return true
}

// alternateRole is figure 17-23, for alternate and backup ports.
func (p *rstpPort) alternateRole() bool {
	switch {
	case p.prt == prtBlock:
		if p.learning || p.forwarding {
			return false
		}
	case p.proposed && !p.agree: // ALTERNATE_PROPOSED
		p.b.setSyncTree()
		p.proposed = false
	case p.allSynced() && !p.agree, p.proposed && p.agree: // ALTERNATE_AGREED
		p.proposed, p.agree, p.newInfo = false, true, true
	case p.role == BackupPort && p.rbWhile != 2*p.helloTime(): // BACKUP_PORT
		p.rbWhile = 2 * p.helloTime()
	case p.fdWhile != p.forwardDelay(), p.sync, p.reRoot, !p.synced: // ALTERNATE_PORT
	default:
		return false
	}
	p.prt = prtAlternate
	p.fdWhile, p.synced, p.rrWhile = p.forwardDelay(), true, 0
	p.sync, p.reRoot = false, false
	return true
}

func (b *RSTP) setSyncTree() {
	for i := range b.ports {
		b.ports[i].sync = true
	}
}

func (b *RSTP) setReRootTree() {
	for i := range b.ports {
		b.ports[i].reRoot = true
	}
}

// allSynced (17.20.3): every port but the root port has stopped what could close a
// loop.
func (p *rstpPort) allSynced() bool {
	for i := range p.b.ports {
		q := &p.b.ports[i]
		if !q.selected || q.role != q.selectedRole || !q.synced && q.role != RootPort {
			return false
		}
	}
	return true
}

// reRooted (17.20.10): no other port was the root port lately.
func (p *rstpPort) reRooted() bool {
	for i := range p.b.ports {
		if i != p.i && p.b.ports[i].rrWhile != 0 {
			return false
		}
	}
	return true
}
