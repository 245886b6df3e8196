package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/fabric/bridge"
	"wireloom/vnet/fabric/stp"
	"wireloom/vnet/packet"
)

// A vector is a bridge's configuration and what was done to it, step by step, with
// what came of it.
type vector struct {
	ID    string
	Conf  conf
	Steps []step
}

type conf struct {
	Ports         int
	VlanFiltering bool     `json:"vlan_filtering"`
	VlanProtocol  string   `json:"vlan_protocol"`
	StpState      bool     `json:"stp_state"`
	GroupFwdMask  int      `json:"group_fwd_mask"`
	McastSnooping bool     `json:"mcast_snooping"`
	McastQuerier  bool     `json:"mcast_querier"`
	AgeingS       int      `json:"ageing_s"`
	BridgeMAC     string   `json:"bridge_mac"`
	PortMACs      []string `json:"port_macs"`
	Vlans         map[string][]member
	MTU           int
}

type member struct {
	Vid            int
	Pvid, Untagged bool
}

type step struct {
	Op, Hex, Note, Mac, Name, Err string
	Port, Vid, N                  int
	Pvid, Untagged, On, Lazy      bool
	T                             float64
	Out                           map[string][]string
	Fdb                           [][3]any
	PortState                     []string `json:"port_state"`
}

// gcSlack is how much later than its time the kernel may take an entry out of the
// table: its collector's timer is coarse.
const gcSlack = 17 * time.Second

// A rig is a bridge that a vector is replayed on.
type rig struct {
	b    *bridge.Bridge
	now  time.Duration
	conf *conf
	up   []bool
	out  map[string][]string
	gone map[string]time.Duration // entries that aged, with when
	note string                   // of what nobody knows how to do
}

func newRig(c *conf) (*rig, error) {
	bc := bridge.Config{
		Dialect: bridge.Linux, Filtering: c.VlanFiltering, STP: c.StpState, GroupMask: uint16(c.GroupFwdMask),
		Ageing: time.Duration(c.AgeingS) * time.Second, Snooping: c.McastSnooping, Querier: c.McastQuerier,
	}
	if c.VlanProtocol == "802.1ad" {
		bc.TPID = bridge.TPID8021AD
	}
	var err error
	if bc.MAC, err = packet.ParseMAC(c.BridgeMAC); err != nil {
		return nil, err
	}
	for _, v := range c.Vlans["0"] {
		bc.VLANs = append(bc.VLANs, uint16(v.Vid))
	}
	for i := range c.Ports {
		p := bridge.PortConfig{MTU: c.MTU}
		if p.MAC, err = packet.ParseMAC(c.PortMACs[i]); err != nil {
			return nil, err
		}
		for _, v := range c.Vlans[strconv.Itoa(i+1)] {
			p.VLANs = append(p.VLANs, bridge.VLAN{VID: uint16(v.Vid), PVID: v.Pvid, Untagged: v.Untagged})
		}
		bc.Ports = append(bc.Ports, p)
	}
	r := &rig{b: bridge.New(bc), conf: c, up: make([]bool, c.Ports), out: map[string][]string{}, gone: map[string]time.Duration{}}
	began := -time.Second
	if c.StpState {
		began = -34 * time.Second // until its ports forwarded
	}
	for i := range c.Ports {
		r.b.SetPort(began, i, true)
		r.up[i] = true
	}
	r.now = began
	r.run(0) // what it sends before the recording begins was not recorded
	r.out = nil
	return r, nil
}

func (s *tally) vector(v *vector, where string, out io.Writer) error {
	r, err := newRig(&v.Conf)
	if err != nil {
		return err
	}
	for i := range v.Steps {
		st := &v.Steps[i]
		s.operations++
		if diffs := r.step(st); len(diffs) > 0 {
			s.differ++
			fmt.Fprintf(out, "%s: %s step %d: %s %s %s\n\t%s\n", where, v.ID, i+1, st.Op, st.Name, st.Note, strings.Join(diffs, "\n\t"))
		}
	}
	return nil
}

// step does a step and returns how its outcome differs.
func (r *rig) step(st *step) []string {
	r.out = map[string][]string{}
	at := time.Duration(st.T * float64(time.Second))
	if st.Op == "sleep" {
		r.run(at)
	}
	err := r.do(st)
	r.run(at)
	var diffs []string
	if r.note != "" {
		diffs = append(diffs, r.note)
		r.note = ""
	}
	if (err != nil) != (st.Err != "") {
		diffs = append(diffs, fmt.Sprintf("error: recorded %q, now %v", st.Err, err))
	}
	diffs = append(diffs, r.compareOut(st)...)
	diffs = append(diffs, r.compareTable(st)...)
	return append(diffs, r.compareStates(st)...)
}

// run lets time pass.
func (r *rig) run(until time.Duration) {
	for {
		acts, next := r.b.Tick(r.now)
		r.take(acts, nil)
		if next < 0 || next > until {
			break
		}
		r.now = max(next, r.now)
	}
	r.now = max(r.now, until)
}

func (r *rig) take(acts []bridge.Act, frame []byte) {
	for _, a := range acts {
		switch a.Kind {
		case bridge.Send, bridge.Copy:
			f := a.Frame
			if f == nil {
				f = frame
			}
			name := strconv.Itoa(a.Port + 1)
			r.out[name] = append(r.out[name], hex.EncodeToString(f))
		case bridge.Forget:
			if a.Why == bridge.Aged {
				r.gone[fmt.Sprintf("%s %d %d", a.MAC, a.VLAN, a.Port+1)] = r.now
			}
		case bridge.Drop, bridge.Learn, bridge.Full, bridge.BPDU:
		}
	}
}

func (r *rig) do(st *step) error {
	port := st.Port - 1
	switch st.Op {
	case "frame":
		f, err := hex.DecodeString(st.Hex)
		if err != nil {
			return err
		}
		if !r.up[port] {
			return bridge.ErrNone // the TAP refuses it
		}
		r.take(r.b.Receive(r.now, port, f), f)
	case "vlan_add":
		return r.b.AddVLAN(port, bridge.VLAN{VID: uint16(st.Vid), PVID: st.Pvid, Untagged: st.Untagged})
	case "vlan_del":
		acts, err := r.b.RemoveVLAN(r.now, port, uint16(st.Vid))
		r.take(acts, nil)
		return err
	case "fdb_add", "fdb_del":
		mac, err := packet.ParseMAC(st.Mac)
		if err != nil {
			return err
		}
		if st.Op == "fdb_add" {
			return r.b.AddStatic(r.now, port, mac, uint16(st.Vid))
		}
		acts, err := r.b.RemoveEntry(r.now, port, mac, uint16(st.Vid))
		r.take(acts, nil)
		return err
	case "fdb_flush":
		r.take(r.b.Clear(r.now), nil)
	case "link":
		r.up[port] = st.On
		r.take(r.b.SetPort(r.now, port, st.On), nil)
	case "flag":
		return r.flag(port, st)
	case "state":
		return r.setState(port, st.N)
	case "filtering":
		r.b.SetFiltering(st.On)
	case "group_fwd_mask":
		return r.b.SetGroupMask(uint16(st.N))
	case "leave":
		r.take(r.b.Leave(r.now, port), nil)
	case "join":
		r.take(r.b.Join(r.now, port), nil)
	case "sleep":
	case "sh":
		r.shell(st)
	default:
		r.note = "nobody knows the operation " + st.Op
	}
	return nil
}

// kernelStates are the states of ports by the kernel's numbers.
var kernelStates = [...]stp.State{stp.Disabled, stp.Listening, stp.Learning, stp.Forwarding, stp.Discarding}

func (r *rig) setState(port, n int) error {
	if !r.up[port] && n != 0 {
		return bridge.ErrNone // ENETDOWN
	}
	r.take(r.b.SetState(r.now, port, kernelStates[n]), nil)
	return nil
}

func (r *rig) flag(port int, st *step) error {
	flood := map[string]bridge.Flood{"flood": bridge.FloodUnicast, "mcast_flood": bridge.FloodMulticast, "bcast_flood": bridge.FloodBroadcast}
	r.b.Configure(port, func(c *bridge.PortConfig) {
		switch st.Name {
		case "learning":
			c.NoLearn = !st.On
		case "isolated":
			c.Isolated = st.On
		case "hairpin":
			c.Hairpin = st.On
		case "locked":
			c.Locked = st.On
		default:
			c.NoFlood |= flood[st.Name]
			if st.On {
				c.NoFlood &^= flood[st.Name]
			}
		}
	})
	return nil
}

// shell does what a line of the recorder's shell did.
func (r *rig) shell(st *step) {
	f := strings.Fields(st.Note)
	portOf := func(name string) int {
		n, _ := strconv.Atoi(strings.TrimPrefix(name, "p"))
		return n - 1
	}
	switch {
	case strings.HasSuffix(st.Note, "ageing_time 0"):
		r.b.SetAgeing(-1)
	case strings.HasPrefix(st.Note, "bridge mdb show"), strings.HasPrefix(st.Note, "cat "):
	case strings.HasPrefix(st.Note, "ip link set dev") && len(f) == 7 && f[5] == "mtu":
		n, _ := strconv.Atoi(f[6])
		r.b.Configure(portOf(f[4]), func(c *bridge.PortConfig) { c.MTU = n })
	case strings.HasPrefix(st.Note, "tc qdisc add dev") && f[5] == "clsact;":
		way := bridge.MirrorIn
		if slices.Contains(f, "egress") && f[10+1] == "egress" {
			way = bridge.MirrorOut
		}
		r.b.Configure(portOf(f[4]), func(c *bridge.PortConfig) {
			c.MirrorTo, c.Mirror = portOf(f[len(f)-1])+1, way
		})
	default:
		r.note = "nobody knows what this does: " + st.Note
	}
}

func (r *rig) compareOut(st *step) []string {
	var diffs []string
	count := func(m map[string][]string) int {
		n := 0
		for _, f := range m {
			n += len(f)
		}
		return n
	}
	if st.Lazy && (count(r.out) > 1 || count(st.Out) > 1) { // whether an old entry was still used
		return nil
	}
	for _, p := range slices.Sorted(maps.Keys(merge(st.Out, r.out))) {
		if !slices.Equal(st.Out[p], r.out[p]) {
			diffs = append(diffs, fmt.Sprintf("port %s: recorded %v, now %v", p, st.Out[p], r.out[p]))
		}
	}
	return diffs
}

func merge(a, b map[string][]string) map[string][]string {
	m := maps.Clone(a)
	if m == nil {
		m = map[string][]string{}
	}
	maps.Copy(m, b)
	return m
}

// compareTable compares what is known, but for entries whose time is up: when they go
// is the collector's business.
func (r *rig) compareTable(st *step) []string {
	if st.Fdb == nil && st.Op != "frame" {
		return nil
	}
	want, now := map[string]bool{}, map[string]bool{}
	for _, e := range st.Fdb {
		port, stale := strings.CutSuffix(fmt.Sprint(e[2]), " stale")
		if !stale {
			want[fmt.Sprintf("%v %v %s", e[0], e[1], port)] = true
		}
	}
	for _, e := range r.b.Table() {
		text := fmt.Sprintf("%s %d %d", e.MAC, e.VLAN, e.Port+1)
		if e.Static {
			text += " static"
		}
		now[text] = true
	}
	var diffs []string
	for _, e := range slices.Sorted(maps.Keys(want)) {
		aged, ok := r.gone[e]
		if !now[e] && (!ok || r.now-aged > gcSlack) {
			diffs = append(diffs, "table: recorded "+e+", not there now")
		}
	}
	for _, e := range slices.Sorted(maps.Keys(now)) {
		if !want[e] {
			diffs = append(diffs, "table: not recorded, there now: "+e)
		}
	}
	return diffs
}

func (r *rig) compareStates(st *step) []string {
	var diffs []string
	for i, s := range st.PortState {
		n, err := strconv.Atoi(s)
		if err != nil || n >= len(kernelStates) {
			continue
		}
		if got := r.b.State(i); got != kernelStates[n] {
			diffs = append(diffs, fmt.Sprintf("state of port %d: recorded %s, now %s", i+1, kernelStates[n], got))
		}
	}
	return diffs
}
