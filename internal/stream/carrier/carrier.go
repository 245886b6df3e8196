// Package carrier is what carries messages between a viewer and a lab.
package carrier

import (
	"context"
	"errors"
)

// A Conn is how a viewer is connected: a WebSocket, or the port of a page's worker. Messages
// keep their order. One goroutine reads, one writes, others ping and close.
type Conn interface {
	// Read returns the viewer's next message, and whether that is text. The error of one that
	// said goodbye is an ErrGoodbye.
	Read(ctx context.Context) (text bool, message []byte, err error)
	// Write sends a message as text, which is b and the pieces behind it. It keeps none of them.
	Write(ctx context.Context, b []byte, pieces ...[]byte) error
	// Ping returns when the viewer has answered.
	Ping(ctx context.Context) error
	// Close says goodbye to the viewer, and why; CloseNow says nothing.
	Close(code CloseCode, reason string) error
	CloseNow() error
}

// ErrGoodbye is why nothing more comes from a viewer that has left as it should.
var ErrGoodbye = errors.New("the viewer has said goodbye")

// A CloseCode is why a connection is closed, as RFC 6455, 7.4.1 numbers it.
type CloseCode int

// The codes.
const (
	CloseNormal      CloseCode = 1000
	CloseUnsupported CloseCode = 1003 // a message that is no text
	CloseInvalid     CloseCode = 1007 // a text that is not UTF-8
	ClosePolicy      CloseCode = 1008 // a message that is no command, or a viewer that may not watch
)
