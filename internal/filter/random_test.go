package filter

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"wireloom/internal/decode"
)

// A writer of filters, by chance, with values that the frames have.
type writer struct {
	r      *rand.Rand
	frames []*decode.Frame
}

// pick is one of several texts.
func (w *writer) pick(of ...string) string { return of[w.r.IntN(len(of))] }

// value is one that a key has in some frame; "" where it has none.
func (w *writer) value(k *decode.Key) string {
	for range 400 {
		var got []decode.Datum
		w.frames[w.r.IntN(len(w.frames))].Each(k, func(v decode.Datum, _ int) bool {
			got = append(got, v)
			return true
		})
		if len(got) == 0 {
			continue
		}
		v := got[w.r.IntN(len(got))]
		switch {
		case k.Type == decode.Text:
			return quote(string(v.Bytes))
		case k.Type != decode.Bytes:
			return text(v, k.Type)
		case len(v.Bytes) > 1:
			return hexText(v.Bytes[:min(len(v.Bytes), 20)])
		}
	}
	return ""
}

// condition is one field's.
func (w *writer) condition() string {
	keys := decode.Keys()
	for {
		k := keys[w.r.IntN(len(keys))]
		switch k.Name { // which differ in what an ICMP error quotes, and at the end of options
		case "tcp.seq_raw", "dhcp.option.type":
			continue
		}
		if incomparable[k.Name] != "" || strings.HasSuffix(k.Name, ".status") || proto(k.Name) == "data" {
			continue
		}
		v, other := w.value(k), w.value(k)
		address := k.Type == decode.MAC || k.Type == decode.IPv4 || k.Type == decode.IPv6
		match := w.pick("", "", "", "any ", "all ")
		switch n := w.r.IntN(10); {
		case n == 0 || k.Type == decode.Protocol:
			return k.Name
		case n == 1:
			return fmt.Sprintf("count(%s) %s %d", k.Name, w.pick("==", ">", "<"), 1+w.r.IntN(3))
		case v == "":
		case n < 6 && k.Type == decode.Bool:
			return match + k.Name + w.pick(" == ", " != ") + v
		case n < 6:
			return match + k.Name + w.pick(" == ", " != ", " === ", " !== ", " < ", " > ", " <= ", " >= ") + v
		case n == 6:
			return k.Name + " in {" + v + ", " + other + "}"
		case n == 7 && (k.Type == decode.Number || k.Type == decode.IPv4 || k.Type == decode.IPv6):
			f := k.Name + " in {" + v + ".." + other + "}"
			if _, err := Compile(f); err != nil {
				return k.Name + " in {" + other + ".." + v + "}"
			}
			return f
		case n == 8 && k.Type == decode.Number:
			return k.Name + " & " + v + w.pick("", " == "+v, " != 0")
		case n == 9 && (address || k.Type == decode.Bytes):
			return fmt.Sprintf("%s%s[%d:2] %s %02x:%02x", match, k.Name, w.r.IntN(5), w.pick("==", "!=", "<", ">="), w.r.IntN(4), w.r.IntN(256))
		}
	}
}

// filter is several conditions, at most so deep.
func (w *writer) filter(deep int) string {
	if deep == 0 || w.r.IntN(3) == 0 {
		return w.condition()
	}
	switch w.r.IntN(5) {
	case 0:
		return "!(" + w.filter(deep-1) + ")"
	case 1:
		return "not " + w.filter(deep-1)
	case 2:
		return "(" + w.filter(deep-1) + ")"
	}
	return w.filter(deep-1) + w.pick(" and ", " or ", " && ", " || ") + w.filter(deep-1)
}

// Filters that chance writes choose the frames that tshark chooses, and so do the forms in
// which they are shown.
func TestRandomFiltersAgreeWithTshark(t *testing.T) {
	all, cut := packets(t, 1_500)
	w := &writer{r: rand.New(rand.NewPCG(7, 2026))}
	var ps []decode.Packet
	for i, p := range all {
		if !cut[i] {
			ps, w.frames = append(ps, p), append(w.frames, decode.Open(p))
		}
	}
	var filters []string
	for range 500 {
		filters = append(filters, w.filter(w.r.IntN(4)))
	}
	want, errs := ask(t, ps, filters)
	for i, text := range filters {
		f, err := Compile(text)
		if err != nil || errs[i] != "" {
			t.Errorf("%s: %v; tshark: %s", text, err, errs[i])
			continue
		}
		shown := again(t, f)
		for j, frame := range w.frames {
			if got := f.Match(frame); got != want[i][uint64(j+1)] || got != shown.Match(frame) {
				t.Errorf("%s: frame %d, %x: got %v, of the shown form %v; tshark has %d", text, j+1, ps[j].Data, got, shown.Match(frame), len(want[i]))
				break
			}
		}
	}
}
