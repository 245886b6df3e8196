package decode

import (
	"fmt"
	"strings"
)

// clip cuts a frame that is too long.
func clip(b []byte) ([]byte, string) {
	if len(b) <= MaxFrame {
		return b, ""
	}
	return b[:MaxFrame], fmt.Sprintf("frame of %d bytes: only the first %d are decoded", len(b), MaxFrame)
}

// Tree is the layers of a frame, outermost first, each with its fields. The
// packet that an ICMP error quotes is inside that error's layer.
func Tree(link Link, b []byte) []Field {
	b, long := clip(b)
	fields := tree(whole(walk(link, b), b), b)
	if long != "" && len(fields) > 0 {
		fields[0].Bad = first(fields[0].Bad, long)
	}
	return fields
}

func tree(ls []layer, b []byte) []Field {
	out := make([]Field, 0, len(ls))
	for i := range ls {
		l := &ls[i]
		f := Field{Name: protos[l.proto].name, Label: protos[l.proto].label, Off: l.off, Len: l.hdr, Bad: l.bad, Text: l.describe(b), Filter: protos[l.proto].name}
		for j := range specs {
			s := &specs[j]
			if s.proto != l.proto || s.hidden || s.found || s.kind == kText { // the same bytes are shown as another field
				continue
			}
			v, off, n, ok := l.value(s, b)
			if !ok {
				continue
			}
			c := Field{Name: s.name, Label: s.label, Off: off, Len: n}
			c.Value, c.Text = s.format(v)
			c.Filter = s.filter(v)
			if strings.HasSuffix(s.name, ".checksum") && l.check.known && l.check.got != l.check.want {
				c.Bad = fmt.Sprintf("should be 0x%04x", l.check.want)
			}
			if s.kind == kStatus { // it belongs to the two bytes before it
				last := &f.Fields[len(f.Fields)-1]
				c.Off, c.Len = last.Off, last.Len
			}
			f.put(c, s.sub || s.kind == kStatus)
		}
		for j := range l.places {
			p := &l.places[j]
			c := Field{Name: p.spec.name, Label: p.spec.label, Off: p.off, Len: p.n}
			v := p.read(b)
			c.Value, c.Text = p.spec.format(v)
			c.Filter = p.spec.filter(v)
			f.put(c, p.spec.sub)
		}
		f.Fields = append(f.Fields, tree(l.quoted, b)...)
		out = append(out, f)
	}
	return out
}

// put adds a field, or what belongs inside the one before it.
func (f *Field) put(c Field, inside bool) {
	if inside && len(f.Fields) > 0 {
		last := &f.Fields[len(f.Fields)-1]
		last.Fields = append(last.Fields, c)
		return
	}
	f.Fields = append(f.Fields, c)
}

// maxFilterBytes is how many bytes of a value a filter names.
const maxFilterBytes = 16

// filter is a display filter that chooses frames in which the field has this value: of
// long bytes, this beginning.
func (s *spec) filter(v value) string {
	if s.name == "udp.checksum.status" { // a filter knows more of them: see key
		return s.name + []string{" in {0, 4}", " == 1", " in {2, 3}"}[v.u]
	}
	switch s.kind {
	case kBytes:
		name, b := s.name, v.b
		if len(b) == 0 {
			return name
		}
		if len(b) > maxFilterBytes {
			name, b = fmt.Sprintf("%s[0:%d]", name, maxFilterBytes), b[:maxFilterBytes]
		}
		var text strings.Builder
		for _, c := range b {
			text.WriteString(fmt.Sprintf(":%02x", c))
		}
		if len(b) == 1 {
			return name + " == 0x" + text.String()[1:]
		}
		return name + " == " + text.String()[1:]
	case kName, kText:
		return s.name + ` == "` + strings.ReplaceAll(printable(v.b), `"`, `\x22`) + `"`
	case kUint, kHex, kBool, kMAC, kIPv4, kIPv6, kStatus, kAge:
	}
	val, _ := s.format(v)
	return s.name + " == " + val
}
