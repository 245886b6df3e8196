package netem

import (
	"errors"
	"fmt"
	"strings"
)

// A parser reads words from left to right.
type parser struct {
	words []string
	conf  Config
	// Whether a word but duplicate gave a correlation. Without one tc keeps that of
	// duplicate to itself.
	correlated bool
}

// Parse reads what tc reads after "netem" (tc/q_netem.c of iproute2 6.1): words may be
// cut short as there, and mean what they mean there. Ours are "loss every N", and after
// the others "codel ..." and "match ...".
func Parse(s string) (Config, error) {
	if len(s) > MaxWords {
		return Config{}, fmt.Errorf("netem: there are %d bytes of words, at most %d are allowed", len(s), MaxWords)
	}
	p := parser{words: strings.Fields(s), conf: Config{Limit: DefaultLimit}}
	for len(p.words) > 0 {
		word := p.words[0]
		p.words = p.words[1:]
		read := p.reader(word)
		if read == nil {
			return Config{}, fmt.Errorf("netem: there is no word %.40q; there are limit, delay, loss, ecn, reorder, corrupt, gap, duplicate, distribution, rate, slot, codel and match", word)
		}
		if err := read(); err != nil {
			return Config{}, fmt.Errorf("netem: %.40s: %w", word, err)
		}
	}
	if err := p.check(); err != nil {
		return Config{}, fmt.Errorf("netem: %w", err)
	}
	return p.conf, nil
}

// reader is what reads what follows a word, which may be cut short: tc tries them in this
// order.
func (p *parser) reader(word string) func() error {
	switch word {
	case "slot":
		return p.slot
	case "codel":
		return p.codel
	case "match":
		return p.match
	}
	for _, w := range [...]struct {
		name string
		read func() error
	}{
		{"limit", p.limit},
		{"latency", p.delay},
		{"delay", p.delay},
		{"loss", p.loss},
		{"drop", p.loss},
		{"ecn", func() error { p.conf.ECN = true; return nil }},
		{"reorder", func() error {
			p.conf.Gap = max(p.conf.Gap, 1)
			return p.chance(&p.conf.Reorder, &p.conf.ReorderCorr)
		}},
		{"corrupt", func() error { return p.chance(&p.conf.Corrupt, &p.conf.CorruptCorr) }},
		{"gap", p.gap},
		{"duplicate", p.duplicate},
		{"distribution", func() (err error) { p.conf.Distribution, err = p.distribution(); return err }},
		{"rate", p.rate},
	} {
		if strings.HasPrefix(w.name, word) {
			return w.read
		}
	}
	return nil
}

var errEnd = errors.New("something has to follow it")

func (p *parser) next() (string, error) {
	if len(p.words) == 0 {
		return "", errEnd
	}
	w := p.words[0]
	p.words = p.words[1:]
	return w, nil
}

func (p *parser) more(is func(string) bool) bool { return len(p.words) > 0 && is(p.words[0]) }

// read reads the next word into v.
func read[T any](p *parser, v *T, as func(string) (T, error)) error {
	w, err := p.next()
	if err != nil {
		return err
	}
	*v, err = as(w)
	return err
}

func (p *parser) limit() error {
	return read(p, &p.conf.Limit, func(s string) (int, error) { return parseSize(s, MaxLimit) })
}

func (p *parser) delay() error {
	if err := read(p, &p.conf.Delay, parseTime); err != nil || !p.more(isNumber) {
		return err
	}
	if err := read(p, &p.conf.Jitter, parseTime); err != nil || !p.more(isNumber) {
		return err
	}
	p.correlated = true
	return read(p, &p.conf.DelayCorr, parsePercent)
}

// chance reads a probability and the correlation that may follow it.
func (p *parser) chance(of, corr *Percent) error {
	if err := read(p, of, parsePercent); err != nil || !p.more(isNumber) {
		return err
	}
	p.correlated = true
	return read(p, corr, parsePercent)
}

func (p *parser) duplicate() error {
	correlated := p.correlated
	err := p.chance(&p.conf.Duplicate, &p.conf.DuplicateCorr)
	p.correlated = correlated
	return err
}

func (p *parser) loss() error {
	l := &p.conf.Loss
	if l.Model != NoLoss && (l.Model != RandomLoss || l.P > 0) {
		return errors.New("it is there twice")
	}
	w, err := p.next()
	if err != nil {
		return err
	}
	var v [5]Percent
	switch {
	case isNumber(w):
		p.words = append([]string{w}, p.words...)
		fallthrough
	case w == "random":
		l.Model = RandomLoss
		return p.chance(&l.P, &l.Correlation)
	case w == "state":
		n, err := p.percents(v[:])
		if err != nil {
			return err
		}
		for i, d := range [...]Percent{1: whole - v[0], 2: 0, 3: whole, 4: 0} {
			if i >= n {
				v[i] = d
			}
		}
		l.Model, l.P13, l.P31, l.P32, l.P23, l.P14 = StateLoss, v[0], v[1], v[2], v[3], v[4]
		return nil
	case w == "gemodel":
		n, err := p.percents(v[:4])
		if err != nil {
			return err
		}
		for i, d := range [...]Percent{1: whole - v[0], 2: whole, 3: 0} {
			if i >= n {
				v[i] = d
			}
		}
		l.Model, l.Bad, l.Good, l.Kept, l.LostInGood = GilbertElliott, v[0], v[1], whole-v[2], v[3]
		return nil
	case w == "every":
		l.Model = EveryNth
		return read(p, &l.Nth, func(s string) (uint32, error) { n, err := parseInt(s, 1, 1<<31); return uint32(n), err })
	}
	return fmt.Errorf("there is no loss %.40q: say a percentage, random, state, gemodel or every", w)
}

// percents reads percentages, at least one, and returns how many.
func (p *parser) percents(into []Percent) (int, error) {
	for i := range into {
		if i > 0 && !p.more(isNumber) {
			return i, nil
		}
		if err := read(p, &into[i], parsePercent); err != nil {
			return i, err
		}
	}
	return len(into), nil
}

func (p *parser) gap() error {
	return read(p, &p.conf.Gap, func(s string) (uint32, error) { n, err := parseInt(s, 0, 1<<32-1); return uint32(n), err })
}

func (p *parser) distribution() (string, error) {
	w, err := p.next()
	switch {
	case err != nil:
		return "", err
	case w == "uniform":
		return "", errors.New("uniform is what jitter is without a distribution: leave these words out")
	case tables[w] == nil:
		return "", fmt.Errorf("there is no distribution %.40q: there are normal, pareto, paretonormal and experimental", w)
	}
	return w, nil
}

func (p *parser) rate() error {
	if err := read(p, &p.conf.Rate, parseRate); err != nil || !p.more(isSigned) {
		return err
	}
	signed := func(s string) (int, error) { return parseInt(s, -1<<16, 1<<16) }
	if err := read(p, &p.conf.PacketOverhead, signed); err != nil || !p.more(isNumber) {
		return err
	}
	size := func(s string) (int, error) { return parseInt(s, 0, 1<<16) }
	if err := read(p, &p.conf.CellSize, size); err != nil || !p.more(isSigned) {
		return err
	}
	return read(p, &p.conf.CellOverhead, signed)
}

func (p *parser) slot() error {
	s := &p.conf.Slots
	if s.Min != 0 || s.Jitter != 0 {
		return errors.New("it is there twice")
	}
	if p.more(func(w string) bool { return w == "distribution" }) {
		p.words = p.words[1:]
		var err error
		if s.Distribution, err = p.distribution(); err != nil {
			return err
		}
		if err = read(p, &s.Mean, parseTime64); err != nil {
			return err
		}
		if err = read(p, &s.Jitter, parseTime64); err != nil {
			return err
		}
		if s.Jitter <= 0 {
			return errors.New("a distribution wants a jitter above 0")
		}
	} else {
		if err := read(p, &s.Min, parseTime64); err != nil {
			return err
		}
		s.Max = s.Min
		if p.more(isNumber) {
			if err := read(p, &s.Max, parseTime64); err != nil {
				return err
			}
			s.Max = max(s.Max, s.Min)
		}
	}
	for p.more(func(w string) bool { return w == "packets" || w == "bytes" }) {
		into := &s.Packets
		if w, _ := p.next(); w == "bytes" {
			into = &s.Bytes
		}
		if err := read(p, into, func(w string) (int, error) { return parseSize(w, 1<<31-1) }); err != nil {
			return err
		}
	}
	return nil
}

// check is what tc checks when it has read all.
func (p *parser) check() error {
	c := &p.conf
	if !p.correlated {
		c.DuplicateCorr = 0
	}
	switch {
	case c.Reorder > 0 && c.Delay == 0:
		return errors.New("reorder: there is no reordering without a delay: say delay 10ms too")
	case c.Gap > 0 && c.Reorder == 0:
		return errors.New("gap: it is about reorder: say reorder 25% too")
	case c.Distribution != "" && (c.Delay == 0 || c.Jitter == 0):
		return errors.New("distribution: it is about delay and jitter: say delay 100ms 20ms too")
	case c.ECN && c.Loss.Model == NoLoss:
		return errors.New("ecn: it is about loss: say loss 1% too")
	case c.CoDel != nil && c.Rate == 0:
		return errors.New("codel: its queue is the one before a rate: say rate 1mbit too")
	case c.CoDel != nil && (c.Gap > 0 || c.Slots.on()):
		return errors.New("codel: there is neither reorder nor slot with it: make them a stage of their own")
	}
	c.Jitter = min(c.Jitter, maxJitter)
	c.Slots.Jitter = min(c.Slots.Jitter, maxJitter)
	return nil
}
