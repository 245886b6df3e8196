// Package keepalive keeps WebSockets open on which nothing is said, and finds out which peers
// are gone.
package keepalive

import (
	"context"
	"time"
)

// Every is how often a peer is asked. Proxies cut a connection that was quiet for 60 seconds
// (nginx's proxy_read_timeout, Apache's ProxyTimeout) or 50 (the timeouts of haproxy's own
// examples): so it is asked twice in that time.
const Every = 20 * time.Second

// Patience is how long an answer may take.
const Patience = 10 * time.Second

// A Conn is what is asked of a WebSocket.
type Conn interface {
	Ping(context.Context) error
	CloseNow() error
}

// Run asks the peer now and then until ctx ends. It closes the connection of one that does not
// answer, so that who reads from it finds out.
func Run(ctx context.Context, c Conn, every time.Duration) {
	timer := time.NewTimer(every)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-ctx.Done():
			return
		}
		timed, cancel := context.WithTimeout(ctx, Patience)
		err := c.Ping(timed)
		cancel()
		if err != nil {
			_ = c.CloseNow() // it is of no use any more
			return
		}
		timer.Reset(every)
	}
}
