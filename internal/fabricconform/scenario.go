package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// A scenario is bridges with a spanning tree, or without, what was done to them, and
// what they did.
type scenario struct {
	ID      string
	Bridges []struct {
		MAC       string
		Priority  uint16
		Forward   int `json:"forward_delay_cs"`
		Hello     int `json:"hello_cs"`
		MaxAge    int `json:"max_age_cs"`
		STP       int `json:"stp_state"`
		Filtering int `json:"vlan_filtering"`
	}
	Links    [][2]string
	Hosts    []string
	Setup    []string
	Duration float64
	Actions  []struct {
		At             float64
		Cmd, From, Hex string
	}
	PortMACs map[string]string `json:"port_macs"`
	States   [][3]any
	Bytes    []string
	Frames   [][3]any
	Snaps    []snap
}

type snap struct {
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

// tolerance is what the rounding of the kernel's timers leaves open: hellos and holds
// end on whole seconds of a clock whose beginning is not known.
const tolerance = 2100 * time.Millisecond

// A stage is a scenario's world with the names of its ports.
type stage struct {
	*world
	s     *scenario
	at    map[string]place
	ports [][]string
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (s *tally) scenario(r *scenario, where string, out io.Writer) error {
	st, err := newStage(r)
	if err != nil {
		return err
	}
	var notes []string
	for _, line := range r.Setup {
		notes = append(notes, st.command(line)...)
	}
	for _, a := range r.Actions {
		st.run(seconds(a.At))
		if a.Cmd != "" {
			notes = append(notes, st.command(a.Cmd)...)
			continue
		}
		f, err := hex.DecodeString(a.Hex)
		if err != nil {
			return err
		}
		st.arrive(st.at[a.From], f)
	}
	st.run(seconds(r.Duration))
	s.operations += len(r.Actions) + 1
	for _, diff := range slices.Concat(notes, st.compareStates(), st.compareSnaps(), st.compareHosts(), st.compareBPDUs()) {
		s.differ++
		fmt.Fprintf(out, "%s: %s: %s\n", where, r.ID, diff)
	}
	return nil
}

func newStage(r *scenario) (*stage, error) {
	st := &stage{s: r, at: map[string]place{}, ports: make([][]string, len(r.Bridges)), world: &world{
		cable: map[place]place{}, name: map[place]string{}, host: map[place]bool{}, delay: map[place]time.Duration{},
		limit: map[place]int{}, waiting: map[place]int{}, silent: map[place]bool{}, down: map[place]bool{},
		states: map[string][]change{}, heard: map[string][]hearing{},
	}}
	add := func(name string) error {
		if len(name) < 4 || name[0] != 'b' || int(name[1]-'1') >= len(r.Bridges) {
			return fmt.Errorf("a port of the name %q", name)
		}
		p := place{int(name[1] - '1'), len(st.ports[name[1]-'1'])}
		st.at[name], st.name[p] = p, name
		st.ports[p.bridge] = append(st.ports[p.bridge], name)
		return nil
	}
	for _, l := range r.Links {
		for _, name := range l {
			if err := add(name); err != nil {
				return nil, err
			}
		}
		a, b := st.at[l[0]], st.at[l[1]]
		st.cable[a], st.cable[b] = b, a
	}
	for _, name := range r.Hosts {
		if err := add(name); err != nil {
			return nil, err
		}
		st.host[st.at[name]] = true
	}
	cs := func(n int) time.Duration { return time.Duration(n) * 10 * time.Millisecond }
	for i, b := range r.Bridges {
		mac, err := packet.ParseMAC(b.MAC)
		if err != nil {
			return nil, err
		}
		bc := bridge.Config{Dialect: bridge.Linux, MAC: mac, STP: b.STP == 1, Filtering: b.Filtering == 1, Snooping: true}
		sc := stp.Config{ID: stp.MakeBridgeID(b.Priority, mac), HelloTime: cs(b.Hello), MaxAge: cs(b.MaxAge), ForwardDelay: cs(b.Forward)}
		for _, name := range st.ports[i] {
			p := bridge.PortConfig{VLANs: []bridge.VLAN{{VID: 1, PVID: true, Untagged: true}}}
			if p.MAC, err = packet.ParseMAC(r.PortMACs[name]); err != nil {
				return nil, err
			}
			bc.Ports = append(bc.Ports, p)
			speed := uint64(10e9)
			if st.host[st.at[name]] {
				speed = 10e6
			}
			sc.Ports = append(sc.Ports, stp.PortConfig{Priority: -1, Speed: speed})
		}
		st.bridges = append(st.bridges, bridge.New(bc))
		var tree stp.Protocol
		if b.STP == 1 {
			tree = stp.NewLinux(0, sc)
		}
		st.trees = append(st.trees, tree)
	}
	for _, l := range r.Links {
		st.link(st.at[l[0]], true)
	}
	for _, name := range r.Hosts {
		st.link(st.at[name], true)
	}
	return st, nil
}

// command does what a line of the recorder's shell did, and says where nobody knows.
func (st *stage) command(line string) []string {
	if rest, ok := strings.CutPrefix(line, "for p in "); ok { // for p in A B; do COMMAND $p ...; done
		names, do, _ := strings.Cut(rest, "; do ")
		do = strings.TrimSuffix(do, "; done")
		var notes []string
		for name := range strings.FieldsSeq(names) {
			notes = append(notes, st.command(strings.ReplaceAll(do, "$p", name))...)
		}
		return notes
	}
	var notes []string
	for one := range strings.SplitSeq(line, "; ") {
		f := strings.Fields(one)
		if len(f) < 6 || !st.one(one, f) {
			notes = append(notes, "nobody knows what this does: "+one)
		}
	}
	return notes
}

func (st *stage) one(text string, f []string) bool {
	number := func(s string) int {
		n, _ := strconv.Atoi(s)
		return n
	}
	p, isPort := st.at[f[4]]
	switch {
	case strings.HasPrefix(text, "ip link set dev") && isPort:
		st.link(p, f[5] == "up")
	case strings.HasPrefix(text, "ip link set dev") && f[5] == "down": // the whole bridge
		b := int(f[4][1] - '1')
		for i := range st.ports[b] {
			if t := st.trees[b]; t != nil {
				st.carryOut(b, t.Link(st.now, i, false))
			}
			st.down[place{b, i}] = true
		}
	case strings.HasPrefix(text, "ip link set dev") && f[len(f)-2] == "priority":
		b := int(f[4][1] - '1')
		st.carryOut(b, st.trees[b].SetPriority(st.now, uint16(number(f[len(f)-1]))))
	case strings.HasPrefix(text, "bridge link set dev") && f[5] == "cost":
		st.carryOut(p.bridge, st.trees[p.bridge].Configure(st.now, p.port, func(c *stp.PortConfig) { c.Cost = uint32(number(f[6])) }))
	case strings.HasPrefix(text, "bridge vlan add dev"):
		v := bridge.VLAN{VID: uint16(number(f[6])), PVID: slices.Contains(f, "pvid"), Untagged: slices.Contains(f, "untagged")}
		return st.bridges[p.bridge].AddVLAN(p.port, v) == nil
	case strings.HasPrefix(text, "tc qdisc"):
		st.silent[p] = f[2] == "add" && slices.Contains(f, "loss")
		if i := slices.Index(f, "delay"); i > 0 {
			st.delay[p], _ = time.ParseDuration(f[i+1])
			st.limit[p] = number(f[len(f)-1])
		}
	default:
		return false
	}
	return true
}

// number is the last byte of a port's address: macOf.
func (w *world) number(p place) int {
	n, _ := strconv.Atoi(w.name[p][3:])
	return n
}

func macOf(b int, host bool, n int) [6]byte {
	if host {
		n += 0x80
	}
	return [6]byte{2, 0, 0, 0, byte(b + 1), byte(n)}
}

// kernel state numbers stand in vector.go.

func (st *stage) recordedStates(name string) []change {
	var out []change
	for _, s := range st.s.States {
		if s[1] == name {
			out = append(out, change{seconds(s[0].(float64)), kernelStates[int(s[2].(float64))]})
		}
	}
	return out
}

func (st *stage) compareStates() []string {
	var diffs []string
	for _, name := range slices.Concat(st.ports...) {
		p := st.at[name]
		if st.trees[p.bridge] == nil {
			continue
		}
		got, want := steady(st.states[name]), steady(st.recordedStates(name))
		same := len(got) == len(want)
		for i := range min(len(got), len(want)) {
			same = same && got[i].state == want[i].state && (got[i].at-want[i].at).Abs() <= tolerance
		}
		if !same {
			diffs = append(diffs, fmt.Sprintf("states of %s: recorded %v, now %v", name, want, got))
		}
	}
	return diffs
}

// steady leaves out the states that a port had for less than half a second: whether
// one that a port passes through was seen is chance.
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

func (st *stage) compareSnaps() []string {
	var diffs []string
	last := map[string]snap{}
	for _, s := range st.s.Snaps {
		if len(s.Ports) > 0 {
			last[s.Br] = s
		}
	}
	for i := range st.bridges {
		s, ok := last[fmt.Sprintf("b%d", i+1)]
		if !ok || st.trees[i] == nil {
			continue
		}
		got := st.trees[i].Bridge()
		gotText := fmt.Sprintf("%s %d %d", got.Root, got.Cost, got.RootPort+1)
		if want := s.RootID + " " + s.RootCost + " " + s.RootPort; gotText != want {
			diffs = append(diffs, fmt.Sprintf("%s: root, cost and root port: recorded %s, now %s", s.Br, want, gotText))
		}
		for _, name := range st.ports[i] {
			p, q := s.Ports[name], st.trees[i].Port(st.at[name].port)
			n, _ := strconv.Atoi(p.State)
			want := fmt.Sprintf("%s %s %s", p.PortID, p.Cost, kernelStates[n])
			if now := fmt.Sprintf("%#x %d %s", uint16(q.ID), q.Cost, q.State); now != want {
				diffs = append(diffs, fmt.Sprintf("%s: id, cost and state: recorded %s, now %s", name, want, now))
			}
		}
	}
	return diffs
}

// compareHosts compares how often each host heard each frame that a host sent, unless
// a port changed its state at about that time.
func (st *stage) compareHosts() []string {
	var diffs []string
	moves := []time.Duration{}
	for _, name := range slices.Concat(st.ports...) {
		for _, c := range slices.Concat(st.states[name], st.recordedStates(name)) {
			moves = append(moves, c.at)
		}
	}
	for _, a := range st.s.Actions { // a command takes its time
		if a.Cmd != "" {
			moves = append(moves, seconds(a.At))
		}
	}
	for _, a := range st.s.Actions {
		sent := seconds(a.At)
		near := func(t time.Duration) bool { return (t - sent).Abs() < tolerance }
		old := func(t time.Duration) bool { return t <= sent && sent-t < gcSlack }
		if a.Hex == "" || strings.HasPrefix(a.Hex, "0180c2") || st.trees[0] != nil && slices.ContainsFunc(moves, near) || slices.ContainsFunc(st.aged, old) {
			continue
		}
		for _, h := range st.s.Hosts {
			want, now := 0, 0
			for _, f := range st.s.Frames {
				if f[1] == h+">" && sameFrame(st.s.Bytes[int(f[2].(float64))], a.Hex) {
					want++
				}
			}
			for _, f := range st.heard[h] {
				if sameFrame(hex.EncodeToString([]byte(f.frame)), a.Hex) {
					now++
				}
			}
			if !alike(want, now) {
				diffs = append(diffs, fmt.Sprintf("%s: the frame sent by %s at %v: recorded %d times, now %d", h, a.From, sent, want, now))
			}
		}
	}
	return diffs
}

// sameFrame reports whether a frame is one that was sent, with or without a tag.
func sameFrame(got, sent string) bool {
	return strings.HasPrefix(got, sent[:24]) && strings.HasSuffix(got, sent[24:])
}

// storm is how many copies of a frame are a storm, whose size hangs on microseconds:
// whether the frames of a round are in a queue together or one after the other.
const storm = 200

// alike compares how often a frame was heard. Where it went round, it may have been
// once more or less when the recording ended.
func alike(want, now int) bool {
	if want > storm {
		return now > want/3 && now < want*3
	}
	slack := want / 10
	return now >= want-slack && now <= want+slack
}

// compareBPDUs compares the kinds of BPDUs that each host heard: all their bytes but
// the flags of a topology change and the message's age, which hang on rounded timers.
func (st *stage) compareBPDUs() []string {
	var diffs []string
	for _, h := range st.s.Hosts {
		kinds := func(all []string) map[string]bool {
			m := map[string]bool{}
			for _, x := range all {
				if f, err := hex.DecodeString(x); err == nil && len(f) >= 52 && f[0] == 1 && f[1] == 0x80 {
					f[21], f[44], f[45] = 0, 0, 0
					m[hex.EncodeToString(f)] = true
				}
			}
			return m
		}
		var recorded, now []string
		for _, f := range st.s.Frames {
			if f[1] == h+">" {
				recorded = append(recorded, st.s.Bytes[int(f[2].(float64))])
			}
		}
		for _, f := range st.heard[h] {
			now = append(now, hex.EncodeToString([]byte(f.frame)))
		}
		want, got := kinds(recorded), kinds(now)
		for k := range want {
			if !got[k] {
				diffs = append(diffs, h+": recorded and not heard now: "+k)
			}
		}
	}
	slices.Sort(diffs)
	return diffs
}
