package stream

import (
	"strconv"
	"unicode/utf8"

	"wireloom/internal/decode"
	"wireloom/internal/stream/object"
	"wireloom/vnet/errno"
	"wireloom/vnet/event"
	"wireloom/vnet/packet"
)

// A shape is what many events of a batch have in common: the members that they have alike,
// and which others there are. A message has each once (protocol.Part).
type shape struct {
	kind                                     event.Kind
	node, proc, port, peer, path, op         string
	fd                                       int
	errno                                    uint16
	pid, len, n, began, fuel, frame, hasText bool
	data, size                               bool
}

// shapeOf is an event's, of which text is what it says.
func shapeOf(e *event.Event, text string) shape {
	s := shape{
		kind: e.Kind, node: e.Node, proc: e.Proc, port: e.Port, peer: e.Peer, path: e.Path, op: e.Op, fd: e.FD, errno: e.Errno,
		pid: e.PID != 0, len: e.Len != 0, n: e.N != 0 || e.Kind == event.Call || e.Kind == event.Exit || e.Kind == event.Frame,
		began: e.Began != 0, fuel: e.Fuel != 0, frame: e.Frame != 0, hasText: text != "",
	}
	switch _, ok := frameOf(e); {
	case e.Kind == event.Console:
		s.hasText, s.data = true, !utf8.Valid(e.Data)
	case !ok && e.Kind != event.Lab: // its configuration is left out: the hello message tells the topology
		s.data, s.size = len(e.Data) > 0, len(e.Data) > maxData
	}
	return s
}

// append appends a shape as a message has it.
func (s *shape) append(b []byte) []byte {
	o := object.Open(append(b, '['))
	o.Str("k", s.kind.String())
	o.Str("node", s.node)
	o.Str("proc", s.proc)
	o.Str("port", s.port)
	o.Str("peer", s.peer)
	o.Str("path", s.path)
	o.Str("op", s.op)
	o.Num("fd", int64(s.fd))
	if s.errno != 0 {
		o.Str("errno", errno.Errno(s.errno).String())
	}
	b = o.Close()
	for _, m := range [...]struct {
		has  bool
		name string
	}{
		{s.pid, `,"pid"`},
		{s.len, `,"len"`},
		{s.n, `,"n"`},
		{s.began, `,"-began"`},
		{s.fuel, `,"fuel"`},
		{s.frame, `,"frame"`},
		{s.hasText, `,"text"`},
		{s.data, `,"data"`},
		{s.size, `,"size"`},
	} {
		if m.has {
			b = append(b, m.name...)
		}
	}
	return append(b, ']')
}

// appendRow appends an event of shape s, which is number i, without its end: its place in
// the log and in time from the batch's, then what the shape says, in the shape's order.
func (w *writer) appendRow(b []byte, e *event.Event, s *shape, i int, text string) []byte {
	num := func(v int64) { b = strconv.AppendInt(append(b, ','), v, 10) }
	b = strconv.AppendInt(append(b, '['), int64(i), 10)
	num(int64(e.Seq - w.b.from))
	num(int64(e.At - w.b.at))
	if s.pid {
		num(int64(e.PID))
	}
	if s.len {
		num(int64(e.Len))
	}
	if s.n {
		num(e.N)
	}
	if s.began {
		num(int64(e.At - e.Began))
	}
	if s.fuel {
		num(e.Fuel)
	}
	if s.frame {
		num(int64(e.Frame))
	}
	switch {
	case e.Kind == event.Console:
		b = object.AppendString(append(b, ','), e.Data)
	case s.hasText:
		b = object.AppendString(append(b, ','), text)
	}
	if s.data {
		data := e.Data
		if e.Kind != event.Console { // of which all bytes are there
			data = data[:min(len(data), maxData)]
		}
		b = object.AppendHex(append(b, ','), data)
	}
	if s.size {
		num(int64(len(e.Data)))
	}
	return b
}

// appendFrame appends the frame that an event is about, as the last in its row: its bytes,
// its summary, and where they are not 0 what it begins with, how many bytes of the driver's
// stand before it, and how many bytes there are. p is that frame.
func appendFrame(b []byte, e *event.Event, p event.Packet) []byte {
	b = object.AppendHex(append(b, ",["...), e.Data[:min(len(e.Data), maxData)])
	sum := decode.Summarize(p.Link, p.Data)
	b = appendTexts(append(b, ','), sum.Proto, sum.Src, sum.Dst, sum.Info, sum.Bad)
	link, size := "", 0
	if p.Link != packet.LinkEthernet {
		link = p.Link.String()
	}
	if len(e.Data) > maxData {
		size = len(e.Data)
	}
	if head := len(p.Head); link != "" || head > 0 || size > 0 {
		b = object.AppendString(append(b, ','), link)
		b = strconv.AppendInt(append(b, ','), int64(head), 10)
		b = strconv.AppendInt(append(b, ','), int64(size), 10)
	}
	return append(b, ']')
}

// appendTexts appends a list, without what is empty at its end.
func appendTexts(b []byte, texts ...string) []byte {
	n := len(texts)
	for n > 0 && texts[n-1] == "" {
		n--
	}
	b = append(b, '[')
	for i, s := range texts[:n] {
		if i > 0 {
			b = append(b, ',')
		}
		b = object.AppendString(b, s)
	}
	return append(b, ']')
}
