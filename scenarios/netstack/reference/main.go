//go:build wasip1

// Command netstack puts an IP stack that others wrote onto a tap: gVisor's netstack,
// in the user process, answers ARP, pings and TCP on port 7, where it sends back what
// it is sent (RFC 862), though the kernel of its node knows nothing of the address.
//
//	netstack DEVICE ADDRESS/BITS MAC
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"

	"gvisor.dev/gvisor/pkg/buffer"
	"gvisor.dev/gvisor/pkg/tcpip"
	"gvisor.dev/gvisor/pkg/tcpip/adapters/gonet"
	"gvisor.dev/gvisor/pkg/tcpip/header"
	"gvisor.dev/gvisor/pkg/tcpip/link/channel"
	"gvisor.dev/gvisor/pkg/tcpip/link/ethernet"
	"gvisor.dev/gvisor/pkg/tcpip/network/arp"
	"gvisor.dev/gvisor/pkg/tcpip/network/ipv4"
	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/icmp"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

const (
	nic      = 1
	mtu      = 1500
	echoPort = 7
	queued   = 64 // frames that wait for the device
)

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: netstack DEVICE ADDRESS/BITS MAC")
		os.Exit(64)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "netstack:", err)
		os.Exit(1)
	}
}

func run(device, address, mac string) error {
	prefix, err := netip.ParsePrefix(address)
	if err != nil {
		return err
	}
	hw, err := net.ParseMAC(mac)
	if err != nil {
		return err
	}
	tap, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	wire := channel.New(queued, mtu+header.EthernetMinimumSize, tcpip.LinkAddress(hw))
	s, err := newStack(wire, prefix)
	if err != nil {
		return err
	}
	listener, err := gonet.ListenTCP(s, tcpip.FullAddress{NIC: nic, Port: echoPort}, ipv4.ProtocolNumber)
	if err != nil {
		return err
	}
	fmt.Printf("%v answers on %s\n", prefix.Addr(), device)
	failed := make(chan error, 3) // one for each goroutine below
	go func() { failed <- receive(tap, wire) }()
	go func() { failed <- transmit(wire, tap) }()
	go func() { failed <- serve(listener) }()
	return <-failed
}

// newStack makes a stack with one Ethernet interface that has the address.
func newStack(wire *channel.Endpoint, prefix netip.Prefix) (*stack.Stack, error) {
	s := stack.New(stack.Options{
		NetworkProtocols:   []stack.NetworkProtocolFactory{ipv4.NewProtocol, arp.NewProtocol},
		TransportProtocols: []stack.TransportProtocolFactory{tcp.NewProtocol, icmp.NewProtocol4},
	})
	if err := s.CreateNIC(nic, ethernet.New(wire)); err != nil {
		return nil, fmt.Errorf("interface: %v", err)
	}
	addr := tcpip.AddrFromSlice(prefix.Addr().AsSlice())
	own := tcpip.ProtocolAddress{
		Protocol:          ipv4.ProtocolNumber,
		AddressWithPrefix: tcpip.AddressWithPrefix{Address: addr, PrefixLen: prefix.Bits()},
	}
	if err := s.AddProtocolAddress(nic, own, stack.AddressProperties{}); err != nil {
		return nil, fmt.Errorf("address %v: %v", prefix, err)
	}
	s.SetRouteTable([]tcpip.Route{{Destination: own.AddressWithPrefix.Subnet(), NIC: nic}})
	return s, nil
}

// receive hands every frame of the device to the stack.
func receive(tap io.Reader, wire *channel.Endpoint) error {
	frame := make([]byte, mtu+header.EthernetMinimumSize)
	for {
		n, err := tap.Read(frame)
		if err != nil {
			return err
		}
		packet := stack.NewPacketBuffer(stack.PacketBufferOptions{Payload: buffer.MakeWithData(frame[:n])})
		wire.InjectInbound(0, packet) // the Ethernet header says which protocol it is
		packet.DecRef()
	}
}

// transmit writes every frame of the stack to the device.
func transmit(wire *channel.Endpoint, tap io.Writer) error {
	for {
		packet := wire.ReadContext(context.Background())
		if packet == nil {
			return errors.New("the stack has closed its interface")
		}
		frame := packet.ToBuffer()
		_, err := tap.Write(frame.Flatten())
		frame.Release()
		packet.DecRef()
		if err != nil {
			return err
		}
	}
}

// serve echoes on each connection.
func serve(l net.Listener) error {
	for {
		c, err := l.Accept()
		if err != nil {
			return err
		}
		go func() {
			n, err := io.Copy(c, c)
			err = errors.Join(err, c.Close())
			fmt.Printf("%v: %d bytes, error %v\n", c.RemoteAddr(), n, err)
		}()
	}
}
