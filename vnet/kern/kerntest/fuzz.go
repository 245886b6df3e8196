package kerntest

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// fuzzUnits and fuzzFiles bound what a run plays with.
const (
	fuzzUnits = 6
	fuzzFiles = 8
	fuzzProcs = 6
	fuzzNotes = 16
	fuzzOps   = 29 // kinds of operations
)

// A fuzzer does operations that bytes choose and checks after each what must
// hold at any time.
type fuzzer struct {
	m     *Machine
	mod   kern.Module
	base  string
	data  []byte
	files []*fuzzFile
	reads []*fuzzRead
	notes []*kern.Knote
	seen  map[*kern.Ifnet]kern.Counters
	model *model
	Ops   int
}

// fuzzFile is an open file, and the process that opened it.
type fuzzFile struct {
	*kern.File
	id  int // its descriptor, which no other file of the run has
	pid int
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
//   - packet memory that is still taken when every queue is empty;
//   - an answer that is not the model's: see model.
func Fuzz(d kern.Dialect, mod kern.Module, base string, data []byte) (ops int, err error) {
	m := New(d, mod)
	defer m.Close()
	f := &fuzzer{m: m, mod: mod, base: base, data: data, seen: map[*kern.Ifnet]kern.Counters{}, model: newModel(m.K)}
	for len(f.data) > 0 && m.K.Dead() == "" {
		f.step()
		m.Run()
		f.Ops++
		if err := cmp.Or(f.model.wrong, f.check()); err != nil {
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

func (f *fuzzer) file() *fuzzFile {
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
	switch f.byte() % fuzzOps {
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
	case 24, 25:
		f.multicast()
	case 26, 27:
		f.kqueue()
	case 28:
		f.openAgain()
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
	f.openAs(f.thread(), path, flags)
}

func (f *fuzzer) openAs(t *kern.Thread, path string, flags int) {
	if file, err := f.m.K.Open(t, path, flags); err == errno.OK {
		f.model.files++
		f.files = append(f.files, &fuzzFile{file, f.model.files, t.PID})
	}
}

// openAgain opens a device that is open already, as the process that has it: a tun
// allows that.
func (f *fuzzer) openAgain() {
	if file := f.file(); file != nil && len(f.files) < fuzzFiles {
		f.openAs(&kern.Thread{PID: file.pid, PGID: file.pid}, file.Path(), kern.O_RDWR)
	}
}

func (f *fuzzer) close() {
	file := f.file()
	if file == nil {
		return
	}
	f.files = slices.DeleteFunc(f.files, func(x *fuzzFile) bool { return x == file })
	f.model.forget(file.id)
	ifp := f.ifnet(file)
	before := f.sleepers(ifp)
	d, _ := file.Ops().(*kern.Cdev)
	unseen := d != nil && !d.DriverSeesClose()
	file.Close(f.thread())
	f.m.Run()
	if unseen && f.sleepers(ifp) != before {
		f.model.fail("%s: closing one of several opens woke a reader", file.Path())
	}
}

// sleepers is how many processes sleep in a read of an interface's packets.
func (f *fuzzer) sleepers(ifp *kern.Ifnet) int {
	n := 0
	for _, r := range f.reads {
		if ifp != nil && r.ifp == ifp && !r.Done {
			n++
		}
	}
	return n
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
func (f *fuzzer) ifnet(file *fuzzFile) *kern.Ifnet {
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
	r.MAC = packet.MAC{byte(f.byte()), 0, 0x5e}
	r.Family = kern.AF_LINK
	f.ifctl(f.thread(), name, fuzzIfIoctls[f.byte()%len(fuzzIfIoctls)], &r)
}

// multicast joins or leaves one of a few addresses, so that each is met again. The
// first byte's low bit says which are groups.
func (f *fuzzer) multicast() {
	cmd := uint32(kern.SIOCADDMULTI)
	if f.byte()%2 == 0 {
		cmd = kern.SIOCDELMULTI
	}
	r := kern.IfReq{MAC: packet.MAC{byte(f.byte() % 3), 0, 0x5e, 0, 0, byte(f.byte() % 4)}}
	f.ifctl(f.thread(), f.unit(), cmd, &r)
}

func (f *fuzzer) ifctl(t *kern.Thread, name string, cmd uint32, r *kern.IfReq) {
	i, mac := f.m.K.Ifnet(name), r.MAC
	got := f.m.K.Ifioctl(t, name, cmd, r)
	if want, known := f.model.membership(i, t, cmd, mac); known && got != want {
		f.model.fail("%s: %s of %s is %v, want %v", name, kern.IoctlName(cmd), mac, got, want)
	}
}

// kqueue registers a file's filter in a kqueue, or takes it out: that a
// registration is there does not depend on what became of the interface.
func (f *fuzzer) kqueue() {
	file := f.file()
	if file == nil {
		return
	}
	ev := kern.Kevent{Ident: file.id, Filter: -1 - f.byte()%4, Flags: kern.EV_ADD}
	if f.byte()%2 == 0 {
		ev.Flags = kern.EV_DELETE
	}
	got := f.model.kq.Change(f.thread(), file.File, ev)
	if want, known := f.model.registration(ev, got); known && got != want {
		f.model.fail("kevent of %s, filter %d, flags %#x: %v, want %v", file.Path(), ev.Filter, ev.Flags, got, want)
	}
	var events [4]kern.Kevent
	_, _ = f.model.kq.Collect(f.m.Root, events[:], 0)
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
