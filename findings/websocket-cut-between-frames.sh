#!/usr/bin/env bash
# nhooyr.io/websocket gives a message whose sender died between two of its frames as if it
# were whole.
#
# nhooyr.io/websocket v1.8.17: a server sends the first frame of a text message, without
# FIN, and the connection ends there (its process was killed). Conn.Read returns the bytes
# of that frame and no error; the next Read has the error. Where the connection ends in the
# middle of a frame, Read returns the error at once, as RFC 6455 (5.4: a message is its
# frames up to one with FIN) lets one expect of both.
#
# What it means for a lab: who writes long messages in several frames, and whose server may
# be killed, must be able to tell from a message itself that it is whole.
set -euo pipefail
dir=$(mktemp -d)
trap 'chmod -R u+w "$dir"; rm -rf "$dir"' EXIT
cd "$dir"
cat > go.mod <<'M'
module finding

go 1.24

require nhooyr.io/websocket v1.8.17
M
cat > main.go <<'G'
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"

	"nhooyr.io/websocket"
)

// serve answers one handshake (RFC 6455, 4.2.2), sends bytes, and is gone.
func serve(l net.Listener, bytes string) {
	c, err := l.Accept()
	if err != nil {
		panic(err)
	}
	defer c.Close()
	r, err := http.ReadRequest(bufio.NewReader(c))
	if err != nil {
		panic(err)
	}
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	fmt.Fprintf(c, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n%s",
		base64.StdEncoding.EncodeToString(sum[:]), bytes)
}

func main() {
	for _, x := range []struct{ name, bytes string }{
		{"two frames, the second with FIN", "\x01\x03abc\x80\x03def"},
		{"the first frame alone", "\x01\x03abc"},
		{"half of the first frame", "\x01\x03a"},
	} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			panic(err)
		}
		go serve(l, x.bytes)
		c, _, err := websocket.Dial(context.Background(), "ws://"+l.Addr().String(), nil)
		if err != nil {
			panic(err)
		}
		_, got, err := c.Read(context.Background())
		_, _, then := c.Read(context.Background())
		fmt.Printf("%s: %q, error %v; then error %v\n", x.name, got, err != nil, then != nil)
		c.CloseNow()
		l.Close()
	}
}
G
export GOFLAGS=-mod=mod
go mod tidy >/dev/null 2>&1
got=$(go run .)
want='two frames, the second with FIN: "abcdef", error false; then error true
the first frame alone: "abc", error false; then error true
half of the first frame: "a", error true; then error true'
printf '%s\n' "$got"
if [ "$got" != "$want" ]; then
	printf 'this is no longer so: want\n%s\n' "$want" >&2
	exit 1
fi
