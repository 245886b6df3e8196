//go:build wasip1

// Vbridge is a bridge with virtual LANs (IEEE 802.1Q) whose ports are tap devices.
//
//	vbridge SECONDS DEVICE=access:VLAN | DEVICE=trunk:VLAN,VLAN...[/NATIVE] ...
//
// An access port belongs to one VLAN, and its frames have no tags. A trunk carries
// several, each frame with the tag of its VLAN, but for those of the native one. Inside,
// each VLAN is a bridge of its own: it has its own ports and its own addresses, and no
// frame gets from one to another. An address that was not seen for SECONDS is forgotten.
package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/wasm/guest/tuntap"
)

const (
	addressesLen = 12
	headLen      = 14
	tagLen       = 4
	frameMax     = 1514 + tagLen
	portsMax     = 16
	tableMax     = 1024
	vlanMax      = 4094 // 0 and 4095 are no VLANs (802.1Q, table 9-2)
	typeVLAN     = 0x8100
	none         = 0
)

type address [6]byte

// isGroup tells whether an address is of many: broadcast or multicast.
func (a address) isGroup() bool { return a[0]&1 != 0 }

// isReserved tells whether it is of those for bridges themselves (8.6.3).
func (a address) isReserved() bool {
	return [5]byte(a[:5]) == [5]byte{0x01, 0x80, 0xc2, 0x00, 0x00} && a[5] < 0x10
}

// A port is one of the bridge's.
type port struct {
	*os.File
	trunk  bool     // it takes tags
	native uint16   // the VLAN of frames without one, or none
	vlans  []uint16 // that it carries, the native one, too
}

// A frame is one without a tag, with what the tag said.
type frame struct {
	port     int
	vlan     uint16
	priority uint16 // with the bit that it may be dropped
	data     []byte
}

// A place is an address of a VLAN.
type place struct {
	vlan    uint16
	address address
}

type entry struct {
	port int
	seen time.Time
}

// A bridge is the program: its ports, and where it has seen whom.
type bridge struct {
	ports []*port
	table map[place]entry
	age   time.Duration // that an address is remembered
}

func main() {
	if len(os.Args) < 4 || len(os.Args) > portsMax+2 {
		usage()
	}
	seconds, err := strconv.Atoi(os.Args[1])
	if err != nil || seconds < 1 {
		usage()
	}
	b := &bridge{table: map[place]entry{}, age: time.Duration(seconds) * time.Second}
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
		b.learn(f, now)
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
		switch err = tuntap.Explain(err); {
		case errors.Is(err, tuntap.EHOSTDOWN): // the interface is down, and may come up again
			time.Sleep(50 * time.Millisecond)
			continue
		case errors.Is(err, io.EOF): // it was down for a moment
			continue
		}
		check(err)
		if f, ok := p.classify(b[:n]); ok {
			f.port = number
			to <- f
		}
	}
}

// classify finds out which VLAN a frame is of, and takes its tag off (802.1Q, 6.9). It
// tells whether the port admits it: an access port admits no tag of a VLAN, and no port a
// VLAN that it does not carry (8.6.2).
func (p *port) classify(b []byte) (frame, bool) {
	f := frame{data: b}
	if len(b) < headLen {
		return f, false
	}
	if binary.BigEndian.Uint16(b[addressesLen:]) == typeVLAN {
		if len(b) < headLen+tagLen {
			return f, false
		}
		tag := binary.BigEndian.Uint16(b[headLen:])
		f.vlan, f.priority = tag&0x0fff, tag&0xf000
		f.data = slices.Delete(b, addressesLen, addressesLen+tagLen)
	}
	switch {
	case f.vlan == none:
		f.vlan = p.native
	case !p.trunk:
		return f, false // who could choose his VLAN would be in all of them
	}
	return f, slices.Contains(p.vlans, f.vlan)
}

// transmit sends a frame by a port, with a tag unless its VLAN is the native one there.
func (p *port) transmit(f frame) {
	data := f.data
	if f.vlan != p.native {
		data = append(make([]byte, 0, len(f.data)+tagLen), f.data[:addressesLen]...)
		data = binary.BigEndian.AppendUint16(data, typeVLAN)
		data = binary.BigEndian.AppendUint16(data, f.priority|f.vlan)
		data = append(data, f.data[addressesLen:]...)
	}
	if _, err := p.Write(data); err != nil {
		fmt.Fprintln(os.Stderr, "vbridge:", tuntap.Explain(err)) // one port that fails is not the end of the others
	}
}

// learn notes where the source of a frame is. Nobody is a group.
func (b *bridge) learn(f frame, now time.Time) {
	source := place{f.vlan, address(f.data[6:])}
	if source.address.isGroup() {
		return
	}
	if _, known := b.table[source]; !known && len(b.table) >= tableMax {
		b.forgetOld(now)
		if len(b.table) >= tableMax {
			return // frames for it are flooded, which is right, only slower
		}
	}
	b.table[source] = entry{f.port, now}
}

func (b *bridge) forgetOld(now time.Time) {
	for a, e := range b.table {
		if now.Sub(e.seen) >= b.age {
			delete(b.table, a)
		}
	}
}

// forward sends a frame to where its destination is in its VLAN, or else to all of that.
func (b *bridge) forward(f frame, now time.Time) {
	destination := address(f.data)
	if destination.isReserved() {
		return
	}
	e, known := b.table[place{f.vlan, destination}]
	known = known && now.Sub(e.seen) < b.age
	for i, p := range b.ports {
		if i != f.port && slices.Contains(p.vlans, f.vlan) && (!known || e.port == i) {
			p.transmit(f)
		}
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
