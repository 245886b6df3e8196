package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// interopLab has a node of each dialect beside a door, by a cable that loses a frame of a
// hundred, and one of each behind two routers, between which packets may have 1,000 bytes.
func interopLab() string {
	var b strings.Builder
	b.WriteString("scenario: doors\ntitle: Each dialect beside a real kernel\nnodes:\n")
	for i, d := range dialects {
		fmt.Fprintf(&b, `  %[1]s:
    dialect: %[1]s
    nics: {em0: {port: s1.%[2]d, addresses: [10.0.0.%[2]d/24, "fd00::%[2]d/64"]}}
    programs: {megabyte: {slot: server}}
  far%[1]s:
    dialect: %[1]s
    nics: {em0: {port: s2.%[2]d, addresses: [10.0.2.%[2]d/24, "fd02::%[2]d/64"]}}
    routes: [{to: default, via: 10.0.2.254}, {to: "fd00::/64", via: "fd02::fe"}]
    programs: {megabyte: {slot: server}}
`, d, i+2)
	}
	b.WriteString(`  r1:
    nics: {em0: {port: s1.6, addresses: [10.0.0.254/24, "fd00::fe/64"]}, em1: {port: "r2:em0", addresses: [10.0.1.1/24, "fd01::1/64"]}}
    routes: [{to: 10.0.2.0/24, via: 10.0.1.2}, {to: "fd02::/64", via: "fd01::2"}]
    forward: true
  r2:
    dialect: netbsd
    nics: {em0: {addresses: [10.0.1.2/24, "fd01::2/64"]}, em1: {port: s2.6, addresses: [10.0.2.254/24, "fd02::fe/64"]}}
    routes: [{to: 10.0.0.0/24, via: 10.0.1.1}, {to: "fd00::/64", via: "fd01::1"}]
    forward: true
switches:
  s1:
    ports: 6
    port: {1: {door: tap}}
  s2: {ports: 6}
links:
`)
	for i := range dialects {
		fmt.Fprintf(&b, "  s1.%d: {netem: loss 1%%}\n", i+2)
	}
	return b.String()
}

// dialects are those that a node may have.
var dialects = []string{"freebsd", "dragonfly", "netbsd", "linux"}

// odd is what tcpdump says of a packet that is not as it should be.
var odd = regexp.MustCompile(`(?i)\bbad\b|incorrect|\bwrong\b|invalid|truncated|malformed|\[\||cksum 0x[0-9a-f]+ \(->`)

// A namespace of this machine's kernel and a node of each dialect ping each other, exchange
// a megabyte of TCP both ways over a line that loses 1 %, and fragments, and what has to pass
// a narrow path, over IPv4 and IPv6; and tcpdump finds nothing odd in it.
func TestEachDialectBesideARealKernel(t *testing.T) {
	n := newNetns(t)
	module := compiled(t, "megabyte.c")
	tap := n.tap("i")
	l := openDoors(t, interopLab(), map[string][]byte{"reference.wasm.gz": module}, "--door", "tap="+tap)
	n.take(tap)
	n.run("ip", "addr", "add", "10.0.0.1/24", "dev", tap)
	n.run("ip", "addr", "add", "fd00::1/64", "dev", tap, "nodad")
	n.run("ip", "link", "set", tap, "up")
	n.run("ip", "route", "add", "10.0.2.0/24", "via", "10.0.0.254")
	n.run("ip", "route", "add", "fd02::/64", "via", "fd00::fe")
	l.at("r1", "ifconfig", "em1", "mtu", "1400")
	l.at("r2", "ifconfig", "em0", "mtu", "1400")
	seen := n.dump(tap)
	t.Run("hosts", func(t *testing.T) {
		for i, d := range dialects {
			for _, h := range []interopHost{
				{d, fmt.Sprintf("10.0.0.%d", i+2), fmt.Sprintf("fd00::%d", i+2)},
				{"far" + d, fmt.Sprintf("10.0.2.%d", i+2), fmt.Sprintf("fd02::%d", i+2)},
			} {
				t.Run(h.node, func(t *testing.T) {
					t.Parallel() // it waits most of the time
					h.with(t, n, l)
				})
			}
		}
	})
	if said := n.anyhow("ping", "-c", "1", "-W", "5", "-M", "do", "-s", "1390", "10.0.2.2"); !strings.Contains(said, "mtu = 1400") && !strings.Contains(said, "mtu=1400") {
		t.Errorf("a ping that may not be fragmented on the narrow path: %s", said)
	}
	for _, line := range seen() {
		if odd.MatchString(line) {
			t.Errorf("tcpdump: %s", line)
		}
	}
}

// An interopHost is a node, with its addresses.
type interopHost struct{ node, four, six string }

// with does all that a host and the kernel have to do with each other.
func (h interopHost) with(t *testing.T, n *netns, l *doorLab) {
	pings := func(what string, ping func() string, enough func(string, int) bool, least int) {
		t.Helper()
		until(t, 30*time.Second, what, func() (bool, string) {
			said := ping()
			return enough(said, least), said
		})
	}
	for _, a := range []string{h.four, h.six} {
		pings("the namespace pings "+a, func() string { return n.anyhow("ping", "-c", "5", "-i", "0.2", "-W", "5", a) }, pinged, 3)
		// Over a narrow path the first ones tell of it, each way.
		pings("the namespace pings with 4,000 bytes "+a, func() string { return n.anyhow("ping", "-c", "5", "-i", "0.2", "-W", "5", "-s", "4000", a) }, pinged, 2)
	}
	for _, args := range [][]string{{"ping", "10.0.0.1"}, {"ping", "-s", "4000", "10.0.0.1"}, {"ping6", "fd00::1"}} {
		pings(fmt.Sprint(args), func() string {
			return l.says(h.node, append([]string{args[0], "-c", "5", "-i", "0.2"}, args[1:]...)...)
		}, received, 3)
	}
	for _, a := range []string{h.four, h.six} {
		n.megabyte(t, a)
	}
}

// compiled is the program of a C file in testdata, compressed.
func compiled(t *testing.T, name string) []byte {
	t.Helper()
	wasm := filepath.Join(t.TempDir(), name+".wasm")
	if code, said, errs := labserver(t, "cc", "-O2", "-Wall", "-Werror", "testdata/"+name, "-o", wasm); code != exitOK {
		t.Fatalf("%s: %s%s", name, said, errs)
	}
	module, err := os.ReadFile(wasm)
	if err != nil {
		t.Fatal(err)
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(module); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

var (
	pingedLine   = regexp.MustCompile(`(\d+) received`)
	receivedLine = regexp.MustCompile(`(\d+) packets received`)
)

func pinged(said string, least int) bool   { return atLeast(pingedLine, said, least) }
func received(said string, least int) bool { return atLeast(receivedLine, said, least) }

// atLeast reports whether the number that a pattern finds is so great.
func atLeast(p *regexp.Regexp, said string, least int) bool {
	var k int
	m := p.FindStringSubmatch(said)
	if m == nil {
		return false
	}
	_, err := fmt.Sscan(m[1], &k)
	return err == nil && k >= least
}

// dump has tcpdump look at an interface. The function returned ends it, and returns what it
// saw, a line a packet.
func (n *netns) dump(iface string) func() []string {
	n.t.Helper()
	file := filepath.Join(n.t.TempDir(), "seen.pcap")
	cmd := exec.Command("ip", "netns", "exec", n.name, installed(n.t, "tcpdump"), "-i", iface, "-U", "-Z", "root", "-w", file)
	said, err := cmd.StderrPipe()
	if err != nil {
		n.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	if _, err := said.Read(make([]byte, 1)); err != nil { // it says that it listens
		n.t.Fatal(err)
	}
	go func() { _, _ = io.Copy(io.Discard, said) }()
	return func() []string {
		n.t.Helper()
		_ = cmd.Process.Signal(unix.SIGINT)
		_ = cmd.Wait()
		text := n.command("tcpdump", "-r", file, "-n", "-vvv")
		if strings.Count(text, "\n") < 1000 {
			n.t.Errorf("tcpdump saw only %.500s", text)
		}
		return strings.Split(text, "\n")
	}
}

// inside calls a function in the namespace, on a thread of its own that ends with it.
func (n *netns) inside(do func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		fd, err := unix.Open("/run/netns/"+n.name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			err = unix.Setns(fd, unix.CLONE_NEWNET)
			_ = unix.Close(fd)
		}
		if err == nil {
			err = do()
		}
		done <- err
	}()
	return <-done
}

const megabyte = 1 << 20

// megabyte takes a megabyte of TCP from a node and gives it one.
func (n *netns) megabyte(t *testing.T, host string) {
	t.Helper()
	err := n.inside(func() error {
		took, err := n.dial(host, 7000)
		if err != nil {
			return err
		}
		defer func() { _ = took.Close() }()
		got, err := io.ReadAll(took)
		if err != nil || !bytes.Equal(got, pattern()) {
			return fmt.Errorf("%d bytes came, of %d, or wrong ones: %w", len(got), megabyte, err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("a megabyte from %s: %v", host, err)
	}
	err = n.inside(func() error {
		gave, err := n.dial(host, 7001)
		if err != nil {
			return err
		}
		defer func() { _ = gave.Close() }()
		if _, err := gave.Write(pattern()); err != nil {
			return err
		}
		if err := gave.(*net.TCPConn).CloseWrite(); err != nil {
			return err
		}
		said, err := io.ReadAll(gave)
		sum := uint32(0)
		for _, b := range pattern() {
			sum = sum*31 + uint32(b)
		}
		if want := fmt.Sprintf("%d %d\n", megabyte, sum); err != nil || string(said) != want {
			return fmt.Errorf("it says it got %q, want %q: %w", said, want, err)
		}
		return nil
	})
	if err != nil {
		t.Errorf("a megabyte to %s: %v", host, err)
	}
}

// maxTransfer is how long a megabyte may take. A BSD waits three seconds for a lost last segment, then six, then twelve.
const maxTransfer = 60 * time.Second

func (n *netns) dial(host string, port uint16) (net.Conn, error) {
	c, err := (&net.Dialer{Timeout: 20 * time.Second}).Dial("tcp", netip.AddrPortFrom(netip.MustParseAddr(host), port).String())
	if err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Now().Add(maxTransfer))
}

// pattern is the megabyte that megabyte.c makes.
func pattern() []byte {
	b := make([]byte, megabyte)
	for i := range b {
		b[i] = byte(uint32(i) * 2654435761 >> 24)
	}
	return b
}
