//go:build wasip1

// Switchd is a learning Ethernet switch (IEEE 802.1D-2004, 7.7 to 7.9) whose ports
// are tap devices.
//
//	switchd SECONDS DEVICE...
//
// It remembers on which port each address was last seen as a source, and sends a
// frame for that address there alone. What was not seen for SECONDS is forgotten.
package main

import (
	"fmt"
	"os"
	"strconv"
	"time"
)

const (
	headerLen = 14
	frameMax  = 1518 // with a VLAN tag
	tableMax  = 256
)

type address [6]byte

// isGroup tells whether an address is of many: broadcast or multicast.
func (a address) isGroup() bool { return a[0]&1 != 0 }

// isReserved tells whether it is of those that no bridge forwards (7.12.6).
func (a address) isReserved() bool {
	return [5]byte(a[:5]) == [5]byte{0x01, 0x80, 0xc2, 0x00, 0x00} && a[5] < 0x10
}

// An entry of the table: where an address was seen, and when.
type entry struct {
	port int
	seen time.Time
}

// A bridge is the switch: its ports and its table.
type bridge struct {
	ports []*os.File
	table map[address]entry
	age   time.Duration
}

// A frame came in by a port.
type frame struct {
	port int
	data []byte
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
	for _, name := range os.Args[2:] {
		f, err := os.OpenFile(name, os.O_RDWR, 0)
		check(err)
		b.ports = append(b.ports, f)
	}
	// A goroutine for each port reads; one alone has the table.
	frames := make(chan frame)
	for i, f := range b.ports {
		go receive(i, f, frames)
	}
	for f := range frames {
		b.handle(f.port, f.data, time.Now())
	}
}

func receive(port int, f *os.File, to chan<- frame) {
	for {
		buf := make([]byte, frameMax)
		n, err := f.Read(buf)
		check(err)
		if n >= headerLen {
			to <- frame{port, buf[:n]}
		}
	}
}

// handle learns from a frame where its source is, and sends it to where it belongs:
// to the port of its destination, or, if that is not known, to all others. Never back.
func (b *bridge) handle(in int, data []byte, now time.Time) {
	destination, source := address(data), address(data[6:])
	b.learn(source, in, now)
	if destination.isReserved() {
		return
	}
	if e, known := b.table[destination]; known && now.Sub(e.seen) < b.age {
		if e.port != in {
			b.transmit(e.port, data)
		}
		return
	}
	for i := range b.ports {
		if i != in {
			b.transmit(i, data)
		}
	}
}

// learn notes that an address is on a port, also if it was on another before: hosts
// move. Nobody is a group, so a group address is no source to learn.
func (b *bridge) learn(source address, port int, now time.Time) {
	if source.isGroup() {
		return
	}
	if _, known := b.table[source]; !known && len(b.table) >= tableMax {
		b.forgetOld(now)
		if len(b.table) >= tableMax {
			return // frames for it are flooded, which is right, only slower
		}
	}
	b.table[source] = entry{port, now}
}

func (b *bridge) forgetOld(now time.Time) {
	for a, e := range b.table {
		if now.Sub(e.seen) >= b.age {
			delete(b.table, a)
		}
	}
}

func (b *bridge) transmit(port int, data []byte) {
	if _, err := b.ports[port].Write(data); err != nil {
		fmt.Fprintln(os.Stderr, "switchd:", err) // one port that fails is not the end of the others
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: switchd SECONDS DEVICE DEVICE...")
	os.Exit(64)
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "switchd:", err)
		os.Exit(1)
	}
}
