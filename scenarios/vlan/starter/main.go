//go:build wasip1

// Vbridge shall be a bridge with virtual LANs (IEEE 802.1Q) whose ports are tap devices.
// This one is a learning bridge that has never heard of them: everything is one network,
// and tags are data. The places marked TASK are yours.
//
//	vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	headLen  = 14 // destination (6 bytes), source (6), type (2)
	tagLen   = 4  // behind the addresses: 0x8100 (2), priority and VLAN (2)
	frameMax = 1514 + tagLen
	tableMax = 1024
	vlanMax  = 4094 // 0 and 4095 are no VLANs
)

type address [6]byte

// isGroup tells whether an address is of many: broadcast or multicast.
func (a address) isGroup() bool { return a[0]&1 != 0 }

// isReserved tells whether it is of those for bridges themselves.
func (a address) isReserved() bool {
	return [5]byte(a[:5]) == [5]byte{0x01, 0x80, 0xc2, 0x00, 0x00} && a[5] < 0x10
}

// A port is one of the bridge's, as its argument says.
type port struct {
	*os.File
	trunk  bool     // it takes tags
	native uint16   // the VLAN of frames without one, or 0
	vlans  []uint16 // that it carries, the native one, too
}

// A frame came in by a port. TASK 1: of which VLAN is it, and of what priority?
type frame struct {
	port int
	data []byte
}

type entry struct {
	port int
	seen time.Time
}

// A bridge is the program: its ports, and where it has seen whom.
type bridge struct {
	ports []*port
	table map[address]entry // TASK 4: of which VLAN?
	age   time.Duration     // that an address is remembered
}

func main() {
	if len(os.Args) < 4 {
		usage()
	}
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil || seconds < 1 {
		usage()
	}
	b := &bridge{table: map[address]entry{}, age: time.Duration(seconds) * time.Second}
	for _, arg := range os.Args[2:] {
		b.ports = append(b.ports, openPort(arg))
	}
	// A goroutine for each port reads; one alone has the table.
	frames := make(chan frame)
	for i, p := range b.ports {
		go p.receive(i, frames)
	}
	for f := range frames {
		now := time.Now()
		b.learn(address(f.data[6:]), f.port, now)
		b.forward(f, now)
	}
}

// openPort reads one argument, and opens the device.
func openPort(arg string) *port {
	device, rest, _ := strings.Cut(arg, "=")
	kind, list, ok := strings.Cut(rest, ":")
	if !ok {
		usage()
	}
	p := &port{trunk: kind == "trunk"}
	list, native, _ := strings.Cut(list, "/")
	for text := range strings.SplitSeq(list, ",") {
		p.vlans = append(p.vlans, number(text))
	}
	if native != "" {
		p.native = number(native)
		p.vlans = append(p.vlans, p.native)
	}
	if !p.trunk {
		p.native = p.vlans[0]
	}
	var err error
	p.File, err = os.OpenFile(device, os.O_RDWR, 0)
	check(err)
	return p
}

// number reads the number of a VLAN.
func number(text string) uint16 {
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n < 1 || n > vlanMax {
		usage()
	}
	return uint16(n)
}

// receive gives the frames that the port admits to a channel.
func (p *port) receive(number int, to chan<- frame) {
	for {
		b := make([]byte, frameMax)
		n, err := p.Read(b)
		check(err)
		if n < headLen {
			continue
		}
		fmt.Printf("port %d, trunk %t: %d bytes, type %x\n", number, p.trunk, n, b[12:14])
		// TASK 1: which VLAN is it of, and does the port admit it? Take the tag off.
		to <- frame{number, b[:n]}
	}
}

// learn notes that an address is on a port. Nobody is a group.
func (b *bridge) learn(source address, port int, now time.Time) {
	if source.isGroup() {
		return
	}
	if _, known := b.table[source]; known || len(b.table) < tableMax {
		b.table[source] = entry{port, now}
	}
}

// forward sends a frame to where its destination is, or else to all other ports.
func (b *bridge) forward(f frame, now time.Time) {
	destination := address(f.data)
	if destination.isReserved() {
		return
	}
	e, known := b.table[destination]
	if known && now.Sub(e.seen) >= b.age {
		delete(b.table, destination)
		known = false
	}
	// TASK 2: which ports carry the frame's VLAN?
	for i, p := range b.ports {
		if i != f.port && (!known || e.port == i) {
			p.transmit(f)
		}
	}
}

// transmit sends a frame by a port.
func (p *port) transmit(f frame) {
	// TASK 3: with a tag, unless the frame's VLAN is the native one there. The priority in
	// it is what it was.
	if _, err := p.Write(f.data); err != nil {
		fmt.Fprintln(os.Stderr, "vbridge:", err)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "vbridge:", err)
		os.Exit(1)
	}
}
