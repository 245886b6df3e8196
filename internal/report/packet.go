package report

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/decode"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet/packet"
)

// A pagePacket is a packet as a page shows it: decoded, and its bytes.
type pagePacket struct {
	Role, At, Port, Summary, More string
	Tree                          []treeField
	Hex                           []hexRow
}

// A treeField is a field of a decoded packet. One that differs from what was
// wanted is Off.
type treeField struct {
	Label, Value, Text, Bad string
	Layer, Off              bool
	Open                    bool // a layer that is not folded: something is wrong in it, or nothing lies deeper
	Fields                  []treeField
}

type hexRow struct {
	Off, Pad, Chars string
	Bytes           []hexByte
}

type hexByte struct {
	Text string
	Off  bool
}

// hexWide is how many bytes a line of a dump has: two packets fit side by side.
const hexWide = 8

// newPagePacket decodes a packet. off are the fields that differ from the wanted
// ones: they are marked, and their bytes, but in the packet that was wanted.
func newPagePacket(p grade.Packet, off map[string]bool) pagePacket {
	out := pagePacket{Role: line(p.Role), At: seconds(p.At), Port: line(p.Port), Summary: line(p.Summary)}
	b, err := hex.DecodeString(p.Hex)
	if err != nil {
		out.More = "its bytes are not in the report"
		return out
	}
	if p.Role != grade.RoleNearest && p.Role != grade.RoleUnexpected {
		off = nil
	}
	marked := make([]bool, len(b))
	out.Tree = treeFields(decode.Tree(link(p), b), off, marked)
	shown := b
	if len(b) > maxPageBytes {
		shown = b[:maxPageBytes]
		out.More = fmt.Sprintf("and %d bytes more", len(b)-len(shown))
	}
	unfold(out.Tree)
	for i := 0; i < len(shown); i += hexWide {
		out.Hex = append(out.Hex, newHexRow(i, shown[i:min(i+hexWide, len(shown))], marked[i:]))
	}
	return out
}

// link is what a packet starts with.
func link(p grade.Packet) decode.Link {
	if l, ok := packet.ParseLink(p.Link); ok {
		return l
	}
	return decode.Ethernet // which is not written
}

func treeFields(fields []decode.Field, off map[string]bool, marked []bool) []treeField {
	var out []treeField
	for _, f := range fields {
		t := treeField{
			Label: f.Label, Value: line(f.Value), Text: line(f.Text), Bad: line(f.Bad), Layer: !strings.Contains(f.Name, "."),
			Off: off[f.Name], Fields: treeFields(f.Fields, off, marked),
		}
		for i := f.Off; t.Off && !t.Layer && i < f.Off+f.Len && i < len(marked); i++ {
			marked[i] = true
		}
		out = append(out, t)
	}
	return out
}

// unfold opens the layers in which a field is wrong, else the innermost.
func unfold(layers []treeField) {
	some := false
	for i := range layers {
		layers[i].Open = layers[i].wrong()
		some = some || layers[i].Open
	}
	if n := len(layers); n > 0 && !some {
		layers[n-1].Open = true
	}
}

// wrong reports whether a field, or one in it, is bad or differs.
func (f *treeField) wrong() bool {
	return f.Off || f.Bad != "" || slices.ContainsFunc(f.Fields, func(g treeField) bool { return g.wrong() })
}

func newHexRow(at int, b []byte, marked []bool) hexRow {
	r := hexRow{Off: fmt.Sprintf("%04x", at), Pad: strings.Repeat("   ", hexWide-len(b))}
	var chars strings.Builder
	for i, c := range b {
		r.Bytes = append(r.Bytes, hexByte{fmt.Sprintf("%02x", c), marked[i]})
		if c < 0x20 || c > 0x7e {
			c = '.'
		}
		chars.WriteByte(c)
	}
	r.Chars = chars.String()
	return r
}
