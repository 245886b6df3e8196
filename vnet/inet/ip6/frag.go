package ip6

import (
	"time"

	"wireloom/vnet/inet/ip6/frag"
	"wireloom/vnet/inet/ip6/wire"
)

// fragment takes the fragment header at at, announced at said. more says that the walk over the
// headers goes on: of a whole packet, which is the input's now, where the fragment header was.
func (l *Layer) fragment(now time.Duration, in *input, at, said int, a *Acts) (r frag.Result, more bool) {
	l.stats.Fragments++
	r = l.fragments.Input(now, in.number(), in.p, at, said)
	l.wakeAt(l.fragments.Next())
	bad := func(pointer int) {
		l.errorAbout(now, in.nic, in.link.group(), in.p, wire.ParamProblem, wire.BadHeader, uint32(pointer), a)
	}
	switch r.Verdict {
	case frag.Waits:
	case frag.Alone:
		l.stats.Reassembled++
		r.Next, r.Said, r.Payload = in.p[at], at, at+wire.FragmentLen
		return r, true
	case frag.Whole:
		l.stats.Reassembled++
		in.p = r.Packet
		return r, true
	case frag.BadLength:
		bad(4)
	case frag.TooLong:
		bad(at + 2)
	case frag.Overlaps:
		l.stats.FragDropped += uint64(1 + r.Lost)
	case frag.Full:
		l.stats.FragDropped++
		l.stats.FragOverflow++
	case frag.Short:
		l.stats.TooSmall++
	}
	return r, false
}

// tickFragments gives up datagrams that are too late; the sender hears of it if the first
// fragment came (frag6_freef).
func (l *Layer) tickFragments(now time.Duration, a *Acts) {
	for _, d := range l.fragments.Tick(now) {
		l.stats.FragTimeout++
		if d.First != nil {
			l.errorAbout(now, l.nic(d.NIC), false, d.First, wire.TimeExceeded, wire.Reassembly, 0, a)
		}
	}
}
