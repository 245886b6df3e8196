package visitor

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of how connections that are too many are told so.
const (
	maxTold   = 64 // at once; beyond these a connection is just closed
	tellLimit = 2 * time.Second
)

// A Listener accepts connections up to a Quota, and tells the rest why not. A
// trusted proxy's connections are counted for all only: they are many clients'.
type Listener struct {
	net.Listener
	Quota    *Quota
	Proxies  *Proxies
	Refusals *Refusals // counts those who are told

	once sync.Once
	tell chan struct{}
}

// Accept returns the next connection that may stay.
func (l *Listener) Accept() (net.Conn, error) {
	l.once.Do(func() { l.tell = make(chan struct{}, maxTold) })
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		client, trusted := Client{}, false
		client.Address, trusted = l.Proxies.Peer(c.RemoteAddr().String())
		if trusted {
			client.Address = ""
		}
		why := l.Quota.Take(client, 1)
		if why == nil {
			return &counted{Conn: c, give: sync.OnceFunc(func() { l.Quota.Give(client, 1) })}, nil
		}
		l.Refusals.Add(why.Kind)
		select {
		case l.tell <- struct{}{}:
			go func() {
				answer(c, why)
				<-l.tell
			}()
		default:
			_ = c.Close() // too many ask at once
		}
	}
}

// answer refuses whatever a connection is going to ask, and closes it. The request
// is read as far as it has come, or closing would take the answer back.
func answer(c net.Conn, why *Refusal) {
	defer func() { _ = c.Close() }()
	body, err := json.Marshal(map[string]string{"error": why.Why})
	if err != nil || c.SetDeadline(time.Now().Add(tellLimit)) != nil {
		return
	}
	var request [4 << 10]byte
	if _, err := c.Read(request[:]); err != nil {
		return
	}
	_, _ = fmt.Fprintf(c, "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nRetry-After: %d\r\nConnection: close\r\n\r\n%s\n",
		why.Status, http.StatusText(why.Status), len(body)+1, Seconds(why.After), body)
}

// Seconds is a time as the Retry-After header has it (RFC 9110, 10.2.3).
func Seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// A counted connection is given back when it is closed.
type counted struct {
	net.Conn
	give func()
}

func (c *counted) Close() error {
	c.give()
	return c.Conn.Close()
}
