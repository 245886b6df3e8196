package stp

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A recording is a scenario of real bridges; internal/fabricconform's testdata says
// where it comes from.
type recording struct {
	ID      string
	Bridges []struct {
		Name     string
		MAC      string
		Priority uint16
		Forward  int `json:"forward_delay_cs"`
		Hello    int `json:"hello_cs"`
		MaxAge   int `json:"max_age_cs"`
		STP      int `json:"stp_state"`
	}
	Links    [][2]string
	Hosts    []string
	Duration float64
	Actions  []struct {
		At  float64
		Cmd string
	}
	States [][3]any
	Snaps  []struct {
		T        float64
		Br       string
		RootID   string `json:"root_id"`
		RootPort string `json:"root_port"`
		RootCost string `json:"root_cost"`
		Ports    map[string]struct {
			PortID string `json:"port_id"`
			State  string
			Cost   string `json:"path_cost"`
		}
	}
}

// kernelState is a state by its number in the kernel.
var kernelState = [...]State{Disabled, Listening, Learning, Forwarding, Discarding}

// tolerance is what the rounding of the kernel's timers leaves open: hellos and holds
// end on whole seconds of a clock whose beginning is not known.
const tolerance = 2100 * time.Millisecond

func TestLinuxTranscripts(t *testing.T) {
	f, err := os.Open("../../../internal/fabricconform/testdata/stp.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var r recording
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		if r.Bridges[0].STP == 1 {
			t.Run(r.ID, func(t *testing.T) { replayLinux(t, &r) })
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
}

func replayLinux(t *testing.T, r *recording) {
	w := newWorld(t)
	place := map[string]end{}
	hosts := map[end]bool{}
	ports := make([][]string, len(r.Bridges))
	add := func(name string) {
		b, _ := strconv.Atoi(name[1:2])
		place[name] = end{b - 1, len(ports[b-1])}
		ports[b-1] = append(ports[b-1], name)
	}
	for _, l := range r.Links {
		add(l[0])
		add(l[1])
		w.connect(place[l[0]], place[l[1]])
	}
	for _, h := range r.Hosts {
		add(h)
		hosts[place[h]] = true
	}
	cs := func(n int) time.Duration { return time.Duration(n) * 10 * time.Millisecond }
	for i, b := range r.Bridges {
		c := Config{ID: MakeBridgeID(b.Priority, mac(i)), HelloTime: cs(b.Hello), MaxAge: cs(b.MaxAge), ForwardDelay: cs(b.Forward)}
		for _, name := range ports[i] {
			speed := uint64(10e9)
			if hosts[place[name]] {
				speed = 10e6
			}
			c.Ports = append(c.Ports, PortConfig{Priority: -1, Speed: speed})
		}
		w.bridges = append(w.bridges, NewLinux(0, c))
	}
	w.upAll()
	for _, h := range r.Hosts {
		w.up(place[h])
	}
	at := func(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
	for _, a := range r.Actions {
		if a.Cmd != "" {
			w.run(at(a.At))
			w.command(place, a.Cmd)
		}
	}
	w.run(at(r.Duration))
	for name, e := range place {
		var want []change
		for _, s := range r.States {
			if s[1] == name {
				want = append(want, change{at(s[0].(float64)), kernelState[int(s[2].(float64))]})
			}
		}
		compareStates(t, name, steady(w.history[e]), steady(want))
	}
	for _, s := range r.Snaps {
		if len(s.Ports) == 0 {
			continue
		}
		b, _ := strconv.Atoi(s.Br[1:])
		got := w.bridges[b-1].Bridge()
		gotText := fmt.Sprintf("%s %d %d", got.Root, got.Cost, got.RootPort+1)
		if want := s.RootID + " " + s.RootCost + " " + s.RootPort; gotText != want {
			t.Errorf("%s: root, cost and root port are %s, want %s", s.Br, gotText, want)
		}
		for name, p := range s.Ports {
			st := w.bridges[b-1].Port(place[name].port)
			n, _ := strconv.Atoi(p.State)
			if id := fmt.Sprintf("%#x", uint16(st.ID)); id != p.PortID || strconv.Itoa(int(st.Cost)) != p.Cost || st.State != kernelState[n] {
				t.Errorf("%s is %s, cost %d, %s; want %s, %s, %s", name, id, st.Cost, st.State, p.PortID, p.Cost, kernelState[n])
			}
		}
	}
}

// steady leaves out the states that a port had for less than half a second: that a
// port which comes up passes through blocking is seen or not.
func steady(all []change) []change {
	var out []change
	for i, c := range all {
		if i+1 < len(all) && all[i+1].at-c.at < time.Second/2 {
			continue
		}
		if len(out) == 0 || out[len(out)-1].state != c.state {
			out = append(out, c)
		}
	}
	return out
}

func compareStates(t *testing.T, name string, got, want []change) {
	t.Helper()
	same := len(got) == len(want)
	for i := range min(len(got), len(want)) {
		same = same && got[i].state == want[i].state && (got[i].at-want[i].at).Abs() <= tolerance
	}
	if !same {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// command does what a line of a recording's actions did to the real bridges.
func (w *world) command(place map[string]end, cmd string) {
	for one := range strings.SplitSeq(cmd, "; ") {
		f := strings.Fields(one)
		switch {
		case strings.HasPrefix(one, "ip link set dev") && len(f) == 6 && f[5] != "" && len(f[4]) == 4:
			if f[5] == "up" {
				w.up(place[f[4]])
			} else {
				w.cut(place[f[4]])
			}
		case strings.HasPrefix(one, "ip link set dev") && f[len(f)-1] == "down": // the whole bridge
			b, _ := strconv.Atoi(f[4][1:])
			for i := range w.bridges[b-1].(*Linux).ports {
				w.do(b-1, w.bridges[b-1].Link(w.now, i, false))
			}
		case strings.HasPrefix(one, "ip link set dev") && f[len(f)-2] == "priority":
			b, _ := strconv.Atoi(f[4][1:])
			n, _ := strconv.Atoi(f[len(f)-1])
			w.do(b-1, w.bridges[b-1].SetPriority(w.now, uint16(n)))
		case strings.HasPrefix(one, "bridge link set dev"):
			e := place[f[4]]
			n, _ := strconv.Atoi(f[6])
			w.do(e.bridge, w.bridges[e.bridge].SetCost(w.now, e.port, uint32(n)))
		case strings.HasPrefix(one, "tc qdisc"):
			w.silent[place[f[4]]] = f[2] == "add"
		default:
			w.t.Errorf("nobody knows what %q does", one)
		}
	}
}
