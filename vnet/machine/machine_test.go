package machine_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"wireloom/tapemu"
	"wireloom/tunemu"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/fabric"
	"wireloom/vnet/kern"
	"wireloom/vnet/loop"
	"wireloom/vnet/machine"
	"wireloom/vnet/memory"
	"wireloom/vnet/packet"
	"wireloom/vnet/sys"
)

// A desk is a machine on a desk: what its interfaces send is written down.
type desk struct {
	*machine.Node
	t    *testing.T
	env  machine.Env
	loop loop.Loop
	said []string
}

// A plug is an interface's on the desk.
type plug struct {
	d *desk
	x *machine.Interface
}

func (p plug) Send(f *fabric.Frame) { p.d.say("%s sends %d bytes", p.x.Name(), len(f.Data)) }
func (p plug) Drop(reason, _ string, f *fabric.Frame) {
	p.d.say("%s drops %d bytes: %s", p.x.Name(), len(f.Data), reason)
}

func (d *desk) say(format string, args ...any) { d.said = append(d.said, fmt.Sprintf(format, args...)) }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

// newDesk is a machine with the card em0 and a device: NetBSD has taps, FreeBSD tuns.
func newDesk(t *testing.T, device string) *desk {
	d := &desk{t: t}
	rec := &event.Recorder{Log: event.NewLog(0), Loop: &d.loop}
	d.env = machine.Env{
		Loop: &d.loop, Log: rec, Pool: new(fabric.Pool), Memory: memory.New(0, d.loop.Cut, func() {}),
		Commands: map[string]sys.Program{"sleeper": sleeper("sleeper")},
		Lookup:   func(string) (netip.Addr, bool) { return netip.Addr{}, false },
		Plug:     func(x *machine.Interface) machine.Plug { return plug{d, x} },
	}
	dialect, driver := kern.NetBSD, kern.Module(tapemu.NetBSD())
	if device == "tun0" {
		dialect, driver = kern.FreeBSD, tunemu.FreeBSD()
	}
	d.Node = machine.New("n", dialect, [32]byte{1}, nil, &d.env)
	if e := d.Load(driver); e != errno.OK {
		t.Fatal(e)
	}
	d.must(d.AddCard("em0", packet.MAC{2, 0, 0, 0, 0, 1}, nil))
	d.must(d.AddDevice(machine.Device{Name: device}))
	d.must(d.StartNet(false, nil))
	t.Cleanup(d.Off)
	return d
}

// A sleeper is a program that sleeps for a minute.
type sleeper string

func (s sleeper) Name() string { return string(s) }
func (sleeper) ID() string     { return "" }
func (sleeper) Main(p *sys.Proc) sys.Exit {
	p.Sleep(time.Minute)
	if p.Dying() {
		return p.Verdict()
	}
	return sys.Exit{How: "exit"}
}

func (d *desk) iface(name string) *machine.Interface {
	i := slices.IndexFunc(d.Interfaces(), func(x *machine.Interface) bool { return x.If.Name == name })
	return d.Interfaces()[i]
}

// TestWhereAPacketGoes has a packet for each way through each kind of interface, on a
// machine without an IP stack.
func TestWhereAPacketGoes(t *testing.T) {
	arrives := func(d *desk, x *machine.Interface) { x.Deliver(d.env.Pool.New(make([]byte, 60), 7)) }
	output := func(d *desk, x *machine.Interface) { x.Output(d.env.Pool.New(make([]byte, 60), 7)) }
	written := func(d *desk, x *machine.Interface) { x.If.Input(x.If, 0, d.Kernel().NewFrame(make([]byte, 60))) }
	down := func(d *desk, x *machine.Interface) { d.Kernel().IfDown(&kern.Thread{}, x.If.Name) }
	open := func(d *desk, x *machine.Interface) {
		if _, e := d.Kernel().Open(&kern.Thread{}, "/dev/"+x.If.Name, kern.O_RDWR); e != errno.OK {
			t.Error(e)
		}
	}
	destroy := func(d *desk, x *machine.Interface) {
		if e := d.Kernel().IfDestroy(&kern.Thread{}, x.If.Name); e != errno.OK {
			t.Error(e)
		}
	}
	type act = func(*desk, *machine.Interface)
	for _, c := range []struct {
		name, iface string
		acts        []act
		want        string // what the plug is told
		queued      int    // packets that wait for the program
	}{
		{"a card sends what the kernel gives it", "em0", []act{output}, "n:em0 sends 60 bytes", 0},
		{"a card keeps what arrives", "em0", []act{arrives}, "", 0},
		{"a tap that is open queues what arrives for its program", "tap0", []act{open, arrives}, "", 1},
		{"a tap that is down is not running: a switch does not send to it", "tap0", []act{down, arrives}, "n:tap0 drops 60 bytes: if-down", 0},
		{"a tap sends what its program writes", "tap0", []act{written}, "n:tap0 sends 60 bytes", 0},
		{"a tap that is down sends nothing", "tap0", []act{down, written}, "n:tap0 drops 60 bytes: if-down", 0},
		{"what a tun's program writes goes to the plug where no stack takes it", "tun0", []act{written}, "n:tun0 sends 60 bytes", 0},
		{"a tap that was destroyed takes nothing", "tap0", []act{destroy, arrives}, "n:tap0 drops 60 bytes: no-interface", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDesk(t, strings.Replace(c.iface, "em0", "tap0", 1))
			x := d.iface(c.iface)
			for _, act := range c.acts {
				act(d, x)
			}
			if got := strings.Join(d.said, "; "); got != c.want {
				t.Errorf("the plug was told %q, want %q", got, c.want)
			}
			if got := x.If.Snd.Len(); got != c.queued {
				t.Errorf("%d packets wait for the program, want %d", got, c.queued)
			}
		})
	}
}

// TestADeviceKeepsItsPlug destroys a tap and makes it again.
func TestADeviceKeepsItsPlug(t *testing.T) {
	d := newDesk(t, "tap0")
	before, n := d.iface("tap0"), len(d.Interfaces())
	root := &kern.Thread{PID: 1, PGID: 1}
	if e := d.Kernel().IfDestroy(root, "tap0"); e != errno.OK || !before.Gone {
		t.Fatalf("destroy: %v; gone %t", e, before.Gone)
	}
	if _, e := d.Kernel().IfCreate(root, "tap0"); e != errno.OK || before.Gone {
		t.Fatalf("create: %v; gone %t", e, before.Gone)
	}
	if d.iface("tap0") != before || len(d.Interfaces()) != n {
		t.Error("it has another plug")
	}
}

func TestSlots(t *testing.T) {
	d := newDesk(t, "tap0")
	s := &machine.Slot{Executable: sys.Executable{Name: "a"}, Begins: true, Users: true}
	d.AddSlot(s)
	states := func() string {
		var all []string
		for _, st := range d.Status() {
			all = append(all, fmt.Sprintf("%s %s %q", st.Name, st.State, st.Program))
		}
		return strings.Join(all, "; ")
	}
	want := func(what, want string) {
		t.Helper()
		if got := states(); got != want {
			t.Errorf("%s: %s, want %s", what, got, want)
		}
	}
	want("an empty slot", `a stopped ""`)
	if _, err := d.StartSlot(s); err == nil || err.Error() != "n:a has no program yet: upload one" {
		t.Errorf("an empty slot starts: %v", err)
	}
	s.Program = sleeper("a.wasm")
	d.StartPrograms()
	d.loop.Run(time.Second, 100)
	want("it begins with the machine", `a sleeping "a.wasm"`)
	if _, err := d.StartSlot(s); err == nil || err.Error() != "n:a runs already, as process 1; stop it first" {
		t.Errorf("it starts twice: %v", err)
	}
	if got, want := strings.Join(d.Executables(), " "), "a sleeper"; got != want {
		t.Errorf("the prompt knows %s, want %s", got, want)
	}
	p, err := d.Start(sys.Executable{Name: "sleeper", Program: sleeper("sleeper"), Native: true}, "sleeper.1", []string{"sleeper"})
	d.must(err)
	d.loop.Run(2*time.Second, 100)
	want("a command beside it", `a sleeping "a.wasm"; sleeper.1 sleeping "sleeper"`)
	p.Signal(9)
	d.loop.Run(time.Hour, 100)
	want("both have ended", `a exited "a.wasm"`)
}
