//go:build wasip1

// Routerd is an IPv4 router (RFC 1812) whose interfaces are tap devices.
//
//	routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]
//	routerd /dev/tap0,02:00:00:00:00:01,10.1.0.1/24 ... 0.0.0.0/0,10.2.0.9
package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"time"
)

const (
	etherLen      = 14
	ipLen         = 20 // of a header without options
	frameMax      = 1514
	ttl           = 64
	tries         = 3 // ARP requests for a neighbour,
	retryEvery    = time.Second
	neighboursMax = 1024

	protoICMP = 1
	// Types and codes of ICMP (RFC 792).
	echoReply, unreachable, echo, timeExceeded = 0, 3, 8, 11
	netCode, hostCode, protocolCode            = 0, 1, 2
)

var be = binary.BigEndian

type iface struct {
	device  *os.File
	mac     net.HardwareAddr
	address netip.Addr
}

type route struct {
	prefix  netip.Prefix
	gateway netip.Addr // not valid: the destination is on the interface's own network
	iface   *iface
}

// A hop is a host on one of our networks.
type hop struct {
	iface   *iface
	address netip.Addr
}

// A neighbour is what is known of a hop: its hardware address, or a packet that
// waits until that is known.
type neighbour struct {
	mac     net.HardwareAddr // nil: not known
	waiting []byte
	tries   int
	asked   time.Time
}

type router struct {
	ifaces     []*iface
	routes     []route
	neighbours map[hop]*neighbour
}

type received struct {
	iface *iface
	frame []byte
}

func main() {
	r := &router{neighbours: map[hop]*neighbour{}}
	for _, arg := range os.Args[1:] {
		if err := r.configure(strings.Split(arg, ",")); err != nil {
			fmt.Fprintf(os.Stderr, "routerd: %s: %v\n", arg, err)
			os.Exit(64)
		}
	}
	if len(r.ifaces) == 0 {
		fmt.Fprintln(os.Stderr, "usage: routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]")
		os.Exit(64)
	}
	// A goroutine for each interface reads; one alone routes.
	frames := make(chan received)
	for _, f := range r.ifaces {
		go receive(f, frames)
	}
	for {
		var tick <-chan time.Time
		if r.retry(time.Now()) {
			tick = time.After(retryEvery / 10)
		}
		select {
		case in := <-frames:
			r.input(in.iface, in.frame)
		case <-tick:
		}
	}
}

func receive(f *iface, to chan<- received) {
	for {
		buf := make([]byte, frameMax)
		n, err := f.device.Read(buf)
		if err != nil {
			fmt.Fprintln(os.Stderr, "routerd:", err)
			os.Exit(1)
		}
		to <- received{f, buf[:n]}
	}
}

// configure adds the interface or the route that an argument describes.
func (r *router) configure(arg []string) error {
	switch len(arg) {
	case 2:
		prefix, err := netip.ParsePrefix(arg[0])
		if err != nil {
			return err
		}
		gateway, err := netip.ParseAddr(arg[1])
		if err != nil {
			return err
		}
		via := r.find(gateway)
		if via == nil || via.gateway.IsValid() {
			return fmt.Errorf("%v is on none of our networks", gateway)
		}
		r.routes = append(r.routes, route{prefix.Masked(), gateway, via.iface})
		return nil
	case 3:
		mac, err := net.ParseMAC(arg[1])
		if err != nil {
			return err
		}
		prefix, err := netip.ParsePrefix(arg[2])
		if err != nil {
			return err
		}
		device, err := os.OpenFile(arg[0], os.O_RDWR, 0)
		if err != nil {
			return err
		}
		f := &iface{device, mac, prefix.Addr()}
		r.ifaces = append(r.ifaces, f)
		r.routes = append(r.routes, route{prefix: prefix.Masked(), iface: f})
		return nil
	}
	return fmt.Errorf("want an interface or a route")
}

// find returns the route with the longest prefix that the address has, or nil.
func (r *router) find(address netip.Addr) *route {
	var best *route
	for i := range r.routes {
		c := &r.routes[i]
		if c.prefix.Contains(address) && (best == nil || c.prefix.Bits() > best.prefix.Bits()) {
			best = c
		}
	}
	return best
}

func (r *router) mine(address netip.Addr) bool {
	return slices.ContainsFunc(r.ifaces, func(f *iface) bool { return f.address == address })
}

func (r *router) input(f *iface, frame []byte) {
	if len(frame) < etherLen {
		return
	}
	switch p := frame[etherLen:]; be.Uint16(frame[12:]) {
	case 0x0806:
		r.arpInput(f, p)
	case 0x0800:
		if bytes.Equal(frame[:6], f.mac) { // not for somebody else, nor for all on that link
			r.ipInput(p)
		}
	}
}

func transmit(f *iface, destination net.HardwareAddr, kind uint16, packet []byte) {
	frame := slices.Concat(destination, f.mac, []byte{byte(kind >> 8), byte(kind)}, packet)
	if _, err := f.device.Write(frame); err != nil {
		fmt.Fprintln(os.Stderr, "routerd:", err)
	}
}

// arpSend sends an ARP packet (RFC 826) from the interface's addresses.
func arpSend(f *iface, op byte, mac net.HardwareAddr, address netip.Addr) {
	known := mac
	if op == 1 {
		mac, known = net.HardwareAddr{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, make([]byte, 6)
	}
	transmit(f, mac, 0x0806, slices.Concat([]byte{0, 1, 8, 0, 6, 4, 0, op}, f.mac, f.address.AsSlice(), known, address.AsSlice()))
}

func (r *router) neighbour(h hop) *neighbour {
	n := r.neighbours[h]
	if n == nil {
		if len(r.neighbours) == neighboursMax {
			clear(r.neighbours)
		}
		n = &neighbour{}
		r.neighbours[h] = n
	}
	return n
}

// arpInput answers who asks for us, and learns from who asks and who answers.
func (r *router) arpInput(f *iface, p []byte) {
	if len(p) < 28 || !bytes.Equal(p[:6], []byte{0, 1, 8, 0, 6, 4}) || netip.AddrFrom4([4]byte(p[24:])) != f.address {
		return
	}
	sender := netip.AddrFrom4([4]byte(p[14:]))
	n := r.neighbour(hop{f, sender})
	n.mac = slices.Clone(p[8:14])
	if be.Uint16(p[6:]) == 1 {
		arpSend(f, 2, n.mac, sender)
	}
	if n.waiting != nil {
		transmit(f, n.mac, 0x0800, n.waiting)
		n.waiting = nil
	}
}

func (n *neighbour) ask(h hop, now time.Time) {
	n.tries++
	n.asked = now
	arpSend(h.iface, 1, nil, h.address)
}

// retry asks again for the neighbours that have not answered, and gives up those
// that never will: who sent to them is told. It tells whether a packet still waits.
func (r *router) retry(now time.Time) bool {
	waiting := false
	var lost [][]byte
	for h, n := range r.neighbours {
		switch {
		case n.waiting == nil:
		case now.Sub(n.asked) < retryEvery:
			waiting = true
		case n.tries < tries:
			n.ask(h, now)
			waiting = true
		default:
			lost = append(lost, n.waiting)
			n.waiting, n.tries = nil, 0
		}
	}
	for _, p := range lost {
		r.icmpError(p, unreachable, hostCode)
	}
	return waiting
}

// output sends a packet, whose header is right, to its next hop. While the hardware
// address of that is not known the packet waits, one for each neighbour (RFC 1122,
// 2.3.2.2).
func (r *router) output(p []byte) {
	destination := netip.AddrFrom4([4]byte(p[16:]))
	via := r.find(destination)
	if via == nil {
		r.icmpError(p, unreachable, netCode)
		return
	}
	h := hop{via.iface, destination}
	if via.gateway.IsValid() {
		h.address = via.gateway
	}
	n := r.neighbour(h)
	if n.mac != nil {
		transmit(via.iface, n.mac, 0x0800, p)
		return
	}
	if n.waiting == nil {
		n.ask(h, time.Now())
	}
	n.waiting = slices.Clone(p)
}

// ipSend sends an ICMP message of our own.
func (r *router) ipSend(source, destination netip.Addr, message []byte) {
	putSum(message, 2)
	p := make([]byte, ipLen, ipLen+len(message))
	p[0], p[8], p[9] = 0x45, ttl, protoICMP
	be.PutUint16(p[2:], uint16(ipLen+len(message)))
	copy(p[12:], source.AsSlice())
	copy(p[16:], destination.AsSlice())
	putSum(p, 10)
	r.output(append(p, message...))
}

// icmpError tells the sender of a packet what became of it (RFC 792). There are no
// errors about errors, nor about fragments but the first (RFC 1812, 4.3.2.7).
func (r *router) icmpError(about []byte, kind, code byte) {
	head := int(about[0]&15) * 4
	sender := netip.AddrFrom4([4]byte(about[12:]))
	back := r.find(sender)
	if back == nil || r.mine(sender) || be.Uint16(about[6:])&0x1fff != 0 {
		return
	}
	if about[9] == protoICMP && len(about) > head && about[head] != echo && about[head] != echoReply {
		return
	}
	// Its header, and eight bytes: the ports.
	quoted := about[:min(head+8, len(about))]
	r.ipSend(back.iface.address, sender, append([]byte{kind, code, 0, 0, 0, 0, 0, 0}, quoted...))
}

// local handles a packet for ourselves: pings are answered.
func (r *router) local(p []byte, head int) {
	if p[9] != protoICMP {
		r.icmpError(p, unreachable, protocolCode)
		return
	}
	m := slices.Clone(p[head:])
	if len(m) < 8 || m[0] != echo || checksum(m) != 0 {
		return
	}
	m[0] = echoReply
	r.ipSend(netip.AddrFrom4([4]byte(p[16:])), netip.AddrFrom4([4]byte(p[12:])), m)
}

// ipInput forwards a packet (RFC 1812, 5.2), if it is one and may live on.
func (r *router) ipInput(p []byte) {
	if len(p) < ipLen {
		return
	}
	head, size := int(p[0]&15)*4, int(be.Uint16(p[2:]))
	if p[0]>>4 != 4 || head < ipLen || size < head || size > len(p) || checksum(p[:head]) != 0 {
		return
	}
	p = p[:size] // without the padding that a short frame had
	if r.mine(netip.AddrFrom4([4]byte(p[16:]))) {
		r.local(p, head)
		return
	}
	if p[8] <= 1 {
		r.icmpError(p, timeExceeded, 0)
		return
	}
	p[8]--
	putSum(p[:head], 10)
	r.output(p)
}

// putSum puts the checksum of b at an offset in it.
func putSum(b []byte, at int) {
	be.PutUint16(b[at:], 0)
	be.PutUint16(b[at:], checksum(b))
}

// checksum is the Internet checksum (RFC 1071); 0 over bytes that hold a right one.
func checksum(b []byte) uint16 {
	var sum uint32
	for i, c := range b {
		sum += uint32(c) << (8 * (1 - i&1))
	}
	for sum>>16 != 0 {
		sum = sum&0xffff + sum>>16
	}
	return ^uint16(sum)
}
