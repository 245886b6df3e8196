package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

var netnses atomic.Int32 // made so far: their names, and those of TAPs, are no other test's

// A netns is a network namespace of this machine's kernel, with what was moved into it.
type netns struct {
	t    *testing.T
	name string
}

// newNetns makes a network namespace, which takes root.
func newNetns(t *testing.T) *netns {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("this test makes a network namespace and TAPs: run it as root")
	}
	n := &netns{t, fmt.Sprintf("wl%d-%d", os.Getpid()%100_000, netnses.Add(1))}
	n.command("ip", "netns", "add", n.name)
	t.Cleanup(func() { n.command("ip", "netns", "del", n.name) })
	n.run("ip", "link", "set", "lo", "up")
	return n
}

func (n *netns) command(args ...string) string {
	n.t.Helper()
	out, err := exec.Command(installed(n.t, args[0]), args[1:]...).CombinedOutput()
	if err != nil {
		n.t.Fatalf("%s: %v: %s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// run runs a command in the namespace.
func (n *netns) run(args ...string) string {
	n.t.Helper()
	return n.command(append([]string{"ip", "netns", "exec", n.name}, args...)...)
}

// anyhow runs a command in the namespace, and returns what it says also where it fails.
func (n *netns) anyhow(args ...string) string {
	out, _ := exec.Command("ip", append([]string{"netns", "exec", n.name}, args...)...).CombinedOutput()
	return string(out)
}

// take takes TAPs into the namespace, as soon as the server has made them.
func (n *netns) take(taps ...string) {
	n.t.Helper()
	for _, tap := range taps {
		until(n.t, 10*time.Second, "TAP "+tap, func() (bool, string) {
			out, err := exec.Command("ip", "link", "show", tap).CombinedOutput()
			return err == nil, string(out)
		})
		n.command("ip", "link", "set", tap, "netns", n.name)
	}
}

// tap is a name that is no other namespace's.
func (n *netns) tap(which string) string { return n.name + which }

// doorTap is a lab with a TAP, and a server of iperf3 on alice.
const doorTap = `scenario: doors
title: A lab with a door
nodes:
  alice:
    nics: {em0: {port: s1.1, address: 10.0.0.1/24}}
    programs: {iperf3d: {slot: server}}
switches:
  s1:
    ports: 2
    port: {2: {door: tap}}
`

// A network namespace joins a lab by a TAP: it pings a node, a node pings it, iperf3 runs
// against a node, and the run replays.
func TestANetworkNamespaceAtATapDoor(t *testing.T) {
	n := newNetns(t)
	wasm := filepath.Join(t.TempDir(), "iperf3d.wasm")
	if code, said, errs := labserver(t, "cc", "-O2", "-Wall", "-Werror", "testdata/iperf3d.c", "-o", wasm); code != exitOK {
		t.Fatalf("iperf3d.c: %s%s", said, errs)
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
	tap := n.tap("a")
	l := openDoors(t, doorTap, map[string][]byte{"reference.wasm.gz": packed.Bytes()}, "--door", "tap="+tap)
	n.take(tap)
	n.run("ip", "addr", "add", "10.0.0.9/24", "dev", tap)
	n.run("ip", "link", "set", tap, "up")
	if said := n.run("ping", "-c", "3", "-i", "0.2", "-W", "5", "10.0.0.1"); !strings.Contains(said, " 0% packet loss") {
		t.Errorf("the namespace pings alice: %s", said)
	}
	if said := l.at("alice", "ping", "-c", "3", "-i", "0.2", "10.0.0.9"); !strings.Contains(said, "3 packets received") {
		t.Errorf("alice pings the namespace: %s", said)
	}
	var report struct {
		End struct {
			SumSent     struct{ Bytes int64 } `json:"sum_sent"`
			SumReceived struct{ Bytes int64 } `json:"sum_received"`
		}
	}
	said := n.run("iperf3", "--client", "10.0.0.1", "--time", "1", "--json")
	if err := json.Unmarshal([]byte(said), &report); err != nil || report.End.SumReceived.Bytes < 100_000 || report.End.SumReceived.Bytes > report.End.SumSent.Bytes {
		t.Errorf("iperf3 says %s, %v", said, err)
	}
	t.Logf("iperf3: %d bytes in a second", report.End.SumReceived.Bytes)
	l.same(100, "--program", wasm)
}

// doorLoop is a switch in a loop with whatever is at its two doors, of a mode and a priority.
const doorLoop = `scenario: doors
title: A loop that leads outside
nodes:
  alice: {nics: {em0: {port: s1.1, address: 10.0.0.1/24}}}
switches:
  s1:
    ports: 3
    stp: {mode: %s, priority: %d, forward_delay: 4s, hello: 1s, max_age: 6s}
    port:
      1: {edge: "yes"}
      2: {door: tap}
      3: {door: tap}
`

// The bridge of this machine's kernel and a switch, with two cables between them, agree on
// a tree: one end of one cable is blocked, and nothing goes round.
func TestALinuxBridgeInALoopWithASwitch(t *testing.T) {
	for _, mode := range []string{"stp", "rstp"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel() // it waits most of the time
			n := newNetns(t)
			one, two := n.tap("a"), n.tap("b")
			l := openDoors(t, fmt.Sprintf(doorLoop, mode, 4096), nil, "--door", "tap="+one+","+two)
			n.take(one, two)
			n.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "400")
			n.run("ip", "addr", "add", "10.0.0.9/24", "dev", "br0")
			for _, tap := range []string{one, two} {
				n.run("ip", "link", "set", tap, "master", "br0")
				n.run("ip", "link", "set", tap, "up")
			}
			n.run("ip", "link", "set", "br0", "up")
			until(t, 18*time.Second, "the tree", func() (bool, string) {
				said := n.run("bridge", "link")
				return strings.Count(said, "state forwarding") == 1 && strings.Count(said, "state blocking") == 1, said
			})
			if said := n.run("ping", "-c", "2", "-i", "0.2", "-W", "5", "10.0.0.1"); !strings.Contains(said, " 0% packet loss") {
				t.Errorf("the bridge pings alice: %s", said)
			}
			// Broadcasts: nobody has 10.0.0.77.
			before := n.packets(one) + n.packets(two)
			_ = exec.Command("ip", "netns", "exec", n.name, "ping", "-c", "3", "-i", "0.2", "-W", "1", "10.0.0.77").Run() // it fails
			if went := n.packets(one) + n.packets(two) - before; went > 60 {
				t.Errorf("%d frames went by the doors in two seconds: a storm", went)
			}
			l.same(5)
		})
	}
}

// A cable between the bridge of this machine's kernel and a switch is cut, whichever of the
// two it is and whichever of both is the root: pings pass again by the other one, and when it
// is mended, nothing goes round.
func TestALoopWithALinuxBridgeHealsACut(t *testing.T) {
	for _, mode := range []string{"stp", "rstp"} {
		for root, priority := range map[string]int{"the switch": 4096, "the bridge": 61440} {
			t.Run(mode+", the root is "+root, func(t *testing.T) {
				t.Parallel() // it waits most of the time
				n := newNetns(t)
				taps := []string{n.tap("a"), n.tap("b")}
				l := openDoors(t, fmt.Sprintf(doorLoop, mode, priority), nil, "--door", "tap="+strings.Join(taps, ","))
				n.take(taps...)
				n.run("ip", "link", "add", "br0", "type", "bridge", "stp_state", "1", "forward_delay", "400", "hello_time", "100", "max_age", "600")
				n.run("ip", "addr", "add", "10.0.0.9/24", "dev", "br0")
				for _, tap := range taps {
					n.run("ip", "link", "set", tap, "master", "br0")
					n.run("ip", "link", "set", tap, "up")
				}
				n.run("ip", "link", "set", "br0", "up")
				passes := func(when string) {
					t.Helper()
					until(t, 40*time.Second, when, func() (bool, string) {
						said := n.anyhow("ping", "-c", "1", "-W", "1", "10.0.0.1")
						return strings.Contains(said, " 0% packet loss"), said + n.run("bridge", "link")
					})
				}
				passes("both cables are there, and the bridge pings alice")
				for _, tap := range taps {
					n.run("ip", "link", "set", tap, "down")
					passes("the bridge pings alice without " + tap)
					n.run("ip", "link", "set", tap, "up")
					passes("the bridge pings alice with both again")
				}
				until(t, 40*time.Second, "no frame goes round", func() (bool, string) {
					before := n.packets(taps[0]) + n.packets(taps[1])
					n.anyhow("ping", "-c", "3", "-i", "0.2", "-W", "1", "10.0.0.77") // nobody's: broadcasts
					went := n.packets(taps[0]) + n.packets(taps[1]) - before
					return went < 60, fmt.Sprintf("%d frames went by the doors in two seconds: a storm", went)
				})
				l.same(5)
			})
		}
	}
}

// packets is how many frames have gone by an interface of the namespace, both ways.
func (n *netns) packets(iface string) (sum int) {
	n.t.Helper()
	for _, way := range []string{"rx", "tx"} {
		k, err := strconv.Atoi(strings.TrimSpace(n.run("cat", "/sys/class/net/"+iface+"/statistics/"+way+"_packets")))
		if err != nil {
			n.t.Fatal(err)
		}
		sum += k
	}
	return sum
}
