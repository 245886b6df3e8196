// Package transcript reads the transcripts of what kernels answered, writes frames in their
// form, and compares two of them field by field.
//
// A line without a blank before it begins a step: what was done, or what a call returned.
// Below it stand the frames that left the kernel, each with the seconds since the step,
// and what was seen besides.
package transcript

import (
	"regexp"
	"strconv"
	"strings"
)

// A Transcript is what was done to a kernel and what came of it.
type Transcript struct {
	Name  string // "fbsd.echo"
	Steps []Step
}

// A Step is something that was done, with the frames that left the kernel after it.
type Step struct {
	Line   int // of the text, from 1
	Title  string
	Frames []Frame
	Notes  []string // the other lines below, trimmed
}

// A Frame is a frame that left the kernel.
type Frame struct {
	Line   int
	At     float64 // seconds since the step
	Text   string  // without the time
	Proto  string  // "ARP", "TCP", ...
	fields []field
}

// A field is a part of a frame by its name; Frame.Get says which there are.
type field struct{ name, value string }

// Get is a field's value, "" where the frame has none of that name. TCP: addresses,
// flags, seq, ack, win, id, ttl, df, tos, data, options, len. UDP: mf, off, ck besides.
// ICMP: t (the type), c (the code), quotes (bytes), rest. ARP: op, sender, target, eth.
// ICMP6: hl, hbh, pl. Of a router's frames there is iface too.
func (f *Frame) Get(name string) string {
	for _, x := range f.fields {
		if x.name == name {
			return x.value
		}
	}
	return ""
}

// Int is a field as a number; -1 where it is none.
func (f *Frame) Int(name string) int {
	n, err := strconv.Atoi(f.Get(name))
	if err != nil {
		return -1
	}
	return n
}

// Find is the first step whose title begins so; nil if there is none.
func (t *Transcript) Find(title string) *Step {
	for i := range t.Steps {
		if strings.HasPrefix(t.Steps[i].Title, title) {
			return &t.Steps[i]
		}
	}
	return nil
}

// noise are lines that tell of the suite's processes, not of a kernel.
var noise = regexp.MustCompile(`^(exit codes:.*|\[\]|None \[\]|\['net\.inet\..*)$`)

var frameLine = regexp.MustCompile(`^\+(-?[0-9.]+) ((?:em[0-9] )?(?:ARP|TCP|UDP|IP|ICMP|ICMP6|IP6) .*)$`)

// Parse reads a transcript.
func Parse(name, text string) *Transcript {
	t := &Transcript{Name: name}
	for i, line := range strings.Split(text, "\n") {
		body := strings.TrimSpace(line)
		switch {
		case body == "" || noise.MatchString(body):
			continue
		case line[0] != ' ' && !strings.HasPrefix(body, "+"):
			t.Steps = append(t.Steps, Step{Line: i + 1, Title: body})
			continue
		case len(t.Steps) == 0:
			t.Steps = append(t.Steps, Step{Line: i + 1})
		}
		s := &t.Steps[len(t.Steps)-1]
		if m := frameLine.FindStringSubmatch(body); m != nil {
			at, _ := strconv.ParseFloat(m[1], 64) // digits, or it is 0
			s.Frames = append(s.Frames, parseFrame(i+1, at, m[2]))
		} else {
			s.Notes = append(s.Notes, body)
		}
	}
	return t
}

// ParseFrame reads a frame in the transcripts' form, without a time.
func ParseFrame(text string) Frame { return parseFrame(0, 0, text) }

var (
	named  = regexp.MustCompile(`^(seq|ack|win|id|ttl|df|tos|data|len|mf|off|ck|pl|hl|nh|proto|op|t|c|rest)=?([0-9a-fA-FTrue]*)$`)
	optted = regexp.MustCompile(`^\[(.*)\]$`)
	flags  = regexp.MustCompile(`^[FSRPAUEC]*$`)
)

func parseFrame(line int, at float64, text string) Frame {
	f := Frame{Line: line, At: at, Text: strings.TrimSpace(text)}
	words := strings.Fields(text)
	add := func(name, value string) { f.fields = append(f.fields, field{name, value}) }
	if strings.HasPrefix(words[0], "em") {
		add("iface", words[0])
		words = words[1:]
	}
	f.Proto, words = words[0], words[1:]
	for i, w := range words {
		switch m := named.FindStringSubmatch(w); {
		case f.Proto == "ARP" && i == 1:
			add("sender", w)
		case f.Proto == "ARP" && i == 3:
			add("target", w)
		case f.Proto == "ARP" && i == 5:
			add("eth", w)
		case m != nil:
			add(m[1], m[2])
		case optted.MatchString(w):
			add("options", optted.FindStringSubmatch(w)[1])
		case strings.Contains(w, ">") && w != "->":
			add("addresses", w)
		case f.Proto == "TCP" && i == 1 && flags.MatchString(w):
			add("flags", w)
		case w == "hbh":
			add("hbh", "yes")
		case w == "quotes" && i+1 < len(words):
			add("quotes", words[i+1])
		}
	}
	return f
}
