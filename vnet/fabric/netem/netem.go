// Package netem is what a Linux kernel's netem does to the frames of one direction of a
// link (net/sched/sch_netem.c, Linux 6.1), as values, in the words of tc(8): rate, delay
// with jitter, loss, duplication, reordering, corruption and slots. CoDel, a loss of
// every n-th frame and a filter are there besides.
//
// A value takes a frame with the time and says when it comes out, or why it does not. It
// keeps no clock and sets no timer. Its chance is its own: what happens elsewhere changes
// nothing here.
package netem

import (
	"fmt"
	"time"
)

// Limits of what can be said.
const (
	DefaultLimit = 1000                     // frames that wait, unless the words say otherwise (tc-netem(8))
	MaxLimit     = 1 << 20                  // frames that the words may let wait
	MaxWords     = 1024                     // bytes of the words of one stage
	MaxStages    = 4                        // stages of one direction
	tick         = 64 * time.Nanosecond     // in which tc tells the kernel times (PSCHED_SHIFT)
	maxTicks     = 1<<32 - 1                //
	maxJitter    = time.Duration(1<<31 - 1) // INT_MAX: the kernel cuts it there
	whole        = 1<<32 - 1                // a probability of 1
)

// A Percent is a probability as the kernel has it: of 2^32-1.
type Percent uint32

// String is the probability as tc shows it.
func (p Percent) String() string { return fmt.Sprintf("%g%%", sixDigits(100*float64(p)/whole)) }

// A LossModel says how frames are lost.
type LossModel uint8

// The models.
const (
	NoLoss         LossModel = iota
	RandomLoss               // each for itself, or correlated with the one before
	StateLoss                // a Markov chain of four states
	GilbertElliott           // two states, good and bad
	EveryNth                 // each n-th
)

// Loss is a model with its probabilities.
type Loss struct {
	Model       LossModel
	P           Percent // RandomLoss
	Correlation Percent
	P13         Percent // StateLoss: from one state to the other
	P31         Percent
	P32         Percent
	P23         Percent
	P14         Percent
	Bad         Percent // GilbertElliott: p, from good to bad
	Good        Percent // r, from bad to good
	Kept        Percent // h: a frame in the bad state is not lost
	LostInGood  Percent // 1-k
	Nth         uint32  // EveryNth
}

// Slots let frames out in bursts: a link that has the medium for a while.
type Slots struct {
	Min, Max     time.Duration // between two slots
	Distribution string        // of what is between two, about Mean
	Mean, Jitter time.Duration
	Packets      int // that a slot takes; no limit if 0
	Bytes        int
}

func (s Slots) on() bool { return s.Min|s.Max|s.Jitter != 0 }

// Config is what one stage does to frames. The zero value lets no frame wait: say
// Parse("") for the default limit. Its fields are what tc takes on one line.
type Config struct {
	Limit          int // frames that wait
	Delay          time.Duration
	Jitter         time.Duration
	DelayCorr      Percent
	Distribution   string // of the jitter; "" for uniform
	Loss           Loss
	Duplicate      Percent
	DuplicateCorr  Percent
	Reorder        Percent
	ReorderCorr    Percent
	Gap            uint32 // every so many frames may one be reordered; 0 for no reordering
	Corrupt        Percent
	CorruptCorr    Percent
	Rate           uint64 // bytes a second; no limit if 0
	PacketOverhead int
	CellSize       int
	CellOverhead   int
	ECN            bool // mark what is to be lost, where it can be marked
	Slots          Slots
	CoDel          *CoDel // of the queue before the rate; nil: what finds it full is lost
	Match          *Match // which frames; nil for all
}

// Words is what a user said of a direction, a stage each. It is empty for a plain link.
type Words []string

// Parse reads all stages.
func (w Words) Parse() ([]Config, error) {
	if len(w) > MaxStages {
		return nil, fmt.Errorf("there are %d stages, at most %d are allowed", len(w), MaxStages)
	}
	out := make([]Config, len(w))
	for i, s := range w {
		var err error
		if out[i], err = Parse(s); err != nil {
			return nil, err
		}
	}
	return out, nil
}
