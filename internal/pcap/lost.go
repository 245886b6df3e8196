package pcap

import (
	"slices"

	"wireloom/vnet/event"
)

// underWay are the reasons of drops of frames that are on a link already.
var underWay = []string{"unplugged", "impairment-removed", "port-off"}

// drop takes a frame that is lost at an end: it came in by it at this instant; or it was
// on its way from it, and won't arrive; or it never left.
func (c *Capture) drop(e *event.Event) {
	f, ok := e.Packet()
	if !ok {
		return
	}
	why := "dropped (" + e.Op + ")"
	if e.Text != "" {
		why += ": " + e.Text
	}
	s := sighting{Packet: Packet{At: e.At, Frame: f.ID, Data: f.Data, Comments: []string{why}}, link: f.Link, from: e.Port, to: e.Port, sent: e.At, lost: true}
	came := c.fate(&s, slices.Contains(underWay, e.Op))
	switch {
	case came != "":
		s.Flow, s.from = Inbound, came
	case e.Text != "": // else a driver says it, whose packets go both ways
		s.Flow = Outbound
	}
	p := c.conf.Points
	if p.whole {
		c.lose(s, c.named(e.Port, f.Link))
	}
	if i, ok := p.at[e.Port]; ok {
		c.lose(s, i)
	}
	for i := range p.list {
		x := &p.list[i]
		if x.b == "" || x.a != e.Port && x.b != e.Port {
			continue
		}
		s.Flow = Outbound
		if (x.a == e.Port) == (came != "") {
			s.Flow = Inbound
		}
		c.lose(s, i)
	}
}

// fate returns where a frame came from that was lost at the end where it came in, and
// takes it away where it was on its way from there.
func (c *Capture) fate(lost *sighting, way bool) (came string) {
	if lost.Frame == 0 {
		return ""
	}
	c.now = slices.DeleteFunc(c.now, func(s sighting) bool {
		if s.Frame != lost.Frame || !s.arrives {
			return false
		}
		if s.to == lost.to {
			came = s.from
			return false
		}
		gone := way && s.from == lost.to
		if gone {
			c.held -= len(s.Data)
		}
		return gone
	})
	return came
}

// lose counts a frame that is lost at a point, and says so with the packet that is there
// already, or as one of its own.
func (c *Capture) lose(s sighting, point int) {
	p := c.points[point]
	p.Dropped++
	if s.Frame != 0 {
		for i := range c.now {
			x := &c.now[i]
			if x.point == point && x.Frame == s.Frame && x.from == s.from && x.to == s.to && x.Flow == s.Flow {
				x.Comments = append(x.Comments, s.Comments...)
				return
			}
		}
	}
	c.take(s, point)
}
