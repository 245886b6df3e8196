package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"wireloom/internal/settings"
	"wireloom/vnet/event"
)

// Limits of what a run writes.
const (
	maxOutput = 1 << 30  // bytes of each output, where nobody says
	minOutput = 64 << 10 // that may be asked for
)

// An outlet is an output of a run: what it says of each event, up to a limit of bytes.
// It takes what it says of an event whole or not at all, and nothing after what did not
// fit: so the file is a good one, and what lacks is its end. It counts that.
type outlet struct {
	name, what string // "a.pcapng" has "frames"
	put        func(*event.Event) error
	part       bytes.Buffer  // where put writes
	end        func()        // puts what was held back, nil where nothing is
	left       func() uint64 // what put itself left out to keep the limit; nil where it doesn't
	last       string        // is written at the end, whatever the limit

	to    *bufio.Writer
	file  *os.File // nil where somebody else closes it
	size  int64
	limit int64
	cut   uint64 // of what
	err   error  // of put, or of the file: nothing is written after it
}

func newOutlet(name, what string, to io.Writer, limit int64) *outlet {
	return &outlet{name: name, what: what, to: bufio.NewWriter(to), limit: limit}
}

// openOutlet is one that is a file. make sets what it puts; what that writes at once to
// its part is the head of the file.
func openOutlet(name, what string, limit int64, make func(*outlet) error) (*outlet, error) {
	file, err := os.Create(name)
	if err != nil {
		return nil, err
	}
	o := newOutlet(name, what, file, limit)
	o.file = file
	if err = make(o); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	o.flush()
	return o, nil
}

// see is a reader of an event log.
func (o *outlet) see(e *event.Event) {
	if o.err != nil {
		return
	}
	if o.err = o.put(e); o.err == nil && o.part.Len() > 0 {
		o.flush()
	}
	o.part.Reset()
}

func (o *outlet) flush() {
	n := int64(o.part.Len())
	if o.left == nil && (o.cut > 0 || o.size+n > o.limit) {
		o.cut++
		return
	}
	o.size += n
	if o.to.Available() < o.part.Len() { // a line goes out whole
		if o.err = o.to.Flush(); o.err != nil {
			return
		}
	}
	_, o.err = o.part.WriteTo(o.to)
}

// close writes what is left. An outlet that failed has lost that.
func (o *outlet) close() error {
	if o.end != nil && o.err == nil {
		if o.end(); o.part.Len() > 0 {
			o.flush()
		}
	}
	err := o.err
	if err == nil {
		_, _ = o.to.WriteString(o.last) // Flush tells
		err = o.to.Flush()
	}
	if o.file != nil {
		err = errors.Join(err, o.file.Close())
	}
	return err
}

// lacks says what did not fit, nil where all did.
func (o *outlet) lacks() error {
	cut := o.cut
	if o.left != nil {
		cut = o.left()
	}
	if cut == 0 {
		return nil
	}
	return fmt.Errorf("%s: the limit of %v is reached, and %d %s more were not written; --max-output allows more", o.name, settings.Size(o.limit), cut, o.what)
}
