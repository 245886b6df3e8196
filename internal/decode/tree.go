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
		f := Field{Name: protos[l.proto].name, Label: protos[l.proto].label, Off: l.off, Len: l.hdr, Bad: l.bad, Text: l.describe(b)}
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
			c.Value, c.Text = p.spec.format(p.read(b))
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
