package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"nhooyr.io/websocket"

	"wireloom/internal/protocol"
	"wireloom/internal/terminal"
)

// What an attachment and the server say to each other: the stream that the page
// uses too, as far as a prompt needs it.

const (
	dialTimeout = 10 * time.Second
	maxMessage  = 64 << 20 // bytes of a message of the server's
)

// A serverMessage is what the server sends, as far as a prompt needs it.
type serverMessage struct {
	Type     string `json:"type"`
	N        uint64 `json:"n"` // to be acknowledged; 0 where nothing is
	Next     uint64 `json:"next"`
	Topology struct {
		Nodes []struct {
			Name string `json:"name"`
		} `json:"nodes"`
	} `json:"topology"`
	Events []serverEvent `json:"events"`
	Missed int64         `json:"missed"`
	Procs  []serverProc  `json:"procs"`
	Paused bool          `json:"paused"`
	ID     int64         `json:"id"`
	OK     bool          `json:"ok"`
	Error  string        `json:"error"`
	Result struct {
		Proc   string     `json:"proc"`
		Parts  []textPart `json:"parts"`
		Next   uint64     `json:"next"`
		Missed uint64     `json:"missed"`
	} `json:"result"`
	Reason string `json:"reason"`
}

type serverProc struct {
	Node string `json:"node"`
	Proc string `json:"proc"`
}

type serverEvent struct {
	Seq  uint64 `json:"seq"`
	Kind string `json:"k"`
	Node string `json:"node"`
	Proc string `json:"proc"`
	FD   int    `json:"fd"`
	N    int64  `json:"n"`
	Text string `json:"text"`

	// Of what was written faster than the server shows it.
	Of    string    `json:"of"`   // kind "left": what is left out
	To    uint64    `json:"to"`   // the last event that it is from
	Left  *leftText `json:"left"` // between Text and Tail
	Tail  string    `json:"tail"`
	Lines uint64    `json:"lines"`
	Bytes uint64    `json:"bytes"`
}

// leftText is how much of a text is left out.
type leftText struct {
	Lines uint64 `json:"lines"`
	Bytes uint64 `json:"bytes"`
}

// A textPart is some of what a process wrote.
type textPart struct {
	FD   int    `json:"fd"`
	Text string `json:"text"`
}

// A request is a command to the server.
type request struct {
	Type string `json:"type"`
	ID   int64  `json:"id"`
	Op   string `json:"op"`
	Node string `json:"node"`
	Proc string `json:"proc,omitempty"`
	Line string `json:"line,omitempty"`
	Text string `json:"text,omitempty"`
	From uint64 `json:"from,omitempty"`
	To   uint64 `json:"to,omitempty"`
}

// dial connects to a lab's stream, in place of the connection that there is, and
// reads the greeting.
func (a *attachment) dial(ctx context.Context, server, lab, query string) (hello serverMessage, err error) {
	if a.conn != nil {
		_ = a.conn.CloseNow() // nothing is lost with it
	}
	server, origin, err := serverAt(server)
	if err != nil {
		return hello, err
	}
	timed, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, res, err := websocket.Dial(timed, server+"/api/labs/"+url.PathEscape(lab)+"/stream"+query, &websocket.DialOptions{
		HTTPHeader: http.Header{"Origin": {origin}},
	})
	if err != nil {
		return hello, dialError(server, res, err)
	}
	a.conn = conn
	conn.SetReadLimit(maxMessage)
	_, b, err := conn.Read(timed)
	if err == nil && json.Unmarshal(b, &hello) != nil {
		err = errors.New("its first message is not understood")
	}
	if err == nil && hello.Type != "hello" {
		err = fmt.Errorf("it begins with %q", hello.Type)
	}
	if err != nil {
		_ = conn.CloseNow() // it is no use
		return hello, fmt.Errorf("%s does not greet as a Wireloom server of this version does: %w", server, err)
	}
	return hello, nil
}

// serverAt is where a server is that has a page at an address: what its routes begin
// with, and the origin of its pages.
func serverAt(page string) (base, origin string, err error) {
	u, err := url.Parse(page)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", "", fmt.Errorf("%q is not the address of a server, such as http://127.0.0.1:8080", page)
	}
	origin = u.Scheme + "://" + u.Host
	return origin + strings.TrimSuffix(strings.TrimSuffix(u.Path, "index.html"), "/"), origin, nil
}

// dialError says why there is no connection.
func dialError(server string, res *http.Response, err error) error {
	if res == nil {
		return fmt.Errorf("there is no server at %s: start one with labserver serve, or say where it is with --server (%w)", server, err)
	}
	var answer struct{ Error string }
	if res.Body != nil {
		b, rerr := io.ReadAll(io.LimitReader(res.Body, 4<<10))
		if rerr == nil && json.Unmarshal(b, &answer) == nil && answer.Error != "" {
			return fmt.Errorf("%s: %s", server, terminal.Line(answer.Error))
		}
	}
	return fmt.Errorf("%s is not a Wireloom server, or not one of this version: it answered %s", server, terminal.Line(res.Status))
}

// receive passes on what the server sends.
func receive(ctx context.Context, c *websocket.Conn, to chan<- serverMessage) error {
	for {
		_, sent, err := c.Read(ctx)
		if err != nil {
			return err
		}
		var m serverMessage
		if b, err := protocol.Plain(sent); err != nil || json.Unmarshal(b, &m) != nil {
			// Where the connection was cut between two frames of a message, that came as if it were whole.
			if err := json.NewDecoder(bytes.NewReader(sent)).Decode(new(json.RawMessage)); errors.Is(err, io.ErrUnexpectedEOF) {
				return err
			}
			return errors.New("what the server says is not understood: it may be of another version")
		}
		if m.N > 0 {
			if err := c.Write(ctx, websocket.MessageText, fmt.Appendf(nil, `{"type":"ack","n":%d}`, m.N)); err != nil {
				return err
			}
		}
		select {
		case to <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (a *attachment) send(ctx context.Context, r request) error {
	a.lastID++
	r.Type, r.ID, r.Node = "cmd", a.lastID, a.node
	b, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("a request: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	if err := a.conn.Write(ctx, websocket.MessageText, b); err != nil {
		return fmt.Errorf("the connection to the server is lost: %w", err)
	}
	return nil
}
