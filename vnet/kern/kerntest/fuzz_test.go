package kerntest

import (
	"cmp"
	"strings"
	"testing"

	"wireloom/vnet/errno"
	"wireloom/vnet/kern"
	"wireloom/vnet/packet"
)

// nothing is a driver of nothing.
type nothing struct{}

func (nothing) Name() string                                  { return "nothing" }
func (nothing) Link(*kern.Kernel)                             {}
func (nothing) Load(*kern.Kernel, *kern.Thread) errno.Errno   { return errno.OK }
func (nothing) Unload(*kern.Kernel, *kern.Thread) errno.Errno { return errno.OK }
func (nothing) Event(*kern.Kernel) errno.Errno                { return errno.EOPNOTSUPP }
func (nothing) State() kern.ModuleState                       { return kern.ModuleState{} }

// Each thing that the fuzzer looks for is found when it is there.
func TestFuzzerFinds(t *testing.T) {
	for _, tc := range []struct {
		name string
		make func(f *fuzzer, i *kern.Ifnet)
		want string
	}{
		{"nothing wrong", func(*fuzzer, *kern.Ifnet) {}, ""},
		{"a queue longer than its limit", func(f *fuzzer, i *kern.Ifnet) {
			Must(i.Enqueue(f.m.K.NewMbuf(nil)))
			Must(i.Enqueue(f.m.K.NewMbuf(nil)))
			i.Snd.Max = 1
		}, "2 packets in a queue of 1"},
		{"a counter that goes backwards", func(f *fuzzer, i *kern.Ifnet) {
			i.Cnt.Obytes = 7
			if err := f.check(); err != nil {
				panic(err)
			}
			i.Cnt.Obytes = 6
		}, "obytes went from 7 to 6"},
		{"a lost packet", func(f *fuzzer, _ *kern.Ifnet) { f.m.K.NewMbuf(nil) }, "2048 bytes of packets are taken"},
		{"a reader that sleeps in spite of a packet", func(f *fuzzer, i *kern.Ifnet) {
			f.start(i, func(th *kern.Thread) { f.m.K.Sleep(th, f, "read", true) })
			Must(i.Enqueue(f.m.K.NewMbuf(nil)))
		}, "a reader sleeps in read and 1 packets wait"},
		{"a group that was joined behind the model's back", func(f *fuzzer, i *kern.Ifnet) {
			i.Multi = append(i.Multi, packet.MAC{1})
			f.ifctl(f.m.Root, "em0", kern.SIOCDELMULTI, &kern.IfReq{MAC: packet.MAC{1}})
		}, "em0: SIOCDELMULTI of 01:00:00:00:00:00 is OK, want ENXIO"},
		{"a registration that the kqueue has lost", func(f *fuzzer, _ *kern.Ifnet) {
			f.model.registered[registration{7, kern.EVFILT_READ}] = true
			ev := kern.Kevent{Ident: 7, Filter: kern.EVFILT_READ, Flags: kern.EV_DELETE}
			if want, _ := f.model.registration(ev, errno.OK); f.model.kq.Change(f.m.Root, nil, ev) != want {
				f.model.fail("the kqueue has lost 7")
			}
		}, "the kqueue has lost 7"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fuzzer{m: New(kern.NetBSD, nothing{}), mod: nothing{}, seen: map[*kern.Ifnet]kern.Counters{}}
			f.model = newModel(f.m.K)
			defer f.m.Close()
			i := f.m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
			tc.make(f, i)
			got := ""
			if err := cmp.Or(f.model.wrong, f.check()); err != nil {
				got = err.Error()
			}
			if !strings.Contains(got, tc.want) || (got == "") != (tc.want == "") {
				t.Errorf("found %q, want %q", got, tc.want)
			}
		})
	}
}

func TestEventOfDetachedInterfacePanics(t *testing.T) {
	m := New(kern.NetBSD)
	i := m.K.AttachEther("em0", packet.MAC{2}, 1500, func(p *kern.Mbuf) { p.Free() })
	i.DetachEther()
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "a link state of em0, which is detached") {
			t.Errorf("recovered %v, want a complaint about em0", r)
		}
	}()
	i.SetLink(kern.LinkDown)
}

func TestLoadFailurePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a module that does not load went unnoticed")
		}
	}()
	New(kern.NetBSD, nothing{}, nothing{})
}
