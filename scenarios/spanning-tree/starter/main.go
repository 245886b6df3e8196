//go:build wasip1

// Stpd shall be a bridge with a spanning tree (IEEE 802.1D-1998, clause 8). This one is
// a learning bridge that throws BPDUs away and forwards by every port: with a loop in the
// network it makes a storm. The places marked TASK are yours.
//
//	stpd PRIORITY ADDRESS DEVICE=COST...
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	headerLen = 14   // destination (6 bytes), source (6), length or type (2)
	frameMax  = 1518 // a BPDU stands behind the header and three bytes of LLC: 42 42 03 (9.3)

	// Times of a bridge that is the root itself.
	hello        = 2 * time.Second
	maxAge       = 20 * time.Second
	forwardDelay = 15 * time.Second
	ageing       = 300 * time.Second
)

var group = address{0x01, 0x80, 0xc2}

type address [6]byte

type state int

const (
	blocking state = iota
	listening
	learning
	forwarding
)

type port struct {
	*os.File
	id    uint16
	cost  uint32
	state state
	// TASK 1: what the best BPDU of this segment said, until when that holds, and when
	// the state goes on.
}

type entry struct {
	port int
	seen time.Time
}

type bridge struct {
	id      uint64 // the priority, and the address below it
	address address
	ports   []*port
	table   map[address]entry
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
	b := &bridge{address: address(mac), table: map[address]entry{}}
	b.id = priority<<48 | uint64(binary.BigEndian.Uint16(mac))<<32 | uint64(binary.BigEndian.Uint32(mac[2:]))
	for i, arg := range os.Args[3:] {
		device, text, _ := strings.Cut(arg, "=")
		cost, err := strconv.ParseUint(text, 10, 32)
		if err != nil || cost == 0 {
			usage()
		}
		f, err := os.OpenFile(device, os.O_RDWR, 0)
		check(err)
		// Priority 128, then the number, from 1. TASK 6: it does not forward yet.
		b.ports = append(b.ports, &port{File: f, id: 0x8000 | uint16(i+1), cost: uint32(cost), state: forwarding})
	}
	// A goroutine for each port reads; one alone has the tree and the table.
	frames := make(chan frame)
	for i, p := range b.ports {
		go p.receive(i, frames)
	}
	for {
		b.tick(time.Now())
		select {
		case f := <-frames:
			b.receive(f.port, f.data, time.Now())
		case <-time.After(time.Second):
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

func (b *bridge) receive(in int, data []byte, at time.Time) {
	destination, source := address(data), address(data[6:])
	if [5]byte(destination[:5]) == [5]byte(group[:5]) && destination[5] < 0x10 {
		if destination == group {
			b.receiveBPDU(in, data, at)
		}
		return // no bridge forwards these
	}
	// TASK 6: what may a port do with a frame in each state?
	b.learn(source, in, at)
	b.forward(in, destination, data, at)
}

// receiveBPDU takes a frame to the group of the bridges.
func (b *bridge) receiveBPDU(in int, data []byte, at time.Time) {
	// TASK 2: is it a BPDU at all, and whole? What does it say: root, cost, bridge, port,
	// message age, and the root's times?

	// TASK 3: is that better than what is known of this segment? Then keep it, and choose
	// anew: the root and the port that leads to it, the ports that are designated, and
	// those that are blocked.

	// TASK 4: what came in by the root port goes out of the designated ports, with your
	// cost, your identifier, and a message age of a second more.

	// TASK 8: a TCN is acknowledged, and told to the root.
}

// tick does what is due. It is called after each frame, and once a second.
func (b *bridge) tick(at time.Time) {
	// TASK 5: a bridge that knows no better root sends a BPDU by each port, every hello.

	// TASK 6: a port that listens learns after the forward delay, and forwards after
	// another one. That is a change of the topology.

	// TASK 7: what was said on a segment holds for max age, less its message age.
}

// find returns where an address is.
func (b *bridge) find(a address, at time.Time) (port int, known bool) {
	// TASK 9: while the root tells of a change, entries age within the forward delay.
	e, known := b.table[a]
	if known && at.Sub(e.seen) >= ageing {
		delete(b.table, a)
		return 0, false
	}
	return e.port, known
}

func (b *bridge) learn(a address, port int, at time.Time) {
	if a[0]&1 == 0 {
		b.table[a] = entry{port, at}
	}
}

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
		fmt.Fprintln(os.Stderr, "stpd:", err)
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
