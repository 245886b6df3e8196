package visitor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func labQuota(l Limit) *Quota {
	return &Quota{Limit: l, Flag: "max-labs", Mine: "there are %s labs from %s", Ours: "this server runs %s labs", Advice: "close one first", After: time.Minute}
}

// of is a stranger, by their address.
func of(address string) Client { return Client{Address: address} }

// TestLimitsOfPeople: who is signed in is not limited by where they come from.
func TestLimitsOfPeople(t *testing.T) {
	const nat = "192.0.2.1"
	person := func(n int, class string) Client {
		return Client{Person: fmt.Sprint("p", n), Class: class, Address: nat}
	}
	limit := Limit{All: 1000, Each: 2, Person: 1, Class: 300, Strangers: 3}
	t.Run("200 people of a class behind one address, each has one", func(t *testing.T) {
		q := labQuota(limit)
		for n := range 200 {
			if why := q.Take(person(n, "c"), 1); why != nil {
				t.Fatal(n, why)
			}
		}
		if why := q.Take(person(0, "c"), 1); why == nil || !strings.Contains(why.Why, "there are 1 labs from you, and the limit is 1 (--max-labs-per-person)") {
			t.Errorf("a second lab: %v", why)
		}
		if why := q.Take(Client{Address: nat}, 1); why != nil {
			t.Errorf("a stranger at the same address: %v", why)
		}
	})
	t.Run("a class has its limit, and another class and strangers have room", func(t *testing.T) {
		q := labQuota(limit)
		var why *Refusal
		for n := 0; why == nil; n++ {
			if n > 300 {
				t.Fatal("the class has no limit")
			}
			why = q.Take(person(n, "c"), 1)
		}
		if !strings.Contains(why.Why, "there are 300 labs from your class") || why.Status != 429 || why.Kind != q.Kind {
			t.Errorf("%+v", why)
		}
		for _, c := range []Client{person(1000, "d"), {Address: nat}} {
			if why := q.Take(c, 1); why != nil {
				t.Errorf("%v: %v", c, why)
			}
		}
	})
	t.Run("strangers have less than all, so that people have room", func(t *testing.T) {
		q := labQuota(limit)
		for n := range 3 {
			if why := q.Take(of(fmt.Sprint(n)), 1); why != nil {
				t.Fatal(why)
			}
		}
		if why := q.Take(of("9"), 1); why == nil || why.Status != 503 || !strings.Contains(why.Why, "--max-labs-strangers") {
			t.Errorf("a fourth stranger: %v", why)
		}
		if why := q.Take(person(1, "c"), 1); why != nil {
			t.Error(why)
		}
		q.Give(of("0"), 1)
		if why := q.Take(of("9"), 1); why != nil {
			t.Errorf("a stranger after another has gone: %v", why)
		}
	})
}

func TestLimits(t *testing.T) {
	for _, c := range []struct {
		name  string
		limit Limit
		takes string // clients that take one each, in order; a capital letter gives one back
		want  string // what the last one is told, "" if it gets one
		code  int
	}{
		{"room", Limit{All: 4, Each: 2}, "aab", "", 0},
		{"a client has its limit", Limit{All: 4, Each: 2}, "aaa", "there are 2 labs from your address, and the limit is 2 (--max-labs-per-client): close one first", 429},
		{"one client's limit is nobody else's", Limit{All: 4, Each: 2}, "aab", "", 0},
		{"all have the limit", Limit{All: 4, Each: 2}, "aabbc", "this server runs 4 labs, and the limit is 4 (--max-labs): try again later", 503},
		{"who has its own limit is told of that", Limit{All: 4, Each: 2}, "aabba", "--max-labs-per-client", 429},
		{"one is given back", Limit{All: 4, Each: 2}, "aabbAc", "", 0},
		{"one is given back to the same", Limit{All: 4, Each: 2}, "aaAa", "", 0},
		{"no limit for a client", Limit{All: 4, Each: -1}, "aaaa", "", 0},
		{"no limit for a client, but for all", Limit{All: 4, Each: -1}, "aaaaa", "--max-labs)", 503},
		{"no limit", Limit{All: -1, Each: -1}, "aaaaaaaaaa", "", 0},
		{"no limit for all", Limit{All: -1, Each: 2}, "aabbccdd", "", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := labQuota(c.limit)
			var why *Refusal
			for _, x := range c.takes {
				client := strings.ToLower(string(x))
				if client != string(x) {
					q.Give(of(client), 1)
					continue
				}
				if why != nil {
					t.Fatalf("refused too early: %v", why)
				}
				why = q.Take(of(client), 1)
			}
			switch {
			case c.want == "" && why != nil:
				t.Errorf("refused: %v", why)
			case c.want != "" && (why == nil || why.Status != c.code || why.After != time.Minute || !strings.Contains(why.Why, c.want)):
				t.Errorf("got %+v, want %d with %q", why, c.code, c.want)
			}
			if u := q.Use(); (u.Refused > 0) != (why != nil) {
				t.Errorf("%d refusals are counted", u.Refused)
			}
		})
	}
	t.Run("nothing is taken and given back", func(t *testing.T) {
		q := labQuota(Limit{All: 1, Each: 1})
		if why := q.Take(of("a"), 0); why != nil {
			t.Error(why)
		}
		q.Give(of("a"), 0)
		q.Give(of("b"), 0)
		if u := q.Use(); u.Used != 0 || len(q.by) != 0 {
			t.Errorf("%d used and %d clients known", u.Used, len(q.by))
		}
	})
	t.Run("what is used", func(t *testing.T) {
		q := labQuota(Limit{All: 10, Each: -1})
		for _, client := range []string{"a", "b", "b", ""} {
			if why := q.Take(of(client), 2); why != nil {
				t.Fatal(why)
			}
		}
		if got, want := q.Use(), (Use{Used: 8, Limit: 10, Client: 4, ClientLimit: -1}); got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for _, client := range []string{"a", "b", "b", ""} {
			q.Give(of(client), 2)
		}
		if u := q.Use(); u.Used != 0 || len(q.by) != 0 {
			t.Errorf("%d used and %d clients known after all was given back", u.Used, len(q.by))
		}
	})
	t.Run("bytes", func(t *testing.T) {
		q := labQuota(Limit{All: 10 << 20, Each: 4 << 20})
		q.Bytes, q.Flag, q.Mine = true, "max-disk", "the files of the labs from %[2]s take %[1]s"
		if why := q.Take(of("a"), 3<<20); why != nil {
			t.Fatal(why)
		}
		const want = "the files of the labs from your address take 3 MiB, 1.5 MiB more are too much, and the limit is 4 MiB (--max-disk-per-client): close one first"
		if why := q.Take(of("a"), 3<<19); why == nil || why.Why != want {
			t.Errorf("got %v, want %s", why, want)
		}
	})
}

// TestGateLetsClientsInByTurns: a letter is a client that asks, a capital letter one
// of it that leaves; want is the order in which they were let in.
func TestGateLetsClientsInByTurns(t *testing.T) {
	for _, c := range []struct {
		name      string
		all, each int
		script    string
		want      string
	}{
		{"room for all", 3, 3, "abc", "abc"},
		{"no more than all", 2, 2, "abc", "ab"},
		{"no more than each", 3, 1, "aab", "ab"},
		{"who leaves makes room", 1, 1, "abA", "ab"},
		{"one who sends many waits for itself", 1, 1, "aaaabABA", "aba" + "a"},
		{"who has fewest inside is next", 2, 2, "aaabA", "aab"},
		{"who was longest not in is next", 1, 1, "aabbcABC", "abca"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := &Gate{All: c.all, Each: c.each}
				ctx, cancel := context.WithCancel(t.Context())
				var in strings.Builder
				for _, x := range c.script {
					client := strings.ToLower(string(x))
					if client != string(x) {
						g.Leave(client)
					} else {
						go func() {
							if g.Enter(ctx, client) == nil {
								in.WriteString(client)
							}
						}()
					}
					synctest.Wait()
				}
				if got := in.String(); got != c.want {
					t.Errorf("let in %s, want %s", got, c.want)
				}
				cancel()
				synctest.Wait()
				for _, client := range in.String() {
					if q := g.clients[string(client)]; q != nil && q.inside > 0 {
						g.Leave(string(client))
					}
				}
				if g.inside != 0 || len(g.clients) != 0 {
					t.Errorf("%d inside and %d clients known after all have gone", g.inside, len(g.clients))
				}
			})
		})
	}
}

func TestGateForgetsWhoGaveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := &Gate{All: 1, Each: 1}
		if err := g.Enter(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Enter(ctx, "b"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		g.Leave("a")
		if err := g.Enter(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		if len(g.clients) != 1 || g.inside != 1 {
			t.Errorf("%d clients known, %d inside, want c alone", len(g.clients), g.inside)
		}
	})
}

// TestConnectionsAreLimited: those that are too many are told so in HTTP.
func TestConnectionsAreLimited(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	q := &Quota{Limit: Limit{All: 3, Each: 2}, Flag: "max-connections", Mine: "there are %s connections from %s", Ours: "this server has %s connections", Advice: "close some pages first", After: time.Minute}
	p := proxies(t, XForwardedFor, "127.0.0.2")
	l := &Listener{Listener: inner, Quota: q, Proxies: p}
	accepted := make(chan net.Conn, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				close(accepted)
				return
			}
			accepted <- c
		}
	}()
	dial := func(from string) net.Conn {
		t.Helper()
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.DialContext(t.Context(), "tcp", inner.Addr().String())
		if err != nil {
			t.Skipf("this system has no %s: %v", from, err)
		}
		t.Cleanup(func() { _ = c.Close() }) // it may be closed already
		return c
	}
	refused := func(from string, status int, want string) {
		t.Helper()
		c := dial(from)
		if _, err := fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(c)
		if got := string(b); err != nil || !strings.HasPrefix(got, fmt.Sprintf("HTTP/1.1 %d %s\r\n", status, http.StatusText(status))) ||
			!strings.Contains(got, "\r\nRetry-After: 60\r\n") || !strings.Contains(got, want) {
			t.Errorf("from %s: got %q, %v, want %d with %q", from, got, err, status, want)
		}
	}
	first := dial("127.0.0.1")
	a := <-accepted
	dial("127.0.0.1")
	<-accepted
	refused("127.0.0.1", 429, "there are 2 connections from your address")
	dial("127.0.0.2") // a trusted proxy: counted for all only
	<-accepted
	refused("127.0.0.2", 503, "this server has 3 connections")
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	_ = a.Close() // a second time gives nothing back
	_ = first.Close()
	dial("127.0.0.2")
	<-accepted
	if u := q.Use(); u.Used != 3 || u.Refused != 2 {
		t.Errorf("%+v", u)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range accepted {
		t.Error("more were accepted")
	}
}

// TestWhoIsKnownNeedsNoRoomOfTheAddress: a class behind one router has as many connections as it has
// people, and nobody's keep out who comes: neither a stranger's who holds them nor a person's.
func TestWhoIsKnownNeedsNoRoomOfTheAddress(t *testing.T) {
	now := time.Date(2027, 3, 1, 8, 0, 0, 0, time.UTC)
	var peers []net.Conn
	l := &Listener{
		Quota: &Quota{Kind: KindConnections, Limit: Limit{All: 6, Each: 2, Person: 2}, Mine: "there are %s connections from %s", Ours: "this server has %s connections", After: time.Minute},
		Now:   func() time.Time { return now }, Refusals: &Refusals{},
	}
	// come returns the connection of who comes from an address, or nil if they are refused.
	come := func(address string) *counted {
		t.Helper()
		ours, theirs := net.Pipe()
		peers = append(peers, theirs)
		next := make(chan net.Conn, 2)
		next <- cameFrom{ours, address}
		l.Listener = queued{next: next}
		close(next)
		c, err := l.Accept()
		if err != nil {
			_ = theirs.Close() // nobody reads why
			return nil
		}
		return c.(*counted)
	}
	context := func(c *counted) context.Context { return WithConnection(t.Context(), c) }
	closed := func(c *counted) bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		return c.closed
	}
	for n := range 4 {
		c := come("192.0.2.1:5")
		if c == nil {
			t.Fatalf("person %d is refused", n)
		}
		if why := Known(context(c), fmt.Sprint("p", n), "c"); why != nil {
			t.Fatal(why)
		}
	}
	asks := come("192.0.2.1:5")
	done := Asking(context(asks))
	quiet := come("192.0.2.1:5")
	if u := l.Quota.Use(); u.Used != 6 || u.Client != 2 {
		t.Fatalf("%+v, want six, of which two are strangers'", u)
	}
	if c := come("192.0.2.1:5"); c != nil || closed(quiet) {
		t.Error("a connection makes way that was opened just now")
	}
	now = now.Add(quietTime)
	last := come("192.0.2.1:5")
	if last == nil || !closed(quiet) || closed(asks) {
		t.Errorf("who comes gets %v; the quiet one is closed: %v, the one on which something is asked: %v", last, closed(quiet), closed(asks))
	}
	now = now.Add(quietTime)
	if c := come("192.0.2.2:5"); c == nil || !closed(last) {
		t.Error("where the server has too many, a quiet stranger's of another address doesn't make way")
	} else if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	done()
	now = now.Add(quietTime)
	if c := come("192.0.2.1:5"); c == nil || closed(asks) {
		t.Error("there is room, and somebody was closed for it")
	} else {
		for n, want := range []bool{true, false} { // a person has two at most
			c := []*counted{asks, c}[n]
			if why := Known(context(c), "p0", "c"); (why == nil) != want {
				t.Errorf("connection %d more of a person: %v", n, why)
			}
		}
	}
	if n := l.Refusals.Count(KindConnections); n != 3 {
		t.Errorf("%d are counted, want one who was refused and two who made way", n)
	}
	for _, p := range peers {
		_ = p.Close() // of no more use
	}
}

// A queued listener has the connections that are waiting, and ends.
type queued struct{ next chan net.Conn }

func (q queued) Accept() (net.Conn, error) {
	c, ok := <-q.next
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}
func (q queued) Close() error   { return nil }
func (q queued) Addr() net.Addr { return nil }

// A connection from an address.
type cameFrom struct {
	net.Conn
	address string
}

type addr string

func (a addr) Network() string { return "tcp" }
func (a addr) String() string  { return string(a) }

func (f cameFrom) RemoteAddr() net.Addr { return addr(f.address) }
