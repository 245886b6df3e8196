package verb

import (
	"errors"
	"fmt"
	"regexp"
	"slices"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/format"
	"wireloom/vnet/config"
)

// Limits of a scenario's frames.
const (
	MaxFrameBytes = 4 << 20 // bytes of all frames in a file
	MaxCapture    = 4 << 20 // bytes of a capture file
)

// LinkOf is what packets at an interface begin with: on a tun no link layer stands before
// them. At a port of a switch frames are Ethernet.
func LinkOf(e format.End) decode.Link {
	if e.Driver() == format.Tun {
		return decode.Raw
	}
	return decode.Ethernet
}

// A Frame is one that a step sends, in one of three forms.
type Frame struct {
	Link  decode.Link
	bytes []byte      // nil where it must be built when the run has told its values
	kvs   []decode.KV // what it is built from then
	hex   string      // or read from
	cut   int         // only so many bytes; -1: all
}

var captureForm = regexp.MustCompile(`^captures/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$`)

// FrameKeys are the keys of what sends a frame that say which.
func FrameKeys() []format.Field {
	return []format.Field{
		{Name: "packet", Shape: Given, Doc: "The frame by its fields; lengths and checksums are right unless they are given."},
		{Name: "hex", Shape: format.Late(format.Hex(config.MaxFrame)), Doc: "The frame by its bytes, instead."},
		{Name: "capture", Shape: format.Word("a file of the folder, such as captures/x.pcapng", captureForm, 128), Doc: "A frame of a capture file in the folder, instead."},
		{Name: "frame", Shape: format.Number(1, 1_000_000), Doc: "Which frame of the capture, from 1; the first where it is not given."},
		{Name: "cut", Shape: format.Number(0, config.MaxFrame), Doc: "Only the first so many bytes are sent."},
	}
}

// HasFrame reports whether v says which frame in one form; it notes a mistake where it
// doesn't.
func (s *Scope) HasFrame(v *format.Value) bool {
	forms := 0
	for _, key := range []string{"packet", "hex", "capture"} {
		if v.Get(key) != nil {
			forms++
		}
	}
	switch {
	case forms != 1:
		s.Mistakes.At(v, "the frame is wanted in one form: packet, hex or capture")
	case v.Get("frame") != nil && v.Get("capture") == nil:
		s.Mistakes.At(v.Get("frame"), "frame is the number of a frame in a capture, and there is none")
	default:
		return true
	}
	return false
}

// Frame reads which frame v says (HasFrame), of a link.
func (s *Scope) Frame(v *format.Value, link decode.Link) Frame {
	f := Frame{Link: link, cut: format.Or(v.Get("cut"), -1)}
	pk, hx, cp := v.Get("packet"), v.Get("hex"), v.Get("capture")
	var err error
	var b []byte
	at := pk
	switch {
	case hx != nil:
		at = hx
		if hx.Late {
			f.hex = s.LateText(hx)
			return f
		}
		b = format.Read[[]byte](hx)
	case cp != nil:
		at = cp
		b, err = s.captured(cp.Text, format.Or(v.Get("frame"), 1), link, f.cut)
	default:
		late := false
		var plain []decode.KV
		for _, e := range pk.Keys {
			late = late || e.Val.Late
			plain = append(plain, decode.KV{Name: e.Key.Text, Value: e.Val.Text})
			f.kvs = append(f.kvs, decode.KV{Name: e.Key.Text, Value: s.LateText(e.Val)})
		}
		if late {
			return f
		}
		b, err = decode.Build(link, plain)
	}
	if err == nil {
		f.bytes, err = f.whole(b)
	}
	if s.frames += len(f.bytes); err == nil && s.frames > MaxFrameBytes {
		err = fmt.Errorf("all frames of the file together have more than %d bytes", MaxFrameBytes)
	}
	if err != nil {
		s.Mistakes.At(at, "%s", trimPackage(err))
	}
	return f
}

// Known is the frame's bytes where the run need not tell first; else nil.
func (f *Frame) Known() []byte { return f.bytes }

// whole applies cut and the limit of a frame.
func (f *Frame) whole(b []byte) ([]byte, error) {
	if f.cut >= 0 && f.cut < len(b) {
		b = b[:f.cut]
	}
	if len(b) > config.MaxFrame {
		return nil, fmt.Errorf("the frame has %d bytes, at most %d are allowed", len(b), config.MaxFrame)
	}
	return b, nil
}

// Build is the frame's bytes, with what the run has told.
func (f *Frame) Build(tell func(string) (string, error)) ([]byte, error) {
	switch {
	case f.bytes != nil:
		return f.bytes, nil
	case f.hex != "":
		text, err := tell(f.hex)
		if err != nil {
			return nil, err
		}
		b, err := format.Unhex(text)
		if err != nil {
			return nil, fmt.Errorf("%.40q is not bytes in hexadecimal", text)
		}
		return f.whole(b)
	}
	kvs := slices.Clone(f.kvs)
	for i := range kvs {
		var err error
		if kvs[i].Value, err = tell(kvs[i].Value); err != nil {
			return nil, err
		}
	}
	b, err := decode.Build(f.Link, kvs)
	if err != nil {
		return nil, err
	}
	return f.whole(b)
}

// captured takes a frame out of a capture file of the folder. Where the capture has only
// its beginning, no more than that may be asked for (cut).
func (s *Scope) captured(name string, n int, link decode.Link, cut int) ([]byte, error) {
	frames, read := s.captures[name]
	if !read {
		src, err := s.file(name, MaxCapture)
		if err != nil {
			return nil, err
		}
		if frames, err = decode.ReadCapture(src); err != nil {
			return nil, errors.New(name + ": " + trimPackage(err))
		}
		s.captures[name] = frames
	}
	if n > len(frames) {
		return nil, fmt.Errorf("%s has %d frames, and no frame %d", name, len(frames), n)
	}
	f := frames[n-1]
	if has := len(f.Data); f.Cut > 0 && (cut < 0 || cut > has) {
		return nil, fmt.Errorf("%s has only the first %d of the %d bytes of frame %d: capture whole frames (tcpdump -s 0), or send that much of it with cut: %d", name, has, f.Cut, n, has)
	}
	if f.Link != link {
		return nil, fmt.Errorf("frame %d of %s is %s, and what is sent there is %s", n, name, decode.Noun(f.Link), decode.Noun(link))
	}
	return f.Data, nil
}

// ReplyTo notes a mistake where the step with the id at v, an earlier one or this one,
// sends nothing that can be answered.
func (s *Scope) ReplyTo(v *format.Value) {
	o := s.known[v.Text]
	if v.Text == s.now.ID {
		o = s.now
	}
	switch {
	case o == nil || !o.Broken && o.sends == nil:
		s.Mistakes.At(v, "neither this step nor one before it has the id %s and sends something%s", v.Text, s.Meant(v.Text))
	case !o.Broken && o.sends.bytes != nil:
		if _, err := decode.Reply(o.sends.Link, o.sends.bytes); err != nil {
			s.Mistakes.At(v, "nothing answers what step %s sends: %v", v.Text, err)
		}
	}
}
