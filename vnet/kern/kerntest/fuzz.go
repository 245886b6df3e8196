package kerntest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
)

// fuzzUnits and fuzzFiles bound what a run plays with.
const (
	fuzzUnits = 6
	fuzzFiles = 8
	fuzzProcs = 6
	fuzzNotes = 16
)

// A fuzzer does operations that bytes choose and checks after each what must
// hold at any time.
type fuzzer struct {
	m     *Machine
	mod   kern.Module
	base  string
	data  []byte
	files []*kern.File
	reads []*fuzzRead
	notes []*kern.Knote
	seen  map[*kern.Ifnet]kern.Counters
	Ops   int
}

// fuzzRead is a process that reads.
type fuzzRead struct {
	*Proc
	ifp *kern.Ifnet // whose packets it reads
}

// Fuzz runs the operations that data encodes against a driver. base is the
// name of its devices. It returns how many operations it ran and, as an
// error, the first thing that must not be:
//
//   - a queue longer than its limit;
//   - a counter that goes backwards;
//   - an event of an interface that is detached (a panic);
//   - a reader that sleeps although its queue has a packet, unless the driver
//     has forgotten that it sleeps (RWAIT is clear), as the originals do when
//     a second reader comes and goes;
//   - packet memory that is still taken when every queue is empty.
func Fuzz(d kern.Dialect, mod kern.Module, base string, data []byte) (ops int, err error) {
	m := New(d, mod)
	defer m.Close()
	f := &fuzzer{m: m, mod: mod, base: base, data: data, seen: map[*kern.Ifnet]kern.Counters{}}
	for len(f.data) > 0 && m.K.Dead() == "" {
		f.step()
		m.Run()
		f.Ops++
		if err := f.check(); err != nil {
			return f.Ops, fmt.Errorf("operation %d: %w", f.Ops, err)
		}
	}
	return f.Ops, nil
}

func (f *fuzzer) byte() int {
	if len(f.data) == 0 {
		return 0
	}
	b := f.data[0]
	f.data = f.data[1:]
	return int(b)
}

// unit is a unit's name, now and then of one that nobody has.
func (f *fuzzer) unit() string { return f.base + strconv.Itoa(f.byte()%fuzzUnits) }

func (f *fuzzer) thread() *kern.Thread {
	b := f.byte()
	t := &kern.Thread{PID: 100 + b%3, PGID: 100 + b%3}
	if b&0x70 == 0x70 {
		t.Cred = kern.Cred{UID: 1001, GID: 100}
	}
	return t
}

func (f *fuzzer) file() *kern.File {
	if len(f.files) == 0 {
		return nil
	}
	return f.files[f.byte()%len(f.files)]
}

func (f *fuzzer) packet() []byte {
	p := make([]byte, 14+f.byte()*7)
	for i := range p {
		p[i] = byte(i)
	}
	if f.byte()%4 == 0 {
		p = p[:f.byte()%14]
	}
	if len(p) > 3 {
		// Where a family is expected, one that is known.
		p[0], p[1], p[2], p[3] = 0, 0, 0, 2
	}
	return p
}

var fuzzIoctls = []uint32{
	kern.FIONREAD, kern.FIONBIO, kern.FIOASYNC, kern.FIOSETOWN, kern.FIOGETOWN, kern.TIOCSPGRP, kern.TIOCGPGRP,
	kern.TUNGDEBUG, kern.TUNSDEBUG, kern.TUNSIFINFO, kern.TUNGIFINFO, kern.TUNSLMODE, kern.TUNSIFMODE, kern.TUNSIFPID,
	kern.TUNSIFHEAD, kern.TUNGIFHEAD, kern.VMIO_SIOCSIFFLAGS, kern.TAPGIFNAME, kern.SIOCSIFADDR, kern.OSIOCGIFADDR,
	kern.SIOCGIFFLAGS, kern.SIOCGIFADDR, kern.UnknownIoctl,
}

var fuzzIfIoctls = []uint32{
	kern.SIOCSIFADDR, kern.SIOCSIFDSTADDR, kern.SIOCDIFADDR, kern.SIOCGIFADDR, kern.SIOCADDMULTI, kern.SIOCDELMULTI,
	kern.SIOCSIFMTU, kern.SIOCGIFSTATUS, kern.SIOCSIFPHYADDR, kern.SIOCINITIFADDR, kern.SIOCSIFFLAGS, kern.UnknownIoctl,
}

// step does one operation. What it answers is not looked at.
func (f *fuzzer) step() {
	k := f.m.K
	switch f.byte() % 24 {
	case 0:
		_, _ = k.IfCreate(f.thread(), f.unit())
	case 1:
		name := f.unit()
		f.start(nil, func(t *kern.Thread) { k.IfDestroy(t, name) })
	case 2, 3:
		f.open()
	case 4:
		f.close()
	case 5, 6, 7:
		f.read()
	case 8, 9:
		if file := f.file(); file != nil {
			file.Write(f.thread(), &kern.Uio{Buf: f.packet()})
		}
	case 10, 11, 12:
		f.output()
	case 13:
		f.ioctl()
	case 14:
		f.ifioctl()
	case 15, 16:
		k.IfUp(f.thread(), f.unit())
	case 17:
		k.IfDown(f.thread(), f.unit())
	case 18:
		if file := f.file(); file != nil {
			file.Poll(f.thread(), f.byte())
		}
	case 19:
		f.kqfilter()
	case 20:
		if n := len(f.reads); n > 0 {
			f.reads[f.byte()%n].Interrupt()
		}
	case 21:
		if i := k.Ifnet(f.unit()); i != nil {
			i.ALTQ = f.byte()%2 == 0
		}
	case 22:
		f.sysctl()
	case 23:
		if f.byte()%8 == 0 {
			f.start(nil, func(t *kern.Thread) { k.Unload(t, f.mod.Name()) })
		} else {
			k.Load(f.m.Root, f.mod)
		}
	}
}

func (f *fuzzer) open() {
	if len(f.files) >= fuzzFiles {
		return
	}
	path := f.unit()
	if f.byte()%4 == 0 {
		path = f.base
	}
	flags := kern.O_RDWR
	if f.byte()%2 == 0 {
		flags |= kern.O_NONBLOCK
	}
	if file, err := f.m.K.Open(f.thread(), path, flags); err == errno.OK {
		f.files = append(f.files, file)
	}
}

func (f *fuzzer) close() {
	file := f.file()
	if file == nil {
		return
	}
	f.files = slices.DeleteFunc(f.files, func(x *kern.File) bool { return x == file })
	file.Close(f.thread())
}

// start runs a process that may sleep.
func (f *fuzzer) start(ifp *kern.Ifnet, fn func(t *kern.Thread)) {
	f.reads = slices.DeleteFunc(f.reads, func(r *fuzzRead) bool { return r.Done })
	if len(f.reads) >= fuzzProcs {
		return
	}
	f.reads = append(f.reads, &fuzzRead{f.m.Go(100+f.byte()%3, fn), ifp})
}

func (f *fuzzer) read() {
	file := f.file()
	if file == nil {
		return
	}
	n := f.byte() * 8
	f.start(f.ifnet(file), func(t *kern.Thread) { file.Read(t, &kern.Uio{Buf: make([]byte, n)}) })
}

// ifnet is the interface whose packets a file reads.
func (f *fuzzer) ifnet(file *kern.File) *kern.Ifnet {
	if c, ok := file.Ops().(interface{ Unit() int }); ok {
		return f.m.K.Ifnet(f.base + strconv.Itoa(c.Unit()))
	}
	if d, ok := file.Ops().(*kern.Cdev); ok {
		return f.m.K.Ifnet(d.Name)
	}
	return nil
}

func (f *fuzzer) output() {
	i := f.m.K.Ifnet(f.unit())
	if i == nil {
		return
	}
	p := f.packet()
	m := f.m.K.NewChain(p, f.byte(), f.byte())
	how := f.byte()
	// What goes into a tun goes through if_output: DragonFly's notifies there.
	if f.base == "tap" && how%3 != 0 {
		i.Transmit(m)
		return
	}
	dst := f.m.K.Dialect.SockaddrOf(netip.AddrFrom4([4]byte{10, 0, 0, 2}))
	if how%5 == 0 {
		dst.Family = uint8(how)
	}
	i.Output(m, dst)
}

func (f *fuzzer) ioctl() {
	file := f.file()
	if file == nil {
		return
	}
	cmd := fuzzIoctls[f.byte()%len(fuzzIoctls)]
	arg := make([]byte, max(8, kern.IoctlLen(cmd)))
	for j := range 8 {
		arg[j] = byte(f.byte())
	}
	file.Ioctl(f.thread(), cmd, arg)
}

func (f *fuzzer) ifioctl() {
	name := f.unit()
	r := kern.IfReq{MTU: f.byte() * 40, Flags: kern.IfFlags(f.byte())}
	r.Addr = kern.Addr{Family: kern.AF_INET, Addr: netip.AddrFrom4([4]byte{10, 0, 0, 1})}
	if f.byte()%2 == 0 {
		r.Addr.Dst = netip.AddrFrom4([4]byte{10, 0, 0, 2})
	}
	r.MAC = kern.MAC{byte(f.byte()), 0, 0x5e}
	r.Family = kern.AF_LINK
	f.m.K.Ifioctl(f.thread(), name, fuzzIfIoctls[f.byte()%len(fuzzIfIoctls)], &r)
}

func (f *fuzzer) kqfilter() {
	if n := len(f.notes); n >= fuzzNotes || n > 0 && f.byte()%3 == 0 {
		j := f.byte() % n
		f.notes[j].Event()
		f.notes[j].Detach()
		f.notes = slices.Delete(f.notes, j, j+1)
		return
	}
	file := f.file()
	if file == nil {
		return
	}
	kn := &kern.Knote{Filter: -1 - f.byte()%4}
	if file.Kqfilter(f.thread(), kn) == errno.OK {
		f.notes = append(f.notes, kn)
	}
}

func (f *fuzzer) sysctl() {
	all := f.m.K.Sysctls(f.m.Root)
	if len(all) == 0 {
		return
	}
	value := strconv.Itoa(f.byte() % 2)
	_, _ = f.m.K.Sysctl(f.thread(), all[f.byte()%len(all)].Name, &value)
}

func (f *fuzzer) check() error {
	queued := 0
	state := map[*kern.Ifnet]kern.UnitState{}
	for _, u := range f.mod.State().Units {
		state[u.If] = u
	}
	for _, i := range f.m.K.Ifnets() {
		queues := []*kern.Ifqueue{&i.Snd}
		if q := state[i].DevQ; q != nil {
			queues = append(queues, q)
		}
		for _, q := range queues {
			if q.Len() > q.Max {
				return fmt.Errorf("%s: %d packets in a queue of %d", i.Name, q.Len(), q.Max)
			}
			queued += q.Len()
		}
		if err := backwards(i.Name, f.seen[i], i.Cnt); err != nil {
			return err
		}
		f.seen[i] = i.Cnt
	}
	if queued == 0 && f.m.K.InUse() != 0 {
		return fmt.Errorf("%d bytes of packets are taken, and no queue has any", f.m.K.InUse())
	}
	for _, r := range f.reads {
		if r.Done || r.ifp == nil || !r.ifp.Attached() || r.Wmesg() == "" {
			continue
		}
		u := state[r.ifp]
		q := &r.ifp.Snd
		if u.DevQ != nil {
			q = u.DevQ
		}
		forgotten := f.m.K.Dialect != kern.NetBSD && !slices.Contains(u.Flags, "RWAIT")
		if q.Len() > 0 && !forgotten {
			return fmt.Errorf("%s: a reader sleeps in %s and %d packets wait", r.ifp.Name, r.Wmesg(), q.Len())
		}
	}
	return nil
}

func backwards(name string, was, is kern.Counters) error {
	for _, c := range []struct {
		what    string
		was, is uint64
	}{
		{"ipackets", was.Ipackets, is.Ipackets},
		{"ierrors", was.Ierrors, is.Ierrors},
		{"ibytes", was.Ibytes, is.Ibytes},
		{"imcasts", was.Imcasts, is.Imcasts},
		{"iqdrops", was.Iqdrops, is.Iqdrops},
		{"opackets", was.Opackets, is.Opackets},
		{"oerrors", was.Oerrors, is.Oerrors},
		{"obytes", was.Obytes, is.Obytes},
		{"omcasts", was.Omcasts, is.Omcasts},
		{"collisions", was.Collision, is.Collision},
	} {
		if c.is < c.was {
			return fmt.Errorf("%s: %s went from %d to %d", name, c.what, c.was, c.is)
		}
	}
	return nil
}
