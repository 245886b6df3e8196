package pcap

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/terminal"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// Points are where a capture looks: the whole lab, or some of its interfaces, switch
// ports and links. A frame that passes several of them is captured at each.
//
//   - The whole lab has each frame once on each link, where it is sent, and what goes
//     through a tun or tap that no link hangs on.
//   - An interface or a port has what leaves by it, when it leaves, and what comes in by
//     it, when it arrives: as tcpdump there would. Of a tun or tap without a link,
//     outbound is what its program reads.
//   - A link has each frame when it is sent: outbound is what its first end sends.
type Points struct {
	whole bool
	ends  map[string]vnet.End // of the lab
	list  []point             // not of the whole lab, whose points come as frames do
	at    map[string]int      // of list, by end
	on    map[[2]string]int   // of list, by the ends of a link as they were asked for
}

// A point is one interface of a capture.
type point struct {
	Interface
	a, b string // the ends of a link; b is "" where it is an end, a
}

// whole are the names of the whole lab: ours, and tcpdump's.
var whole = []string{"all", "any"}

// FindPoints finds capture points by their names: "all", a node or a switch for all that
// it has, an end ("alice:em0", "s1.2"), a link by its ends ("alice:em0-s1.1"). Without
// names it is the whole lab.
func FindPoints(names []string, ends []vnet.End) (*Points, error) {
	p := &Points{whole: len(names) == 0, ends: map[string]vnet.End{}, at: map[string]int{}, on: map[[2]string]int{}}
	for _, e := range ends {
		p.ends[e.Name] = e
	}
	for _, name := range names {
		if slices.Contains(whole, name) {
			if p.whole = true; len(names) > 1 {
				return nil, fmt.Errorf("%s is the whole lab: no other capture point goes with it", name)
			}
			break
		}
		if !p.find(name, ends) {
			return nil, fmt.Errorf("there is no capture point %q in this lab: %s", terminal.Cut(name, MaxName), told(ends))
		}
	}
	if len(p.list) > MaxInterfaces {
		return nil, errors.New("pcap: more capture points than a capture has interfaces")
	}
	return p, nil
}

// find adds the points of a name, if there are any.
func (p *Points) find(name string, ends []vnet.End) bool {
	found := false
	for _, e := range ends {
		if e.Name != name && ownerOf(e.Name) != name {
			continue
		}
		found = true
		if _, twice := p.at[e.Name]; !twice {
			p.at[e.Name] = len(p.list)
			p.list = append(p.list, p.end(e.Name))
		}
	}
	a, b, ok := linkOf(name)
	if e := p.ends[a]; !ok || b == "" || e.Peer != b {
		return found
	}
	if _, twice := p.on[[2]string{a, b}]; !twice {
		p.on[[2]string{a, b}] = len(p.list)
		text := fmt.Sprintf("the link of %s and %s; outbound is what %s sends", a, b, a)
		p.list = append(p.list, point{Interface{Name: name, Description: text, Link: p.ends[a].Link}, a, b})
	}
	return true
}

// end is the point at an end.
func (p *Points) end(name string) point {
	e, text := p.ends[name], ""
	switch _, iface, node := strings.Cut(name, ":"); {
	case e.Name == "": // it came later
	case node:
		text = fmt.Sprintf("interface %s of node %s", iface, ownerOf(name))
	default:
		text = fmt.Sprintf("port %s of switch %s", name[strings.LastIndexByte(name, '.')+1:], ownerOf(name))
	}
	if e.Peer != "" {
		text += ", linked to " + e.Peer
	}
	return point{Interface{Name: name, Description: text, Link: e.Link}, name, ""}
}

// ownerOf is the node or switch of an end.
func ownerOf(end string) string { return end[:max(strings.IndexAny(end, ":."), 0)] }

// linkOf takes the name of a link apart. The first end goes on to the first dash behind
// its colon or dot: names of nodes and switches may have dashes.
func linkOf(name string) (a, b string, ok bool) {
	at := strings.IndexAny(name, ":.")
	if at < 0 {
		return "", "", false
	}
	dash := strings.IndexByte(name[at:], '-')
	if dash < 0 {
		return "", "", false
	}
	return name[:at+dash], name[at+dash+1:], true
}

// A Place is a capture point for people to choose.
type Place struct {
	Name string `json:"name"`
	Does string `json:"does"` // what is captured there
}

// Places are the capture points of a lab: all of it, its nodes and switches with their
// ends, its links.
func Places(ends []vnet.End) []Place {
	p, _ := FindPoints(nil, ends) // the whole lab is always there
	places := []Place{{whole[0], "the whole lab: each frame once on each link"}}
	var links []Place
	for i, e := range ends {
		if owner := ownerOf(e.Name); i == 0 || ownerOf(ends[i-1].Name) != owner {
			does := "all ports of the switch"
			if strings.Contains(e.Name, ":") {
				does = "all interfaces of the node"
			}
			places = append(places, Place{owner, does})
		}
		places = append(places, Place{e.Name, p.end(e.Name).Description})
		if _, here := p.ends[e.Peer]; e.Peer != "" && (!here || e.Name < e.Peer) {
			links = append(links, Place{e.Name + "-" + e.Peer, "the link, both directions"})
		}
	}
	return append(places, links...)
}

// maxTold is how many points an error names.
const maxTold = 64

// told says which points there are.
func told(ends []vnet.End) string {
	var names []string
	link := ""
	for _, p := range Places(ends) {
		if _, _, ok := linkOf(p.Name); ok {
			link = "; a link is END-END, such as " + p.Name
			break
		}
		names = append(names, p.Name)
	}
	text := "there are " + strings.Join(names[:min(len(names), maxTold)], ", ")
	if n := len(names) - maxTold; n > 0 {
		text += fmt.Sprintf(" and %d more", n)
	}
	return text + link
}

// Wants reports whether an event may be of a frame that passes one of the points.
func (p *Points) Wants(e *event.Event) bool {
	if m, ok := e.Moved(); ok && !p.whole {
		return p.sees(m.End(), m.End())
	}
	return p.sees(e.Port, e.Peer)
}

// sees reports whether what goes from one end to another passes one of the points.
func (p *Points) sees(from, to string) bool {
	if p.whole {
		return true
	}
	if _, ok := p.at[from]; ok {
		return true
	}
	if _, ok := p.at[to]; ok {
		return true
	}
	for i := range p.list {
		if x := &p.list[i]; x.b != "" && (x.a == from || x.b == from) {
			return true
		}
	}
	return false
}
