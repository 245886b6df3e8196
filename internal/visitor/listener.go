package visitor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// Limits of connections that are too many.
const (
	maxTold   = 64 // are told so at once; beyond these a connection is just closed
	tellLimit = 2 * time.Second
	quietTime = 5 * time.Second // a stranger's that asks for nothing so long makes way for a new one
)

// A Listener accepts connections up to a Quota, and tells the rest why not. A
// trusted proxy's connections are counted for all only: they are many clients'.
//
// Who comes is a stranger, and counts for their address; a connection is a person's as soon as
// one is known by it (Known). Where strangers have too many, the one that has asked for nothing for
// longest is closed for who comes: who holds an address's connections doesn't keep those out who
// sit behind the same router.
type Listener struct {
	net.Listener
	Quota    *Quota
	Proxies  *Proxies
	Refusals *Refusals        // counts those who are told, and those who make way
	Now      func() time.Time // time.Now if nil

	once sync.Once
	tell chan struct{}

	mu    sync.Mutex
	quiet map[string]map[*counted]bool // strangers' connections on which nothing is asked, by address
}

func (l *Listener) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
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
		if why != nil && l.makeWay(client, why) {
			why = l.Quota.Take(client, 1)
		}
		if why == nil {
			k := &counted{Conn: c, l: l, client: client}
			l.mu.Lock()
			l.rest(k)
			l.mu.Unlock()
			return k, nil
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

// rest notes that nothing is asked on a connection. The caller holds mu.
func (l *Listener) rest(c *counted) {
	if c.closed || c.asking > 0 || c.client.Address == "" || c.client.Person != "" {
		return
	}
	if l.quiet == nil {
		l.quiet = map[string]map[*counted]bool{}
	}
	if l.quiet[c.client.Address] == nil {
		l.quiet[c.client.Address] = map[*counted]bool{}
	}
	c.since = l.now()
	l.quiet[c.client.Address][c] = true
}

// stir notes that a connection is quiet no more. The caller holds mu.
func (l *Listener) stir(c *counted) {
	at := c.client.Address
	if delete(l.quiet[at], c); len(l.quiet[at]) == 0 {
		delete(l.quiet, at)
	}
}

// makeWay closes a connection for a client who was refused one: a stranger's of the same address,
// or of any where it isn't the address that has too many. It is the one that was quiet for longest.
func (l *Listener) makeWay(client Client, why *Refusal) bool {
	l.mu.Lock()
	var oldest *counted
	for address, list := range l.quiet {
		if why.Status == http.StatusTooManyRequests && address != client.Address {
			continue
		}
		for c := range list {
			if oldest == nil || c.since.Before(oldest.since) {
				oldest = c
			}
		}
	}
	ok := oldest != nil && l.now().Sub(oldest.since) >= quietTime
	l.mu.Unlock()
	if !ok {
		return false
	}
	l.Refusals.Add(why.Kind)
	_ = oldest.Close() // it is of no more use either way
	return true
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

// A counted connection is given back when it is closed. What it is is guarded by its listener.
type counted struct {
	net.Conn
	l      *Listener
	client Client
	asking int       // requests
	since  time.Time // quiet
	closed bool
}

// Close implements net.Conn.
func (c *counted) Close() error {
	c.l.mu.Lock()
	first, client := !c.closed, c.client
	c.closed = true
	c.l.stir(c)
	c.l.mu.Unlock()
	if first {
		c.l.Quota.Give(client, 1)
	}
	return c.Conn.Close()
}

type connectionKey struct{}

// WithConnection is the context of a connection's requests (http.Server.ConnContext).
func WithConnection(ctx context.Context, c net.Conn) context.Context {
	if over, ok := c.(*tls.Conn); ok {
		c = over.NetConn()
	}
	if k, ok := c.(*counted); ok {
		return context.WithValue(ctx, connectionKey{}, k)
	}
	return ctx
}

// Asking notes that a request is answered on its connection until done is called.
func Asking(ctx context.Context) (done func()) {
	c, ok := ctx.Value(connectionKey{}).(*counted)
	if !ok {
		return func() {}
	}
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	c.asking++
	c.l.stir(c)
	return func() {
		c.l.mu.Lock()
		defer c.l.mu.Unlock()
		c.asking--
		c.l.rest(c)
	}
}

// Known has the connection that a request came by count for the person who is known by it, and no more
// for their address, or says why they can have no more of them. The first who is known by it has it.
// One of a trusted proxy's is nobody's.
func Known(ctx context.Context, person, class string) *Refusal {
	c, ok := ctx.Value(connectionKey{}).(*counted)
	if !ok || person == "" {
		return nil
	}
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.closed || c.client.Address == "" || c.client.Person != "" {
		return nil
	}
	to := Client{Person: person, Class: class, Address: c.client.Address}
	if why := c.l.Quota.Move(c.client, to, 1); why != nil {
		return why
	}
	c.l.stir(c)
	c.client = to
	return nil
}
