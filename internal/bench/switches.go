package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"wireloom/vnet"
	"wireloom/vnet/config"
)

// Goals of a frame through a switch.
const (
	tapSwitch64   = 0.07 // of what gvisor-tap-vsock's Switch takes for 64 bytes,
	tapSwitch1500 = 0.05 // and for 1500
	flat          = 1.2  // of what ten addresses take, however many a switch knows
)

// How many frames a turn sends.
const (
	switchFrames = 40_000
	peerFrames   = 40_000
)

// impairments are what is measured of a link, in the words of tc netem; "" is a link that
// does nothing to frames.
var impairments = []string{
	"", "delay 1us", "delay 10us 2us distribution normal", "loss 1%", "loss gemodel 1% 10%", "duplicate 1%", "corrupt 1%",
	"rate 10gbit", "rate 10gbit codel", "slot 1us",
}

// switches measures a frame's way through switches: beside another switch in Go, through
// more of them, with more addresses, and over a link that does something to it.
func switches(ctx context.Context, rounds int) (*Report, error) {
	r := &Report{
		Title: "a frame through switches",
		Notes: []string{
			"the peer of the first rows is Switch of github.com/containers/gvisor-tap-vsock, from a net.Pipe to another; ours goes from a process through two taps, with log and hash",
			"the peer of the others is this build: one switch, ten addresses, a link that does nothing",
		},
	}
	if err := besideTapSwitch(ctx, rounds, r); err != nil {
		return nil, err
	}
	return r, inGroups(ctx, rounds, r, []group{
		{[]string{"1 switch", "5 switches", "20 switches"}, []int{1, 5, 20}, flat, func(i int) (passing, error) { return newChain([]int{1, 5, 20}[i], 1) }},
		{[]string{"10 addresses", "1,000 addresses", "100,000 addresses", "100,000 addresses in any order"}, nil, flat, func(i int) (passing, error) {
			c, err := newChain(1, []int{10, 1000, 100_000, 100_000}[i])
			if err == nil && i == 3 {
				c.step = 61_803 // of a place that is 38 % on: no two lie side by side
			}
			return c, err
		}},
		{append([]string{"a plain link"}, impairments[1:]...), nil, 0, func(i int) (passing, error) { return newChain(1, 1, impairments[i]) }},
	})
}

// besideTapSwitch measures the peer's switch, which is built for that.
func besideTapSwitch(ctx context.Context, rounds int, r *Report) error {
	dir, err := os.MkdirTemp("", "wireloom-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // what stays is in the system's temporary folder
	bin := filepath.Join(dir, "gvtap")
	build := exec.CommandContext(ctx, "go", "build", "-modfile=tools/peers.mod", "-o", bin, "internal/bench/peer/gvtap/main.go")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", build, err, out)
	}
	for _, x := range []struct {
		size int
		goal float64
	}{{64, tapSwitch64}, {1500, tapSwitch1500}} {
		t, err := newTapLab(frameOf(x.size, 2, 1), 0, 0)
		if err != nil {
			return err
		}
		defer t.lab.Close()
		columns, err := inTurns(ctx, rounds,
			func() (cost, error) {
				return measure(func() (int, error) { return switchFrames, t.pass(switchFrames) })
			},
			func() (c cost, err error) {
				out, err := exec.CommandContext(ctx, bin, strconv.Itoa(x.size), strconv.Itoa(peerFrames)).Output()
				if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
					return c, fmt.Errorf("gvtap: %w: %s", err, exit.Stderr)
				}
				if err == nil {
					_, err = fmt.Sscan(string(out), &c.wall, &c.cpu)
				}
				return c, err
			})
		if err != nil {
			return err
		}
		r.Rows = append(r.Rows, against(fmt.Sprintf("%d B, beside gvisor-tap-vsock", x.size), "ns CPU/frame", columns[0].cpu(), columns[1].cpu(), "").goal(x.goal))
	}
	return nil
}

// A chain is a lab of switches in a row, with a hub behind them that frames are sent to.
type chain struct {
	lab       *vnet.Lab
	addresses int
	step      int // from one frame's address to the next one's
	next      int
}

// newChain makes a chain of n switches that know so many addresses, with what is to be
// said of the last link.
func newChain(n, addresses int, words ...string) (*chain, error) {
	c := config.Lab{Name: "chain", Window: -1}
	for i := range n + 1 {
		c.Switches = append(c.Switches, config.Switch{Name: fmt.Sprintf("s%d", i+1), Ports: 2, MaxMACs: config.MaxTable, Hub: i == n})
		if i > 0 {
			c.Links = append(c.Links, config.Link{A: fmt.Sprintf("s%d.2", i), B: fmt.Sprintf("s%d.1", i+1)})
		}
	}
	if len(words) > 0 && words[0] != "" {
		c.Links[n-1].AtoB = words
	}
	lab, err := vnet.New(c, vnet.Runtime{})
	if err != nil {
		return nil, err
	}
	ch := &chain{lab: lab, addresses: addresses, step: 1}
	return ch, ch.pass(addresses)
}

// pass sends frames of one address after the other.
func (c *chain) pass(frames int) error {
	f := make([]byte, 64)
	copy(f, "\xff\xff\xff\xff\xff\xff\x02")
	for range frames {
		binary.BigEndian.PutUint32(f[8:], uint32(c.next))
		c.next = (c.next + c.step) % c.addresses
		if _, err := c.lab.Do(vnet.Arrive{Port: "s1.1", Hex: f}); err != nil {
			return err
		}
		c.lab.Run(c.lab.Now()+time.Microsecond, vnet.NoLimit)
	}
	return nil
}

func (c *chain) close() { c.lab.Close() }
