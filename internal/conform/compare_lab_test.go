package main

import (
	"encoding/json"
	"fmt"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// A lab is a kernel with one driver on which a row of the page does what it
// is about. Its steps are the operations of recordings, so that a row can be
// as short as its sentence.
type lab struct {
	t    *testing.T
	m    *machine
	line int
	unit int // of what the steps are about
	fd   int // the cloner's file that they go through (NetBSD), 0 the newest
	next map[string]int
}

func newLab(t *testing.T, driver string) *lab {
	m := newMachine(drivers[driver])
	t.Cleanup(m.close)
	return &lab{t: t, m: m}
}

// fresh is another kernel with the same driver.
func (l *lab) fresh() *lab {
	m := newMachine(l.m.d)
	l.t.Cleanup(m.close)
	return &lab{t: l.t, m: m}
}

// as makes the steps that follow those of another process.
func (l *lab) as(pid int) *lab { l.m.pid = pid; return l }

// user makes the steps that follow those of somebody who is not root.
func (l *lab) user() *lab { l.m.root = false; return l }

// fail makes the n-th of something fail within the next step, as memory or a
// copy from the process does.
func (l *lab) fail(what string, n int) *lab { l.next = map[string]int{what: n}; return l }

// A step is an operation that has been done and what came of it.
type step struct {
	l    *lab
	line int
	res  result
	cnt  []string // counters that moved, and by how much
}

func (l *lab) do(o op) step {
	l.line++
	o.Unit, o.Inject, l.next = l.unit, l.next, nil
	o.FD = l.fd
	before := l.counters()
	s := step{l: l, line: l.line, res: l.m.step(l.line, &o)}
	after := l.counters()
	for _, name := range sortedKeys(after) {
		if d := int64(after[name] - before[name]); d != 0 {
			s.cnt = append(s.cnt, fmt.Sprintf("%s %+d", name, d))
		}
	}
	for _, key := range []string{"argument", "unknown operation"} {
		if bad, ok := s.res[key]; ok {
			l.t.Errorf("%s: %v", o.String(), bad)
		}
	}
	return s
}

func (l *lab) name() string { return fmt.Sprintf("%s%d", l.m.d.base, l.unit) }

func (l *lab) ifnet() *kern.Ifnet { return l.m.k.Ifnet(l.name()) }

func (l *lab) counters() map[string]uint64 {
	if i := l.ifnet(); i != nil {
		return counters(i)
	}
	return nil
}

func (l *lab) netbsd() bool { return l.m.d.dialect == kern.NetBSD }

// loaded, opened, made and ready are where rows begin: a driver; unit 0 open;
// an interface made by ifconfig and up; unit 0 open and its interface up.
func (l *lab) loaded() *lab { l.do(op{Op: "load"}); return l }

func (l *lab) opened() *lab {
	l.loaded()
	if l.netbsd() {
		l.create("tap0")
	}
	l.open(l.name())
	return l
}

// readNothing is read(2) of no bytes from unit 0, and what a file has of the driver's own: where
// its name is opened by the system call, or on NetBSD by cloner, and a packet waits.
func (l *lab) readNothing(path string) string {
	l.loaded()
	if l.netbsd() && path == l.name() {
		l.create(path)
	}
	root := l.m.thread(&op{})
	f, e := l.m.k.Open(root, path, kern.O_RDWR)
	if e != errno.OK {
		l.t.Fatalf("open %s: %v", path, e)
	}
	if l.m.d.base == "tun" {
		l.addr("10.0.0.1", "10.0.0.2")
	} else {
		l.up()
	}
	l.out(20)
	u := kern.Uio{}
	return join(f.Read(root, &u).String(), l.devq())
}

func (l *lab) made() *lab {
	l.loaded().create(l.name())
	l.up()
	return l
}

func (l *lab) ready() *lab {
	l.opened()
	if l.m.d.base == "tun" {
		l.addr("10.0.0.1", "10.0.0.2")
	} else {
		l.up()
	}
	return l
}

// The steps.

func (l *lab) open(path string) step    { return l.do(op{Op: "open", Path: path}) }
func (l *lab) close() step              { return l.do(op{Op: "close"}) }
func (l *lab) create(name string) step  { return l.do(op{Op: "create", Name: name}) }
func (l *lab) destroy(name string) step { return l.do(op{Op: "destroy", Name: name}) }
func (l *lab) unload() step             { return l.do(op{Op: "unload"}) }
func (l *lab) read(n int) step          { return l.do(op{Op: "read", Len: &n}) }
func (l *lab) nonblock() step           { return l.do(op{Op: "read", Nonblock: true}) }
func (l *lab) write(n int) step         { return l.do(op{Op: "write", Gen: l.bytes(n)}) }
func (l *lab) writeHex(hex string) step { return l.do(op{Op: "write", Hex: hex}) }
func (l *lab) up() step                 { return l.do(op{Op: "ifup"}) }
func (l *lab) down() step               { return l.do(op{Op: "ifdown"}) }
func (l *lab) poll(events ...string) step {
	return l.do(op{Op: "poll", Events: events})
}
func (l *lab) kqueue(filter string) step { return l.do(op{Op: "kqfilter", Filter: filter}) }
func (l *lab) kevent(kn int) step        { return l.do(op{Op: "kqevent", Kn: kn}) }
func (l *lab) listen()                   { l.do(op{Op: "bpf"}) }
func (l *lab) altq()                     { l.do(op{Op: "altq"}) }
func (l *lab) ifstart() step             { return l.do(op{Op: "ifstart"}) }
func (l *lab) signal(s step) step        { return l.do(op{Op: "signal", Line: s.line}) }
func (l *lab) stat() step                { return l.do(op{Op: "stat"}) }

// bytes are the packets of rows: they begin like IPv4 (45) on a tun, and with
// an address of one station (02) on a tap.
func (l *lab) bytes(n int) *gen {
	if l.m.d.base == "tun" {
		return &gen{N: n, Seed: 0x45}
	}
	return &gen{N: n, Seed: 2}
}

// sysctl reads a variable, or sets it where there is a value.
func (l *lab) sysctl(name string, set ...string) step {
	o := op{Op: "sysctl", Name: name}
	if len(set) > 0 {
		o.Set = set[0]
	}
	return l.do(o)
}

// out is a packet of n bytes that the stack sends, IPv4 to 10.0.0.2 on a tun.
func (l *lab) out(n int) step { return l.send("inet", n) }

func (l *lab) send(family string, n int) step {
	return l.do(op{Op: "output", Family: family, Dst: "10.0.0.2", Gen: l.bytes(n)})
}

// outs is that many packets, and returns the last.
func (l *lab) outs(count, n int) (s step) {
	for range count {
		s = l.out(n)
	}
	return s
}

// ether is a frame that goes through ether_output.
func (l *lab) ether(n int) step {
	return l.do(op{Op: "output", Ether: true, Gen: l.bytes(n)})
}

// chain is a packet in mbufs of these lengths and one with the rest.
func (l *lab) chain(n int, lens ...int) step {
	return l.do(op{Op: "output", Family: "inet", Gen: l.bytes(n), Chain: lens})
}

func (l *lab) ioctl(name string, arg ...any) step {
	return l.do(op{Op: "ioctl", Name: name, Arg: l.json(arg)})
}

func (l *lab) ifioctl(name string, arg ...any) step {
	return l.do(op{Op: "ifioctl", Name: name, Arg: l.json(arg)})
}

func (l *lab) json(arg []any) json.RawMessage {
	if len(arg) == 0 {
		return nil
	}
	data, err := json.Marshal(arg[0])
	if err != nil {
		l.t.Fatal(err)
	}
	return data
}

func (l *lab) mtu(n int) step { return l.ifioctl("SIOCSIFMTU", ifArg{MTU: n}) }

func (l *lab) addr(addr, dst string) step {
	return l.ifioctl("SIOCSIFADDR", ifArg{Family: "inet", Addr: addr, Dst: dst})
}

// answered are the ioctls that a new open device knows, or those that it
// does not.
func (l *lab) answered(names []string, known bool) string {
	var out []string
	for _, name := range names {
		if (l.fresh().opened().ioctl(name).err() != "ENOTTY") == known {
			out = append(out, name)
		}
	}
	return list(out)
}
