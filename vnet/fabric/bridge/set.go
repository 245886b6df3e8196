package bridge

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// linuxForwardDelay is how long a Linux bridge without a spanning tree waits, in each
// of two states, for a port that a hand put into listening or learning.
const linuxForwardDelay = 15 * time.Second

// SetPort says whether something is plugged into a port and its link is up. A port that
// goes down takes what was learned there with it, groups and routers too; static entries
// stay.
func (b *Bridge) SetPort(now time.Duration, port int, up bool) []Act {
	b.begin(now)
	p := &b.ports[port]
	switch {
	case p.up && !up:
		b.forgetAll(PortDown, func(e *entry) bool { return e.port() == port && !e.static() })
		b.asked.forget(port)
		if b.linuxAlone() {
			p.state, p.settles = stp.Disabled, never
		}
	case !p.up && up && b.linuxAlone():
		p.state, p.settles = stp.Forwarding, now+linuxForwardDelay
	}
	p.up = up
	return b.acts
}

// linuxAlone reports whether the switch is Linux's without a spanning tree, which has
// port states all the same.
func (b *Bridge) linuxAlone() bool { return b.conf.Dialect == Linux && !b.conf.STP }

// SetState puts a port into a state of the spanning tree. A Linux bridge without one
// takes blocking for a moment only: it selects its ports' states at once, and there is
// nothing to block for.
func (b *Bridge) SetState(now time.Duration, port int, s stp.State) []Act {
	b.begin(now)
	b.ports[port].state = s
	if b.linuxAlone() {
		for i := range b.ports {
			if p := &b.ports[i]; p.state == stp.Discarding {
				p.state, p.settles = stp.Forwarding, now+linuxForwardDelay
			}
		}
	}
	return b.acts
}

// State is a port's state.
func (b *Bridge) State(port int) stp.State { return b.ports[port].state }

// settle moves ports of a Linux bridge on whose forward-delay timer has run out.
func (b *Bridge) settle(now time.Duration) {
	for i := range b.ports {
		p := &b.ports[i]
		for p.settles != never && p.settles <= now {
			b.changed()
			at := p.settles
			p.settles = never
			switch p.state {
			case stp.Listening:
				p.state, p.settles = stp.Learning, at+linuxForwardDelay
			case stp.Learning:
				p.state = stp.Forwarding
			case stp.Disabled, stp.Discarding, stp.Forwarding:
			}
		}
	}
}

// Leave takes a port out of the switch, with everything that is known there; its VLANs
// are lost. Join puts it back.
func (b *Bridge) Leave(now time.Duration, port int) []Act {
	b.begin(now)
	p := &b.ports[port]
	b.forgetAll(PortDown, func(e *entry) bool { return e.port() == port })
	b.asked.forget(port)
	p.absent, p.pvid = true, 0
	clear(p.member)
	return b.acts
}

// Join puts a port back that has left.
func (b *Bridge) Join(now time.Duration, port int) []Act {
	b.begin(now)
	p := &b.ports[port]
	p.absent = false
	p.conf = PortConfig{MAC: p.conf.MAC, MTU: p.conf.MTU}
	if b.linuxAlone() {
		p.state, p.settles = stp.Forwarding, now+linuxForwardDelay
	}
	return b.acts
}

// SetFiltering makes the switch VLAN-aware, or not. What it has learned stays, under
// the VLANs that it was learned in.
func (b *Bridge) SetFiltering(on bool) {
	b.changed()
	b.conf.Filtering = on
}

// Errors of what is set.
var (
	ErrVLAN   = errors.New("a VLAN is 1 to 4094")
	ErrExists = errors.New("there is such an entry already")
	ErrNone   = errors.New("there is no such entry")
	ErrMember = errors.New("the port is not a member of the VLAN")
	ErrMask   = errors.New("01:80:c2:00:00:00 to 02 are never forwarded")
	ErrGroup  = errors.New("a group address or 00:00:00:00:00:00 is behind no port")
)

// SetGroupMask changes which reserved addresses are forwarded all the same.
func (b *Bridge) SetGroupMask(mask uint16) error {
	if mask&7 != 0 {
		return ErrMask
	}
	b.changed()
	b.conf.GroupMask = mask
	return nil
}

// Configure changes a port's flags; its VLANs are changed by AddVLAN and RemoveVLAN.
func (b *Bridge) Configure(port int, change func(*PortConfig)) {
	b.changed()
	change(&b.ports[port].conf)
}

func checkVLAN(vid uint16) error {
	if vid == 0 || vid > MaxVLANs {
		return fmt.Errorf("VLAN %d: %w", vid, ErrVLAN)
	}
	return nil
}

// AddVLAN makes a port a member of a VLAN. Where it is one, what is said now replaces
// what was said before: also that it was the port's own.
func (b *Bridge) AddVLAN(port int, v VLAN) error {
	if err := checkVLAN(v.VID); err != nil {
		return err
	}
	b.changed()
	b.ports[port].join(v)
	return nil
}

func (p *port) join(v VLAN) {
	switch {
	case v.PVID:
		p.pvid = v.VID
	case p.pvid == v.VID:
		p.pvid = 0
	}
	p.member[v.VID] = v
}

// RemoveVLAN ends a port's membership, if it is a member. What was learned there in the
// VLAN goes; static entries stay, and what is sent to them ends in the switch.
func (b *Bridge) RemoveVLAN(now time.Duration, port int, vid uint16) ([]Act, error) {
	b.begin(now)
	p := &b.ports[port]
	if err := checkVLAN(vid); err != nil {
		return b.acts, err
	}
	delete(p.member, vid)
	if p.pvid == vid {
		p.pvid = 0
	}
	b.forgetAll(Left, func(e *entry) bool { return e.port() == port && e.key().vlan() == vid && !e.static() })
	return b.acts, nil
}

// SetVLANs replaces a port's memberships, and which frames it takes. What was
// learned there in a VLAN that it leaves goes.
func (b *Bridge) SetVLANs(now time.Duration, port int, vlans []VLAN, in Ingress) ([]Act, error) {
	b.begin(now)
	for _, v := range vlans {
		if err := checkVLAN(v.VID); err != nil {
			return b.acts, err
		}
	}
	p := &b.ports[port]
	before := p.member
	p.member, p.pvid, p.conf.Ingress = map[uint16]VLAN{}, 0, in
	for _, v := range vlans {
		p.join(v)
	}
	b.forgetAll(Left, func(e *entry) bool {
		_, was := before[e.key().vlan()]
		_, is := p.member[e.key().vlan()]
		return e.port() == port && was && !is && !e.static()
	})
	return b.acts, nil
}

// VLANs are a port's memberships, sorted.
func (b *Bridge) VLANs(port int) []VLAN {
	p := &b.ports[port]
	out := make([]VLAN, 0, len(p.member))
	for vid, v := range p.member {
		v.PVID = p.pvid == vid
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b VLAN) int { return int(a.VID) - int(b.VID) })
	return out
}

// AddStatic puts a static entry into the table. Without a VLAN (0) there is one for
// each VLAN that the port is a member of, and one outside all, as bridge(8) makes them.
func (b *Bridge) AddStatic(now time.Duration, port int, mac packet.MAC, vid uint16) error {
	b.begin(now)
	if mac.IsMulticast() || mac.IsZero() {
		return ErrGroup
	}
	vids, err := b.entryVLANs(port, vid)
	if err != nil {
		return err
	}
	for _, v := range vids {
		k := keyOf(v, addrOf(mac))
		if b.table.get(k) != nil || b.own(addrOf(mac), v) {
			return ErrExists
		}
		b.table.add(newEntry(k, port, true, now))
	}
	return nil
}

// RemoveEntry takes entries of a port out of the table, static or learned; without a
// VLAN (0) those of all.
func (b *Bridge) RemoveEntry(now time.Duration, port int, mac packet.MAC, vid uint16) ([]Act, error) {
	b.begin(now)
	vids, err := b.entryVLANs(port, vid)
	if err != nil {
		return b.acts, err
	}
	found := false
	for _, v := range vids {
		k := keyOf(v, addrOf(mac))
		if e := b.table.get(k); e != nil && e.port() == port {
			b.forget(k, Flushed)
			found = true
		}
	}
	if !found {
		return b.acts, ErrNone
	}
	return b.acts, nil
}

// entryVLANs are the VLANs that an entry is for.
func (b *Bridge) entryVLANs(port int, vid uint16) ([]uint16, error) {
	p := &b.ports[port]
	if vid == 0 {
		vids := []uint16{0}
		for _, v := range b.VLANs(port) {
			vids = append(vids, v.VID)
		}
		return vids, nil
	}
	if err := checkVLAN(vid); err != nil {
		return nil, err
	}
	if _, ok := p.member[vid]; !ok {
		return nil, ErrMember
	}
	return []uint16{vid}, nil
}
