package main

import (
	"errors"
	"flag"
	"fmt"
	"strings"

	"wireloom/internal/filter"
	"wireloom/internal/pcap"
	"wireloom/internal/scenario/grade"
	"wireloom/internal/settings"
	"wireloom/vnet"
	"wireloom/vnet/event"
)

// pointFlag collects capture points.
type pointFlag []string

func (p *pointFlag) String() string { return strings.Join(*p, " ") }

func (p *pointFlag) Set(s string) error {
	if s == "" {
		return errors.New("want a capture point, such as alice:em0, s1.2, alice:em0-s1.1 or all")
	}
	*p = append(*p, s)
	return nil
}

// A captureFile is a capture that a run or a grading writes.
type captureFile struct {
	file   string // "" for none
	points pointFlag
	only   string // a display filter
	limit  *settings.Size

	c     *pcap.Capture // once it has begun
	short error         // what it lacks
}

func newCaptureFlags(f *flag.FlagSet) *captureFile {
	c := &captureFile{}
	f.StringVar(&c.file, "pcap", "", "write the frames to this `file`, as pcapng")
	c.limit = settings.SizeFlag(f, "max-output", maxOutput, "how many `bytes` a file may get, and what is shown, like 200MiB")
	f.Var(&c.points, "capture", "the capture `point` of --pcap, again for more: NODE:INTERFACE, SWITCH.PORT, a link as END-END, a NODE, a SWITCH, or all (default all)")
	f.StringVar(&c.only, "filter", "", "of what --pcap captures, take the frames that this display `filter` takes, in Wireshark's words")
	return c
}

// check returns what is wrong with the flags.
func (c *captureFile) check() error {
	if c.file == "" && (len(c.points) > 0 || c.only != "") {
		return errors.New("--capture and --filter say which frames are captured, and nothing which file they go to: give --pcap FILE, too")
	}
	if c.file == "-" {
		return errors.New("--pcap -: standard output has what happens, in words: give a FILE; labserver capture writes a live lab's frames to standard output")
	}
	if _, err := filter.Compile(c.only); err != nil {
		return fmt.Errorf("--filter: %w", err)
	}
	if *c.limit < minOutput {
		return fmt.Errorf("--max-output %v: want %v or more", *c.limit, settings.Size(minOutput))
	}
	return nil
}

// open opens the file and begins to capture a lab that has not been started.
func (c *captureFile) open(lab *vnet.Lab) (*outlet, error) {
	return openOutlet(c.file, "frames", int64(*c.limit), func(o *outlet) error { return c.begin(lab, o) })
}

// begin begins to capture a lab that has not been started.
func (c *captureFile) begin(lab *vnet.Lab, o *outlet) error {
	points, err := pcap.FindPoints(c.points, lab.Ends())
	if err != nil {
		return err
	}
	only, err := filter.Compile(c.only)
	if err != nil {
		return err
	}
	c.c, err = pcap.New(&o.part, pcap.Config{Points: points, Filter: only, Limit: o.limit})
	if err != nil {
		return err
	}
	o.put = func(e *event.Event) error {
		switch e.Kind {
		case event.Step, event.Check, event.Command: // what is said of frames
		default:
			if !lab.Passes(e) {
				return nil
			}
		}
		if err := c.c.Event(e); err != nil {
			return err
		}
		return c.c.Flush()
	}
	o.end = func() { o.err = c.c.Close(lab.Now()) }
	o.left = c.c.Cut
	return nil
}

// decided comments the frames that a check is about.
func (c *captureFile) decided(check *grade.Check) {
	for _, p := range check.Packets {
		text := ""
		switch p.Role {
		case grade.RoleExpected:
			text = "as expected"
		case grade.RoleUnexpected:
			text = "unexpected"
		case grade.RoleNearest:
			text = "nearest to what is expected"
			for _, d := range check.Diff {
				if !d.Same {
					text += fmt.Sprintf("; %s is %s, want %s", d.Field, d.Got, d.Want)
				}
			}
		default: // the capture knows what was sent
			continue
		}
		c.c.Comment(p.Frame, p.At, p.Port, text+"; the step "+check.Status)
	}
}
