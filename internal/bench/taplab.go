package main

import (
	"bytes"
	"fmt"
	"time"

	"wireloom/tapemu"
	"wireloom/vnet"
	"wireloom/vnet/config"
	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// A tapLab is two nodes with a NetBSD tap each on one switch, which knows many
// stations; a process on a writes frames and one on b reads them. The processes
// are Go functions, scheduled and charged as a user's program is.
type tapLab struct {
	lab   *vnet.Lab
	sent  []byte
	burst int // frames that a sends each time it is started; without end if 0
	read  int // frames that b has read
	bad   error
}

// perFrame is the virtual time between two frames: the writer is charged one unit
// of fuel for each.
const perFrame = sys.FuelNanosecond * time.Nanosecond

// newTapLab makes a lab in which a sends frame, which goes from station 1 to
// another. Where burst is 0, a starts with the lab. window is that of the event
// log.
func newTapLab(frame []byte, burst, window int) (*tapLab, error) {
	node := func(name string, start bool) config.Node {
		return config.Node{
			Name: name, Dialect: kern.NetBSD, Devices: []config.Device{{Name: "tap0"}},
			Programs: []config.Program{{Name: "user", Start: start}},
		}
	}
	conf := config.Lab{
		Name: "taps", Seed: 1, Window: window,
		Nodes:    []config.Node{node("b", true), node("a", burst == 0)}, // b waits before a sends
		Switches: []config.Switch{{Name: "s1", Ports: 3}},
		Links:    []config.Link{{A: "a:tap0", B: "s1.1"}, {A: "b:tap0", B: "s1.2"}},
	}
	lab, err := vnet.New(conf, tapRuntime())
	if err != nil {
		return nil, err
	}
	t := &tapLab{lab: lab, sent: frame, burst: burst}
	if err := t.fill(); err != nil {
		lab.Close()
		return nil, err
	}
	return t, nil
}

// tapRuntime is what a lab of taps is built with.
func tapRuntime() vnet.Runtime {
	return vnet.Runtime{Modules: func(kern.Dialect) []kern.Module { return []kern.Module{tapemu.NetBSD()} }}
}

// fill installs the programs and teaches the switch its stations: 1 behind a, the
// others behind b.
func (t *tapLab) fill() error {
	if err := t.lab.Install("a", "user", goProgram(t.write)); err != nil {
		return err
	}
	if err := t.lab.Install("b", "user", goProgram(t.receive)); err != nil {
		return err
	}
	for i := range stations {
		port, mac := "s1.2", packet.MAC(stationMAC(i))
		if i == 1 {
			port = "s1.1"
		}
		// A frame to its own sender goes no further than the switch.
		if _, err := t.lab.Do(vnet.Arrive{Port: port, Hex: packet.AppendEthernet(nil, mac, mac, 0x88b5)}); err != nil {
			return err
		}
	}
	t.lab.Run(0, vnet.NoLimit)
	if got := len(t.lab.MACs("s1")); got != stations {
		return fmt.Errorf("the switch learned %d stations, want %d", got, stations)
	}
	return nil
}

// pass lets n frames go from a to b.
func (t *tapLab) pass(n int) error {
	t.lab.Start()
	want := t.read + n
	t.lab.Run(t.lab.Now()+time.Duration(n)*perFrame, vnet.NoLimit)
	// The first run also sends the frame of its own beginning.
	if t.bad == nil && (t.read < want || t.read > want+1) {
		t.bad = fmt.Errorf("%d frames were read, want %d", t.read, want)
	}
	return t.bad
}

func (t *tapLab) write(p *sys.Proc) errno.Errno {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	for n := 0; e == errno.OK && !p.Dying() && (t.burst == 0 || n < t.burst); n++ {
		if _, e = p.Write(fd, t.sent); e == errno.OK {
			p.Charge(1) // the frame goes its way before the process gets on
		}
	}
	return e
}

func (t *tapLab) receive(p *sys.Proc) errno.Errno {
	fd, e := p.Open("/dev/tap0", kern.O_RDWR)
	b := make([]byte, 2048)
	for e == errno.OK && !p.Dying() {
		var n int
		if n, e = p.Read(fd, b); e == errno.OK {
			t.read++
			if !bytes.Equal(b[:n], t.sent) {
				t.bad = fmt.Errorf("b read %d bytes that are not what a sent", n)
			}
		}
	}
	return e
}

// A goProgram is a Go function that runs as a user's program would.
type goProgram func(*sys.Proc) errno.Errno

// Name is the program's, for people.
func (goProgram) Name() string { return "benchmark" }

// ID says that it has no bytes to be hashed.
func (goProgram) ID() string { return "" }

// Main runs the function.
func (f goProgram) Main(p *sys.Proc) sys.Exit {
	if e := f(p); e != errno.OK && !p.Dying() {
		return sys.Exit{Code: 1, How: "exit", Why: e.Message()}
	}
	return sys.Exit{How: "exit"}
}
