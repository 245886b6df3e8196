package format

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// Limits of what expanding a file may make of it.
const (
	MaxSteps    = 500       // with all loops unrolled
	MaxText     = 256 << 10 // bytes of one text
	maxExpanded = 64 << 20  // bytes of all, for all sets of values that are tried
	maxTurns    = 2000      // of all loops
)

// forShape is that of a loop, before it is unrolled.
var forShape = Object(
	Field{"each", Word("a name: a lower-case letter, then letters, digits or _", regexp.MustCompile(nameForm), 32), false, "The name that stands for the item: ${name}, or ${name.key} of a mapping."},
	Field{"in", Any("a list, or a range such as 1..3"), false, "What it goes over: a list of values or mappings, or a range such as 1..3."},
	Field{"times", Any("a whole number"), false, "How often, instead of in."},
	Field{"steps", &Shape{kind: shapeSteps, want: "a list of steps", ref: "steps"}, true, "The steps to repeat."},
)

// Loop is the key of a step that repeats others, and stands alone.
var Loop = Field{"for", forShape, false, "Do steps several times; stands alone."}

// An expander makes of a file the one for given values: it puts them where ${name}
// stands and unrolls the loops.
type expander struct {
	p     *Mistakes
	left  *Room // bytes that it may still write
	turns int
	ids   map[string]bool // of all steps: what ${step.field} may begin with
	full  bool            // a limit was reached
}

// expand returns a copy of v with its texts filled in.
func (x *expander) expand(v *Value, e Env) *Value {
	if v == nil || x.full {
		return v
	}
	c := *v
	c.Keys, c.Items = nil, nil
	if v.Kind == Scalar {
		x.fill(&c, e)
		return &c
	}
	if *x.left -= 64; *x.left < 0 {
		x.overflow(v)
		return &c
	}
	for _, k := range v.Keys {
		key := k.Key
		if strings.Contains(key.Text, "${") {
			key = x.expand(key, e)
			if old := c.Get(key.Text); old != nil || key.Late {
				x.p.At(key, "key %q is there twice with its values filled in, or holds what only the run tells", key.Text)
				continue
			}
		}
		c.Keys = append(c.Keys, &Entry{key, x.expand(k.Val, e)})
	}
	for _, i := range v.Items {
		c.Items = append(c.Items, x.expand(i, e))
	}
	return &c
}

func (x *expander) overflow(v *Value) {
	if !x.full {
		x.full = true
		x.p.At(v, "with its params and loops written out the file has more than %d bytes", maxExpanded)
	}
}

// steps unrolls a list of steps.
func (x *expander) steps(list *Value, e Env) *Value {
	if list == nil || list.Kind != List {
		return x.expand(list, e)
	}
	c := *list
	c.Items = nil
	for _, s := range list.Items {
		loop := s.Get("for")
		if loop == nil {
			if len(c.Items) > MaxSteps {
				x.tooMany(s)
				return &c
			}
			c.Items = append(c.Items, x.expand(s, e))
			continue
		}
		if len(s.Keys) > 1 {
			x.p.At(s.Keys[1].Key, "a step with for has nothing else: put it inside")
			continue
		}
		c.Items = append(c.Items, x.loop(loop, e)...)
		if len(c.Items) > MaxSteps {
			x.tooMany(s)
			return &c
		}
	}
	return &c
}

func (x *expander) tooMany(v *Value) {
	if !x.full {
		x.full = true
		x.p.At(v, "with its loops unrolled the file has more than %d steps", MaxSteps)
	}
}

// stages unrolls the loops of the setups.
func (x *expander) stages(v *Value, e Env) *Value {
	if v == nil || v.Kind != Map {
		return x.expand(v, e)
	}
	c := *v
	c.Keys = nil
	for _, st := range v.Keys {
		if st.Val.Kind != Map {
			c.Keys = append(c.Keys, &Entry{st.Key, st.Val.clone()})
			continue
		}
		stage := *st.Val
		stage.Keys = nil
		for _, k := range st.Val.Keys {
			val := k.Val
			if k.Key.Text == "setup" {
				val = x.steps(val, e)
			} else {
				val = x.expand(val, e)
			}
			stage.Keys = append(stage.Keys, &Entry{k.Key, val})
		}
		c.Keys = append(c.Keys, &Entry{st.Key, &stage})
	}
	return &c
}

// loop unrolls one loop.
func (x *expander) loop(loop *Value, e Env) []*Value {
	before := x.p.Total()
	forShape.Check(loop.shallow(), "for", x.p)
	if x.p.Total() > before {
		return nil
	}
	in, times := loop.Get("in"), loop.Get("times")
	name := loop.Get("each").String()
	if (in == nil) == (times == nil) {
		x.p.At(loop, "for needs either in, a list or a range, or times")
		return nil
	}
	if in != nil && name == "" {
		x.p.At(in, "for lacks \"each\": the name of what stands for the item")
		return nil
	}
	if in != nil && in.Kind == List && len(in.Items) == 0 {
		x.p.At(in, "in has nothing to go through")
	}
	items := x.items(in, times, e)
	var out []*Value
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
		body := x.steps(loop.Get("steps"), inner)
		out = append(out, body.Items...)
		if len(out) > MaxSteps {
			x.tooMany(loop)
		}
	}
	return out
}

// shallow is a copy of a mapping that a shape may be held against.
func (v *Value) shallow() *Value {
	c := *v
	c.Keys = make([]*Entry, len(v.Keys))
	for i, e := range v.Keys {
		val := *e.Val
		c.Keys[i] = &Entry{e.Key, &val}
	}
	return &c
}

var rangeForm = regexp.MustCompile(`^(-?[0-9]{1,10})\.\.(-?[0-9]{1,10})$`)

// items are what a loop goes over.
func (x *expander) items(in, times *Value, e Env) []item {
	lo, hi := int64(1), int64(0)
	switch {
	case times != nil:
		t := x.expand(times, e)
		n, err := strconv.ParseInt(t.Text, 10, 32)
		if err != nil || n < 0 || n > MaxSteps {
			x.p.At(times, "times is %s, want a whole number from 0 to %d", Shown(t), MaxSteps)
			return nil
		}
		hi = n
	case in.Kind == Scalar:
		t := x.expand(in, e)
		m := rangeForm.FindStringSubmatch(t.Text)
		if m == nil {
			x.p.At(in, "in is %s, want a list or a range such as 1..3", Shown(t))
			return nil
		}
		lo, _ = strconv.ParseInt(m[1], 10, 64) // ten digits at most
		hi, _ = strconv.ParseInt(m[2], 10, 64)
		if hi-lo >= MaxSteps {
			x.p.At(in, "the range %s has more than %d numbers", t.Text, MaxSteps)
			return nil
		}
	case in.Kind == List:
		if len(in.Items) > MaxPick {
			x.p.At(in, "in has %d items, at most %d are allowed", len(in.Items), MaxPick)
			return nil
		}
		out := make([]item, 0, len(in.Items))
		for _, v := range in.Items {
			it, ok := itemOf(x.expand(v, e))
			if !ok {
				x.p.At(v, "an item of a loop is a single value or a mapping of single values")
			}
			out = append(out, it)
		}
		return out
	default:
		x.p.At(in, "in is %v, want a list or a range such as 1..3", in.Kind)
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
func (x *expander) fill(v *Value, e Env) {
	if *x.left -= Room(len(v.Text) + 32); *x.left < 0 {
		x.overflow(v)
		return
	}
	if !strings.Contains(v.Text, "${") {
		return
	}
	parts, err := Scan(v.Text)
	if err != nil {
		x.p.At(v, "%v", err)
		return
	}
	// A text with a value that only the run tells stays as it is written there.
	for _, pt := range parts {
		head, _, dotted := strings.Cut(pt.Expr, ".")
		if _, known := e.find(head); pt.Expr != "" && !known && dotted && x.ids[head] {
			v.Late = true
		}
	}
	var b strings.Builder
	for _, pt := range parts {
		switch {
		case pt.Expr == "" && v.Late:
			b.WriteString(strings.ReplaceAll(pt.Text, "${", "$${"))
		case pt.Expr == "":
			b.WriteString(pt.Text)
		default:
			text, late, err := x.value(pt.Expr, e)
			if err != nil {
				x.p.At(v, "${%s}: %v", pt.Expr, err)
				return
			}
			if late {
				text = "${" + pt.Expr + "}"
			}
			b.WriteString(text)
			v.Filled = true
		}
		if b.Len() > MaxText {
			x.p.At(v, "with its values filled in the text has more than %d bytes", MaxText)
			return
		}
	}
	v.Text = b.String()
	*x.left -= Room(len(v.Text))
}

// value is what an expression stands for: name, name.key, either with +N or -N and
// with :%02x behind. late says that only the run tells.
func (x *expander) value(expr string, e Env) (text string, late bool, err error) {
	step, _, _ := strings.Cut(expr, ".")
	if _, known := e.find(step); !known && step != expr && x.ids[step] {
		return "", true, nil
	}
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
	}
	if near := Nearest(head, e.names()); near != "" {
		return "", false, fmt.Errorf("there is no param, loop variable or step of that name; did you mean %s?", near)
	}
	return "", false, fmt.Errorf("there is no param, loop variable or step of that name")
}

func lookUp(name string, e Env) (string, bool) {
	head, field, _ := strings.Cut(name, ".")
	it, ok := e.find(head)
	if !ok {
		return "", false
	}
	return it.get(field)
}

// A Part is a piece of a text: as it is, or an expression.
type Part struct{ Text, Expr string }

// Scan takes a text apart; $${ is ${ as it is.
func Scan(s string) ([]Part, error) {
	var out []Part
	plain := ""
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			if plain += s; plain != "" {
				out = append(out, Part{Text: plain})
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
			out = append(out, Part{Text: plain})
			plain = ""
		}
		out = append(out, Part{Expr: expr})
		s = s[i+end+1:]
	}
}

// collectIDs finds the ids of all steps, also of those in loops, as far as they are
// written out.
func collectIDs(list *Value, ids map[string]bool, depth int) {
	if list == nil || depth > MaxDepth {
		return
	}
	for _, s := range list.Items {
		if id := s.Get("id"); id != nil {
			ids[id.Text] = true
		}
		collectIDs(s.Get("for").Get("steps"), ids, depth+1)
	}
}
