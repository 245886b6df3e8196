package netem

import (
	"fmt"
	"strings"
)

// String is the configuration in the words and the order in which tc shows it, with the
// names of distributions, which tc does not show.
func (c Config) String() string {
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, " "+format, args...) }
	correlated := func(name string, p, corr Percent) {
		if p == 0 {
			return
		}
		if say("%s %s", name, p); corr != 0 {
			say("%s", corr)
		}
	}
	say("limit %d", c.Limit)
	if c.Delay != 0 || c.Jitter != 0 {
		say("delay %s", showTime(c.Delay))
		if c.Jitter != 0 {
			say("%s", showTime(c.Jitter))
			if c.DelayCorr != 0 {
				say("%s", c.DelayCorr)
			}
		}
		if c.Distribution != "" {
			say("distribution %s", c.Distribution)
		}
	}
	switch l := c.Loss; l.Model {
	case NoLoss:
	case RandomLoss:
		correlated("loss", l.P, l.Correlation)
	case StateLoss:
		say("loss state p13 %s p31 %s p32 %s p23 %s p14 %s", l.P13, l.P31, l.P32, l.P23, l.P14)
	case GilbertElliott:
		say("loss gemodel p %s r %s 1-h %s 1-k %s", l.Bad, l.Good, whole-l.Kept, l.LostInGood)
	case EveryNth:
		say("loss every %d", l.Nth)
	}
	correlated("duplicate", c.Duplicate, c.DuplicateCorr)
	correlated("reorder", c.Reorder, c.ReorderCorr)
	correlated("corrupt", c.Corrupt, c.CorruptCorr)
	c.showRate(say)
	if c.ECN {
		say("ecn")
	}
	if c.Gap != 0 {
		say("gap %d", c.Gap)
	}
	c.Slots.show(say)
	if c.CoDel != nil {
		say("%s", c.CoDel)
	}
	if c.Match != nil {
		say("%s", c.Match)
	}
	return b.String()[1:]
}

func (c Config) showRate(say func(string, ...any)) {
	if c.Rate == 0 {
		return
	}
	say("rate %s", showRate(c.Rate))
	if c.PacketOverhead != 0 {
		say("packetoverhead %d", c.PacketOverhead)
	}
	if c.CellSize != 0 {
		say("cellsize %d", c.CellSize)
	}
	if c.CellOverhead != 0 {
		say("celloverhead %d", c.CellOverhead)
	}
}

func (s Slots) show(say func(string, ...any)) {
	switch {
	case !s.on():
		return
	case s.Distribution != "":
		say("slot distribution %s %s %s", s.Distribution, showTime(s.Mean), showTime(s.Jitter))
	default:
		say("slot %s %s", showTime(s.Min), showTime(s.Max))
	}
	if s.Packets != 0 {
		say("packets %d", s.Packets)
	}
	if s.Bytes != 0 {
		say("bytes %d", s.Bytes)
	}
}
