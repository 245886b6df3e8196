package door

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/keepalive"
	"wireloom/vnet/config"
)

// goodbyeTimeout is how long a peer may take to say goodbye, in real time.
const goodbyeTimeout = time.Second

// subprotocol is what container2wasm's page asks for (examples/wasi-browser, ws-delegate.js),
// and a browser closes a connection whose server does not choose what was asked for. v86
// asks for none, and gets none.
const subprotocol = "binary"

// maxCloseReason is how many bytes of a reason a close frame holds (RFC 6455, 5.5).
const maxCloseReason = 120

// A messagePeer is at a WebSocket each of whose binary messages is a frame, without
// anything around it. It never gets a text message: v86 (src/browser/wsproxy) takes
// whatever comes for a frame.
type messagePeer struct {
	conn     *websocket.Conn
	ctx      context.Context // of the request: a WebSocket's reads and writes need one
	patience time.Duration   // with a message that has begun
	buf      []byte
	stalled  atomic.Bool
}

var errText = errors.New("it sent a text message, and a frame is a binary one")

func (p *messagePeer) read() ([]byte, error) {
	typ, r, err := p.conn.Reader(p.ctx)
	if err != nil {
		return nil, goodbye(err)
	}
	if typ != websocket.MessageBinary {
		return nil, errText
	}
	late := time.AfterFunc(p.patience, func() {
		p.stalled.Store(true)
		_ = p.conn.CloseNow() // what reads finds out
	})
	defer late.Stop()
	if p.buf == nil {
		p.buf = make([]byte, config.MaxFrame+1)
	}
	for n := 0; ; {
		k, err := r.Read(p.buf[n:])
		n += k
		switch {
		case n > config.MaxFrame:
			return nil, fmt.Errorf("it sent a frame of more than the %d bytes that are allowed", config.MaxFrame)
		case errors.Is(err, io.EOF):
			return p.buf[:n], nil
		case err != nil && p.stalled.Load():
			return nil, errStall
		case err != nil:
			return nil, goodbye(err)
		}
	}
}

// A pieces peer is at a WebSocket whose messages are pieces of a stream.
type pieces struct {
	*streamPeer
	conn *websocket.Conn
}

func (p *pieces) close(why string) { closeSocket(p.conn, why) }

// goodbye is io.EOF for a peer that closed in order, or was just gone.
func goodbye(err error) error {
	if websocket.CloseStatus(err) != -1 || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return io.EOF
	}
	return err
}

func (p *messagePeer) write(frame []byte) error {
	ctx, cancel := context.WithTimeout(p.ctx, writeTimeout)
	defer cancel()
	if err := p.conn.Write(ctx, websocket.MessageBinary, frame); err != nil {
		return tookNothing(err)
	}
	return nil
}

func (p *messagePeer) close(why string) { closeSocket(p.conn, why) }

// closeSocket says goodbye, for no longer than goodbyeTimeout: who has to go may not answer.
func closeSocket(c *websocket.Conn, why string) {
	if len(why) > maxCloseReason {
		why = strings.ToValidUTF8(why[:maxCloseReason], "")
	}
	late := time.AfterFunc(goodbyeTimeout, func() { _ = c.CloseNow() })
	defer late.Stop()
	_ = c.Close(websocket.StatusPolicyViolation, why) // it is over either way
}

// tookNothing is why a write failed.
func tookNothing(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("it took no frame for %v", writeTimeout)
	}
	return goneError{err}
}

// A goneError is a peer's that is gone while something was written to it.
type goneError struct{ error }

func (goneError) Error() string   { return "it went" }
func (e goneError) Unwrap() error { return e.error }

// serveSocket is a WebSocket's visit at a door. Whether its page may was decided.
func (d *Door) serveSocket(ctx context.Context, w http.ResponseWriter, r *http.Request, client string) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true, Subprotocols: []string{subprotocol},
	})
	if err != nil {
		return // it has answered
	}
	defer func() { _ = c.CloseNow() }() // closed already, or of no use
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var p peer
	if d.Kind == config.C2W {
		c.SetReadLimit(-1) // a message is a piece of a stream: frames have their limit
		p = &pieces{newStreamPeer(websocket.NetConn(ctx, c, websocket.MessageBinary)), c}
	} else {
		c.SetReadLimit(-1) // read has its own
		p = &messagePeer{conn: c, ctx: ctx, patience: halfTimeout}
	}
	go keepalive.Run(ctx, c, keepalive.Every)
	_ = d.serve(ctx, p, "a WebSocket from "+client) // the door tells why
}
