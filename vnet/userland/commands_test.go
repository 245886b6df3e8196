package userland_test

import (
	"testing"
)

func TestIfconfig(t *testing.T) {
	b := newBench(t, pingd)
	const usage = `usage: ifconfig [-a | -l | interface]
       ifconfig interface create | destroy
       ifconfig interface [inet | inet6] address[/bits] [peer] [netmask mask]
                [alias | -alias]
       ifconfig interface [up | down] [mtu n] [[-]link0] [[-]link1] [[-]link2]
`
	const em0 = `em0: flags=8843<UP,BROADCAST,RUNNING,SIMPLEX,MULTICAST> metric 0 mtu 1500
	ether 02:00:00:00:01:01
	inet 10.0.0.1 netmask 0xffffff00 broadcast 10.0.0.255
	inet 10.0.1.1 netmask 0xffffff00 broadcast 10.0.1.255
	status: active
`
	b.want("ifconfig", 0, em0)
	b.want("ifconfig -a", 0, em0)
	b.want("ifconfig em0", 0, em0)
	b.want("ifconfig -l", 0, "em0\n")
	b.want("ifconfig em1", 1, "ifconfig: interface em1 does not exist\n")
	b.want("ifconfig -z", 1, usage)
	b.want("ifconfig em0 sideways", 1, "ifconfig: sideways: bad value\n")
	b.want("ifconfig em0 mtu", 1, "ifconfig: mtu: bad value\n")
	b.want("ifconfig em0 mtu x", 1, "ifconfig: mtu: bad value\n")
	b.want("ifconfig em0 mtu 1", 1, "ifconfig: ioctl (set mtu): Invalid argument\n")
	b.want("ifconfig tap0 create", 1, "ifconfig: SIOCIFCREATE2: Invalid argument\n") // FreeBSD's tap is not loaded
	b.want("ifconfig em0 destroy", 1, "ifconfig: SIOCIFDESTROY: Invalid argument\n")
	b.want("ifconfig em0 down", 0, "")
	b.want("ifconfig em0 link1", 0, "")
	b.want("ping -c 1 -t 1 10.0.0.2", 2, `PING 10.0.0.2 (10.0.0.2): 56 data bytes
ping: sendto: No route to host

--- 10.0.0.2 ping statistics ---
1 packets transmitted, 0 packets received, 100.0% packet loss
`)
	b.want("ifconfig em0 -link1 up", 0, "")
	b.want("ifconfig em0", 0, em0)
	if out, code := b.command("ping -c 2 10.0.0.2"); code != 0 {
		t.Errorf("em0 is up again: %s", out)
	}
}

func TestIfconfigTap(t *testing.T) {
	b := newBench(t, nil)
	b.node = "bob"
	const tap0 = `tap0: flags=8802<BROADCAST,SIMPLEX,MULTICAST> metric 0 mtu 1500
	ether 02:00:00:00:00:0b
	status: no carrier
`
	b.want("ifconfig tap0 down", 0, "")
	b.want("ifconfig tap0", 0, tap0)
	b.want("ifconfig tap0 create", 1, "ifconfig: interface tap0 already exists\n")
	b.want("ifconfig tap3 create", 0, "")
	b.want("ifconfig -l", 0, "tap0 tap3\n")
	b.want("ifconfig tap3 destroy", 0, "")
	b.want("ifconfig -l", 0, "tap0\n")
}

func TestHelp(t *testing.T) {
	b := newBench(t, nil)
	b.want("help", 0, `arp         show or change the table of resolved addresses
cat         show files, or standard input
dhclient    get an address for an interface by DHCP
echo        print its arguments
help        say what commands there are, or how to use one
ifconfig    show or set up network interfaces
kill        send a signal to processes
ls          list directories
man         show the manual page of a command
nc          connect standard input and output with a TCP or UDP socket
ndp         show or change the table of IPv6 neighbours
netstat     show routes, interfaces, sockets or statistics
ping        send echo requests to a host
ping6       send ICMPv6 echo requests to a host
ps          show the node's processes
rm          remove files
route       show or change the routes of the node
rtadvctl    end the advertising of rtadvd
rtadvd      advertise a router of IPv6 on interfaces
rtsol       ask for routers of IPv6
sleep       let virtual time pass
syscall     make system calls by hand: open, read, write, ioctl, poll, kevent
sysctl      show or set variables of the kernel
tcpdump     show the packets that pass an interface
traceroute  show the routers on the way to a host
traceroute6 show the routers on the way to a host, by IPv6
`)
	b.want("help rm", 0, "rm - remove files\nusage: rm file ...\n")
	b.want("help vi", 1, "help: vi: no such command\n")
	b.want("help a b", 64, "usage: help [command]\n")
}
