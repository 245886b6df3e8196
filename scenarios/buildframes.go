package scenarios

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"wireloom/internal/decode"
	"wireloom/vnet"
)

func (b *builder) fault(v *value) Fault {
	port := b.hasEnd(v.get("port"))
	f := Fault{Link: vnet.SetLink{Port: port, Link: str(v.get("link"))}, Frames: vnet.Fault{
		Port: port, Out: str(v.get("direction")) == "out", By: dur(v.get("by"), 0), Drop: numbers(v.get("drop")), Delay: numbers(v.get("delay")),
	}}
	frames := len(f.Frames.Drop) + len(f.Frames.Delay)
	f.Interface, f.Up = b.hasDevice(v.get("interface")), str(v.get("state")) == "up"
	switch {
	case (v.get("port") == nil) == (v.get("interface") == nil):
		b.p.at(v, "a fault needs either the port of a link or an interface")
	case v.get("interface") != nil:
		if v.get("state") == nil || len(v.keys) > 2 {
			b.p.at(v, "the fault of an interface has a state, down or up, and nothing else")
		}
	case v.get("state") != nil:
		b.p.at(v.get("state"), "state is for an interface; a link has link: down or up")
	case f.Link.Link != "" && (frames > 0 || f.Frames.By != 0):
		b.p.at(v, "a fault either takes the link down or up, or drops and delays frames")
	case frames > 0 && v.get("direction") == nil:
		b.p.at(v, "the fault lacks \"direction\": in or out at the port")
	default:
		check := f.Frames.Check
		if f.Link.Link != "" {
			check = f.Link.Check
		}
		if err := check(); err != nil {
			b.p.at(v, "%v", err)
		} else if p := v.get("port"); b.links[p.text] == nil {
			b.p.at(p, "nothing is plugged into %s: there is no link to fail", p.text)
		}
	}
	return f
}

func numbers(v *value) []uint64 {
	var out []uint64
	for _, i := range v.each() {
		out = append(out, uint64(num(i, 0)))
	}
	return out
}

// send builds what to send, and the frame as far as it is known.
func (b *builder) send(v *value) Send {
	s := Send{
		Port: b.hasEnd(v.get("port")), Device: b.hasDevice(v.get("device")), Out: str(v.get("direction")) == "out",
		Cut: num(v.get("cut"), -1), Repeat: num(v.get("repeat"), 1), Every: dur(v.get("every"), 0),
	}
	pk, hx, cp := v.get("packet"), v.get("hex"), v.get("capture")
	forms := 0
	for _, x := range []*value{pk, hx, cp} {
		if x != nil {
			forms++
		}
	}
	switch {
	case (v.get("port") == nil) == (v.get("device") == nil):
		b.p.at(v, "send needs either a port or a device")
	case forms != 1:
		b.p.at(v, "send needs the frame in one form: packet, hex or capture")
	case v.get("frame") != nil && cp == nil:
		b.p.at(v.get("frame"), "frame is the number of a frame in a capture, and there is none")
	case v.get("device") != nil && v.get("direction") != nil:
		b.p.at(v.get("direction"), "out of a device a packet goes in one direction only")
	case time.Duration(s.Repeat)*s.Every > MaxVirtual:
		b.p.at(v, "%d frames, one every %v, take longer than %v", s.Repeat, s.Every, MaxVirtual)
	default:
		s.Link = linkOf(s.Device)
		b.frame(&s, v)
	}
	return s
}

// linkOf is what packets of a device begin with.
func linkOf(device string) decode.Link {
	if _, f, ok := strings.Cut(device, ":"); ok && strings.HasPrefix(f, "tun") {
		return decode.Raw
	}
	return decode.Ethernet
}

// frame builds the bytes to send.
func (b *builder) frame(s *Send, v *value) {
	pk, hx, cp := v.get("packet"), v.get("hex"), v.get("capture")
	var err error
	at := pk
	switch {
	case hx != nil:
		at = hx
		if hx.late {
			s.Hex = b.lateText(hx)
			return
		}
		s.Frame, err = unhex(hx.text)
	case cp != nil:
		at = cp
		s.Frame, err = b.captured(cp.text, num(v.get("frame"), 1), s.Link)
	default:
		late := false
		var plain []decode.KV
		for _, e := range pk.keys {
			late = late || e.val.late
			plain = append(plain, decode.KV{Name: e.key.text, Value: e.val.text})
			s.Fields = append(s.Fields, decode.KV{Name: e.key.text, Value: b.lateText(e.val)})
		}
		if late {
			return
		}
		s.Frame, err = decode.Build(s.Link, plain)
	}
	if err == nil {
		s.Frame, err = s.cut(s.Frame)
	}
	if b.bytes += len(s.Frame); err == nil && b.bytes > MaxFrameBytes {
		err = errors.New("all frames of the file together have more than " + strconv.Itoa(MaxFrameBytes) + " bytes")
	}
	if err != nil {
		b.p.at(at, "%s", trimPackage(err))
	}
}

// cut applies Cut and the limit of a frame.
func (s *Send) cut(frame []byte) ([]byte, error) {
	if s.Cut >= 0 && s.Cut < len(frame) {
		frame = frame[:s.Cut]
	}
	if len(frame) > vnet.MaxFrame {
		return nil, errors.New("the frame has " + strconv.Itoa(len(frame)) + " bytes, at most " + strconv.Itoa(vnet.MaxFrame) + " are allowed")
	}
	return frame, nil
}

// captured takes a frame out of a capture file of the folder.
func (b *builder) captured(name string, n int, link decode.Link) ([]byte, error) {
	frames, read := b.caps[name]
	if !read {
		src, err := b.sc.file(name, MaxCapture)
		if err != nil {
			return nil, err
		}
		if frames, err = decode.ReadCapture(src); err != nil {
			return nil, errors.New(name + ": " + trimPackage(err))
		}
		b.caps[name] = frames
	}
	if n > len(frames) {
		return nil, errors.New(name + " has " + strconv.Itoa(len(frames)) + " frames, and no frame " + strconv.Itoa(n))
	}
	f := frames[n-1]
	if f.Link != link {
		return nil, errors.New("frame " + strconv.Itoa(n) + " of " + name + " is " + decode.Noun(f.Link) + ", and what is sent there is " + decode.Noun(link))
	}
	return f.Data, nil
}

// pattern builds the fields that a frame must have.
func (b *builder) pattern(v *value) Pattern {
	var pt Pattern
	if v == nil {
		return pt
	}
	for _, e := range v.keys {
		op, vs, ok := wantedValues(e, b.p)
		if !ok {
			continue
		}
		f := patternField{name: e.key.text, op: op}
		for _, x := range vs {
			pt.late = pt.late || x.late
			f.values = append(f.values, b.lateText(x))
		}
		pt.fields = append(pt.fields, f)
	}
	if !pt.late {
		pt.wants, _ = pt.resolve(plainText) // its values have been checked
	}
	return pt
}

// plainText is what a text without ${step.field} says.
func plainText(s string) (string, error) { return strings.ReplaceAll(s, "$${", "${"), nil }

// resolve makes what is wanted of what the run has told.
func (pt *Pattern) resolve(tell func(string) (string, error)) ([]decode.Want, error) {
	var out []decode.Want
	for _, f := range pt.fields {
		values := make([]string, len(f.values))
		for i, v := range f.values {
			var err error
			if values[i], err = tell(v); err != nil {
				return nil, err
			}
		}
		w, err := decode.NewWant(f.name, f.op, values...)
		if err != nil {
			return nil, err
		}
		out = append(out, w)
	}
	return out, nil
}

func (b *builder) expect(v *value, s *Step) Expect {
	x := Expect{
		Port: b.hasEnd(v.get("port")), Device: b.hasDevice(v.get("device")), Direction: "both", Within: within(v, time.Second),
		Since: str(v.get("since")), Count: Count{1, unbounded}, Strict: str(v.get("order")) == "strict", Only: str(v.get("only")) == "true",
		ReplyTo: str(v.get("reply_to")), List: v.get("packets") != nil,
	}
	x.Link = linkOf(x.Port + x.Device)
	if d := v.get("direction"); d != nil {
		x.Direction = d.text
	}
	if c := v.get("count"); c != nil {
		x.Count, x.Counted = b.count(c), true
	}
	one := b.pattern(v.get("packet"))
	x.Patterns = []Pattern{one}
	if x.List {
		x.Patterns = nil
		for _, p := range v.get("packets").items {
			x.Patterns = append(x.Patterns, b.pattern(p))
		}
	}
	switch {
	case (v.get("port") == nil) == (v.get("device") == nil):
		b.p.at(v, "expect needs either a port or a device")
	case x.List && v.get("packet") != nil:
		b.p.at(v, "expect takes packet or packets, not both")
	case x.List && len(x.Patterns) == 0:
		b.p.at(v.get("packets"), "packets lists none; count: 0 says that none may come")
	case x.List && x.Counted:
		b.p.at(v.get("count"), "packets lists what must come, one by one; count is for packet")
	case !x.List && v.get("order") != nil:
		b.p.at(v.get("order"), "order is that of packets, and there is only one")
	}
	if x.ReplyTo != "" {
		o := b.ids[x.ReplyTo]
		if x.ReplyTo == s.ID {
			o = s
		}
		switch {
		case o == nil || o.Points >= 0 && len(o.Send) == 0:
			b.p.at(v.get("reply_to"), "neither this step nor one before it has the id %s and sends something%s", x.ReplyTo, b.meant(x.ReplyTo))
		case o.Points >= 0 && o.Send[0].Frame != nil:
			if _, err := decode.Reply(o.Send[0].Link, o.Send[0].Frame); err != nil {
				b.p.at(v.get("reply_to"), "nothing answers what step %s sends: %v", x.ReplyTo, err)
			}
		}
	}
	if x.Since != "" && b.ids[x.Since] == nil {
		b.p.at(v.get("since"), "no step before this one has the id %s%s", x.Since, b.meant(x.Since))
	}
	x.Text = x.describe()
	return x
}

// count reads a number or a range, whose form has been checked.
func (b *builder) count(v *value) Count {
	lo, hi, ranged := strings.Cut(v.text, "..")
	c := Count{0, unbounded}
	if lo != "" {
		c.Min, _ = strconv.ParseInt(lo, 10, 64)
	}
	switch {
	case !ranged:
		c.Max = c.Min
	case hi != "":
		c.Max, _ = strconv.ParseInt(hi, 10, 64)
	}
	if c.Min > c.Max {
		b.p.at(v, "the range %s ends before it begins", v.text)
	}
	return c
}

// countOf is a count that may be left out.
func (b *builder) countOf(v *value) *Count {
	if v == nil {
		return nil
	}
	c := b.count(v)
	return &c
}
