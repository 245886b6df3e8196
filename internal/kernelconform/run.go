package main

import (
	"embed"
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/kernelconform/situation"
	"wireloom/internal/kernelconform/transcript"
	"wireloom/vnet/kern"
)

//go:embed testdata/*.txt
var testdata embed.FS

// dialects are those of the table, in its order.
var dialects = [...]kern.Dialect{kern.FreeBSD, kern.NetBSD, kern.DragonFly}

// A runs is the transcripts of a kernel, recorded or of our node. A situation is put to the
// node when it is asked for, once.
type runs struct {
	dialect kern.Dialect
	ours    bool
	done    map[string]*transcript.Transcript
	err     error // the first
}

// recordings are the recorded transcripts of a dialect, and ours the node's.
func recordings(d kern.Dialect) *runs {
	return &runs{dialect: d, done: map[string]*transcript.Transcript{}}
}

func ours(d kern.Dialect) *runs {
	return &runs{dialect: d, ours: true, done: map[string]*transcript.Transcript{}}
}

// get is the transcript of a situation; one without steps if there is none.
func (r *runs) get(name string) *transcript.Transcript {
	if t := r.done[name]; t != nil {
		return t
	}
	t := &transcript.Transcript{Name: name}
	if r.ours {
		s, ok := situation.Find(name)
		if !ok {
			panic("kernelconform: no situation " + name)
		}
		x, err := s.Run(r.dialect)
		if t = x; err != nil && r.err == nil {
			r.err = err
		}
	} else if b, err := testdata.ReadFile("testdata/" + situation.Prefix(r.dialect) + "." + name + ".txt"); err == nil {
		t = transcript.Parse(situation.Prefix(r.dialect)+"."+name, string(b))
	}
	r.done[name] = t
	return t
}

// step is a step of a situation by how its title begins; one of no frames if there is none.
func (r *runs) step(name, title string) *transcript.Step {
	if s := r.get(name).Find(title); s != nil {
		return s
	}
	return &transcript.Step{Title: "(no step " + title + ")"}
}

// title is a step's title behind what it begins with.
func (r *runs) title(name, title string) string {
	return strings.TrimSpace(strings.TrimPrefix(r.step(name, title).Title, title))
}

// A pick chooses frames.
type pick func(f *transcript.Frame) bool

func proto(names ...string) pick {
	return func(f *transcript.Frame) bool { return slices.Contains(names, f.Proto) }
}

func in(s *transcript.Step, p pick) (out []transcript.Frame) {
	for i := range s.Frames {
		if p(&s.Frames[i]) {
			out = append(out, s.Frames[i])
		}
	}
	return out
}

var (
	arp  = proto("ARP")
	icmp = proto("ICMP")
	tcp  = proto("TCP")
	ip4  = proto("ICMP", "TCP", "UDP", "IP")
)

// times are when frames came, in tenths of a second.
func times(all []transcript.Frame) string {
	var out []string
	for _, f := range all {
		out = append(out, fmt.Sprintf("%.1f", max(f.At, 0)))
	}
	if out == nil {
		return "never"
	}
	return strings.Join(out, " ")
}

// fields are some of each frame's, in a row.
func fields(all []transcript.Frame, names ...string) string {
	var out []string
	for i := range all {
		var one []string
		for _, n := range names {
			v := all[i].Get(n)
			if n != "flags" && n != "options" && n != "addresses" {
				v = n + v
			}
			one = append(one, v)
		}
		out = append(out, strings.Join(one, " "))
	}
	if out == nil {
		return "silence"
	}
	return strings.Join(out, ", ")
}

// note is the step's first note that begins so, behind that; "" if there is none.
func note(s *transcript.Step, begins string) string {
	for _, n := range s.Notes {
		if rest, ok := strings.CutPrefix(n, begins); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
