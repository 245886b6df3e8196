package main

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
)

// columns is how long a line may be: the page's formatter breaks longer ones.
const columns = 120

// A file is one that is made.
type file struct {
	name string
	text []byte
}

// A union is a set of structs that one member tells apart.
type union struct{ table, name, wire string }

// A maker writes both files.
type maker struct {
	*source
	kinds         map[string]entry // structs of unions, with their kind
	wires         map[string]string
	seen          map[string]bool // structs that the page gets, or asks with
	asks          map[string]bool // of those, what it only asks with
	types, guards bytes.Buffer
	helpers       map[string]bool
	used          map[string]bool // types that the guards name
	lists         bytes.Buffer    // values of enums
}

func (s *source) typescript() ([]file, error) {
	w := &maker{source: s, kinds: map[string]entry{}, wires: map[string]string{}, seen: map[string]bool{}, asks: map[string]bool{}, helpers: map[string]bool{}, used: map[string]bool{}}
	for _, u := range w.side.unions {
		for _, e := range s.tables[u.table] {
			w.kinds[e.of], w.wires[e.of] = e, u.wire
			w.reach(e.of)
		}
	}
	for _, table := range []string{"Results", "Answers"} {
		for _, e := range s.tables[table] {
			w.reach(e.of)
		}
	}
	for _, e := range s.tables["Commands"] {
		if st := s.structs[e.of]; st != nil {
			w.asked(st)
		}
	}
	for _, e := range s.tables["Asks"] {
		w.asks[e.of] = !w.seen[e.of]
		if st := s.structs[e.of]; st != nil {
			w.asked(st)
		}
		w.seen[e.of] = true
	}
	for _, name := range s.order {
		if e := s.enums[name]; e != nil && w.seen[name] {
			w.enum(e)
		} else if st := s.structs[name]; st != nil && w.seen[name] {
			helpers, used, n := maps.Clone(w.helpers), maps.Clone(w.used), w.guards.Len()
			if err := w.structure(st); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			if w.asks[name] { // never read
				w.guards.Truncate(n)
				w.helpers, w.used = helpers, used
			}
		}
	}
	for _, u := range w.side.unions {
		w.union(u)
	}
	if len(s.tables["Commands"]) > 0 {
		if err := w.commands(); err != nil {
			return nil, err
		}
	}
	types := s.side.head() + w.types.String()
	var guards strings.Builder
	guards.WriteString(s.side.head())
	w.imports(&guards, w.helpers, s.side.read, "")
	w.imports(&guards, w.used, "./types", "type ")
	if w.version != "" {
		fmt.Fprintf(&guards, "\n/** The version of the protocol that is described here. */\nexport const VERSION = %s;\n", w.version)
	}
	guards.WriteString(w.lists.String())
	guards.WriteString(w.guards.String())
	return []file{{"types.ts", []byte(types)}, {"guards.ts", []byte(guards.String())}}, nil
}

// reach marks a type, and those that it has, as used.
func (w *maker) reach(name string) {
	if w.seen[name] {
		return
	}
	w.seen[name] = true
	if st := w.structs[name]; st != nil {
		for _, m := range st.members {
			w.reach(m.of.name)
		}
	}
}

// asked marks the types that what the page asks with has, and no answer.
func (w *maker) asked(st *structure) {
	for _, m := range st.members {
		if (w.structs[m.of.name] != nil || w.enums[m.of.name] != nil) && !w.seen[m.of.name] {
			w.asks[m.of.name] = true
			w.reach(m.of.name)
		}
	}
}

func (w *maker) imports(b *strings.Builder, names map[string]bool, from, kind string) {
	all := slices.Collect(maps.Keys(names))
	slices.SortFunc(all, func(a, b string) int {
		return byName(strings.TrimPrefix(a, "type "), strings.TrimPrefix(b, "type "))
	})
	line := fmt.Sprintf("import %s{ %s } from %q;\n", kind, strings.Join(all, ", "), from)
	if len(line) > columns {
		line = fmt.Sprintf("import %s{\n  %s,\n} from %q;\n", kind, strings.Join(all, ",\n  "), from)
	}
	b.WriteString(line)
}

// byName orders names as the page's formatter has them: capitals before small letters,
// letter by letter.
func byName(a, b string) int {
	for i := range min(len(a), len(b)) {
		if a[i] == b[i] {
			continue
		}
		x, y := unicode.ToLower(rune(a[i])), unicode.ToLower(rune(b[i]))
		return cmp.Or(cmp.Compare(x, y), cmp.Compare(a[i], b[i]))
	}
	return cmp.Compare(len(a), len(b))
}

// short is a type's name in the page.
func short(name string) string { return name[strings.LastIndexByte(name, '.')+1:] }

// constant is the name of the list of an enum's values.
func constant(name string) string {
	var b strings.Builder
	for i, r := range short(name) {
		if i > 0 && 'A' <= r && r <= 'Z' {
			b.WriteByte('_')
		}
		b.WriteRune(r)
	}
	return strings.ToUpper(b.String()) + "S"
}

func (w *maker) enum(e *enum) {
	w.doc(&w.types, "", e.doc)
	fmt.Fprintf(&w.types, "export type %s = %s;\n", short(e.name), strings.Join(e.values, " | "))
	if w.asks[e.name] {
		return // never read
	}
	w.used[short(e.name)] = true
	fmt.Fprintf(&w.lists, "\nconst %s: readonly %s[] = [%s];\n", constant(e.name), short(e.name), strings.Join(e.values, ", "))
}

func (w *maker) doc(b *bytes.Buffer, indent, text string) {
	if indent == "" {
		b.WriteByte('\n')
	}
	if text != "" {
		fmt.Fprintf(b, "%s/** %s */\n", indent, text)
	}
}

func (w *maker) structure(st *structure) error {
	name := short(st.name)
	kind, isKind := w.kinds[st.name]
	if kind.kind == "" {
		kind.kind = "other"
	}
	w.doc(&w.types, "", st.doc)
	fmt.Fprintf(&w.types, "export interface %s {\n", name)
	fmt.Fprintf(&w.guards, "\nexport const read%s: Item<%s> = %s({\n", name, name, w.help("object"))
	w.help("type Item")
	w.used[name] = true
	if isKind {
		fmt.Fprintf(&w.types, "  readonly kind: %q;\n", kind.kind)
		fmt.Fprintf(&w.guards, "  kind: %s(%q),\n", w.help("is"), kind.kind)
	}
	for _, m := range st.members {
		if isKind && m.name == "kind" {
			continue
		}
		is, read, err := w.member(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if m.name != m.wire {
			read = fmt.Sprintf("%s(%q, %s)", w.help("as"), m.wire, read)
		}
		w.doc(&w.types, "  ", m.doc)
		name := m.name
		if w.asks[st.name] && m.optional { // what is zero need not be said
			name, is = name+"?", strings.TrimSuffix(is, " | undefined")+" | undefined"
		}
		fmt.Fprintf(&w.types, "  readonly %s: %s;\n", name, is)
		fmt.Fprintf(&w.guards, "  %s,\n", property(m.name, read))
	}
	w.types.WriteString("}\n")
	w.guards.WriteString("});\n")
	return nil
}

// property writes a member of an object, as the page's formatter has it.
func property(name, value string) string {
	if name == value {
		return name
	}
	return name + ": " + value
}

// help notes that a function of read.ts is used, and returns its name.
func (w *maker) help(name string) string {
	w.helpers[name] = true
	return name
}

// simple are the types of Go's that are simple in the page: what they are there, and
// what reads them.
var simple = map[string][2]string{
	"string": {"string", "str"}, "bool": {"boolean", "bool"},
	"int": {"number", "num"}, "int64": {"number", "num"}, "uint64": {"number", "num"}, "float64": {"number", "num"},
}

// member returns what a member is in the page, and what reads it.
func (w *maker) member(m member) (is, read string, err error) {
	// opt is the name of a function that takes what is absent.
	opt := func(helper string) string {
		if m.optional {
			helper = "opt" + strings.ToUpper(helper[:1]) + helper[1:]
		}
		return w.help(helper)
	}
	t := m.of
	st, en := w.structs[t.name], w.enums[t.name]
	item := ""
	switch {
	case st != nil:
		is, item = short(t.name), "read"+short(t.name)
	case t.name == "Event":
		is, item = "Event", "readEvent"
	case t.list && t.name == "string":
		is, item = "string", "text"
		w.help("text")
	}
	of := func(helper, what string) string { return fmt.Sprintf("%s(%s)", w.help(helper), what) }
	switch {
	case t.list && item != "":
		is = "readonly " + is + "[]"
		if t.pointer {
			return is + " | undefined", of("optList", "() => "+item), nil
		}
		return is, of("list", "() => "+item), nil
	case t.dict && simple[t.name][0] == "number":
		return "{ readonly [name: string]: number }", w.help("numbers"), nil
	case t.list || t.dict:
		return "", "", fmt.Errorf("a list or map of %s is not known here", t.name)
	case st != nil && t.pointer:
		return is + " | undefined", of("optOne", "() => "+item), nil
	case st != nil:
		return is, of("one", "() => "+item), nil
	case en != nil && (m.optional || t.pointer):
		return short(en.name) + " | undefined", of("optOneOf", constant(en.name)), nil
	case en != nil:
		return short(en.name), of("oneOf", constant(en.name)), nil
	case w.hexes[t.name]:
		return "string", opt("hex"), nil
	case t.name == "any":
		return "unknown", w.help("whatever"), nil
	case simple[t.name][0] != "" && t.pointer:
		helper := simple[t.name][1]
		return simple[t.name][0] + " | undefined", w.help("maybe" + strings.ToUpper(helper[:1]) + helper[1:]), nil
	case simple[t.name][0] != "" && !t.pointer:
		return simple[t.name][0], opt(simple[t.name][1]), nil
	}
	return "", "", fmt.Errorf("%s is not known here", t.name)
}

// alternatives writes a type that is one of several.
func (w *maker) alternatives(name string, of []string) {
	line := fmt.Sprintf("\nexport type %s = %s;\n", name, strings.Join(of, " | "))
	if len(line) > columns+1 {
		lines := make([]string, len(of))
		for i, one := range of {
			lines[i] = one
			if members, ok := strings.CutPrefix(one, "{ "); ok && len("  | ")+len(one) > columns {
				members = strings.ReplaceAll(strings.TrimSuffix(members, " }"), "; ", ";\n      ")
				lines[i] = "{\n      " + members + ";\n    }"
			}
		}
		line = fmt.Sprintf("\nexport type %s =\n  | %s;\n", name, strings.Join(lines, "\n  | "))
	}
	w.types.WriteString(line)
}

func (w *maker) union(u union) {
	var of []string
	other := "unknownKind"
	w.used[u.name] = true
	fmt.Fprintf(&w.guards, "\nexport const read%s: Item<%s> = %s<%s>(\n  %q,\n  {\n", u.name, u.name, w.help("variants"), u.name, u.wire)
	for _, e := range w.tables[u.table] {
		of = append(of, short(e.of))
		if e.kind == "" {
			other = "read" + short(e.of)
			continue
		}
		fmt.Fprintf(&w.guards, "    %s: read%s,\n", e.kind, short(e.of))
	}
	if other == "unknownKind" {
		w.help(other)
	}
	fmt.Fprintf(&w.guards, "  },\n  %s,\n);\n", other)
	w.alternatives(u.name, of)
}

// commands writes what the page may ask for.
func (w *maker) commands() error {
	defer func(had map[string]bool) { w.helpers = had }(maps.Clone(w.helpers)) // commands are not read
	var of []string
	for _, e := range w.tables["Commands"] {
		st := w.structs[e.of]
		if st == nil {
			return fmt.Errorf("the command %s has no struct", e.kind)
		}
		parts := []string{fmt.Sprintf("readonly op: %q", e.kind)}
		for _, m := range st.members {
			is, _, err := w.member(m)
			if err != nil {
				return fmt.Errorf("%s: %w", e.of, err)
			}
			if w.enums[m.of.name] != nil && !w.seen[m.of.name] {
				return fmt.Errorf("%s is a type of commands alone", m.of.name)
			}
			parts = append(parts, fmt.Sprintf("readonly %s: %s", m.name, is))
		}
		line := "{ " + strings.Join(parts, "; ") + " }"
		if len("  | "+line) > columns {
			line = "{\n      " + strings.Join(parts, ";\n      ") + ";\n    }"
		}
		of = append(of, line)
	}
	w.alternatives("Command", of)
	return nil
}
