package userland

import (
	"encoding/binary"
	"net/netip"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/file"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
	"wireloom/vnet/userland/admin"
	"wireloom/vnet/userland/command"
)

func dhclientCommand() *command.Command {
	return command.New("dhclient", "get an address for an interface by DHCP",
		"dhclient interface", dhclientMain)
}

// A dhclient is a run of dhclient(8): it asks until it has a lease, sets the interface
// up, and ends. It stays for no renewal.
type dhclient struct {
	*command.Proc
	ifname string
	fd     int
	hello  dhcpMessage // what all messages begin with
	in     [1500]byte
}

// The client asks after one second, two, four and so on (RFC 2131, 4.1), and gives up
// after half a minute.
const (
	dhcpTries = 5
	dhcpPort  = 67
)

func dhclientMain(p *command.Proc) sys.Exit {
	if len(p.Args()) != 2 {
		return p.Misuse()
	}
	c := &dhclient{Proc: p, ifname: p.Args()[1]}
	i := p.System().Kernel().Ifnet(c.ifname)
	if i == nil || i.Type != kern.IFT_ETHER {
		return p.Fail(1, "%s: no such Ethernet interface", c.ifname)
	}
	var xid [4]byte
	p.Random(xid[:])
	c.hello = dhcpMessage{xid: binary.BigEndian.Uint32(xid[:]), mac: i.MAC}
	if why, e := c.open(); e != errno.OK {
		return p.Fail(1, "%s: %s", why, e.Message())
	}
	wait := time.Second
	for range dhcpTries {
		p.Printf("DHCPDISCOVER on %s to 255.255.255.255 port %d interval %d\n", c.ifname, dhcpPort, wait/time.Second)
		offer, ok := c.ask(dhcpMessage{kind: dhcpDiscover}, dhcpOffer, wait)
		if ok {
			p.Printf("DHCPOFFER from %v\nDHCPREQUEST on %s to 255.255.255.255 port %d\n", offer.server, c.ifname, dhcpPort)
			lease, ok := c.ask(dhcpMessage{kind: dhcpRequest, wanted: offer.yours, server: offer.server}, dhcpACK, wait)
			if ok {
				return c.bind(lease)
			}
		}
		if p.Dying() {
			return p.Verdict()
		}
		wait *= 2
	}
	return p.Fail(1, "no DHCPOFFERS received")
}

// open makes the socket; why is the call that has failed.
func (c *dhclient) open() (why string, e errno.Errno) {
	if c.fd, e = c.Socket(inet.SocketUDP); e != errno.OK {
		return "socket", e
	}
	if e = c.SetSockOpt(c.fd, inet.SO_BROADCAST, 1); e != errno.OK {
		return "SO_BROADCAST", e
	}
	if e = c.BindDevice(c.fd, c.ifname); e != errno.OK {
		return "SO_BINDTODEVICE", e
	}
	return "bind", c.Bind(c.fd, netip.AddrPortFrom(netip.IPv4Unspecified(), dhcpPort+1))
}

// ask sends a message to everybody, and waits for an answer of a kind to it.
func (c *dhclient) ask(m dhcpMessage, want dhcpKind, wait time.Duration) (answer dhcpMessage, ok bool) {
	m.xid, m.mac = c.hello.xid, c.hello.mac
	if _, e := c.SendTo(c.fd, m.append(nil), netip.AddrPortFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), dhcpPort)); e != errno.OK && !c.Dying() {
		c.Warn("send: %s", e.Message())
	}
	for end := c.Now() + wait; ; {
		left := end - c.Now()
		if left <= 0 || c.Dying() {
			return answer, false
		}
		if n, e := c.Poll([]file.PollFD{{FD: c.fd, Events: kern.POLLIN}}, left); e != errno.OK || n == 0 {
			continue
		}
		n, _, _, e := c.RecvFrom(c.fd, c.in[:])
		if e != errno.OK {
			continue
		}
		answer, ok = parseDHCP(c.in[:n])
		if !ok || answer.xid != m.xid || answer.mac != m.mac || m.server.IsValid() && answer.server != m.server {
			continue
		}
		if answer.kind == dhcpNAK {
			c.Printf("DHCPNAK from %v\n", answer.server)
			return answer, false
		}
		if answer.kind == want && answer.yours.IsValid() && answer.server.IsValid() {
			return answer, true
		}
	}
}

// bind gives the interface the address of a lease, and the node its router.
func (c *dhclient) bind(l dhcpMessage) sys.Exit {
	c.Printf("DHCPACK from %v\n", l.server)
	argv := []string{c.ifname, "inet", l.yours.String()}
	if l.mask.IsValid() {
		argv = append(argv, "netmask", l.mask.String())
	}
	if x := admin.Ifconfig().In(c.Proc, append(argv, "up")...); x.Code != 0 {
		return x
	}
	if l.router.IsValid() {
		e := c.System().AddRoute(inet.Route{To: netip.PrefixFrom(netip.IPv4Unspecified(), 0), Via: l.router})
		if e != errno.OK && e != errno.EEXIST {
			c.Warn("route to %v: %s", l.router, e.Message())
		}
	}
	c.Printf("bound to %v -- renewal in %d seconds.\n", l.yours, l.lease/2/time.Second)
	return command.Exit(0)
}
