//go:build !js

package carrier

import (
	"context"
	"fmt"
	"net/http"

	"nhooyr.io/websocket"
)

// A socket is a viewer's WebSocket.
type socket struct{ c *websocket.Conn }

// Accept makes a Conn of a request, whose messages have limit bytes at most, or answers why not. Whose page it is has been decided:
// websocket.Accept would decide by Host alone.
func Accept(w http.ResponseWriter, r *http.Request, limit int64) (Conn, error) {
	c, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled, InsecureSkipVerify: true})
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(limit)
	return socket{c}, nil
}

func (s socket) Read(ctx context.Context) (text bool, message []byte, err error) {
	typ, b, err := s.c.Read(ctx)
	return typ == websocket.MessageText, b, goodbye(err)
}

// Write sends each piece as a frame of its own (RFC 6455, 5.4), so that nobody has to copy them.
func (s socket) Write(ctx context.Context, b []byte, pieces ...[]byte) error {
	if len(pieces) == 0 {
		return goodbye(s.c.Write(ctx, websocket.MessageText, b))
	}
	w, err := s.c.Writer(ctx, websocket.MessageText)
	if err != nil {
		return goodbye(err)
	}
	for _, p := range append([][]byte{b}, pieces...) {
		if _, err := w.Write(p); err != nil {
			return goodbye(err)
		}
	}
	return goodbye(w.Close())
}

func (s socket) Ping(ctx context.Context) error { return goodbye(s.c.Ping(ctx)) }

func (s socket) Close(code CloseCode, reason string) error {
	return s.c.Close(websocket.StatusCode(code), reason)
}

func (s socket) CloseNow() error { return s.c.CloseNow() }

// goodbye marks the error of a connection that the viewer has closed.
func goodbye(err error) error {
	if websocket.CloseStatus(err) == -1 {
		return err
	}
	return fmt.Errorf("%w: %w", ErrGoodbye, err)
}
