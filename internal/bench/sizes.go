package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
)

// sizes measures a frame's way through a lab that has many nodes, and one in which much has
// happened: from a port of a switch that knows where it goes to a node that has no use for it.
func sizes(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{
		Title: "a frame from a switch's port to a node, in labs of several sizes and ages",
		Notes: []string{"the first of each group is the peer of the others; an hour is one of 50 frames a second, whose events a lab's log has dropped all but the newest megabyte of"},
	}
	return r, inGroups(ctx, rounds, r, []group{
		{what: []string{"10 nodes", "100 nodes", "1,000 nodes"}, goal: flat, lab: func(i int) (passing, error) { return newSized([]int{10, 100, 1000}[i], 0) }},
		{what: []string{"a log of a minute", "a log of an hour"}, goal: flat, lab: func(i int) (passing, error) { return newSized(10, []int{60, 3600}[i]*framesASecond) }},
	})
}

// A group is labs that are held against the first of them.
type group struct {
	what []string
	each []int   // of how many things what says; nil if that is none of the question
	goal float64 // of the ratio to the first, for each thing; 0 for none
	lab  func(i int) (passing, error)
}

// A passing lab passes frames.
type passing interface {
	pass(frames int) error
	close()
}

// inGroups measures a frame's way through the labs of each group, in turns.
func inGroups(ctx context.Context, rounds int, r *Report, groups []group) error {
	for _, g := range groups {
		var turns []contender
		for i := range g.what {
			l, err := g.lab(i)
			if err != nil {
				return err
			}
			defer l.close()
			turns = append(turns, func() (cost, error) {
				return measure(func() (int, error) { return switchFrames, l.pass(switchFrames) })
			})
		}
		columns, err := inTurns(ctx, rounds, turns...)
		if err != nil {
			return err
		}
		first := columns[0].cpu()
		for i, what := range g.what {
			if i == 0 {
				r.Rows = append(r.Rows, against(what, "ns CPU/frame", first, nil, ""))
				continue
			}
			row := against(what, "ns CPU/frame", columns[i].cpu(), first, "")
			if g.goal > 0 && g.each == nil {
				row = row.goal(g.goal)
			}
			r.Rows = append(r.Rows, row)
			if g.each != nil {
				each := columns[i].cpu()
				for j := range each {
					each[j] /= float64(g.each[i])
				}
				r.Rows = append(r.Rows, against(what+", for each of them", "ns CPU/frame", each, first, "").goal(g.goal))
			}
		}
	}
	return nil
}

// A sized lab has nodes on one switch.
type sized struct {
	lab   *vnet.Lab
	frame []byte
}

// newSized makes a lab of so many nodes, through which so many frames have passed.
func newSized(nodes, passed int) (*sized, error) {
	c := config.Lab{Name: "sized", Switches: []config.Switch{{Name: "s1", Ports: nodes + 1, MaxMACs: config.MaxTable}}}
	for i := range nodes {
		name := fmt.Sprintf("h%d", i+1)
		c.Nodes = append(c.Nodes, config.Node{Name: name, NICs: []config.NIC{{Name: "em0"}}})
		c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s1.%d", i+2), B: name + ":em0"})
	}
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		return nil, err
	}
	lab.Start()
	lab.Run(lab.Now()+time.Minute, vnet.NoLimit) // what nodes say when they start
	s := &sized{lab: lab, frame: make([]byte, 64)}
	var to net.HardwareAddr
	for _, x := range lab.Status().Ifaces {
		if x.Port == fmt.Sprintf("h%d:em0", nodes) {
			if to, err = net.ParseMAC(x.MAC); err != nil {
				return nil, err
			}
		}
	}
	copy(s.frame, to)
	copy(s.frame[6:], "\x02\x00\x00\x00\xff\x01")
	binary.BigEndian.PutUint16(s.frame[12:], 0x88b5) // IEEE 802, for experiments
	// The node says something, so that the switch knows where it is.
	said := append([]byte("\x02\x00\x00\x00\xff\x01"), to...)
	said = append(said, s.frame[12:]...)
	if _, err := lab.Do(vnet.Arrive{Port: fmt.Sprintf("s1.%d", nodes+1), Hex: said}); err != nil {
		return nil, err
	}
	return s, s.pass(passed)
}

func (s *sized) pass(frames int) error {
	for range frames {
		if _, err := s.lab.Do(vnet.Arrive{Port: "s1.1", Hex: s.frame}); err != nil {
			return err
		}
		s.lab.Run(s.lab.Now()+time.Microsecond, vnet.NoLimit)
	}
	return nil
}

func (s *sized) close() { s.lab.Close() }
