package vnet_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/event"
)

// A fabric is a lab of switches with a host at each: a switch with one port, behind port
// 1. It says who heard which frame.
type fabric struct {
	*vnet.Lab
	t     *testing.T
	heard map[uint64]map[string]int // by frame and host
	tree  []string                  // facts of spanning trees
	loops int
	n     int // hosts
}

// links are pairs of ports: "s1.2 s2.2".
func newFabric(t *testing.T, switches []config.Switch, links ...string) *fabric {
	t.Helper()
	c := config.Lab{Seed: 1}
	for i, s := range switches {
		host := fmt.Sprintf("h%d", i+1)
		c.Switches = append(c.Switches, s, config.Switch{Name: host, Ports: 1})
		c.Links = append(c.Links, config.Link{A: s.Name + ".1", B: host + ".1", Delay: 5 * time.Microsecond})
	}
	for _, l := range links {
		a, b, _ := strings.Cut(l, " ")
		c.Links = append(c.Links, config.Link{A: a, B: b, Delay: 20 * time.Microsecond})
	}
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(lab.Close)
	f := &fabric{Lab: lab, t: t, heard: map[uint64]map[string]int{}, n: len(switches)}
	lab.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Frame && strings.HasPrefix(e.Peer, "h") && len(e.Data) > 13 && e.Data[12] == 0x88:
			if f.heard[e.Frame] == nil {
				f.heard[e.Frame] = map[string]int{}
			}
			f.heard[e.Frame][e.Peer]++
		case e.Kind == event.Tree:
			f.tree = append(f.tree, fmt.Sprintf("%v %s %s %s %s", e.At, e.Node, e.Port, e.Op, e.Text))
		case e.Kind == event.Limit && e.Op == "loop":
			f.loops++
		}
	})
	return f
}

func rstp(name string, ports int) config.Switch {
	return config.Switch{Name: name, Ports: ports, Tree: &config.Tree{Mode: "rstp"}}
}

// ring are n switches in a circle, by their ports 2 and 3.
func ring(n int) (s []config.Switch, links []string) {
	for i := range n {
		s = append(s, rstp(fmt.Sprintf("s%d", i+1), 3))
		links = append(links, fmt.Sprintf("s%d.3 s%d.2", i+1, (i+1)%n+1))
	}
	return s, links
}

func (f *fabric) do(c vnet.Command) vnet.Reply {
	f.t.Helper()
	r, err := f.Do(c)
	if err != nil {
		f.t.Fatal(err)
	}
	return r
}

func (f *fabric) run(d time.Duration) { f.Run(f.Now()+d, vnet.NoLimit) }

// broadcast lets a host send to all and returns who heard it, after a while.
func (f *fabric) broadcast(host int) map[string]int {
	f.t.Helper()
	r := f.do(vnet.Arrive{Port: fmt.Sprintf("s%d.1", host), Hex: fmt.Appendf(nil, "\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x01%c\x88\xb5", host)})
	f.run(10 * time.Millisecond)
	return f.heard[r.Frame]
}

// reaches checks that what each host sends is heard once by every other.
func (f *fabric) reaches(what string) {
	f.t.Helper()
	for i := range f.n {
		heard := f.broadcast(i + 1)
		for j := range f.n {
			if n := heard[fmt.Sprintf("h%d.1", j+1)]; j != i && n != 1 {
				f.t.Errorf("%s: at %v h%d heard h%d %d times, want once", what, f.Now(), j+1, i+1, n)
			}
		}
	}
	if f.loops > 0 || f.Halted() != "" {
		f.t.Errorf("%s: frames go round: %s", what, f.Halted())
	}
}

func TestLoopsConvergeAndACutHealsInASecond(t *testing.T) {
	for _, n := range []int{2, 3, 4, 20} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			s, links := ring(n)
			f := newFabric(t, s, links...)
			f.run(time.Duration(max(5, n/2)) * time.Second)
			f.reaches("in the beginning")
			for i := range min(n, 5) {
				port := fmt.Sprintf("s%d.3", i*n/min(n, 5)+1)
				f.run(3 * time.Second)
				f.do(vnet.SetPort{Port: port, Link: "down"})
				f.run(900 * time.Millisecond)
				f.reaches("after " + port + " went down")
				f.run(3 * time.Second)
				f.do(vnet.SetPort{Port: port, Link: "up"})
				f.run(900 * time.Millisecond)
				f.reaches("after it came up again")
			}
		})
	}
}

// Whatever is cut and mended when, nobody hears a frame twice, and in the end all that is
// connected is reached.
func TestNoFrameIsDeliveredTwiceInRandomTopologies(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 12))
		n := 2 + r.IntN(8)
		used := make([]int, n)
		var s []config.Switch
		var links []string
		connect := func(a, b int) {
			if a != b && used[a] < 10 && used[b] < 10 {
				used[a]++
				used[b]++
				links = append(links, fmt.Sprintf("s%d.%d s%d.%d", a+1, used[a]+1, b+1, used[b]+1))
			}
		}
		for i := range n {
			c := rstp(fmt.Sprintf("s%d", i+1), 12)
			c.Tree.Priority = new(int)
			*c.Tree.Priority = r.IntN(3) * 4096
			s = append(s, c)
			if i > 0 {
				connect(r.IntN(i), i)
			}
		}
		for range r.IntN(2 * n) {
			connect(r.IntN(n), r.IntN(n))
		}
		f := newFabric(t, s, links...)
		var down []string
		for range 12 {
			for range 10 {
				f.run(time.Duration(r.Int64N(int64(400 * time.Millisecond))))
				from := r.IntN(n) + 1
				for host, times := range f.broadcast(from) {
					if times > 1 {
						t.Fatalf("seed %d: at %v %s heard a frame %d times", seed, f.Now(), host, times)
					}
				}
			}
			port, _, _ := strings.Cut(links[r.IntN(len(links))], " ")
			if i := slices.Index(down, port); i >= 0 {
				down = slices.Delete(down, i, i+1)
				f.do(vnet.SetPort{Port: port, Link: "up"})
			} else {
				down = append(down, port)
				f.do(vnet.SetPort{Port: port, Link: "down"})
			}
		}
		for _, port := range down {
			f.do(vnet.SetPort{Port: port, Link: "up"})
		}
		f.run(40 * time.Second)
		f.reaches(fmt.Sprintf("seed %d, after all was mended", seed))
		if t.Failed() {
			return
		}
	}
}

// Without a spanning tree a loop is a storm, bounded by the rate and the queues of its
// links, counted, and told.
func TestALoopWithoutATreeIsABoundedStorm(t *testing.T) {
	lab, err := vnet.New(config.Lab{
		Switches: []config.Switch{{Name: "s1", Ports: 4}, {Name: "s2", Ports: 4}},
		Links: []config.Link{
			{A: "s1.2", B: "s2.2", AtoB: []string{"rate 10mbit limit 50"}, BtoA: []string{"rate 10mbit limit 50"}},
			{A: "s1.3", B: "s2.3", AtoB: []string{"rate 10mbit limit 50"}, BtoA: []string{"rate 10mbit limit 50"}},
			{A: "s1.4", B: "s2.4", AtoB: []string{"rate 10mbit limit 50"}, BtoA: []string{"rate 10mbit limit 50"}},
		},
	}, vnet.Runtime{})
	if err != nil {
		t.Fatal(err)
	}
	defer lab.Close()
	full, loops, frames := 0, 0, 0
	lab.Log().Subscribe(func(e *event.Event) {
		switch {
		case e.Kind == event.Drop && e.Op == "queue-full":
			full++
		case e.Kind == event.Limit && e.Op == "loop":
			loops++
		case e.Kind == event.Frame:
			frames++
		}
	})
	if _, err := lab.Do(vnet.Arrive{Port: "s1.1", Hex: append([]byte("\xff\xff\xff\xff\xff\xff\x02\x00\x00\x00\x00\x01\x88\xb5"), make([]byte, 46)...)}); err != nil {
		t.Fatal(err)
	}
	if !lab.Run(time.Second, 5_000_000) || lab.Halted() != "" {
		t.Fatalf("a second takes more than 5 million steps: %s", lab.Halted())
	}
	// 60 bytes at 10 Mbit/s are 48 us: 20,833 frames a second and direction, of six.
	if full == 0 || loops == 0 || frames > 6*20_900 || frames < 6*15_000 {
		t.Errorf("%d frames, %d dropped by full queues, %d loops told", frames, full, loops)
	}
}

func TestFactsOfATree(t *testing.T) {
	s, links := ring(3)
	f := newFabric(t, s, links...)
	f.run(10 * time.Second)
	all := strings.Join(f.tree, "\n")
	for _, want := range []string{
		"s2 s2.2 proposal received", "s2 s2.2 agreement sent", "s1 s1.3 agreement received", "s2 s2.2 role root", "s3 s3.2 role alternate",
		"s1 s1.1 state forwarding", "s2 s2.2 root 8000.025300010000", "topology-change detected",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("no fact %q in\n%s", want, all)
		}
	}
	st, ok := f.Switch("s3")
	if !ok || st.Tree == nil || st.Tree.RootPort != "s3.3" || st.Tree.Cost != 20000 || st.Ports[1].Role != "alternate" || st.Ports[1].State != "discarding" || st.Ports[0].State != "forwarding" {
		t.Errorf("status %+v %+v", st, st.Tree)
	}
	f.tree = nil
	f.do(vnet.SetPort{Port: "s3.3", Link: "down"})
	f.run(time.Second)
	all = strings.Join(f.tree, "\n")
	for _, want := range []string{"s3 s3.2 role root", "s3 s3.2 state forwarding", "s1 s1.2 state disabled", "flush"} {
		if !strings.Contains(all, want) {
			t.Errorf("no fact %q after the cut in\n%s", want, all)
		}
	}
}

func TestGuards(t *testing.T) {
	a, b := rstp("s1", 3), rstp("s2", 3)
	a.Set = []config.Port{{Port: 2, BPDUGuard: true}}
	f := newFabric(t, []config.Switch{a, b}, "s1.2 s2.2")
	f.run(5 * time.Second)
	if st, _ := f.Switch("s1"); st.Ports[1].State != "disabled" || st.Ports[1].Guarded == "" {
		t.Errorf("a BPDU at a port with BPDU guard leaves it %+v", st.Ports[1])
	}
	// The better switch is behind a port that must not lead to the root.
	worse := 61440
	a = rstp("s1", 3)
	a.Tree.Priority = &worse
	a.Set = []config.Port{{Port: 2, RootGuard: true}}
	f = newFabric(t, []config.Switch{a, b}, "s1.2 s2.2")
	f.run(5 * time.Second)
	if st, _ := f.Switch("s1"); !st.Tree.IsRoot || st.Ports[1].State == "forwarding" {
		t.Errorf("root guard leaves %+v %+v", st.Tree, st.Ports[1])
	}
}

// What guards a port, what it is taken for and which of two is better is changed while the
// lab runs.
func TestPortsOfATreeAreChangedByCommand(t *testing.T) {
	on, off := true, false
	two := func(b config.Switch) *fabric {
		f := newFabric(t, []config.Switch{rstp("s1", 4), b}, "s1.2 s2.2", "s1.3 s2.3")
		f.run(5 * time.Second)
		return f
	}
	port := func(f *fabric, sw string, n int) vnet.SwitchedPort {
		st, _ := f.Switch(sw)
		return st.Ports[n-1]
	}
	t.Run("BPDU guard shuts a port with the next BPDU, and its link coming up opens it", func(t *testing.T) {
		f := two(rstp("s2", 4))
		f.do(vnet.SetPort{Port: "s2.2", BPDUGuard: &on})
		f.run(3 * time.Second)
		if p := port(f, "s2", 2); p.State != "disabled" || p.Guarded == "" {
			t.Errorf("the port is %+v", p)
		}
		f.do(vnet.SetPort{Port: "s2.2", BPDUGuard: &off})
		f.run(3 * time.Second)
		if p := port(f, "s2", 2); p.Guarded == "" {
			t.Errorf("without the guard the port is %+v before its link came again", p)
		}
		f.do(vnet.SetPort{Port: "s2.2", Link: "down"})
		f.do(vnet.SetPort{Port: "s2.2", Link: "up"})
		f.run(3 * time.Second)
		if p := port(f, "s2", 2); p.Guarded != "" || p.State != "forwarding" {
			t.Errorf("after its link came again the port is %+v", p)
		}
		f.reaches("in the end")
	})
	t.Run("root guard takes the root port away, and gives it back", func(t *testing.T) {
		f := two(rstp("s2", 4))
		f.do(vnet.SetPort{Port: "s2.2", RootGuard: &on})
		f.run(3 * time.Second)
		if st, _ := f.Switch("s2"); st.Tree.RootPort != "s2.3" || st.Ports[1].State == "forwarding" {
			t.Errorf("with the guard the root port is %s, and the other %+v", st.Tree.RootPort, st.Ports[1])
		}
		f.reaches("with the guard")
		f.do(vnet.SetPort{Port: "s2.2", RootGuard: &off})
		f.run(3 * time.Second)
		if st, _ := f.Switch("s2"); st.Tree.RootPort != "s2.2" {
			t.Errorf("without it the root port is %s", st.Tree.RootPort)
		}
	})
	t.Run("the priority of the neighbour's port decides between two cables", func(t *testing.T) {
		for _, b := range []config.Switch{rstp("s2", 4), {Name: "s2", Ports: 4, Tree: &config.Tree{Mode: "stp"}, Dialect: "linux"}} {
			f := two(b)
			f.run(40 * time.Second)
			better := 16
			f.do(vnet.SetPort{Port: "s1.3", Priority: &better})
			f.run(40 * time.Second)
			if st, _ := f.Switch("s2"); st.Tree.RootPort != "s2.3" {
				t.Errorf("%s: the root port is %s", b.Dialect, st.Tree.RootPort)
			}
			f.reaches("after the change")
		}
	})
	t.Run("an edge port is one when its link comes up", func(t *testing.T) {
		f := two(rstp("s2", 4))
		f.do(vnet.SetPort{Port: "s2.1", Edge: "no"})
		f.run(time.Second)
		if !port(f, "s2", 1).Edge {
			t.Error("a port whose link is up is no edge port any more")
		}
		for _, edge := range []string{"no", "yes", "no"} {
			f.do(vnet.SetPort{Port: "s2.1", Link: "down", Edge: edge})
			f.do(vnet.SetPort{Port: "s2.1", Link: "up"})
			f.run(5 * time.Second)
			if got := port(f, "s2", 1).Edge; got != (edge == "yes") {
				t.Errorf("edge %s: it is one: %v", edge, got)
			}
		}
	})
	t.Run("changes of the topology end at a port with TC guard", func(t *testing.T) {
		f := two(rstp("s2", 4))
		f.do(vnet.SetPort{Port: "s1.2", TCGuard: &on})
		f.do(vnet.SetPort{Port: "s1.3", TCGuard: &on})
		f.tree = nil
		f.do(vnet.SetPort{Port: "s2.2", Link: "down"})
		f.run(3 * time.Second)
		if all := strings.Join(f.tree, "\n"); !strings.Contains(all, "s2 s2.3 topology-change detected") || strings.Contains(all, "s1 s1.1 flush") {
			t.Errorf("the facts are\n%s", all)
		}
	})
	t.Run("a Linux bridge has no edge ports", func(t *testing.T) {
		f := two(config.Switch{Name: "s2", Ports: 4, Tree: &config.Tree{Mode: "stp"}, Dialect: "linux"})
		if _, err := f.Do(vnet.SetPort{Port: "s2.1", Edge: "yes"}); err == nil || !strings.Contains(err.Error(), "no edge ports") {
			t.Errorf("got %v", err)
		}
	})
}

// What a hand changes in the tree moves it.
func TestCostAndPriorityMoveTheTree(t *testing.T) {
	s, links := ring(3)
	f := newFabric(t, s, links...)
	f.run(5 * time.Second)
	cost := uint32(100_000)
	f.do(vnet.SetPort{Port: "s3.3", Cost: &cost})
	f.run(3 * time.Second)
	if st, _ := f.Switch("s3"); st.Tree.RootPort != "s3.2" || st.Tree.Cost != 40000 {
		t.Errorf("with a dear port the way to the root is %+v", st.Tree)
	}
	best := 0
	f.do(vnet.SetSwitch{Switch: "s3", Priority: &best})
	f.run(3 * time.Second)
	if st, _ := f.Switch("s3"); !st.Tree.IsRoot {
		t.Errorf("the best priority leaves %+v", st.Tree)
	}
	f.reaches("in the end")
}

// STP as Linux speaks it: thirty seconds until a port forwards, no edge ports.
func TestLinuxSpeaksSTP(t *testing.T) {
	var s []config.Switch
	for i := range 2 {
		s = append(s, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 3, Dialect: "linux", Tree: &config.Tree{Mode: "stp"}})
	}
	f := newFabric(t, s, "s1.2 s2.2", "s1.3 s2.3")
	f.run(29 * time.Second)
	if heard := f.broadcast(1); len(heard) > 0 {
		t.Errorf("after 29 s %v hear", heard)
	}
	f.run(3 * time.Second)
	f.reaches("after 32 s")
	f.do(vnet.SetPort{Port: "s1.2", Link: "down"})
	f.run(20 * time.Second)
	if heard := f.broadcast(1); len(heard) > 0 {
		t.Errorf("20 s after the cut %v hear", heard)
	}
	f.run(12 * time.Second)
	f.reaches("32 s after the cut")
}

// A switch of RSTP and one of STP make a tree together.
func TestRSTPFallsBackToSTP(t *testing.T) {
	old := config.Switch{Name: "s2", Ports: 3, Dialect: "linux", Tree: &config.Tree{Mode: "stp"}}
	f := newFabric(t, []config.Switch{rstp("s1", 3), old}, "s1.2 s2.2", "s1.3 s2.3")
	f.run(40 * time.Second)
	f.reaches("after 40 s")
	if st, _ := f.Switch("s1"); !st.Ports[1].STP || st.Ports[0].STP {
		t.Errorf("ports %+v", st.Ports)
	}
}

// Whatever comes in as a BPDU, nothing breaks and it is counted.
func TestForgedBPDUs(t *testing.T) {
	s, links := ring(3)
	f := newFabric(t, s, links...)
	f.run(5 * time.Second)
	r := rand.New(rand.NewPCG(3, 3))
	for range 2000 {
		b := []byte("\x01\x80\xc2\x00\x00\x00\x02\x00\x00\x00\x00\x09\x00\x26\x42\x42\x03\x00\x00")
		for range r.IntN(50) {
			b = append(b, byte(r.IntN(4)*r.IntN(86)))
		}
		if r.IntN(4) == 0 {
			b = b[:r.IntN(len(b)+1)]
		}
		f.do(vnet.Arrive{Port: fmt.Sprintf("s%d.%d", 1+r.IntN(3), 1+r.IntN(3)), Hex: append(b, make([]byte, max(0, 14-len(b)))...)})
		f.run(10 * time.Millisecond)
	}
	f.run(60 * time.Second)
	f.reaches("a minute after")
}
