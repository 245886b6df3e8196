package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"wireloom/vnet/fabric"
	"wireloom/vnet/fabric/netem"
)

// An impairment is how a kernel's netem treated some packets, in figures: the fields
// of a line of the recording.
type impairment struct {
	ID         string
	Args       *string
	Refused    bool `json:"refused_by_tc"`
	GapUs      int  `json:"gap_us"` // between packets, or between bursts
	Burst      int
	FrameBytes int `json:"frame_bytes"`

	Sent, Arrived, Unique, Copies, Lost, Late, Descents int

	LossShare   float64            `json:"loss_share"`
	LossAfter   *float64           `json:"p_loss_after_loss"`
	Swaps       float64            `json:"neighbour_swaps"`
	AtOnce      float64            `json:"at_once"`
	AtOnceAfter *float64           `json:"p_at_once_after_at_once"`
	Lag1        float64            `json:"lag1"`
	Delay       *spread            `json:"delay_ms"`
	Quantiles   map[string]float64 `json:"delay_quantiles_ms"`
	First       [][3]float64       `json:"first_arrivals"`
	BitsChanged map[string]int     `json:"bits_changed_per_frame"`
	FlipsByByte []int              `json:"flips_by_byte"`
	FlipsByBit  []int              `json:"flips_by_bit"`
	FlipsTotal  int                `json:"flips_total"`
	SendErrors  map[string]int     `json:"send_errors"`
	Shown       string             `json:"tc_show"`
}

type spread struct{ Mean, Sd, Min, Max float64 }

// came is a packet that arrived.
type came struct {
	seq      int
	sent, at time.Duration
	frame    []byte
}

// whole is a probability of 1.
const whole = netem.Percent(1<<32 - 1)

// What a recorded packet took besides: the way through the machine, and how far apart
// packets of a burst were.
const (
	overhead  = 5 * time.Microsecond
	apart     = 7200 * time.Nanosecond
	slack     = 30e-3 // ms, of recorded times
	collector = 5.0   // ms, that single packets may be late by
	sigmas    = 4.5   // of a difference that is still chance
)

// impaired sends the packets of a recording through our netem.
func (r *impairment) impaired() ([]came, error) {
	conf, err := netem.Parse(*r.Args)
	if err != nil {
		return nil, err
	}
	w := newWire(conf)
	for i := range r.Sent {
		switch {
		case i == 0:
		case r.GapUs == 0 && r.Burst > 0 && i%r.Burst == 0:
			w.drain()
			w.run(w.now + time.Millisecond)
		case r.Burst == 0 || i%r.Burst == 0:
			w.run(w.now + time.Duration(r.GapUs)*time.Microsecond)
		default:
			w.run(w.now + apart)
		}
		w.send(make([]byte, r.FrameBytes))
	}
	w.drain()
	return w.arrivals(), nil
}

// luck seeds the chance of our netem.
var luck = byte(1)

// A wire is a netem in virtual time.
type wire struct {
	now  time.Duration
	pool fabric.Pool
	pipe *netem.Pipe
	sent []time.Duration
	came []came

	latest time.Duration // of those that came
}

func newWire(c netem.Config) *wire {
	w := &wire{}
	w.pipe = netem.NewPipe([32]byte{luck}, &w.pool, nil)
	w.pipe.Configure(-time.Second, []netem.Config{c}) // it was there before the first packet
	return w
}

func (w *wire) send(frame []byte) {
	w.sent = append(w.sent, w.now)
	w.take(w.pipe.Enter(w.now, w.pool.New(frame, w.pool.NewID())))
}

func (w *wire) take(outs []netem.Out) {
	for _, o := range outs {
		if o.Why == (fabric.Reason{}) {
			seq := int(o.Frame.ID) - 1
			w.latest = max(w.latest, o.At)
			w.came = append(w.came, came{seq, w.sent[seq], o.At + overhead, slices.Clone(o.Frame.Data)})
		}
		w.pool.Release(o.Frame)
	}
}

func (w *wire) run(until time.Duration) {
	for {
		at, ok := w.pipe.Next()
		if !ok || at > until {
			break
		}
		w.now = max(at, w.now)
		w.take(w.pipe.Tick(w.now))
	}
	w.now = max(w.now, until)
}

// drain lets time pass until nothing is under way.
func (w *wire) drain() {
	for {
		at, ok := w.pipe.Next()
		if !ok {
			break
		}
		w.run(at)
	}
	w.now = max(w.now, w.latest)
}

// arrivals are the packets that came, in their order.
func (w *wire) arrivals() []came {
	slices.SortStableFunc(w.came, func(a, b came) int { return int(a.at - b.at) })
	return w.came
}

func (s *tally) impairment(r *impairment, where string, out io.Writer) {
	s.operations++
	arrivals, err := r.impaired()
	var diffs []string
	switch {
	case (err != nil) != r.Refused:
		diffs = append(diffs, fmt.Sprintf("refused: recorded %v, now %v", r.Refused, err))
	case err != nil:
	case r.FlipsByByte != nil:
		diffs = r.compareFlips(arrivals)
	default:
		diffs = r.compare(arrivals)
	}
	if len(diffs) > 0 {
		s.differ++
		fmt.Fprintf(out, "%s: %s: netem %s\n\t%s\n", where, r.ID, *r.Args, strings.Join(diffs, "\n\t"))
	}
}

// chance reports whether two shares of n may differ by chance. Where packets depend on
// one another, as in bursts of losses, fewer of them tell as much.
func chance(a, b float64, n int, bursty float64) bool {
	p := min(max(a, b, 1/float64(n)), 1-1/float64(n))
	return math.Abs(a-b) <= bursty*sigmas*math.Sqrt(2*p*(1-p)/float64(max(n, 1)))+1e-9
}

func (r *impairment) compare(arrivals []came) []string {
	var diffs []string
	ours := figures(r.Sent, arrivals)
	conf, _ := netem.Parse(*r.Args) // it was parsed before
	bursty := 1.0
	switch {
	case conf.Loss.Model == netem.StateLoss, conf.Loss.Model == netem.GilbertElliott:
		bursty = 3
	case conf.Loss.Correlation|conf.DuplicateCorr|conf.ReorderCorr != 0:
		bursty = 1.5
	}
	random := conf.Loss.Model != netem.NoLoss || conf.Duplicate != 0 || conf.Reorder != 0 || conf.Jitter != 0 || conf.Slots.Jitter != 0 || conf.Slots.Max > conf.Slots.Min
	share := func(what string, recorded, now float64, n int) {
		ok := chance(recorded, now, n, bursty)
		if !random {
			ok = math.Abs(recorded-now)*float64(n) < 2.5 // one late packet swaps with its neighbours
		}
		if !ok {
			diffs = append(diffs, fmt.Sprintf("%s: recorded %.5g, now %.5g of %d", what, recorded, now, n))
		}
	}
	n := r.Sent
	share("lost", float64(r.Lost)/float64(n), float64(ours.lost)/float64(n), n)
	share("copies", float64(r.Copies)/float64(n), float64(ours.copies)/float64(n), n)
	if r.Copies == 0 {
		share("late", float64(r.Late)/float64(n), float64(ours.late)/float64(n), n)
		share("descents", float64(r.Descents)/float64(n), float64(ours.descents)/float64(n), n)
		share("neighbours swapped", r.Swaps, ours.swaps, n)
	}
	share("at once", r.AtOnce, ours.atOnce, n)
	if r.LossAfter != nil && r.Lost > 20 {
		share("lost after a lost one", *r.LossAfter, ours.lossAfter, r.Lost)
	}
	if k := int(r.AtOnce * float64(n)); r.AtOnceAfter != nil && k > 20 && k < n {
		share("at once after one at once", *r.AtOnceAfter, ours.atOnceAfter, k)
	}
	if r.Delay != nil && len(arrivals) > 0 {
		diffs = append(diffs, r.compareDelays(&conf, ours, random)...)
	}
	return diffs
}

// compareDelays compares the delays' distribution. Delays that depend on one another, as
// behind a rate, say less than their number: by as much as their correlation is.
func (r *impairment) compareDelays(conf *netem.Config, ours stats, random bool) []string {
	var diffs []string
	rho := min(max(math.Abs(r.Lag1), math.Abs(ours.lag1)), 0.999)
	n := max(float64(r.Arrived)*(1-rho)/(1+rho), 4)
	if !random {
		n = float64(r.Arrived)
	}
	say := func(what string, recorded, now, by float64) {
		if math.Abs(recorded-now) > by {
			diffs = append(diffs, fmt.Sprintf("%s: recorded %.4f ms, now %.4f (%.4f is allowed)", what, recorded, now, by))
		}
	}
	chance := sigmas * math.Sqrt2 / math.Sqrt(n)
	outliers := collector * 20 / float64(r.Arrived) // what late packets make of the mean
	if !random {
		chance = 0.002 // of the spread: when the sender's clock ticked
	}
	if conf.Jitter != 0 && conf.DelayCorr == whole { // one delay for ever, any: see that it is one
		say("deviation of delays", r.Delay.Sd, ours.Sd, slack)
		return diffs
	}
	say("mean delay", r.Delay.Mean, ours.Mean, r.Delay.Sd*chance+slack+outliers)
	say("deviation of delays", r.Delay.Sd, ours.Sd, r.Delay.Sd*chance+slack+2*math.Sqrt(outliers*collector))
	for _, q := range [...]string{"1", "5", "10", "25", "50", "75", "90", "95", "99"} {
		recorded, ok := r.Quantiles[q]
		if !ok {
			continue
		}
		f, _ := strconv.ParseFloat(q, 64)
		f /= 100
		below, upTo := ours.below(recorded-slack), ours.below(recorded+slack+r.Delay.Sd*0.002)
		by := sigmas * math.Sqrt(2*f*(1-f)/n)
		if !random {
			by = 1.5 / float64(r.Arrived)
		}
		if f < below-by || f > upTo+by {
			diffs = append(diffs, fmt.Sprintf("%s %% of the delays: recorded up to %.4f ms, now %.2f %% are", q, recorded, 100*upTo))
		}
	}
	return append(diffs, r.compareFirst(ours, random)...)
}

// compareFirst compares the first arrivals one by one, where chance has no part in them.
func (r *impairment) compareFirst(ours stats, random bool) []string {
	if random {
		return nil
	}
	for i, f := range r.First {
		if i >= len(ours.arrivals) {
			return []string{fmt.Sprintf("arrival %d is missing", i+1)}
		}
		a := ours.arrivals[i]
		late := f[2] - f[1] - float64(a.at-a.sent)/1e6
		// Packets of a burst were sent at times that are not quite ours.
		sentBy := math.Abs(f[1] - float64(a.sent)/1e6)
		if a.seq != int(f[0]) || math.Abs(late) > slack+sentBy && math.Abs(late) > collector {
			return []string{fmt.Sprintf("arrival %d: recorded packet %.0f after %.4f ms, now packet %d after %.4f", i+1, f[0], f[2]-f[1], a.seq, float64(a.at-a.sent)/1e6)}
		}
	}
	return nil
}

// stats are the figures of a run of ours.
type stats struct {
	spread
	lost, copies, late, descents                int
	swaps, atOnce, lossAfter, atOnceAfter, lag1 float64
	arrivals                                    []came
	delays                                      []float64 // sorted, ms
}

func (s *stats) below(ms float64) float64 {
	i, _ := slices.BinarySearch(s.delays, ms)
	return float64(i) / float64(len(s.delays))
}

func figures(sent int, arrivals []came) stats {
	s := stats{arrivals: arrivals}
	first := make([]*came, sent)
	latest := -1
	for i := range arrivals {
		a := &arrivals[i]
		if first[a.seq] == nil {
			first[a.seq] = a
		} else {
			s.copies++
		}
		if a.seq < latest {
			s.late++
		}
		if i > 0 && arrivals[i-1].seq > a.seq {
			s.descents++
		}
		latest = max(latest, a.seq)
		s.delays = append(s.delays, float64(a.at-a.sent)/1e6)
	}
	bySeq := make([]float64, 0, sent)
	swapped, pairs, lostAfter, lostBefore, onceAfter, onceBefore, once := 0, 0, 0, 0, 0, 0, 0
	isOnce := func(a *came) bool { return a != nil && a.at-a.sent < 500*time.Microsecond }
	for i, a := range first {
		if a == nil {
			s.lost++
		} else {
			bySeq = append(bySeq, float64(a.at-a.sent)/1e6)
		}
		if isOnce(a) {
			once++
		}
		if i == 0 {
			continue
		}
		if b := first[i-1]; a != nil && b != nil {
			pairs++
			if b.at > a.at {
				swapped++
			}
		} else if b == nil {
			lostBefore++
			if a == nil {
				lostAfter++
			}
		}
		if isOnce(first[i-1]) && a != nil {
			onceBefore++
			if isOnce(a) {
				onceAfter++
			}
		}
	}
	s.swaps, s.lossAfter, s.atOnceAfter = ratio(swapped, pairs), ratio(lostAfter, lostBefore), ratio(onceAfter, onceBefore)
	s.atOnce = ratio(once, sent)
	s.lag1 = autocorrelation(bySeq)
	slices.Sort(s.delays)
	if len(s.delays) > 0 {
		s.Min, s.Max = s.delays[0], s.delays[len(s.delays)-1]
		s.Mean, s.Sd = meanAndDeviation(s.delays)
	}
	return s
}

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

func meanAndDeviation(v []float64) (mean, sd float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		sd += (x - mean) * (x - mean)
	}
	return mean, math.Sqrt(sd / float64(len(v)))
}

func autocorrelation(v []float64) float64 {
	if len(v) < 3 {
		return 0
	}
	mean, sd := meanAndDeviation(v)
	sum := 0.0
	for i := 1; i < len(v); i++ {
		sum += (v[i] - mean) * (v[i-1] - mean)
	}
	if sd == 0 {
		return 0
	}
	return sum / float64(len(v)) / (sd * sd)
}

// compareFlips compares which bits were changed.
func (r *impairment) compareFlips(arrivals []came) []string {
	var diffs []string
	total, byByte, byBit := 0, make([]int, r.FrameBytes), make([]int, 8)
	for _, a := range arrivals {
		changed := 0
		for i, b := range a.frame {
			for bit := range 8 {
				if b>>bit&1 == 1 {
					changed++
					byByte[i]++
					byBit[bit]++
				}
			}
		}
		if _, ok := r.BitsChanged[strconv.Itoa(changed)]; !ok {
			diffs = append(diffs, fmt.Sprintf("a frame has %d changed bits", changed))
			break
		}
		total += changed
	}
	if !chance(float64(r.FlipsTotal)/float64(r.Sent), float64(total)/float64(r.Sent), r.Sent, 1) {
		diffs = append(diffs, fmt.Sprintf("bits changed: recorded %d, now %d", r.FlipsTotal, total))
	}
	for _, c := range []struct {
		what          string
		recorded, now []int
	}{{"byte", r.FlipsByByte, byByte}, {"bit", r.FlipsByBit, byBit}} {
		for i := range c.recorded {
			if i >= len(c.now) || !chance(ratio(c.recorded[i], r.FlipsTotal), ratio(c.now[i], max(total, 1)), min(r.FlipsTotal, total), 1) {
				diffs = append(diffs, fmt.Sprintf("changed in %s %d: recorded %d, now differs", c.what, i, c.recorded[i]))
			}
		}
	}
	return diffs
}
