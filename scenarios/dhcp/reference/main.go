//go:build wasip1

// Dhcpd is a DHCP server (RFC 2131) for one network.
//
//	dhcpd CONFIG
//
// It speaks through a UDP socket of its node, and gives the addresses of a range to
// who asks, for a time. Whose they are it keeps in /tmp/dhcpd.leases, so that it can
// be killed and started again.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"wireloom/wasm/guest/tuntap"
)

const (
	serverPort = 67
	clientPort = 68
	offerTime  = 30 * time.Second // that an offer is kept for who got it
)

// A config is what the file of the configuration says.
type config struct {
	device                                     string
	address, netmask, first, last, router, dns netip.Addr
	lease                                      time.Duration
}

// A server is the program: its configuration, its addresses and its socket.
type server struct {
	config
	pool   pool
	socket net.PacketConn
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: dhcpd CONFIG")
		os.Exit(64)
	}
	conf, err := readConfig(os.Args[1])
	check(err)
	s := &server{config: conf}
	s.pool, err = openPool(conf.first, conf.last)
	check(err)
	s.socket, err = tuntap.ListenPacket("udp4", fmt.Sprintf(":%d", serverPort))
	check(err)
	// All clients send to 255.255.255.255, whatever network they are on, and only the
	// interface tells which: so the socket is bound to one.
	check(tuntap.BindToDevice(s.socket.(syscall.Conn), conf.device))

	b := make([]byte, 1500)
	for {
		check(s.socket.SetReadDeadline(s.pool.expire(time.Now())))
		n, _, err := s.socket.ReadFrom(b)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			continue
		}
		warn(err)
		if m := parse(b[:n]); m != nil {
			s.handle(m, time.Now().Truncate(time.Second))
		}
	}
}

// readConfig reads the file of the configuration: on each line a word and what it
// means.
func readConfig(name string) (config, error) {
	c := config{lease: time.Hour}
	f, err := os.Open(name)
	if err != nil {
		return c, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		words := strings.Fields(lines.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := c.set(words[0], words[1:]); err != nil {
			return c, fmt.Errorf("%s: %s: %w", name, words[0], err)
		}
	}
	if c.device == "" || !c.address.IsValid() || !c.netmask.IsValid() || !c.first.IsValid() || c.last.Less(c.first) {
		return c, fmt.Errorf("%s: it needs interface, address, netmask and range", name)
	}
	return c, lines.Err()
}

// set takes a line of the configuration.
func (c *config) set(word string, values []string) (err error) {
	addresses := map[string][]*netip.Addr{
		"address": {&c.address}, "netmask": {&c.netmask}, "router": {&c.router}, "dns": {&c.dns}, "range": {&c.first, &c.last},
	}[word]
	switch {
	case word == "interface" && len(values) == 1:
		c.device = values[0]
		return nil
	case word == "lease" && len(values) == 1:
		seconds, err := strconv.Atoi(values[0])
		if err == nil && seconds < 8 {
			err = errors.New("at least 8 seconds")
		}
		c.lease = time.Duration(seconds) * time.Second
		return err
	case len(addresses) == 0 || len(addresses) != len(values):
		return errors.New("not understood")
	}
	for i, to := range addresses {
		if *to, err = netip.ParseAddr(values[i]); err != nil {
			return err
		}
	}
	return nil
}

// onOurNet tells whether an address is of the network that the server serves.
func (c *config) onOurNet(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	x, y, mask := a.As4(), c.address.As4(), c.netmask.As4()
	for i := range mask {
		if (x[i]^y[i])&mask[i] != 0 {
			return false
		}
	}
	return true
}

// handle does what a message asks for.
func (s *server) handle(m *message, now time.Time) {
	if m.giaddr.IsValid() && !s.onOurNet(m.giaddr) {
		return // from a network that we have no addresses of
	}
	l := s.pool.of(m.client)
	switch m.kind {
	case discover:
		s.discover(m, now)
	case request:
		s.request(m, l, now)
	case decline:
		// Somebody else has the address. It is not given out until its time is up.
		if m.server == s.address && l != nil && l.address == m.wanted {
			fmt.Println(l.address, "is declined by", m.hw)
			s.pool.set(l, declined, m, now.Add(s.lease))
		}
	case release:
		if m.server == s.address && l != nil && l.address == m.ciaddr {
			fmt.Println(l.address, "is released by", m.hw)
			s.pool.set(l, free, nil, now)
		}
	case inform:
		if m.ciaddr.IsValid() {
			s.answer(m, ack, netip.Addr{})
		}
	case offer, ack, nak: // of another server
	}
}

func (s *server) discover(m *message, now time.Time) {
	l := s.pool.find(m)
	if l == nil {
		fmt.Println("no address is free for", m.hw)
		return
	}
	// Who has a lease and has forgotten it keeps it until it has asked for it again.
	if l.state != bound {
		s.pool.set(l, offered, m, now.Add(offerTime))
	}
	fmt.Println(l.address, "is offered to", m.hw)
	s.answer(m, offer, l.address)
}

// request decides on a lease (4.3.2). There are three kinds: the answer to an offer
// names its server; who starts again asks for the address that he had; and who wants
// to keep his longer has it already.
func (s *server) request(m *message, l *lease, now time.Time) {
	wanted := m.wanted
	if !wanted.IsValid() {
		wanted = m.ciaddr
	}
	switch {
	case m.server.IsValid() && m.server != s.address:
		// It has taken another server's offer.
		if l != nil && l.state == offered {
			s.pool.set(l, free, nil, now)
		}
	case l != nil && l.address == wanted:
		s.pool.set(l, bound, m, now.Add(s.lease))
		fmt.Println(l.address, "is leased to", m.hw)
		s.answer(m, ack, l.address)
	case !m.server.IsValid() && l == nil && s.onOurNet(wanted):
		// Of a client that we don't know another server may know: no answer.
	default:
		fmt.Println(wanted, "is refused to", m.hw)
		s.answer(m, nak, netip.Addr{})
	}
}

// answer sends a reply to where 4.1 says: to the relay that passed the message on, to
// the address that the client has, or else to everybody. To a client that has no
// address yet, only who makes his own frames could send a unicast.
func (s *server) answer(m *message, k kind, yours netip.Addr) {
	to := &net.UDPAddr{IP: net.IPv4bcast, Port: clientPort}
	switch {
	case m.giaddr.IsValid():
		to = &net.UDPAddr{IP: m.giaddr.AsSlice(), Port: serverPort}
	case k != nak && m.ciaddr.IsValid():
		to.IP = m.ciaddr.AsSlice()
	}
	_, err := s.socket.WriteTo(s.reply(m, k, yours), to)
	warn(err) // the client will ask again
}

func warn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "dhcpd:", err)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "dhcpd:", err)
		os.Exit(1)
	}
}
