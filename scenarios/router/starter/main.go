//go:build wasip1

// Routerd shall be an IPv4 router. This one knows its interfaces, and the routes to
// their own networks; it shows what arrives. The places marked TASK are yours.
//
//	routerd DEVICE,MAC,ADDRESS/LENGTH... [PREFIX/LENGTH,GATEWAY...]
//
// Work in the order of the numbers: each is worth points by itself.
package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
)

const (
	etherLen = 14
	frameMax = 1514
)

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

type router struct {
	ifaces []*iface
	routes []route
}

type received struct {
	iface *iface
	frame []byte
}

func main() {
	r := &router{}
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
	for in := range frames {
		r.input(in.iface, in.frame)
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

// find returns a route to the address, or nil.
func (r *router) find(address netip.Addr) *route {
	// TASK 3: of several routes, that with the longest prefix.
	for i := range r.routes {
		if r.routes[i].prefix.Contains(address) {
			return &r.routes[i]
		}
	}
	return nil
}

func (r *router) input(f *iface, frame []byte) {
	if len(frame) < etherLen {
		return
	}
	switch p := frame[etherLen:]; {
	case binary.BigEndian.Uint16(frame[12:]) == 0x0806 && len(p) >= 28:
		// TASK 1: answer who asks for f.address, and remember the hardware address of
		// who asks and who answers.
		fmt.Printf("%s: ARP for %v\n", f.device.Name(), netip.AddrFrom4([4]byte(p[24:])))
	case binary.BigEndian.Uint16(frame[12:]) == 0x0800 && len(p) >= 20:
		// TASK 2: is the packet sound, and not for you? Count its TTL down, compute the
		// checksum of its header, find its next hop and that one's hardware address,
		// and send it. Ask for the address, if you don't know it, and let the packet wait.
		// TASK 4: ICMP errors: no route, TTL 0, a neighbour that does not answer.
		// TASK 5: answer pings to the router itself.
		destination := netip.AddrFrom4([4]byte(p[16:]))
		fmt.Printf("%s: IPv4 to %v, there is a route: %v\n", f.device.Name(), destination, r.find(destination) != nil)
	}
}
