//go:build wasip1

// Stpd is a learning bridge with a spanning tree (IEEE 802.1D-1998, clause 8), whose
// ports are tap devices.
//
//	stpd PRIORITY ADDRESS DEVICE=COST...
//
// PRIORITY and ADDRESS are its identifier; COST is that of the path by a port. Bridges
// tell each other in BPDUs which of them is the root and how far it is. A port that
// leads to the root, or is the way there for others, forwards; all others are blocked,
// so that what is left of the network is a tree.
package main

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	headerLen = 14
	frameMax  = 1518
	tableMax  = 256
	nowhere   = -1

	// A BPDU stands behind the Ethernet header and three bytes of LLC (9.3).
	bpduAt     = headerLen + 3
	configLen  = 35
	tcnLen     = 4
	typeConfig = 0x00
	typeTCN    = 0x80
	flagTC     = 0x01
	flagTCA    = 0x80

	ageing = 300 * time.Second
	unit   = time.Second / 256 // of times in a BPDU (9.2.8)
)

var (
	ownTimes = times{maxAge: 20 * time.Second, hello: 2 * time.Second, forward: 15 * time.Second} // 8.10.2
	group    = address{0x01, 0x80, 0xc2}
	never    time.Time
)

type address [6]byte

// A vector is what a BPDU says of the way to the root: the less, the better (8.6.2).
type vector struct {
	root   uint64
	cost   uint32
	bridge uint64
	port   uint16
}

func (v vector) compare(o vector) int {
	return cmp.Or(cmp.Compare(v.root, o.root), cmp.Compare(v.cost, o.cost), cmp.Compare(v.bridge, o.bridge), cmp.Compare(v.port, o.port))
}

type times struct{ maxAge, hello, forward time.Duration }

type state int

const (
	blocking state = iota
	listening
	learning
	forwarding
)

type port struct {
	*os.File
	id          uint16
	cost        uint32
	state       state
	next        time.Time // when the state goes on, or never
	best        vector    // of what was said on this segment; ours, where we are designated
	expires     time.Time // when that is no longer true; never where it is ours
	acknowledge bool      // a change that was told here (8.5.5.8)
}

func (p *port) designated() bool { return p.expires.IsZero() }

type entry struct {
	port int
	seen time.Time
}

// A bridge is the program: its ports, what it knows of the tree, and its table.
type bridge struct {
	id      uint64
	address address
	ports   []*port
	table   map[address]entry

	root         uint64
	cost         uint32
	rootPort     int
	times                  // of the root
	helloAt      time.Time // when the root says hello next
	tcnAt        time.Time // when a change is told again that nobody has acknowledged
	changedUntil time.Time // until when the root tells of a change
	changing     bool      // the root does so
}

// A frame came in by a port.
type frame struct {
	port int
	data []byte
}

func main() {
	if len(os.Args) < 5 {
		usage()
	}
	priority, err := strconv.ParseUint(os.Args[1], 10, 16)
	mac, err2 := net.ParseMAC(os.Args[2])
	if err != nil || err2 != nil || len(mac) != 6 {
		usage()
	}
	b := &bridge{address: address(mac), table: map[address]entry{}, rootPort: nowhere, times: ownTimes, helloAt: time.Now()}
	b.id = priority<<48 | uint64(binary.BigEndian.Uint16(mac))<<32 | uint64(binary.BigEndian.Uint32(mac[2:]))
	for i, arg := range os.Args[3:] {
		device, text, _ := strings.Cut(arg, "=")
		cost, err := strconv.ParseUint(text, 10, 32)
		if err != nil || cost == 0 {
			usage()
		}
		f, err := os.OpenFile(device, os.O_RDWR, 0)
		check(err)
		b.ports = append(b.ports, &port{File: f, id: 0x8000 | uint16(i+1), cost: uint32(cost)}) // 8.5.5.1
	}
	b.chooseRoles(b.helloAt) // the root, for all that is known
	// A goroutine for each port reads; one alone has the tree and the table.
	frames := make(chan frame)
	for i, p := range b.ports {
		go p.receive(i, frames)
	}
	for {
		b.tick(time.Now())
		var due <-chan time.Time
		if at := b.next(); !at.IsZero() {
			due = time.After(time.Until(at))
		}
		select {
		case f := <-frames:
			b.receive(f.port, f.data, time.Now())
		case <-due:
		}
	}
}

func (p *port) receive(i int, to chan<- frame) {
	for {
		buf := make([]byte, frameMax)
		n, err := p.Read(buf)
		check(err)
		if n >= headerLen {
			to <- frame{i, buf[:n]}
		}
	}
}

// receive handles a frame: a BPDU, or one that is learned from and forwarded, as far as
// the port's state allows.
func (b *bridge) receive(in int, data []byte, at time.Time) {
	destination, source := address(data), address(data[6:])
	if [5]byte(destination[:5]) == [5]byte(group[:5]) && destination[5] < 0x10 {
		if destination == group {
			b.receiveBPDU(in, data, at)
		}
		return // no bridge forwards these (7.12.6)
	}
	if b.ports[in].state >= learning {
		b.learn(source, in, at)
	}
	if b.ports[in].state == forwarding {
		b.forward(in, destination, data, at)
	}
}

func (b *bridge) receiveBPDU(in int, data []byte, at time.Time) {
	if len(data) < bpduAt+tcnLen || !bytes.Equal(data[headerLen:headerLen+5], []byte{0x42, 0x42, 0x03, 0, 0}) {
		return
	}
	p, m := b.ports[in], data[bpduAt:]
	switch {
	case m[3] == typeConfig && len(m) >= configLen:
		b.receiveConfig(in, m, at)
	case m[3] == typeTCN && p.designated():
		p.acknowledge = true
		b.topologyChanged(at)
		b.sendConfig(p, at)
	}
}

func (b *bridge) receiveConfig(in int, m []byte, at time.Time) {
	be, p := binary.BigEndian, b.ports[in]
	said := vector{be.Uint64(m[5:]), be.Uint32(m[13:]), be.Uint64(m[17:]), be.Uint16(m[25:])}
	span := func(i int) time.Duration { return time.Duration(be.Uint16(m[i:])) * unit }
	t, age := times{span(29), span(31), span(33)}, span(27)
	if age >= t.maxAge || said.bridge == b.id && said.port == p.id {
		return // too old, or our own
	}
	if said.compare(p.best) > 0 && (said.bridge != p.best.bridge || said.port != p.best.port) {
		if p.designated() {
			b.sendConfig(p, at) // they don't know better
		}
		return
	}
	p.best, p.expires = said, at.Add(t.maxAge-age)
	if b.rootPort == nowhere || in == b.rootPort {
		b.times = t // what is chosen now goes by the root's times
	}
	b.chooseRoles(at)
	if in != b.rootPort {
		return
	}
	b.times, b.changing = t, m[4]&flagTC != 0
	if m[4]&flagTCA != 0 {
		b.tcnAt = never
	}
	b.sendAll(at)
}

// chooseRoot finds the best way to the root, if that is not the bridge itself (8.6.8).
func (b *bridge) chooseRoot(at time.Time) {
	was, best := b.rootPort, vector{root: b.id}
	b.rootPort = nowhere
	for i, p := range b.ports {
		path := p.best
		path.cost += p.cost
		if p.designated() || path.root >= b.id || path.bridge == b.id || b.rootPort != nowhere && path.compare(best) >= 0 {
			continue
		}
		b.rootPort, best = i, path
	}
	b.root, b.cost = best.root, best.cost
	if b.rootPort == nowhere && was != nowhere {
		b.times, b.tcnAt, b.helloAt = ownTimes, never, at
	}
}

// chooseRoles gives each port its part: that which leads to the root and those on whose
// segments nobody says anything better than we do shall forward, the others are blocked.
func (b *bridge) chooseRoles(at time.Time) {
	b.chooseRoot(at)
	for i, p := range b.ports {
		ours := vector{b.root, b.cost, b.id, p.id}
		switch {
		case i == b.rootPort:
		case p.designated() || ours.compare(p.best) < 0:
			p.best, p.expires = ours, never
		default:
			if p.state != blocking {
				b.setState(p, blocking, at)
			}
			continue
		}
		if p.state == blocking {
			b.setState(p, listening, at)
		}
	}
}

// setState moves a port; one that must not forward stops at once.
func (b *bridge) setState(p *port, s state, at time.Time) {
	was := p.state
	p.state, p.next = s, never
	if s == listening || s == learning {
		p.next = at.Add(b.times.forward)
	}
	if s == forwarding || s == blocking && was >= learning {
		b.topologyChanged(at)
	}
}

// topologyChanged tells it: the root to all, another bridge towards the root (8.6.14).
func (b *bridge) topologyChanged(at time.Time) {
	if b.rootPort == nowhere {
		b.changing, b.changedUntil = true, at.Add(ownTimes.maxAge+ownTimes.forward)
		return
	}
	b.transmit(b.ports[b.rootPort], b.bpdu(typeTCN, tcnLen))
	b.tcnAt = at.Add(ownTimes.hello)
}

// bpdu is a frame with what stands before a BPDU, and its first four bytes.
func (b *bridge) bpdu(kind byte, length int) []byte {
	f := make([]byte, bpduAt+length)
	copy(f, group[:])
	copy(f[6:], b.address[:])
	binary.BigEndian.PutUint16(f[12:], uint16(length+3))
	copy(f[headerLen:], []byte{0x42, 0x42, 0x03}) // the bridges' LLC address
	f[bpduAt+3] = kind
	return f
}

// sendConfig tells a segment the way to the root that leads by us.
func (b *bridge) sendConfig(p *port, at time.Time) {
	age := time.Duration(0) // how old the root's word is when we pass it on (8.5.1.3)
	if b.rootPort != nowhere {
		age = b.times.maxAge - b.ports[b.rootPort].expires.Sub(at) + time.Second
	}
	if age >= b.times.maxAge {
		return // it would be dropped
	}
	f := b.bpdu(typeConfig, configLen)
	m, be := f[bpduAt:], binary.BigEndian
	if b.changing {
		m[4] |= flagTC
	}
	if p.acknowledge {
		m[4] |= flagTCA
	}
	be.PutUint64(m[5:], b.root)
	be.PutUint32(m[13:], b.cost)
	be.PutUint64(m[17:], b.id)
	be.PutUint16(m[25:], p.id)
	for i, t := range []time.Duration{age, b.times.maxAge, b.times.hello, b.times.forward} {
		be.PutUint16(m[27+2*i:], uint16(t/unit))
	}
	b.transmit(p, f)
	p.acknowledge = false
}

func (b *bridge) sendAll(at time.Time) {
	for _, p := range b.ports {
		if p.designated() {
			b.sendConfig(p, at)
		}
	}
}

// due tells whether a time has come.
func due(t, at time.Time) bool { return !t.IsZero() && !t.After(at) }

// tick does what is due.
func (b *bridge) tick(at time.Time) {
	aged := false
	for _, p := range b.ports {
		if due(p.expires, at) { // nobody is the way to the root there any more
			p.expires, aged = never, true
		}
		if due(p.next, at) {
			b.setState(p, p.state+1, at)
		}
	}
	if aged {
		b.chooseRoles(at)
	}
	if due(b.tcnAt, at) {
		b.topologyChanged(at)
	}
	if b.rootPort == nowhere && due(b.helloAt, at) {
		b.changing = at.Before(b.changedUntil)
		b.helloAt = at.Add(ownTimes.hello)
		b.sendAll(at)
	}
}

// next is when there is something to do, or never.
func (b *bridge) next() time.Time {
	at := b.tcnAt
	if b.rootPort == nowhere {
		at = b.helloAt
	}
	for _, p := range b.ports {
		for _, t := range []time.Time{p.expires, p.next} {
			if !t.IsZero() && (at.IsZero() || t.Before(at)) {
				at = t
			}
		}
	}
	return at
}

// find returns where an address is; while a change is told, entries age soon (8.6.14).
func (b *bridge) find(a address, at time.Time) (port int, known bool) {
	age := ageing
	if b.changing {
		age = b.times.forward
	}
	e, known := b.table[a]
	if known && at.Sub(e.seen) >= age {
		delete(b.table, a)
		return nowhere, false
	}
	return e.port, known
}

func (b *bridge) learn(a address, port int, at time.Time) {
	if a[0]&1 != 0 {
		return // nobody is a group
	}
	if _, known := b.table[a]; !known && len(b.table) >= tableMax {
		for old := range b.table {
			b.find(old, at)
		}
		if len(b.table) >= tableMax {
			return
		}
	}
	b.table[a] = entry{port, at}
}

// forward sends a frame to where its destination is, or else to all that forward.
func (b *bridge) forward(in int, destination address, data []byte, at time.Time) {
	out, known := b.find(destination, at)
	for i, p := range b.ports {
		if i != in && p.state == forwarding && (!known || out == i) {
			b.transmit(p, data)
		}
	}
}

func (b *bridge) transmit(p *port, data []byte) {
	if _, err := p.Write(data); err != nil {
		fmt.Fprintln(os.Stderr, "stpd:", err) // one port that fails is not the end of the others
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: stpd PRIORITY ADDRESS DEVICE=COST DEVICE=COST...")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "stpd:", err)
		os.Exit(1)
	}
}
