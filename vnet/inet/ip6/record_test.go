package ip6_test

import (
	"encoding/binary"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"wireloom/vnet/errno"
	"wireloom/vnet/inet/dialect"
	"wireloom/vnet/inet/ip6"
	icmp6 "wireloom/vnet/inet/ip6/wire"
	"wireloom/vnet/packet"
)

// nbsd.v6.txt is NetBSD 7.99.34's IPv6 as a rump kernel, asked by raw frames: host fd00::1, peer
// fd00::2 at 02:00:00:00:00:99. Each step is done here again, and what the layer sends is held
// to what the kernel sent.

type step struct {
	title  string
	frames []frame
}

type frame struct {
	at   time.Duration
	text string
}

var frameLine = regexp.MustCompile(`^\+(-?[0-9.]+) ((?:ICMP6|IP6) .*)$`)

func recording(t *testing.T, name string) []step {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	var steps []step
	for l := range strings.Lines(string(text)) {
		l = strings.TrimRight(l, "\n")
		if !strings.HasPrefix(l, " ") {
			steps = append(steps, step{title: l})
			continue
		}
		if f := frameLine.FindStringSubmatch(strings.TrimSpace(l)); f != nil {
			sec, err := strconv.ParseFloat(f[1], 64)
			if err != nil {
				t.Fatal(err)
			}
			s := &steps[len(steps)-1]
			s.frames = append(s.frames, frame{time.Duration(sec * float64(time.Second)), f[2]})
		}
	}
	return steps
}

func find(t *testing.T, steps []step, title string) step {
	t.Helper()
	for _, s := range steps {
		if strings.HasPrefix(s.title, title) {
			return s
		}
	}
	t.Fatalf("the recording has no step %q", title)
	return step{}
}

// compare holds what was sent since from to a step: field by field, the times with a tolerance.
func (h *host) compare(s step, from, tolerance time.Duration) {
	h.t.Helper()
	if len(h.sent) != len(s.frames) {
		h.t.Errorf("%q: %d packets, the kernel sent %d:\n  %s", s.title, len(h.sent), len(s.frames), strings.Join(h.lines(), "\n  "))
	}
	for i, f := range s.frames[:min(len(h.sent), len(s.frames))] {
		got := line(h.sent[i].frame)
		if !same(got, f.text) {
			h.t.Errorf("%q: packet %d\n got %s\nwant %s", s.title, i, got, f.text)
		}
		if d := h.sent[i].at - from - f.at; d.Abs() > tolerance {
			h.t.Errorf("%q: packet %d after %v, the kernel's after %v", s.title, i, h.sent[i].at-from, f.at)
		}
	}
	h.quiet()
}

// same compares a packet to a recorded one, of whose payload 56 bytes were shown.
func same(got, want string) bool {
	_, pl, _ := strings.Cut(want, "pl=")
	return got == want || len(pl) == 2*56 && strings.HasPrefix(got, want)
}

var peerMAC = mac("02:00:00:00:00:99")

const peerOption = "0101020000000099"

func udp(src, dst string, port, n int) []byte {
	b := binary.BigEndian.AppendUint16(nil, 1)
	b = binary.BigEndian.AppendUint16(b, uint16(port))
	b = binary.BigEndian.AppendUint16(b, uint16(8+n))
	b = append(append(b, 0, 0), make([]byte, n)...)
	binary.BigEndian.PutUint16(b[6:], packet.TransportChecksum(ip(src), ip(dst), packet.ProtoUDP, b))
	return header(64, packet.ProtoUDP, ip(src), ip(dst), b)
}

func TestNetBSDAsRecorded(t *testing.T) {
	steps := recording(t, "nbsd.v6")
	self := mac("f2:0b:a4:9e:3a:58")
	h := newHost(t, dialect.NetBSD, self)
	// The name of that host is not known; what its group looked like is: ff02::2:x:x.
	h.l.SetHostName("rump")
	h.l.SetUp(h.now, 0, true, &h.acts)
	h.run(30 * time.Second)
	up := h.sent
	// Recorded: each group twice, at 0.3 and 9.1 s, 0.8 and 4.0 s; elsewhere one solicitation for
	// fe80 in the first second.
	var groups, asked int
	for i, s := range up {
		l := line(s.frame)
		switch {
		case strings.Contains(l, "t131") && (strings.Contains(l, ">ff02::1:ff9e:3a58 hl1 hbh pl=00000000ff0200000000000000000001ff9e3a58") || strings.Contains(l, ">ff02::2:")):
			groups++
			if i < 2 && s.at > time.Second || s.at > 11*time.Second {
				t.Errorf("report at %v: %s", s.at, l)
			}
		case l == "ICMP6 t135 ::>ff02::1:ff9e:3a58 hl255 pl=00000000fe80000000000000f00ba4fffe9e3a58":
			asked++
			if s.at > time.Second {
				t.Errorf("solicitation at %v", s.at)
			}
		default:
			t.Errorf("sent %s", l)
		}
	}
	if groups != 4 || asked != 1 {
		t.Errorf("%d reports and %d solicitations, want 4 and 1", groups, asked)
	}
	h.quiet()

	from := h.now
	h.add("fd00::1/64")
	h.run(11 * time.Second)
	s := find(t, steps, "fd00::1/64 set")
	if len(h.sent) == 3 { // the second report comes by chance within 10 s
		s.frames[2].at = h.sent[2].at - from
	}
	h.compare(s, from, 200*time.Millisecond)

	ask := func(title string, link ip6.Link, p []byte) {
		t.Helper()
		from := h.now
		h.hear(peerMAC, link, p)
		h.compare(find(t, steps, title), from, 200*time.Millisecond)
	}
	ask("NS for us", ip6.ToMulticast, ns(fd2, solicited(fd1), fd1, peerOption))
	ask("NS unicast", ip6.ToUs, ns(fd2, fd1, fd1, peerOption))
	ask("DAD NS for our address", ip6.ToMulticast, ns(ip("::"), solicited(fd1), fd1, ""))
	far := ns(fd2, solicited(fd1), fd1, peerOption)
	far[7] = 64
	ask("NS with hop limit 64", ip6.ToMulticast, far)
	echoed := icmp(64, fd2, fd1, 128, 0, "000100016162636465666768")
	ask("echo", ip6.ToUs, echoed)
	ask("echo to ff02::1", ip6.ToMulticast, icmp(64, fd2, ip("ff02::1"), 128, 0, "000100016162636465666768"))

	for _, n := range []int{100, 1400} {
		from := h.now
		h.hear(peerMAC, ip6.ToUs, udp("fd00::2", "fd00::1", 33434, n))
		h.want(len(h.up), 1)
		h.l.Unreachable(h.now, 0, h.up[0].Group, 4, h.up[0].Packet, &h.acts)
		h.take()
		s := find(t, steps, "udp closed, "+strconv.Itoa(n)+" bytes")
		h.want(h.sent[0].frame[14+41], 4) // the code: no port
		h.want(len(h.sent[0].frame), min(1280+14, 14+40+8+40+8+n))
		// Its data were others, so its checksum.
		got, want := line(h.sent[0].frame), s.frames[0].text
		at := len("ICMP6 t1 fd00::1>fd00::2 hl64 pl=") + 8 + 80 + 12
		s.frames[0].text = want[:at] + got[at:at+12]
		h.compare(s, from, 200*time.Millisecond)
	}
	unknown := header(64, 200, fd2, fd1, make([]byte, 12))
	ask("unknown next header 200", ip6.ToUs, unknown)
	body := append(unhex("3b00800400000000"), nil...)
	ask("unknown option, type 0x80 (icmp)", ip6.ToUs, header(64, 60, fd2, fd1, body))

	// The peer answers no solicitation: 5 s after it was first sent to, it is asked three
	// times, and forgotten.
	h.run(4500 * time.Millisecond)
	h.wantSent()
	h.hear(peerMAC, ip6.ToMulticast, icmp(255, ip("fe80::2"), ip("ff02::1"), 134, 0, "40000708 00000000 00000000"+"0304 40c0 00000e10 00000e10 00000000"+hexAddr(ip("fd11::"))))
	from = h.now
	h.run(4 * time.Second)
	s = find(t, steps, "RA with prefix")
	for i := range s.frames {
		s.frames[i].at += 310 * time.Millisecond
	}
	h.compare(s, from, 200*time.Millisecond)
	h.want(h.neighbours(), "")
	h.want(h.addresses(), "fe80::f00b:a4ff:fe9e:3a58/64, fd00::1/64") // accept_rtadv is 0
	ask("echo to an fd11 address?", ip6.ToUs, echoed)
	h.run(4 * time.Second)
	h.quiet()

	from = h.now
	h.want(h.send("fd00::9", 4), errno.OK)
	h.run(4 * time.Second)
	s = find(t, steps, "one datagram to absent fd00::9")
	var own []frame
	for _, f := range s.frames {
		if strings.Contains(f.text, "ff00:9") { // the others ask for the peer still
			own = append(own, f)
		}
	}
	h.want(len(h.errors), 1) // the socket's next call: 64, and then 0
	h.want(icmp6.Errno(dialect.FreeBSD, h.errors[0].Type, h.errors[0].Code), errno.EHOSTDOWN)
	h.compare(step{s.title, own}, from, 200*time.Millisecond)
	h.want(h.send("fe99::1", 4), errno.EHOSTUNREACH)
	h.want(h.send("2001:db8::1", 4), errno.EHOSTUNREACH)
	if n := h.l.FlowLabel(); n == 0 || n > 0xfffff {
		t.Errorf("flow label %x", n)
	}
}

// linux.v6.txt is Linux 6.1 of Debian 12. Its suite's peer answered no solicitation, so that what
// it was asked for came between; that is left out here.
func TestLinuxAsRecorded(t *testing.T) {
	steps := recording(t, "linux.v6")
	h := newHost(t, dialect.Linux, mac("02:00:00:00:01:01"))
	h.l.SetUp(h.now, 0, true, &h.acts)
	h.take()
	h.run(4 * time.Second)
	s := find(t, steps, "interface up")
	s.frames = s.frames[:6]
	// What follows the first report is at a time that chance has drawn, and the nonce.
	h.by(&s)
	h.compare(s, 0, 0)
	h.run(time.Minute)
	h.quiet()
	from := h.now
	h.add("fd00::1/64")
	h.run(2 * time.Second)
	s = find(t, steps, "fd00::1/64 set")
	h.by(&s)
	h.compare(s, from, time.Hour)

	ask := func(title string, link ip6.Link, p []byte) {
		t.Helper()
		from := h.now
		h.hear(peerMAC, link, p)
		s := find(t, steps, title)
		s.frames = s.frames[:1]
		s.frames[0].text = codes.ReplaceAllString(s.frames[0].text, "$1")
		h.compare(s, from, 200*time.Millisecond)
	}
	ask("NS for us", ip6.ToMulticast, ns(fd2, solicited(fd1), fd1, peerOption))
	ask("NS unicast", ip6.ToUs, ns(fd2, fd1, fd1, peerOption))
	ask("DAD NS for our address", ip6.ToMulticast, ns(ip("::"), solicited(fd1), fd1, ""))
	ask("echo", ip6.ToUs, echo(fd2, fd1))
	ask("echo to ff02::1", ip6.ToMulticast, echo(fd2, ip("ff02::1")))
	ask("echo by broadcast MAC", ip6.ToBroadcast, echo(fd2, fd1))
	ask("unknown next header 200", ip6.ToUs, header(64, 200, fd2, fd1, make([]byte, 12)))
	ask("unknown option, type 0x80 (icmp)", ip6.ToUs, header(64, 60, fd2, fd1, unhex("3b00800400000000")))
	h.run(20 * time.Second)
	h.quiet()
	h.hear(peerMAC, ip6.ToMulticast, icmp(255, ip("fe80::2"), ip("ff02::1"), 134, 0, "40000708 00000000 00000000"+"0304 40c0 00000e10 00000e10 00000000"+hexAddr(ip("fd11::"))))
	h.run(3 * time.Second)
	h.want(strings.Contains(h.addresses(), "fd11::ff:fe00:101/64"), true)
	h.quiet()
	from = h.now
	h.want(h.send("fd00::9", 4), errno.OK)
	h.run(3200 * time.Millisecond)
	h.want(h.send("fd00::9", 4), errno.OK) // again: e=0
	h.sent = h.sent[:3]
	var own []frame
	for _, f := range find(t, steps, "one datagram to absent fd00::9").frames {
		if strings.Contains(f.text, "ff00:9") {
			own = append(own, f)
		}
	}
	h.compare(step{"one datagram to absent fd00::9", own}, from, 200*time.Millisecond)
}

var codes = regexp.MustCompile(`^(ICMP6 t\d+) c\d+`)

// by takes the nonces and the times of a step from what was sent, and puts what chance has put in
// another order into that of the kernel.
func (h *host) by(s *step) {
	h.t.Helper()
	nonce := regexp.MustCompile(`0e01[0-9a-f]{12}$`)
	plain := func(text string) string { return nonce.ReplaceAllString(text, "0e01") }
	for i, f := range s.frames {
		for j := i; j < len(h.sent); j++ {
			got := line(h.sent[j].frame)
			if plain(got) == plain(f.text) {
				x := h.sent[j]
				h.sent = slices.Insert(slices.Delete(h.sent, j, j+1), i, x)
				s.frames[i].text, s.frames[i].at = got, x.at
				break
			}
		}
	}
}
