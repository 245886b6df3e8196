package respond

import (
	"wireloom/internal/protocol/class"
	"wireloom/internal/visitor"
)

// Place is a place in the queue as the page reads it; nil for none.
func Place(p *visitor.Place) *class.QueuePlace {
	if p == nil {
		return nil
	}
	return &class.QueuePlace{Ticket: p.Ticket, Place: p.Number, Seconds: int(visitor.Seconds(p.Wait)), Ready: p.Ready}
}
