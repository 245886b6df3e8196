package fuel

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Subsections of the name section that are kept.
const (
	nameModule    = 0
	nameFunctions = 1
)

// custom looks whether a custom section is the name section, and reads it. By
// the specification a broken name section is no reason to refuse a module: what
// was read before the breakage is used.
func (m *meter) custom(r *reader) {
	if r.string("section name") != "name" || m.names != nil || m.mod.Name != "" {
		return
	}
	defer func() {
		if e := recover(); e != nil {
			if _, ok := e.(*Error); !ok {
				panic(e)
			}
		}
	}()
	for r.more() {
		id := r.u8()
		sub := *r
		r.skip(r.u32())
		sub.u32()
		sub.end = r.p
		switch id {
		case nameModule:
			m.mod.Name = clip(sub.skip(sub.u32()))
		case nameFunctions:
			m.functionNames(&sub)
		}
	}
}

func (m *meter) functionNames(r *reader) {
	for range r.count("names", 2, m.o.MaxFunctions) {
		i := int(r.u32())
		name := clip(r.skip(r.u32()))
		if i >= m.o.MaxFunctions {
			return
		}
		for len(m.names) <= i {
			m.names = append(m.names, "")
		}
		m.names[i] = name
	}
}

// clip makes a name short enough for a stack trace, and of what could pass for
// another line of one, or for a command to a terminal, a question mark.
func clip(name []byte) string {
	if !utf8.Valid(name) {
		return ""
	}
	if len(name) > maxName {
		name = name[:maxName]
		for !utf8.Valid(name) {
			name = name[:len(name)-1]
		}
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, string(name))
}

// writeNames appends the name section, with the indexes of the output. The module's
// own name, which C's linker takes from a file's, would only stand before each
// function's in a stack trace.
func (m *meter) writeNames() {
	c := &m.ctx
	names := make([]string, 0, len(c.funcs)+addedImports+1)
	for i := range c.funcs {
		if i == c.imported {
			names = append(names, "", "")
		}
		if i < len(m.names) {
			names = append(names, m.names[i])
		} else {
			names = append(names, "")
		}
	}
	if len(c.funcs) == c.imported {
		names = append(names, "", "")
	}
	names[m.refuelFunc] = m.o.Module + "." + m.o.Refuel
	names[m.overflowFunc] = m.o.Module + "." + m.o.Overflow
	if m.entryFunc != 0 {
		names = append(names, m.o.Module+".entry")
	}
	m.mod.names = names

	m.out = append(m.out, secCustom, 0, 0, 0, 0, 0)
	start := len(m.out)
	m.out = putString(m.out, "name")
	m.out = append(m.out, nameFunctions, 0, 0, 0, 0, 0)
	sub := len(m.out)
	n := 0
	for _, name := range names {
		if name != "" {
			n++
		}
	}
	m.out = putU(m.out, uint32(n))
	for i, name := range names {
		if name != "" {
			m.out = putString(putU(m.out, uint32(i)), name)
		}
	}
	putPadded(m.out[sub-5:], uint32(len(m.out)-sub))
	putPadded(m.out[start-5:], uint32(len(m.out)-start))
}
