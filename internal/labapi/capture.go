package labapi

import (
	"errors"
	"fmt"
	"io"
	"net/url"

	"wireloom/internal/filter"
	"wireloom/internal/pcap"
	"wireloom/internal/session"
	"wireloom/internal/terminal"
	"wireloom/vnet"
)

// MaxPoints is how many capture points one capture names.
const MaxPoints = 64

// A Capture is which of a lab's frames are asked for.
type Capture struct {
	points []string
	filter *filter.Filter
}

// ReadCapture reads what the address of a capture says: point=POINT, as often as there are
// capture points, and filter=FILTER.
func ReadCapture(query string) (Capture, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return Capture{}, errors.New("what stands behind the ? of the address cannot be read")
	}
	for k := range q {
		switch {
		case k != "point" && k != "filter":
			return Capture{}, fmt.Errorf("the address has %q, and a capture takes point=POINT and filter=FILTER", terminal.Cut(k, 64))
		case k == "filter" && len(q[k]) > 1:
			return Capture{}, errors.New("the address has filter twice: join them with && or ||")
		}
	}
	if n := len(q["point"]); n > MaxPoints {
		return Capture{}, fmt.Errorf("the address names %d capture points: at most %d; a node or a switch stands for all that it has", n, MaxPoints)
	}
	f, err := filter.Compile(q.Get("filter"))
	return Capture{q["point"], f}, err
}

// Of is the capture of a lab that has these ends.
func (c *Capture) Of(ends []vnet.End) (pcap.Config, error) {
	points, err := pcap.FindPoints(c.points, ends)
	return pcap.Config{Points: points, Filter: c.filter}, err
}

// WriteCapture writes a lab's frames as a capture file. Where frames are not in it, the
// comment of the next one says how many, and why.
func WriteCapture(w io.Writer, conf pcap.Config, frames *session.FrameReader) error {
	c, err := pcap.New(w, conf)
	if err != nil {
		return err
	}
	c.Miss("", "", frames.Lost, "a lab keeps its newest frames")
	for {
		e, err := frames.Next()
		if errors.Is(err, io.EOF) {
			return c.Close(frames.At)
		}
		if err != nil {
			return err
		}
		if frames.Missing > 0 {
			c.Miss("", "", frames.Missing, "the server's disk took no more")
		}
		if err := c.Event(&e); err != nil {
			return err
		}
	}
}
