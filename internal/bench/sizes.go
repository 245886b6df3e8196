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
	groups := []struct {
		what []string
		lab  func(i int) (*sized, error)
	}{
		{[]string{"10 nodes", "100 nodes", "1,000 nodes"}, func(i int) (*sized, error) { return newSized([]int{10, 100, 1000}[i], 0) }},
		{[]string{"a log of a minute", "a log of an hour"}, func(i int) (*sized, error) { return newSized(10, []int{60, 3600}[i]*framesASecond) }},
	}
	for _, g := range groups {
		var turns []contender
		for i := range g.what {
			s, err := g.lab(i)
			if err != nil {
				return nil, err
			}
			defer s.lab.Close()
			turns = append(turns, func() (cost, error) {
				return measure(func() (int, error) { return switchFrames, s.pass(switchFrames) })
			})
		}
		columns, err := inTurns(ctx, rounds, turns...)
		if err != nil {
			return nil, err
		}
		for i, what := range g.what {
			if i == 0 {
				r.Rows = append(r.Rows, against(what, "ns CPU/frame", columns[0].cpu(), nil, ""))
				continue
			}
			r.Rows = append(r.Rows, against(what, "ns CPU/frame", columns[i].cpu(), columns[0].cpu(), "").goal(flat))
		}
	}
	return r, nil
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
