package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"wireloom/internal/keeper"
	"wireloom/internal/sched"
	"wireloom/internal/session"
	"wireloom/internal/visitor"
)

// A wire is a server on connections inside a synctest bubble, where time is fake.
type wire struct {
	t     *testing.T
	api   *Server
	conns chan net.Conn
	once  sync.Once
}

func (w *wire) Accept() (net.Conn, error) {
	c, ok := <-w.conns
	if !ok {
		return nil, net.ErrClosed
	}
	return c, nil
}

func (w *wire) Close() error {
	w.once.Do(func() { close(w.conns) })
	return nil
}

func (w *wire) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

func openWire(t *testing.T) (w *wire, lab string) {
	t.Helper()
	api, err := New(Config{NewLab: newLab, Compile: compile, Scenarios: []Scenario{{Name: "ping"}}, Session: session.Options{Dir: t.TempDir(), Capture: -1}})
	if err != nil {
		t.Fatal(err)
	}
	w = &wire{t: t, api: api, conns: make(chan net.Conn)}
	srv := &http.Server{Handler: api}
	go func() { _ = srv.Serve(w) }() // it ends with the wire
	t.Cleanup(func() {
		if err := api.Close(context.Background(), "the test is over"); err != nil {
			t.Error(err)
		}
		_ = srv.Close() // the wire, and what is still connected
	})
	l, err := api.keeper.Open(t.Context(), keeper.Ask{Scenario: "ping", Client: visitor.Client{Address: "test"}})
	if err != nil {
		t.Fatal(err)
	}
	return w, l.ID
}

func (w *wire) dial() net.Conn {
	w.t.Helper()
	ours, theirs := net.Pipe()
	w.conns <- theirs
	w.t.Cleanup(func() { _ = ours.Close() }) // nothing more is wanted of it
	return ours
}

// TestSlowUploads: who sends nothing holds its place for slowTimeout, who sends slowly
// but steadily is served.
func TestSlowUploads(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces int
		size   int
		every  time.Duration
		status int
		within time.Duration // from the first byte to the answer
	}{
		{"nothing comes", 0, 0, 0, 408, slowTimeout},
		{"a byte now and then", 100, 1, slowTimeout / 4, 408, slowTimeout},
		{"slow and steady", 20, slowPiece, slowTimeout - 1, 422, 20 * slowTimeout},
		{"too slow", 20, slowPiece / 2, slowTimeout * 2 / 3, 408, 3 * slowTimeout},
		{"steady, but for too long", 500, slowPiece, slowTimeout - 1, 408, uploadTimeout},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, lab := openWire(t)
				conn := w.dial()
				began, sent := time.Now(), make(chan struct{})
				go func() {
					defer close(sent)
					_, err := fmt.Fprintf(conn, "POST /api/labs/%s/programs?node=h1&proc=p&name=x.wasm HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", lab, max(c.pieces*c.size, 1))
					for range c.pieces {
						if err != nil {
							return // it was cut off
						}
						time.Sleep(c.every)
						_, err = io.WriteString(conn, strings.Repeat("x", c.size))
					}
				}()
				res, err := http.ReadResponse(bufio.NewReader(conn), nil)
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(res.Body)
				if took := time.Since(began); err != nil || res.StatusCode != c.status || took > c.within {
					t.Errorf("after %v: %d %s, %v; want %d within %v", took, res.StatusCode, b, err, c.status, c.within)
				}
				_ = conn.Close() // nothing more is wanted of it
				<-sent
				synctest.Wait()
				if u := w.api.quotas.use(); u["uploads"].Used != 0 || u["upload_bytes"].Used != 0 {
					t.Errorf("the place is still taken: %+v", u)
				}
			})
		})
	}
}

// TestSlowReaders: a download that nobody reads holds its place for slowTimeout.
func TestSlowReaders(t *testing.T) {
	for _, c := range []struct {
		name string
		read bool
		all  bool // of it arrives
	}{
		{"nobody reads", false, false},
		{"somebody reads slowly", true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w, lab := openWire(t)
				const size = 8 * slowPiece
				w.api.mux.add("/file", methods{"GET": func(rw http.ResponseWriter, r *http.Request) {
					w.api.download(rw, r, w.api.keeper.Live(lab), "text/plain", ".txt", func(to io.Writer) error {
						for range size / 4096 {
							if _, err := to.Write(make([]byte, 4096)); err != nil {
								return err
							}
						}
						return nil
					})
				}})
				conn := w.dial()
				if _, err := io.WriteString(conn, "GET /file HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"); err != nil {
					t.Fatal(err)
				}
				got := 0
				if c.read {
					buf := make([]byte, slowPiece/2)
					for {
						n, err := io.ReadFull(conn, buf)
						got += n
						if err != nil {
							break
						}
						time.Sleep(slowTimeout / 3)
					}
				} else {
					time.Sleep(slowTimeout + time.Second)
				}
				synctest.Wait()
				if (got >= size) != c.all {
					t.Errorf("%d bytes arrived of %d", got, size)
				}
				if u := w.api.quotas.downloads.Use(); u.Used != 0 {
					t.Errorf("the place is still taken: %+v", u)
				}
			})
		})
	}
}

// TestUploadsInMemoryAreLimited: by what has arrived, not by what was announced.
func TestUploadsInMemoryAreLimited(t *testing.T) {
	x := behind(t, Config{})
	x.api.quotas.inFlight.Limit = visitor.Limit{All: 1 << 20, Each: 256 << 10}
	lab, mine := x.labOf(greedy), x.labOf(other)
	a := x.do("POST", "/api/labs/"+lab+"/programs?node=h1&proc=p&name=big.wasm", strings.Repeat("x", 300<<10), as(greedy)...)
	if a.status != 429 || a.head.Get("Retry-After") == "" || !strings.Contains(a.json.Error, "big.wasm was not uploaded: the programs on their way from your address take") {
		t.Errorf("got %d %s", a.status, a.body)
	}
	x.endless(greedy, lab)
	until(t, "it is on its way", func() bool { return x.limits("upload_bytes").Used > 0 })
	if u := x.limits("upload_bytes"); u.Used != slowPiece {
		t.Errorf("an upload that announces 1,000,000 bytes and sends 4 takes %d", u.Used)
	}
	if a := x.do("POST", "/api/labs/"+mine+"/programs?node=h1&proc=p&name=x.wasm", "\x00asm", as(other)...); a.status != 200 {
		t.Errorf("another client: %d %s", a.status, a.body)
	}
}

func TestTooLargeAProgramSaysWhatToDo(t *testing.T) {
	x := openSite(t, Config{})
	path := "/api/labs/" + x.lab() + "/programs?node=h1&proc=p&name=big.wasm"
	a := x.do("POST", path, strings.Repeat("x", MaxUpload+1))
	if a.status != 413 || !strings.Contains(a.json.Error, "big.wasm is too large; a program may have at most 32 MiB: build it without debugging information") {
		t.Errorf("got %d %s", a.status, a.body)
	}
}

// TestDownloadsAreMadeInTurns: nothing is written out, and nobody asked, while a turn is
// taken that others could have.
func TestDownloadsAreMadeInTurns(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces int // of half of turnBytes
		fail   bool
		want   string // t: a turn is taken, h: one behind all who have less to do, g: given back, w: something is written out
	}{
		{"nothing", 0, false, "w"},
		{"a little", 1, false, "tgw"},
		{"more than a turn makes", 5, false, "tgwhgwhgw"},
		{"it fails in the middle", 3, true, "tgwhg"},
		{"it fails before anything is made", 0, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			turns := sched.New(1)
			var did strings.Builder
			busy := func() bool {
				ctx, cancel := context.WithCancel(t.Context())
				cancel()
				if free := turns.Turn(ctx, sched.Owner{}, false); free {
					turns.Done()
					return false
				}
				return true
			}
			to := writer(func(p []byte) (int, error) {
				if busy() {
					t.Error("a turn is held while something is written out")
				}
				did.WriteByte('w')
				return len(p), nil
			})
			w := &turnWriter{to: to}
			w.take = func(hog bool) error {
				did.WriteByte(map[bool]byte{false: 't', true: 'h'}[hog])
				if !turns.Turn(t.Context(), sched.Owner{}, hog) {
					t.Error("there is no turn")
				}
				return nil
			}
			w.give = func() {
				did.WriteByte('g')
				turns.Done()
			}
			err := w.run(func(to io.Writer) error {
				for range c.pieces {
					if _, err := to.Write(make([]byte, turnBytes/2)); err != nil {
						return err
					}
				}
				if c.fail {
					return io.ErrClosedPipe
				}
				return nil
			})
			if (err != nil) != c.fail || did.String() != c.want {
				t.Errorf("it did %q, %v, want %q", did.String(), err, c.want)
			}
			if busy() {
				t.Error("a turn is left taken")
			}
		})
	}
}

type writer func(p []byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
