package tab

import (
	"context"
	"errors"
	"sync"

	"wireloom/internal/stream/carrier"
)

// maxWaiting is how many messages of a page wait to be read: it sends a command for each key that
// is pressed, and an acknowledgement for each message.
const maxWaiting = 4096

// A Port is a viewer's end of a MessagePort: messages arrive at once or not at all, so that nobody
// has to be asked whether they are there. Its methods may be called from any goroutine.
type Port struct {
	post  func(b []byte)                              // sends a text
	leave func(code carrier.CloseCode, reason string) // says goodbye; it is called once

	mu      sync.Mutex
	waiting [][]byte
	over    bool
	come    chan struct{} // holds one: something has come
	once    sync.Once
}

// NewPort returns the port of a viewer that is told by post and leave.
func NewPort(post func(b []byte), leave func(code carrier.CloseCode, reason string)) *Port {
	return &Port{post: post, leave: leave, come: make(chan struct{}, 1)}
}

// Hear takes a message of the page's.
func (p *Port) Hear(b []byte) {
	p.mu.Lock()
	if len(p.waiting) < maxWaiting {
		p.waiting = append(p.waiting, b)
	} else {
		p.over = true // a page that says so much is none of ours
	}
	p.mu.Unlock()
	p.wake()
}

// Gone says that the page has left.
func (p *Port) Gone() {
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.wake()
}

func (p *Port) wake() {
	select {
	case p.come <- struct{}{}:
	default: // it is known already
	}
}

// Read implements [carrier.Conn].
func (p *Port) Read(ctx context.Context) (text bool, message []byte, err error) {
	for {
		p.mu.Lock()
		if len(p.waiting) > 0 {
			message, p.waiting = p.waiting[0], p.waiting[1:]
			p.mu.Unlock()
			return true, message, nil
		}
		over := p.over
		p.mu.Unlock()
		if over {
			return false, nil, carrier.ErrGoodbye
		}
		select {
		case <-p.come:
		case <-ctx.Done():
			return false, nil, ctx.Err()
		}
	}
}

var errOver = errors.New("the page has left")

// Write implements [carrier.Conn].
func (p *Port) Write(_ context.Context, b []byte, pieces ...[]byte) error {
	p.mu.Lock()
	over := p.over
	p.mu.Unlock()
	if over {
		return errOver
	}
	if len(pieces) > 0 {
		b = append([]byte(nil), b...)
		for _, x := range pieces {
			b = append(b, x...)
		}
	}
	p.post(b)
	return nil
}

// Ping implements [carrier.Conn]: a page that is gone has taken its worker with it.
func (p *Port) Ping(context.Context) error { return nil }

// Close implements [carrier.Conn].
func (p *Port) Close(code carrier.CloseCode, reason string) error {
	p.once.Do(func() { p.leave(code, reason) })
	p.Gone()
	return nil
}

// CloseNow implements [carrier.Conn].
func (p *Port) CloseNow() error { return p.Close(carrier.CloseNormal, "") }
