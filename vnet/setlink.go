package vnet

import (
	"fmt"

	"wireloom/vnet/event"
)

// SetLink makes a link lose all that is sent, in both directions, or carry again.
type SetLink struct {
	Port string `json:"port"`           // an end of the link
	Link string `json:"link,omitempty"` // "down" or "up"
}

// String is the command in words.
func (c SetLink) String() string { return c.Port + " link " + c.Link }

// Check returns what is wrong with the command itself, whatever the lab.
func (c SetLink) Check() error {
	if c.Link != "down" && c.Link != "up" {
		return fmt.Errorf("a link goes down or up, not %q", c.Link)
	}
	return nil
}

func (SetLink) op() string            { return "link" }
func (c SetLink) fact(e *event.Event) { e.Port = c.Port }
func (c SetLink) apply(l *Lab) (r Reply, err error) {
	if err := c.Check(); err != nil {
		return r, err
	}
	p, err := l.linked(c.Port)
	if err != nil {
		return r, err
	}
	p.SetDown(c.Link == "down")
	p.peer.SetDown(c.Link == "down")
	return r, nil
}
