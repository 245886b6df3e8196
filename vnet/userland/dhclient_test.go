package userland_test

import (
	"bytes"
	"net/netip"
	"testing"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/sys"
)

// dhcpAnswer is a server's answer to a client's message: of a kind (RFC 2132, 9.6),
// about an address, with more options.
func dhcpAnswer(request []byte, kind byte, yours string, options ...byte) []byte {
	b := append(bytes.Clone(request[:236]), 99, 130, 83, 99, 53, 1, kind)
	b[0] = 2
	copy(b[16:], netip.MustParseAddr(yours).AsSlice())
	return append(append(b, options...), 255)
}

var (
	fromServer = []byte{54, 4, 10, 0, 0, 1}
	leaseTexts = append(bytes.Clone(fromServer), 1, 4, 255, 255, 255, 0, 3, 4, 10, 0, 0, 1, 51, 4, 0, 0, 0, 120)
)

// dhcpServer answers each message with the replies that answer gives, by broadcast.
func dhcpServer(answer func(n int, request []byte) [][]byte) func(p *sys.Proc) sys.Exit {
	return func(p *sys.Proc) sys.Exit {
		fd, _ := p.Socket(inet.SocketUDP)
		_ = p.SetSockOpt(fd, inet.SO_BROADCAST, 1)
		_ = p.BindDevice(fd, "em0") // else a BSD sends to 10.0.0.255, which a host without an address does not take
		_ = p.Bind(fd, netip.MustParseAddrPort("0.0.0.0:67"))
		b := make([]byte, 1500)
		for i := 0; ; i++ {
			n, _, _, e := p.RecvFrom(fd, b)
			if e != errno.OK {
				return sys.Exit{How: "exit"}
			}
			for _, r := range answer(i, b[:n]) {
				_, _ = p.SendTo(fd, r, netip.MustParseAddrPort("255.255.255.255:68"))
			}
		}
	}
}

func TestDhclient(t *testing.T) {
	const asks = "DHCPDISCOVER on em0 to 255.255.255.255 port 67 interval "
	const wants = "DHCPOFFER from 10.0.0.1\nDHCPREQUEST on em0 to 255.255.255.255 port 67\n"
	const done = "DHCPACK from 10.0.0.1\nbound to 10.0.0.7 -- renewal in 60 seconds.\n"
	offer := func(r []byte) []byte { return dhcpAnswer(r, 2, "10.0.0.7", leaseTexts...) }
	ack := func(r []byte) []byte { return dhcpAnswer(r, 5, "10.0.0.7", leaseTexts...) }
	for _, c := range []struct {
		name   string
		answer func(n int, r []byte) [][]byte
		code   int64
		want   string
		again  bool // it can be run once more, with the interface set up
	}{
		{"an offer and a lease", func(n int, r []byte) [][]byte {
			return [][]byte{[][]byte{offer(r), ack(r)}[n%2]}
		}, 0, asks + "1\n" + wants + done, true},
		{"a message that is lost is sent again", func(n int, r []byte) [][]byte {
			return [][][]byte{nil, {offer(r)}, {ack(r)}}[n]
		}, 0, asks + "1\n" + asks + "2\n" + wants + done, false},
		{"a refused request begins anew", func(n int, r []byte) [][]byte {
			return [][][]byte{{offer(r)}, {dhcpAnswer(r, 6, "0.0.0.0", fromServer...)}, {offer(r)}, {ack(r)}}[n]
		}, 0, asks + "1\n" + wants + "DHCPNAK from 10.0.0.1\n" + asks + "2\n" + wants + done, false},
		{"what is for others, broken or out of turn is left", func(n int, r []byte) [][]byte {
			other := bytes.Clone(r)
			other[4] ^= 1
			host := bytes.Clone(r)
			host[28] ^= 4
			return [][][]byte{{offer(other), offer(host), r, nil, ack(r)[:100], ack(r), offer(r)}, {offer(r), ack(other), ack(r)}}[n]
		}, 0, asks + "1\n" + wants + done, false},
		{
			"nobody answers", func(int, []byte) [][]byte { return nil }, 1,
			asks + "1\n" + asks + "2\n" + asks + "4\n" + asks + "8\n" + asks + "16\n" + "dhclient: no DHCPOFFERS received\n", false,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := netBench(t, "alice", []config.Node{
				{Name: "alice", NICs: nics("")},
				{Name: "srv", NICs: nics("10.0.0.1/24")},
			}, []config.Link{cable("alice:em0", "srv:em0")}, map[string]func(p *sys.Proc) sys.Exit{"srv": dhcpServer(c.answer)})
			b.want("dhclient em0", c.code, c.want)
			if c.code != 0 {
				return
			}
			if c.again {
				b.want("dhclient em0", c.code, c.want)
			}
			b.contains("ifconfig em0", "inet 10.0.0.7 netmask 0xffffff00")
			b.contains("netstat -rn", "default            10.0.0.1")
			b.contains("ping -c 1 10.0.0.1", "1 packets received")
		})
	}
	b := netBench(t, "alice", []config.Node{{Name: "alice", NICs: nics("")}}, nil, nil)
	b.want("dhclient", 64, "usage: dhclient interface\n")
	b.want("dhclient em7", 1, "dhclient: em7: no such Ethernet interface\n")
}
