package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
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

var unions = []union{{"Messages", "Message", "type"}, {"Events", "Event", "k"}}

// A maker writes both files.
type maker struct {
	*source
	kinds         map[string]entry // structs of unions, with their kind
	wires         map[string]string
	seen          map[string]bool // structs that the page gets, or asks with
	types, guards bytes.Buffer
	helpers       map[string]bool
	used          map[string]bool // types that the guards name
	lists         bytes.Buffer    // values of enums
}

func (s *source) typescript() ([]file, error) {
	w := &maker{source: s, kinds: map[string]entry{}, wires: map[string]string{}, seen: map[string]bool{}, helpers: map[string]bool{}, used: map[string]bool{}}
	for _, u := range unions {
		for _, e := range s.tables[u.table] {
			w.kinds[e.of], w.wires[e.of] = e, u.wire
			w.reach(e.of)
		}
	}
	for _, e := range s.tables["Results"] {
		w.reach(e.of)
	}
	for _, name := range s.order {
		if e := s.enums[name]; e != nil && w.seen[name] {
			w.enum(e)
		} else if st := s.structs[name]; st != nil && w.seen[name] {
			if err := w.structure(st); err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
		}
	}
	for _, u := range unions {
		w.union(u)
	}
	if err := w.commands(); err != nil {
		return nil, err
	}
	types := head + w.types.String()
	var guards strings.Builder
	guards.WriteString(head)
	w.imports(&guards, w.helpers, "./read", "")
	w.imports(&guards, w.used, "./types", "type ")
	fmt.Fprintf(&guards, "\n/** The version of the protocol that is described here. */\nexport const VERSION = %s;\n", w.version)
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

func (w *maker) imports(b *strings.Builder, names map[string]bool, from, kind string) {
	all := sorted(names)
	line := fmt.Sprintf("import %s{ %s } from %q;\n", kind, strings.Join(all, ", "), from)
	if len(line) > columns {
		line = fmt.Sprintf("import %s{\n  %s,\n} from %q;\n", kind, strings.Join(all, ",\n  "), from)
	}
	b.WriteString(line)
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
	w.used[name] = true
	w.helpers["dict"] = true
	fmt.Fprintf(&w.guards, "\nexport function read%s(raw: unknown, at: string): %s {\n  const o = dict(raw, at);\n  return {\n", name, name)
	if isKind {
		fmt.Fprintf(&w.types, "  readonly kind: %q;\n", kind.kind)
		fmt.Fprintf(&w.guards, "    kind: %q,\n", kind.kind)
	}
	for _, m := range st.members {
		if isKind && m.name == "kind" {
			continue
		}
		is, read, err := w.member(m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		w.doc(&w.types, "  ", m.doc)
		fmt.Fprintf(&w.types, "  readonly %s: %s;\n", m.name, is)
		fmt.Fprintf(&w.guards, "    %s: %s,\n", m.name, read)
	}
	w.types.WriteString("}\n")
	w.guards.WriteString("  };\n}\n")
	return nil
}

// simple are the types of Go's that are simple in the page: what they are there, and
// what reads them.
var simple = map[string][2]string{
	"string": {"string", "str"}, "bool": {"boolean", "bool"},
	"int": {"number", "num"}, "int64": {"number", "num"}, "uint64": {"number", "num"}, "float64": {"number", "num"},
}

// member returns what a member is in the page, and what reads it.
func (w *maker) member(m member) (is, read string, err error) {
	call := func(helper string, more ...string) string {
		w.helpers[helper] = true
		return fmt.Sprintf("%s(o, %q, at%s)", helper, m.wire, strings.Join(append([]string{""}, more...), ", "))
	}
	// opt is the name of a helper that takes what is absent.
	opt := func(helper string) string {
		if m.optional {
			return "opt" + strings.ToUpper(helper[:1]) + helper[1:]
		}
		return helper
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
		w.helpers["text"] = true
	}
	switch {
	case t.list && item != "":
		is = "readonly " + is + "[]"
		if t.pointer {
			return is + " | undefined", call("optList", item), nil
		}
		return is, call("list", item), nil
	case t.dict && simple[t.name][0] == "number":
		return "{ readonly [name: string]: number }", call("numbers"), nil
	case t.list || t.dict:
		return "", "", fmt.Errorf("a list or map of %s is not known here", t.name)
	case st != nil && t.pointer:
		return is + " | undefined", call("optOne", item), nil
	case st != nil:
		return is, call("one", item), nil
	case en != nil && m.optional:
		return short(en.name) + " | undefined", call("optOneOf", constant(en.name)), nil
	case en != nil:
		return short(en.name), call("oneOf", constant(en.name)), nil
	case w.hexes[t.name]:
		return "string", call(opt("hex")), nil
	case t.name == "any":
		return "unknown", "o." + m.wire, nil
	case simple[t.name][0] == "number" && t.pointer:
		return "number | undefined", call("maybeNum"), nil
	case simple[t.name][0] != "" && !t.pointer:
		return simple[t.name][0], call(opt(simple[t.name][1])), nil
	}
	return "", "", fmt.Errorf("%s is not known here", t.name)
}

// alternatives writes a type that is one of several.
func (w *maker) alternatives(name string, of []string) {
	line := fmt.Sprintf("\nexport type %s = %s;\n", name, strings.Join(of, " | "))
	if len(line) > columns+1 {
		line = fmt.Sprintf("\nexport type %s =\n  | %s;\n", name, strings.Join(of, "\n  | "))
	}
	w.types.WriteString(line)
}

func (w *maker) union(u union) {
	var of []string
	other := ""
	w.used[u.name] = true
	w.helpers["str"] = true
	fmt.Fprintf(&w.guards, "\nexport function read%s(raw: unknown, at: string): %s {\n  const o = dict(raw, at);\n  const kind = str(o, %q, at);\n  switch (kind) {\n", u.name, u.name, u.wire)
	for _, e := range w.tables[u.table] {
		of = append(of, short(e.of))
		if e.kind == "" {
			other = fmt.Sprintf("    default:\n      return read%s(o, at);\n", short(e.of))
			continue
		}
		at := "at"
		if u.wire == "type" {
			at = strconv.Quote(e.kind) // a message is the whole: its name says where
		}
		fmt.Fprintf(&w.guards, "    case %q:\n      return read%s(o, %s);\n", e.kind, short(e.of), at)
	}
	if other == "" {
		w.helpers["unknownKind"] = true
		other = "    default:\n      return unknownKind(at, kind);\n"
	}
	w.guards.WriteString(other + "  }\n}\n")
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
		of = append(of, "{ "+strings.Join(parts, "; ")+" }")
	}
	w.alternatives("Command", of)
	return nil
}

func sorted(names map[string]bool) []string {
	return slices.Sorted(maps.Keys(names))
}
