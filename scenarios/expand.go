package scenarios

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Limits of what expanding a file may make of it.
const (
	maxText     = 256 << 10 // bytes of one text
	maxExpanded = 64 << 20  // bytes of all, for all sets of values that are tried
	maxTurns    = 2000      // of all loops
)

// An expander makes of a file the one for given values: it puts them where ${name}
// stands and unrolls the loops.
type expander struct {
	p     *problems
	left  *int // bytes that it may still write
	turns int
	ids   map[string]bool // of all steps: what ${step.field} may begin with
	full  bool            // a limit was reached
}

// expand returns a copy of v with its texts filled in.
func (x *expander) expand(v *value, e env) *value {
	if v == nil || x.full {
		return v
	}
	c := *v
	c.keys, c.items = nil, nil
	if v.kind == kindScalar {
		x.fill(&c, e)
		return &c
	}
	if *x.left -= 64; *x.left < 0 {
		x.overflow(v)
		return &c
	}
	for _, k := range v.keys {
		key := k.key
		if strings.Contains(key.text, "${") {
			key = x.expand(key, e)
			if old := c.get(key.text); old != nil || key.late {
				x.p.at(key, "key %q is there twice with its values filled in, or holds what only the run tells", key.text)
				continue
			}
		}
		c.keys = append(c.keys, &entry{key, x.expand(k.val, e)})
	}
	for _, i := range v.items {
		c.items = append(c.items, x.expand(i, e))
	}
	return &c
}

func (x *expander) overflow(v *value) {
	if !x.full {
		x.full = true
		x.p.at(v, "with its params and loops written out the file has more than %d bytes", maxExpanded)
	}
}

// steps unrolls a list of steps.
func (x *expander) steps(list *value, e env) *value {
	if list == nil || list.kind != kindList {
		return x.expand(list, e)
	}
	c := *list
	c.items = nil
	for _, s := range list.items {
		loop := s.get("for")
		if loop == nil {
			if len(c.items) > MaxSteps {
				x.tooMany(s)
				return &c
			}
			c.items = append(c.items, x.expand(s, e))
			continue
		}
		if len(s.keys) > 1 {
			x.p.at(s.keys[1].key, "a step with for has nothing else: put it inside")
			continue
		}
		c.items = append(c.items, x.loop(loop, e)...)
		if len(c.items) > MaxSteps {
			x.tooMany(s)
			return &c
		}
	}
	return &c
}

func (x *expander) tooMany(v *value) {
	if !x.full {
		x.full = true
		x.p.at(v, "with its loops unrolled the file has more than %d steps", MaxSteps)
	}
}

// loop unrolls one loop.
func (x *expander) loop(loop *value, e env) []*value {
	before := x.p.total()
	forShape.conform(loop, "for", x.p)
	if x.p.total() > before {
		return nil
	}
	in, times := loop.get("in"), loop.get("times")
	name := str(loop.get("each"))
	if (in == nil) == (times == nil) {
		x.p.at(loop, "for needs either in, a list or a range, or times")
		return nil
	}
	if in != nil && name == "" {
		x.p.at(in, "for lacks \"each\": the name of what stands for the item")
		return nil
	}
	if in != nil && in.kind == kindList && len(in.items) == 0 {
		x.p.at(in, "in has nothing to go through")
	}
	items := x.items(in, times, e)
	var out []*value
	for _, it := range items {
		if x.turns++; x.turns > maxTurns {
			x.tooMany(loop)
		}
		if x.full {
			return out
		}
		inner := e
		if name != "" {
			inner = append(e[:len(e):len(e)], binding{name, it})
		}
		body := x.steps(loop.get("steps"), inner)
		out = append(out, body.items...)
		if len(out) > MaxSteps {
			x.tooMany(loop)
		}
	}
	return out
}

var rangeForm = regexp.MustCompile(`^(-?[0-9]{1,10})\.\.(-?[0-9]{1,10})$`)

// items are what a loop goes over.
func (x *expander) items(in, times *value, e env) []item {
	lo, hi := int64(1), int64(0)
	switch {
	case times != nil:
		t := x.expand(times, e)
		n, err := strconv.ParseInt(t.text, 10, 32)
		if err != nil || n < 0 || n > MaxSteps {
			x.p.at(times, "times is %s, want a whole number from 0 to %d", shown(t), MaxSteps)
			return nil
		}
		hi = n
	case in.kind == kindScalar:
		t := x.expand(in, e)
		m := rangeForm.FindStringSubmatch(t.text)
		if m == nil {
			x.p.at(in, "in is %s, want a list or a range such as 1..3", shown(t))
			return nil
		}
		lo, _ = strconv.ParseInt(m[1], 10, 64) // ten digits at most
		hi, _ = strconv.ParseInt(m[2], 10, 64)
		if hi-lo >= MaxSteps {
			x.p.at(in, "the range %s has more than %d numbers", t.text, MaxSteps)
			return nil
		}
	case in.kind == kindList:
		if len(in.items) > MaxPick {
			x.p.at(in, "in has %d items, at most %d are allowed", len(in.items), MaxPick)
			return nil
		}
		out := make([]item, 0, len(in.items))
		for _, v := range in.items {
			it, ok := itemOf(x.expand(v, e))
			if !ok {
				x.p.at(v, "an item of a loop is a single value or a mapping of single values")
			}
			out = append(out, it)
		}
		return out
	default:
		x.p.at(in, "in is %v, want a list or a range such as 1..3", in.kind)
		return nil
	}
	var out []item
	for n := lo; n <= hi; n++ {
		out = append(out, item{text: strconv.FormatInt(n, 10)})
	}
	return out
}

var (
	verbForm = regexp.MustCompile(`^%0?[0-9]?[dxX]$`)
	plusForm = regexp.MustCompile(`^(.+?)([+-][0-9]{1,9})$`)
)

// fill puts values where ${...} stands in a text.
func (x *expander) fill(v *value, e env) {
	if *x.left -= len(v.text) + 32; *x.left < 0 {
		x.overflow(v)
		return
	}
	if !strings.Contains(v.text, "${") {
		return
	}
	parts, err := scan(v.text)
	if err != nil {
		x.p.at(v, "%v", err)
		return
	}
	// A text with a value that only the run tells stays as it is written there.
	for _, pt := range parts {
		head, _, dotted := strings.Cut(pt.expr, ".")
		if _, known := e.find(head); pt.expr != "" && !known && dotted && x.ids[head] {
			v.late = true
		}
	}
	var b strings.Builder
	for _, pt := range parts {
		switch {
		case pt.expr == "" && v.late:
			b.WriteString(strings.ReplaceAll(pt.text, "${", "$${"))
		case pt.expr == "":
			b.WriteString(pt.text)
		default:
			text, late, err := x.value(pt.expr, e)
			if err != nil {
				x.p.at(v, "${%s}: %v", pt.expr, err)
				return
			}
			if late {
				text = "${" + pt.expr + "}"
			}
			b.WriteString(text)
			v.filled = true
		}
		if b.Len() > maxText {
			x.p.at(v, "with its values filled in the text has more than %d bytes", maxText)
			return
		}
	}
	v.text = b.String()
	*x.left -= len(v.text)
}

// value is what an expression stands for: name, name.key, either with +N or -N and
// with :%02x behind. late says that only the run tells.
func (x *expander) value(expr string, e env) (text string, late bool, err error) {
	name, verb, formats := strings.Cut(expr, ":")
	if formats && !verbForm.MatchString(verb) {
		return "", false, fmt.Errorf("%.20q is no form: write %%d, %%x, %%X, %%02x or the like", verb)
	}
	text, ok := lookUp(name, e)
	if m := plusForm.FindStringSubmatch(name); !ok && m != nil {
		var base string
		if base, ok = lookUp(m[1], e); ok {
			n, err := strconv.ParseInt(base, 10, 64)
			if err != nil {
				return "", false, fmt.Errorf("%.40q is not a whole number, to which something can be added", base)
			}
			d, _ := strconv.ParseInt(m[2], 10, 64) // nine digits at most
			text = strconv.FormatInt(n+d, 10)
		}
	}
	head, field, dotted := strings.Cut(name, ".")
	it, known := e.find(head)
	switch {
	case ok && formats:
		text, err = formatted(text, verb)
		return text, false, err
	case ok:
		return text, false, nil
	case known && it.keyed && !dotted:
		return "", false, fmt.Errorf("it has several values: write ${%s.%s}", head, it.named[0].name)
	case known && it.keyed:
		return "", false, fmt.Errorf("%s has no %.40q", head, field)
	case known:
		return "", false, fmt.Errorf("%s is a single value", head)
	case dotted && x.ids[head] && !formats:
		return "", true, nil
	}
	if near := nearest(head, e.names()); near != "" {
		return "", false, fmt.Errorf("there is no param, loop variable or step of that name; did you mean %s?", near)
	}
	return "", false, fmt.Errorf("there is no param, loop variable or step of that name")
}

func lookUp(name string, e env) (string, bool) {
	head, field, _ := strings.Cut(name, ".")
	it, ok := e.find(head)
	if !ok {
		return "", false
	}
	return it.get(field)
}

// A part is a piece of a text: as it is, or an expression.
type part struct{ text, expr string }

// scan takes a text apart; $${ is ${ as it is.
func scan(s string) ([]part, error) {
	var out []part
	plain := ""
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			if plain += s; plain != "" {
				out = append(out, part{text: plain})
			}
			return out, nil
		}
		if i > 0 && s[i-1] == '$' {
			plain += s[:i-1] + "${"
			s = s[i+2:]
			continue
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			return nil, fmt.Errorf("${ without a }; write $${ for ${ as it is")
		}
		expr := s[i+2 : i+end]
		if expr == "" {
			return nil, fmt.Errorf("${} names nothing")
		}
		if plain += s[:i]; plain != "" {
			out = append(out, part{text: plain})
			plain = ""
		}
		out = append(out, part{expr: expr})
		s = s[i+end+1:]
	}
}

// collectIDs finds the ids of all steps, also of those in loops, as far as they are
// written out.
func collectIDs(list *value, ids map[string]bool, depth int) {
	if list == nil || depth > MaxDepth {
		return
	}
	for _, s := range list.items {
		if id := s.get("id"); id != nil {
			ids[id.text] = true
		}
		collectIDs(s.get("for").get("steps"), ids, depth+1)
	}
}
