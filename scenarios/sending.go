package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/decode"
	"wireloom/vnet"
)

// frontier is how many frames a step puts somewhere before the lab may carry them on.
const frontier = 64

// send puts a step's frames where they belong.
func (g *grader) send(s *Send) error {
	frame := s.Frame
	if frame == nil {
		var err error
		if frame, err = g.build(s); err != nil {
			g.fail(err.Error())
			return nil
		}
	}
	port := s.Port + s.Device
	g.sent = append(g.sent, seen{at: g.lab.Now(), port: port, link: s.Link, data: frame})
	g.replies()
	for i := range s.Repeat {
		if i > 0 && s.Every > 0 {
			if err := g.run(s.Every); err != nil {
				return err
			}
		}
		if i%frontier == frontier-1 { // so that they don't pile up in memory
			if err := g.run(0); err != nil {
				return err
			}
		}
		if err := g.inject(s, port, frame); err != nil {
			g.fail(err.Error())
			return nil
		}
	}
	return nil
}

func (g *grader) inject(s *Send, port string, frame []byte) (err error) {
	g.injecting = true
	defer func() { g.injecting = false }()
	switch {
	case s.Device != "":
		_, err = g.lab.Do(vnet.Output{Port: port, Hex: frame})
	case s.Out:
		_, err = g.lab.Do(vnet.Inject{Port: port, Hex: frame})
	default:
		_, err = g.lab.Do(vnet.Arrive{Port: port, Hex: frame})
	}
	return err
}

// build makes a frame of values that the run has told.
func (g *grader) build(s *Send) ([]byte, error) {
	if s.Hex != "" {
		text, err := g.tell(s.Hex)
		if err != nil {
			return nil, err
		}
		b, err := unhex(text)
		if err != nil {
			return nil, fmt.Errorf("%.40q is not bytes in hexadecimal", text)
		}
		return s.cut(b)
	}
	kvs := slices.Clone(s.Fields)
	for i := range kvs {
		var err error
		if kvs[i].Value, err = g.tell(kvs[i].Value); err != nil {
			return nil, err
		}
	}
	b, err := decode.Build(s.Link, kvs)
	if err != nil {
		return nil, err
	}
	return s.cut(b)
}

// command is the fault as what is done to the lab.
func (f Fault) command() vnet.Command {
	switch {
	case f.Link.Link != "":
		return f.Link
	case f.Interface == "":
		return f.Frames
	}
	node, name, _ := strings.Cut(f.Interface, ":")
	word := map[bool]string{true: "up", false: "down"}[f.Up]
	return vnet.Exec{Node: node, Argv: []string{"ifconfig", name, word}}
}

// fault makes a link or an interface fail, or work again.
func (g *grader) fault(f Fault) {
	if _, err := g.lab.Do(f.command()); err != nil {
		g.fail(err.Error())
	}
}
