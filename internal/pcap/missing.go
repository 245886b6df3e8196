package pcap

import (
	"fmt"
	"slices"
)

// A gap is how many frames are missing since the last packet, and why.
type gap struct {
	frames uint64
	why    string
}

func (g *gap) add(n uint64, why string) { g.frames, g.why = g.frames+n, why }

// comment says it with the next packet.
func (g *gap) comment(p *Packet) {
	if g.frames > 0 {
		p.Comments = append(p.Comments, fmt.Sprintf("%d frames before this one are not in this capture: %s", g.frames, g.why))
	}
	*g = gap{}
}

func (p *counted) miss(n uint64, why string) {
	p.Missing += n
	p.gap.add(n, why)
}

// Miss counts frames that passed from one end to another and are not in the capture, with
// the reason. Where it isn't known between which, they are only said with the next packet.
func (c *Capture) Miss(from, to string, frames uint64, why string) {
	p := c.conf.Points
	known := false
	at := func(i int, ok bool) {
		if ok {
			known = true
			c.points[i].Received += frames
			c.points[i].miss(frames, why)
		}
	}
	if i, ok := c.byName[from]; p.whole {
		at(i, ok)
	}
	for _, end := range slices.Compact([]string{from, to}) {
		i, ok := p.at[end]
		at(i, ok)
	}
	for _, way := range [][2]string{{from, to}, {to, from}} {
		i, ok := p.on[way]
		at(i, ok)
	}
	if !known {
		c.gap.add(frames, why)
	}
}
