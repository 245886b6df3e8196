package guest

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/inet"
	"wireloom/vnet/kern"
	"wireloom/vnet/sys"
)

// alone is a machine of its own.
func alone(argv ...string) setting {
	return setting{node: "bob", argv: argv, conf: config.Lab{Nodes: []config.Node{{Name: "bob"}}}}
}

// A child is a command that prints its arguments and ends with their number.
type child struct{ native }

func (child) Main(p *sys.Proc) sys.Exit {
	for _, a := range p.Args() {
		_, _ = p.Write(1, []byte("<"+a+">\n"))
	}
	return sys.Exit{How: "exit", Code: len(p.Args())}
}

// withInterfaces gives the machine a card with two addresses and two taps.
func withInterfaces(s setting) setting {
	s.conf.Nodes[0].NICs = []config.NIC{{Name: "em0", Addresses: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/24"), netip.MustParsePrefix("fd00::1/64")}}}
	s.conf.Nodes[0].Dialect = kern.NetBSD
	s.conf.Nodes[0].Devices = []config.Device{{Name: "tap0", Down: true}, {Name: "tap1"}}
	return s
}

func withChild(s setting) setting {
	s.native = map[string]sys.Program{"child": child{}}
	return s
}

// sendsOne is a tap that sends a frame, after a second.
func sendsOne(p *sys.Proc) {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	must(p, e)
	p.Sleep(time.Second)
	_, e = p.Write(fd, append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5"), make([]byte, 46)...))
	must(p, e)
	p.Sleep(time.Second)
}

// connects is a TCP client that writes five bytes, in two parts, and reads them back
// to the end.
func connects(p *sys.Proc) {
	p.Sleep(time.Second)
	fd, e := p.Socket(inet.SocketTCP)
	must(p, e)
	must(p, p.Connect(fd, netip.MustParseAddrPort("10.0.0.2:80")))
	for _, part := range []string{"abc", "de"} {
		_, e := p.Write(fd, []byte(part))
		must(p, e)
		p.Sleep(100 * time.Millisecond)
	}
	b := make([]byte, 100)
	for e == errno.OK {
		var n int
		if n, e = p.Read(fd, b); n == 0 {
			break
		}
	}
}

// messages are what the test of errors prints: the numbers that a guest sees, each
// with the sentence of the BSDs.
func messages() string {
	var list, beyond strings.Builder
	byNumber := map[int]errno.Errno{}
	for e := errno.Errno(1); e < 97; e++ {
		if n, ok := wasiNumber[e.String()]; ok {
			byNumber[n] = e
		} else if e.String() != fmt.Sprintf("errno %d", e) {
			fmt.Fprintf(&beyond, "%d %s\n", 0x100+int(e), e.Message())
		}
	}
	for n := 1; n <= 76; n++ {
		switch e, ok := byNumber[n]; {
		case ok:
			fmt.Fprintf(&list, "%d %s\n", n, e.Message())
		case n == 56:
			list.WriteString("56 State not recoverable\n")
		case n == 62:
			list.WriteString("62 Previous owner died\n")
		default:
			fmt.Fprintf(&list, "%d ?\n", n)
		}
	}
	return list.String() + beyond.String()
}

// wasiNumber are WASI's numbers, in its order (wasi_snapshot_preview1, errno).
var wasiNumber = func() map[string]int {
	m := map[string]int{}
	for i, name := range strings.Fields(`2BIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT WOULDBLOCK ALREADY BADF BADMSG BUSY CANCELED CHILD
		CONNABORTED CONNREFUSED CONNRESET DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ INPROGRESS INTR INVAL IO
		ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP NAMETOOLONG NETDOWN NETRESET NETUNREACH NFILE NOBUFS NODEV NOENT NOEXEC NOLCK
		NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR NOTEMPTY NOTRECOVERABLE NOTSOCK OPNOTSUPP NOTTY NXIO OVERFLOW OWNERDEAD
		PERM PIPE PROTO PROTONOSUPPORT PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY XDEV NOTCAPABLE`) {
		m["E"+name] = i + 1
	}
	return m
}()

func TestSurfaceOfC(t *testing.T) {
	module := debianClang(t, "testdata/surface/surface.c", "-D__NetBSD__", "-Wno-unused-result")
	for _, x := range []struct {
		setting
		want string
	}{
		{alone("surface", "errors"), messages() + `Unknown error: -7
Unknown error: 4000
perror: Host is down
surface: warn 1: Host is down
surface: warnx
Host is down
Terminated
surface: errc: Device not configured
exit 3
`},
		{alone("surface", "mask"), `ran 0, pending 1 1 0
ran 1
alive
killed 143 killed by SIGTERM
`},
		{alone("surface", "interrupt"), `select 0 after 20, ran 0
ran 1
poll -1, EINTR 1 after 10
read -1, EINTR 1 after 10
3 alarms, 19 after
sigsuspend -1, EINTR 1, ran 4
sigwait 14, ran 4
alarm 0 10
exit 0
`},
		{alone("surface", "actions"), `info 31 31
default again 1
kill -1 1
signal 1 1
none -1 1
was 1
ran 0
exit 0
`},
		{alone("/bin/surface", "descriptors"), `F_DUPFD 1, dup 1
poll 1 41
dup2 30, read 3
flags 1, read -1 1
eof 0
bad -1 1
ids 1 1 1
bob surface
exit 0
`},
		{onTaps(sendsOne, "surface", "sigio"), `owner 1, async 1
SIGIO 1, 60 to read, read 60
exit 0
`},
		{withChild(alone("surface", "children")), `child: <child>
child: <one word>
child: <two>
pclose 1 3
<child>
<x>
system 2
quiet 2
=1 -1, nothing -1
none -1 1
waitpid -1 1
exit 0
`},
		{served(connects, "surface", "tcp"), `from 10.0.0.1, 16 bytes of address, family 2
peek 3, all 5
send 5
none yet -1 1
type 1, shutdown 0, eof 0
on port 80
10.0.0.1 7777
refused -1 Connection refused
nobody: hostname nor servname provided, or not known
family -1 1
exit 0
`},
		{alone("surface", "text"), `02:00:00:00:00:ab 1
1 10.0.0.7
1 fe80::1
0 1
1 772 4030201
0 too large 7 1
exit 0
`},
		{withInterfaces(alone("surface", "interfaces")), `SIOCAIFADDR 0
SIOCGIFNETMASK 0 is 255.255.255.128
em0 1 has #1 type 6 em0, 6 bytes, 2 first
em0 1 has 10.0.0.1 mask 255.255.255.0 and 10.0.0.255
em0 1 has fd00::1%0 mask ffff:ffff:ffff:ffff::%0
em0 1 has fe80::ff:fe00:101%1 mask ffff:ffff:ffff:ffff::%0
tap0 0 has #2 type 6 tap0, 6 bytes, 72 first
tap1 1 has #3 type 6 tap1, 6 bytes, 72 first
tap1 1 has 10.8.0.1 mask 255.255.255.128 and 10.8.0.127
tap1 1 has fe80::f00b:a4ff:fe24:ab62%3 mask ffff:ffff:ffff:ffff::%0
1 is em0, 1, em0
2 is tap0, 2, tap0
3 is tap1, 3, tap1
none 0 1 1
SIOCGIFCONF 0 em0:18 em0:2 em0:24 em0:24 tap0:18 tap1:18 tap1:2 tap1:24 of 0 1, no socket -1 1
exit 0
`},
		{alone("surface", "users"), `root wheel 1 1
setuid 0 -1, setgid -1, setgroups 0 -1 1
umask 22 77
tcgetattr -1 1
chroot -1 1
daemon 0, the same 1
exit 0
`},
		{alone("surface", "queues"), `1 2 SLIST
0 2 LIST
4 1 2 STAILQ
0 1 2 3 4 TAILQ
4 3 2 1 0 4 0
empty 1
queued: 7: Device busy
exit 0
`},
	} {
		t.Run(x.argv[1], func(t *testing.T) {
			if got := x.run(t, module); got != x.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, x.want)
			}
		})
	}
}

func TestSurfaceOfGo(t *testing.T) {
	module := goBuild(t, "./testdata/gosurface")
	var numbers strings.Builder
	for e := errno.Errno(1); e < 97; e++ {
		if n, ok := wasiNumber[e.String()]; ok {
			fmt.Fprintf(&numbers, "%d %s\n", n, e.Message())
		} else if e.String() != fmt.Sprintf("errno %d", e) {
			fmt.Fprintf(&numbers, "%d %s\n", 0x100+int(e), e.Message())
		}
	}
	for _, x := range []struct {
		setting
		want string
	}{
		{alone("surface", "errors"), numbers.String() + `Unknown error: 4000
open /dev/none: No such file or directory true true
Device not configured
exit 0
`},
		{alone("surface", "signals"), `alarm clock
user defined signal 1 10.0s
ignored
killed 143 killed by SIGTERM
`},
		{onTaps(sendsOne, "surface", "devices"), `tap0 Inappropriate ioctl for device
kqueue 0, then 1 60
SIGIO
60 of 60 bytes
deadline true
exit 0
`},
		{withChild(alone("surface", "children")), `<child>
<one word>
exit status 2
it is gone: kill: No such process
started by 0
spawn nosuchthing: No such file or directory
uname NetBSD bob
exit 0
`},
		{served(connects, "surface", "tcp"), `from 10.0.0.1 to 10.0.0.2:80
abcde
EOF
refused: dial tcp 10.0.0.1:7777: connect: Connection refused
timeout true
closed true
unknown: dial tcp: lookup nobody: no node has this name
echo from 10.0.0.1 true [7 120] true
echo from ::1 true [7 120] true
network: dial unix: unknown network unix
exit 0
`},
	} {
		t.Run(x.argv[1], func(t *testing.T) {
			if x.argv[1] == "children" {
				x.conf.Nodes[0].Dialect = kern.NetBSD
			}
			if got := x.run(t, module); got != x.want {
				t.Errorf("got:\n%s\nwant:\n%s", got, x.want)
			}
		})
	}
}
