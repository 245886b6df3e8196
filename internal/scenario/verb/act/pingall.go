package act

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
)

func init() { verb.Register(verb.Frames, 5, pingall{}) }

// pingall pings from each node to each other.
type pingall struct{}

func (pingall) Name() string { return "pingall" }
func (pingall) Doc() string {
	return "Ping from each node to each other, once: all at a time, each whom it pings one after the other."
}

// maxPingall is how many nodes may ping each other: of so many are 16,256 pairs.
const maxPingall = 128

func (pingall) Shape() *format.Shape {
	nodes := format.ListOf(format.Name, maxPingall)
	return format.Many(format.Object(
		format.Field{Name: "nodes", Shape: nodes, Doc: "Who pings whom; each node with an address in this file, if not given."},
		format.Field{Name: "groups", Shape: format.ListOf(nodes, maxPingall), Doc: "Lists of nodes, instead of nodes: those of one reach each other, and nobody of another."},
	), 4)
}

func (pingall) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &pingingAll{}
	var groups [][]string
	missing := false
	known := func(list *format.Value) (names []string) {
		for _, e := range list.Each() {
			n := s.Node(e)
			missing = missing || n == ""
			names = append(names, n)
		}
		return names
	}
	hosts := s.Lab.Hosts()
	switch list := v.Get("groups"); {
	case list != nil && v.Get("nodes") != nil:
		s.Mistakes.At(v.Get("nodes"), "nodes stand beside groups, which say who pings already")
		return x
	case list != nil:
		for _, g := range list.Each() {
			groups = append(groups, known(g))
		}
	case v.Get("nodes") != nil:
		groups = [][]string{known(v.Get("nodes"))}
	default:
		var all []string
		for _, n := range s.Lab.Nodes {
			if _, has := hosts[n.Name]; has {
				all = append(all, n.Name)
			}
		}
		groups = [][]string{all}
	}
	if missing {
		return x
	}
	at := map[string]int{} // the group of a node
	for i, g := range groups {
		for _, n := range g {
			if j, twice := at[n]; twice {
				s.Mistakes.At(v, "node %s stands twice%s", n, map[bool]string{true: "", false: ", in two groups"}[i == j])
				return x
			}
			if _, has := hosts[n]; !has {
				s.Mistakes.At(v, "node %s has no address in this file, so that nobody can ping it", n)
				return x
			}
			at[n] = i
		}
	}
	x.nodes = slices.Concat(groups...)
	if len(x.nodes) < 2 || len(x.nodes) > maxPingall {
		s.Mistakes.At(v, "%d nodes ping each other, want 2 to %d", len(x.nodes), maxPingall)
		return x
	}
	for _, from := range x.nodes {
		var list []*pinging
		for _, to := range x.nodes {
			if to == from {
				continue
			}
			p := &pinging{node: from, to: hosts[to], count: 1, size: 56, within: noTime}
			if at[from] == at[to] {
				p.replies = 1
				x.reach++
			}
			p.owners = owners(s.Lab, p.to)
			list = append(list, p)
		}
		x.pings = append(x.pings, list)
	}
	return x
}

type pingingAll struct {
	nodes []string
	pings [][]*pinging // by the node that pings
	reach int          // how many of them must be answered
}

func (x *pingingAll) total() int { return len(x.nodes) * (len(x.nodes) - 1) }

func (x *pingingAll) Say() string { return fmt.Sprintf("%d nodes ping each other", len(x.nodes)) }

func (x *pingingAll) Wants() string {
	if x.reach == x.total() {
		return fmt.Sprintf("each of %d pings answered, of %d nodes to each other", x.total(), len(x.nodes))
	}
	return fmt.Sprintf("%d of %d pings answered, those within a group, of %d nodes to each other", x.reach, x.total(), len(x.nodes))
}

func (x *pingingAll) Proof() verb.Proof {
	if x.reach == 0 {
		return verb.NothingIs
	}
	return verb.Strong
}

// Parts are the replies.
func (x *pingingAll) Parts() int { return x.reach }

// maxShownPairs is how many pairs are named that did not do as they should.
const maxShownPairs = 6

// Run has each node ping one after the other.
func (x *pingingAll) Run(r *run.Run) error {
	now, next := make([]*underway, len(x.pings)), make([]int, len(x.pings))
	defer func() {
		for _, u := range now {
			if u != nil {
				u.forget(r)
			}
		}
	}()
	f := run.Finding{Expected: x.Wants()}
	var wrong []string
	answered, left := 0, 0
	begin := func(i int) error {
		if next[i] == len(x.pings[i]) {
			return nil
		}
		// No two at one time: what a ping is known by, on the way, is the time in its data.
		if err := r.For(time.Microsecond); err != nil {
			return err
		}
		u, err := x.pings[i][next[i]].start(r)
		if err != nil {
			r.Fail(err)
			next[i] = len(x.pings[i])
			return nil
		}
		now[i] = u
		next[i]++
		left++
		return nil
	}
	for i := range x.pings {
		if err := begin(i); err != nil {
			return err
		}
	}
	ended := func(u *underway) bool { return u != nil && u.ended() }
	for left > 0 {
		before := r.Lab.Now()
		if err := r.Until(before+lastWait, func() bool { return slices.ContainsFunc(now, ended) }); err != nil {
			return err
		}
		if !slices.ContainsFunc(now, ended) {
			r.Note("no ping of pingall has ended for %v", lastWait)
			break
		}
		for i, u := range now {
			if !ended(u) {
				continue
			}
			got := u.finding()
			answered += len(u.got.answered)
			f.Met += got.Met
			if !got.OK {
				wrong = append(wrong, u.complaint(got))
			}
			u.forget(r)
			now[i] = nil
			left--
			if err := begin(i); err != nil {
				return err
			}
		}
	}
	f.OK = len(wrong) == 0 && left == 0
	f.Actual = fmt.Sprintf("%d of %d answered", answered, x.total())
	if len(wrong) > maxShownPairs {
		wrong = append(wrong[:maxShownPairs], fmt.Sprintf("and %d more", len(wrong)-maxShownPairs))
	}
	if len(wrong) > 0 {
		f.Actual += "; " + strings.Join(wrong, "; ")
	}
	r.Find(f)
	return nil
}

// complaint says what is wrong with one ping of many.
func (u *underway) complaint(f run.Finding) string {
	if u.replies == 0 {
		return fmt.Sprintf("%s reaches %v", u.node, u.to)
	}
	return fmt.Sprintf("%s to %v: %s", u.node, u.to, f.Actual)
}
