package door

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"wireloom/internal/session"
)

// A streamPeer speaks QEMU's stream: see frameReader.
type streamPeer struct {
	conn net.Conn
	frameReader
	out []byte
}

func newStreamPeer(c net.Conn) *streamPeer {
	return &streamPeer{conn: c, frameReader: frameReader{from: c, now: time.Now}}
}

func (p *streamPeer) read() ([]byte, error) {
	frame, err := p.next()
	if err != nil && isGone(err) {
		return nil, io.EOF
	}
	return frame, err
}

// isGone reports whether an error is that of a connection that is no more.
func isGone(err error) bool {
	var op *net.OpError
	return errors.Is(goodbye(err), io.EOF) || errors.Is(err, net.ErrClosed) || errors.Is(err, io.ErrClosedPipe) || errors.As(err, &op) && !op.Timeout()
}

func (p *streamPeer) write(frame []byte) error {
	if err := p.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return goneError{err}
	}
	p.out = appendFrame(p.out[:0], frame)
	if _, err := p.conn.Write(p.out); err != nil {
		if errors.Is(err, os.ErrDeadlineExceeded) {
			err = context.DeadlineExceeded
		}
		return tookNothing(err)
	}
	return nil
}

func (p *streamPeer) close(string) { _ = p.conn.Close() }

// retryEvery is how long a door waits, in real time, before it looks again for a place that
// all labs together have too few of.
const retryEvery = time.Second

// listen opens a door's listener at a place of the policy's that is free. name is that of a
// local socket, where the place is a folder.
func listen(ctx context.Context, p *Policy, name string) (l net.Listener, place string, err error) {
	var c net.ListenConfig
	c.KeepAlive = 15 * time.Second // a peer whose machine is gone holds the door no longer than a minute or so
	place, err = p.take(p.listens, func(place string) (err error) {
		if folder, ok := strings.CutPrefix(place, unixPrefix); ok {
			l, err = c.Listen(ctx, "unix", filepath.Join(folder, name))
			return err
		}
		l, err = c.Listen(ctx, "tcp", place)
		return err
	})
	return l, place, err
}

// serveStreams is a stream door while its lab is there: who connects is let in, one at a
// time, and who comes again too.
func (d *Door) serveStreams(ctx context.Context, p *Policy, name string) {
	var l net.Listener
	var place string
	d.await(ctx, func() (err error) {
		l, place, err = listen(ctx, p, name)
		return err
	})
	if l == nil {
		return
	}
	defer p.give(place)
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	at := l.Addr().String()
	d.lg.Info("a door waits", "door", d.Port, "at", at)
	if l.Addr().Network() == "unix" {
		at = unixPrefix + name // where the folder is, is none of a visitor's business
	}
	d.set(func(s *session.DoorState) { s.At = at })
	for {
		c, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				d.lg.Error("a door takes no more connections", "door", d.Port, "error", err)
				d.set(func(s *session.DoorState) { s.At, s.Shut = "", "this server's system takes no more connections" })
			}
			_ = l.Close() // closed already, or of no use
			return
		}
		by := "a stream"
		if host, _, err := net.SplitHostPort(c.RemoteAddr().String()); err == nil {
			by += " from " + host
		}
		go func() { _ = d.serve(ctx, newStreamPeer(c), by) }() // the door tells why; who is too many goes at once
	}
}

// await tries to open what a door needs until it can, or ctx ends.
func (d *Door) await(ctx context.Context, open func() error) {
	for said := ""; ; {
		err := open()
		if err == nil {
			d.set(func(s *session.DoorState) { s.Shut = "" })
			return
		}
		if said != err.Error() {
			said = err.Error()
			d.lg.Warn("a door cannot be opened yet", "door", d.Port, "error", err)
		}
		d.set(func(s *session.DoorState) { s.Shut = plain(err) })
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
			return
		}
	}
}

// plain is what an error says to visitors: what is wrong, without this machine's files and
// addresses.
func plain(err error) string {
	var op *net.OpError
	var path *os.PathError
	switch {
	case errors.As(err, &op):
		return "this server's system does not let it listen: " + op.Err.Error()
	case errors.As(err, &path):
		return "this server's system does not let it: " + path.Err.Error()
	}
	return err.Error()
}
