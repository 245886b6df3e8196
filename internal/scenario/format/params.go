package format

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Limits of params and loops.
const (
	MaxParams = 64
	MaxPick   = 64            // items of a pick, and of the list of a loop
	MaxRange  = 1_000_000_000 // the largest number of a range
)

// Params is the shape of the params of a file.
var Params = MapOf(regexp.MustCompile(nameForm), "a param's name: a lower-case letter, then letters, digits or _", Object(
	Field{"pick", ListOf(Any("a value"), MaxPick), false, "One of these; each a single value, or a mapping of single values."},
	Field{"from", Number(0, MaxRange), false, "A whole number from here."},
	Field{"to", Number(0, MaxRange), false, "To here, which can be chosen too."},
), MaxParams)

// nameForm is the form of what ${name} may name.
const nameForm = `^[a-z][a-z0-9_]{0,31}$`

// A param is a value that differs from student to student.
type param struct {
	name     string
	picks    []item // of a list
	from, to int64  // of a range, both included
}

// An item is one value of a param or of a loop's variable: a text, or several with
// names.
type item struct {
	text  string
	named []namedText
	keyed bool // it is a mapping
}

type namedText struct{ name, text string }

// get is the item's text, or that of one of its names.
func (i item) get(field string) (string, bool) {
	if !i.keyed {
		return i.text, field == ""
	}
	for _, n := range i.named {
		if n.name == field {
			return n.text, true
		}
	}
	return "", false
}

// String is the item for people.
func (i item) String() string {
	if !i.keyed {
		return i.text
	}
	parts := make([]string, len(i.named))
	for k, n := range i.named {
		parts[k] = n.name + "=" + n.text
	}
	return strings.Join(parts, " ")
}

// itemOf reads a scalar or a mapping of scalars; false if it is neither.
func itemOf(v *Value) (item, bool) {
	switch v.Kind {
	case Scalar:
		return item{text: v.Text}, true
	case Map:
		i := item{keyed: true}
		for _, e := range v.Keys {
			if e.Val.Kind != Scalar {
				return i, false
			}
			i.named = append(i.named, namedText{e.Key.Text, e.Val.Text})
		}
		return i, true
	case Null, List:
	}
	return item{}, false
}

// readParams reads the params of a file, whose shape has been checked.
func readParams(v *Value, p *Mistakes) []param {
	if v == nil {
		return nil
	}
	out := make([]param, 0, len(v.Keys))
	for _, e := range v.Keys {
		pm := param{name: e.Key.Text}
		pick, from, to := e.Val.Get("pick"), e.Val.Get("from"), e.Val.Get("to")
		switch {
		case pick != nil && (from != nil || to != nil), pick == nil && (from == nil || to == nil):
			p.At(e.Key, "param %s needs either pick, or from and to", pm.name)
			continue
		case pick == nil:
			pm.from, pm.to = int64(Read[int](from)), int64(Read[int](to))
			if pm.from > pm.to {
				p.At(from, "from %d is above to %d", pm.from, pm.to)
			}
		case len(pick.Items) == 0:
			p.At(pick, "pick has nothing to choose from")
		}
		for _, x := range pick.List() {
			i, ok := itemOf(x)
			if !ok {
				p.At(x, "an item of a pick is a single value or a mapping of single values")
				continue
			}
			if len(pm.picks) > 0 && !slices.EqualFunc(pm.picks[0].named, i.named, func(a, b namedText) bool { return a.name == b.name }) || len(pm.picks) > 0 && pm.picks[0].keyed != i.keyed {
				p.At(x, "the items of a pick must all have the same keys")
			}
			pm.picks = append(pm.picks, i)
		}
		out = append(out, pm)
	}
	return out
}

// choose is a param's value for a student: SHA-256 of the student's id, the seed and
// the param's name decides.
func (pm *param) choose(student string, seed uint64) item {
	h := sha256.New()
	h.Write([]byte(student))
	var b [9]byte // a zero byte ends the id
	binary.BigEndian.PutUint64(b[1:], seed)
	h.Write(b[:])
	h.Write([]byte(pm.name))
	return pm.nth(binary.BigEndian.Uint64(h.Sum(nil)))
}

// nth is a value of the param, counted round and round.
func (pm *param) nth(n uint64) item {
	if len(pm.picks) > 0 {
		return pm.picks[n%uint64(len(pm.picks))]
	}
	return item{text: strconv.FormatInt(pm.from+int64(n%uint64(pm.to-pm.from+1)), 10)}
}

// trials is how many sets of values show every item of every list, and the ends of
// every range.
func trials(ps []param) int {
	n := 1
	for _, pm := range ps {
		n = max(n, len(pm.picks))
		if pm.from < pm.to {
			n = max(n, 2)
		}
	}
	return n
}

// trial is the value of a param in the n-th of them.
func (pm *param) trial(n int) item {
	if len(pm.picks) == 0 && n == 1 {
		return item{text: strconv.FormatInt(pm.to, 10)}
	}
	return pm.nth(uint64(n))
}

// An Env is what ${name} stands for; the last of a name counts.
type Env []binding

type binding struct {
	name string
	item item
}

func (e Env) find(name string) (item, bool) {
	for i := len(e) - 1; i >= 0; i-- {
		if e[i].name == name {
			return e[i].item, true
		}
	}
	return item{}, false
}

func (e Env) names() []string {
	out := make([]string, len(e))
	for i, b := range e {
		out[i] = b.name
	}
	return out
}

// describe is the values for a message.
func (e Env) describe() string {
	parts := make([]string, len(e))
	for i, b := range e {
		parts[i] = b.name + " " + b.item.String()
	}
	return strings.Join(parts, ", ")
}

// Values are the bindings as a result shows them.
func (e Env) Values() map[string]string {
	if len(e) == 0 {
		return nil
	}
	m := map[string]string{}
	for _, b := range e {
		if !b.item.keyed {
			m[b.name] = b.item.text
		}
		for _, n := range b.item.named {
			m[b.name+"."+n.name] = n.text
		}
	}
	return m
}

// formatted writes a value in the form that stands behind a colon.
func formatted(value, verb string) (string, error) {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil {
		return "", fmt.Errorf("%.40q is not a whole number, which %s needs", value, verb)
	}
	return fmt.Sprintf(verb, n), nil
}
