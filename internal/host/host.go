// Package host is a server's side towards its machine: what it is told by flags, the
// environment and a file, the addresses that it listens on, TLS, its log, the lock of its
// data folder, systemd, and how it stops. It knows no lab and no person.
package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"wireloom/internal/visitor"
)

const (
	stopWithin     = 5 * time.Second // for labs and viewers to end when the server is told to
	headerTimeout  = 10 * time.Second
	idleConnection = 2 * time.Minute
	maxHeader      = 16 << 10 // bytes
)

// A Server is what a host serves.
type Server interface {
	http.Handler
	// Listen returns a listener with the server's limit of connections.
	Listen(l net.Listener) net.Listener
	// Drain has it take nothing new.
	Drain()
	// Close ends what is left, and says why to who is watching.
	Close(ctx context.Context, why string) error
}

// A Host is a machine's: what a server takes of it before it serves. Open makes one, and
// Close gives back what Serve has not.
type Host struct {
	conf            Config
	log             *slog.Logger
	listener, plain net.Listener
	guard           *guard // nil without TLS
	hangup          chan os.Signal
	observe         func(route string, status int, took time.Duration)
}

// Observe has f told of each request that was answered: its route, "" for none, its status, 0
// for none, and how long it took. It is called before Serve.
func (h *Host) Observe(f func(route string, status int, took time.Duration)) { h.observe = f }

// Open makes the data folder, listens, and reads certificates.
func Open(ctx context.Context, c Config, log *slog.Logger) (*Host, error) {
	h := &Host{conf: c, log: log, hangup: make(chan os.Signal, 1)}
	if err := h.open(ctx); err != nil {
		h.Close()
		return nil, err
	}
	if !signal.Ignored(syscall.SIGHUP) { // who started it with SIGHUP ignored, as nohup does, wants it to outlive its terminal
		signal.Notify(h.hangup, syscall.SIGHUP)
	}
	return h, nil
}

func (h *Host) open(ctx context.Context) (err error) {
	ownRoots()
	c := &h.conf
	if c.Data != "" {
		if err := os.MkdirAll(c.Data, 0o700); err != nil {
			return fmt.Errorf("--data: %w: make that folder, and let who runs the server write to it", err)
		}
	}
	if h.listener, err = listen(ctx, "addr", c.Addr); err != nil {
		return err
	}
	if c.Plain != "" {
		if h.plain, err = listen(ctx, "http-addr", c.Plain); err != nil {
			return err
		}
	}
	if c.TLS.On() {
		h.guard, err = c.TLS.open(h.log)
	}
	return err
}

// Close gives back what the host has.
func (h *Host) Close() {
	signal.Stop(h.hangup)
	for _, l := range []net.Listener{h.listener, h.plain} {
		if l != nil {
			_ = l.Close() // closed already, where the server has served
		}
	}
}

// At is where the page is: by its public URL, or for a browser on this machine.
func (h *Host) At() string { return whereabouts(h.listener.Addr(), &h.conf.Site, h.guard != nil) }

// Home is the address of the page.
func (h *Host) Home() string {
	c := h.conf
	c.Addr = h.listener.Addr().String()
	return c.Home()
}

// Serve answers until ctx ends or the server is told to stop. Then what changes something
// may end, within the time of --drain, while nothing new is taken, and the rest is closed.
func (h *Host) Serve(ctx context.Context, out io.Writer, s Server) error {
	handler := http.Handler(s)
	if h.guard != nil {
		handler = h.guard.strict(handler)
	}
	front := newRequests(handler, h.log, h.conf.Access, h.conf.Site.Proxies)
	front.observe = h.observe
	ending, endWaiting := context.WithCancel(context.WithoutCancel(ctx))
	defer endWaiting()
	base := visitor.WithEnding(context.WithoutCancel(ctx), ending)
	failed := make(chan error, 2)
	run := func(srv *http.Server, l net.Listener) *http.Server {
		srv.ReadHeaderTimeout, srv.IdleTimeout, srv.MaxHeaderBytes = headerTimeout, idleConnection, maxHeader
		srv.ErrorLog = slog.NewLogLogger(h.log.Handler(), slog.LevelWarn)
		srv.BaseContext = func(net.Listener) context.Context { return base }
		srv.ConnContext = visitor.WithConnection
		go func() {
			if srv.TLSConfig != nil {
				failed <- srv.ServeTLS(l, "", "")
				return
			}
			failed <- srv.Serve(l)
		}()
		return srv
	}
	main := &http.Server{Handler: front}
	if h.guard != nil {
		main.TLSConfig = h.guard.config
	}
	servers := []*http.Server{run(main, s.Listen(h.listener))}
	if h.plain != nil {
		servers = append(servers, run(&http.Server{Handler: h.front(), ReadTimeout: headerTimeout, WriteTimeout: headerTimeout}, h.plain))
	}
	h.tell("READY=1", "STATUS=serving "+h.At())
	stopBeats := h.beats(ctx, s)
	err := h.wait(ctx, failed)
	if err == nil {
		fmt.Fprintln(out, "stopping")
	}
	h.tell("STOPPING=1", "STATUS=stopping")
	s.Drain()
	if err == nil {
		h.linger(h.conf.Linger)
	}
	endWaiting()
	settled := context.WithoutCancel(ctx)
	settled, cancel := context.WithTimeout(settled, h.conf.Drain)
	defer cancel()
	if serr := front.settle(settled); serr != nil {
		h.log.Warn("not everything that was being sent arrived in time", "error", serr)
	}
	timed, cancelTimed := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancelTimed()
	closing := make(chan struct{})
	go func() {
		defer close(closing)
		for _, srv := range servers {
			if serr := srv.Shutdown(timed); serr != nil {
				_ = srv.Close() // what is still being sent is cut off
			}
		}
	}()
	if cerr := s.Close(timed, "the server was stopped"); cerr != nil {
		h.log.Warn("not everything ended in time", "error", cerr)
	}
	<-closing
	stopBeats()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// front is what answers plain HTTP where there is TLS.
func (h *Host) front() http.Handler {
	_, port, err := net.SplitHostPort(h.listener.Addr().String())
	if p := h.conf.Site.Public; p != nil && p.Scheme == "https" {
		port = cmp.Or(p.Port(), "443")
	} else if err != nil {
		port = "443"
	}
	to := toTLS(port, func(r *http.Request) bool { return h.conf.Site.Known(r, visitor.From{}) == nil })
	if h.guard.answers != nil {
		return h.guard.answers(to)
	}
	return to
}

// wait waits until the server is to stop, or has failed with what it returns.
func (h *Host) wait(ctx context.Context, failed <-chan error) error {
	for {
		select {
		case err := <-failed:
			return err
		case <-ctx.Done():
			return nil
		case <-h.hangup:
			if !h.reload() {
				return nil
			}
		}
	}
}

// reload reads again what may have changed. It returns false where there is nothing: then
// SIGHUP says that a terminal was closed.
func (h *Host) reload() bool {
	if !h.conf.reloads && (h.guard == nil || h.guard.reload == nil) {
		return false
	}
	if h.guard == nil || h.guard.reload == nil {
		h.log.Warn("SIGHUP reads certificates again, and this server has none in files: for other settings start it anew")
		return true
	}
	if err := h.guard.reload(); err != nil {
		h.log.Error("the certificate cannot be read again; the old one stays", "error", err)
	}
	return true
}

// linger lets those who ask whether the server is ready hear that it is not.
func (h *Host) linger(d time.Duration) {
	if d > 0 {
		h.log.Info("not ready any more, and still answering", "for", d)
		time.Sleep(d)
	}
}

// tell tells systemd.
func (h *Host) tell(lines ...string) {
	if err := notify(lines...); err != nil {
		h.log.Warn("systemd cannot be told how the service is", "error", err)
	}
}

// beats tells systemd's watchdog that the server answers, as long as it does.
func (h *Host) beats(ctx context.Context, s http.Handler) (stop func()) {
	every := watchdog() / 2
	if every == 0 {
		return func() {}
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if alive(ctx, s) {
					h.tell("WATCHDOG=1")
				}
			}
		}
	}()
	return cancel
}

// alive asks the server how it is. It doesn't return where the server hangs.
func alive(ctx context.Context, s http.Handler) bool {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return false
	}
	s.ServeHTTP(&nowhere{head: http.Header{}}, r)
	return true
}

// nowhere is where an answer goes that nobody reads.
type nowhere struct{ head http.Header }

// Header implements http.ResponseWriter.
func (n *nowhere) Header() http.Header { return n.head }

// Write implements http.ResponseWriter.
func (n *nowhere) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader implements http.ResponseWriter.
func (n *nowhere) WriteHeader(int) {}
