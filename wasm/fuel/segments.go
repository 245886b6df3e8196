package fuel

import "slices"

// elements copies the element segments with shifted function indexes. A segment
// is passive or declarative (bit 0), has a table index or is declarative (bit
// 1), and holds expressions instead of function indexes (bit 2).
func (m *meter) elements(r *reader) {
	c := &m.ctx
	c.elems = r.count("element segments", 2, m.o.MaxSegments)
	m.out = putU(m.out, uint32(c.elems))
	for range c.elems {
		at := r.p
		flags := r.u32()
		if flags > 7 {
			r.failAt(at, "unknown kind of element segment %d", flags)
		}
		m.out = putU(m.out, flags)
		if flags&1 == 0 {
			table := uint32(0)
			if flags&2 != 0 {
				table = r.index("table", c.tables)
				m.out = putU(m.out, table)
			} else if c.tables == 0 {
				r.failAt(at, "no table 0, the module has 0")
			}
			m.out = c.constExpr(r, m.out)
		}
		if flags&3 != 0 {
			m.elementType(r, flags&4 != 0)
		}
		n := r.count("elements", 1, m.o.MaxSize)
		if m.allElements += n; m.allElements > m.o.MaxElements {
			r.failAt(at, "%d elements in the segments so far, at most %d are allowed in all", m.allElements, m.o.MaxElements)
		}
		if flags&3 == 1 {
			m.passive += n
		}
		m.out = putU(m.out, uint32(n))
		for range n {
			if flags&4 != 0 {
				m.out = c.constExpr(r, m.out)
			} else {
				m.out = putU(m.out, c.shifted(r.index("function", len(c.funcs))))
			}
		}
	}
}

func (m *meter) elementType(r *reader, expressions bool) {
	at := r.p
	if expressions {
		m.out = append(m.out, byte(r.refType()))
		return
	}
	if kind := r.u8(); kind != 0 {
		r.failAt(at, "unknown kind of element %d", kind)
	}
	m.out = append(m.out, 0)
}

// data checks the data segments, in which nothing shifts, and copies them, but for the bytes
// that the image has.
func (m *meter) data(r *reader) {
	c := &m.ctx
	start := r.p
	n := r.count("data segments", 2, m.o.MaxSegments)
	m.segments = n
	if c.datas >= 0 && c.datas != n {
		r.failAt(start, "%d data segments, the data count section says %d", n, c.datas)
	}
	var expr []byte
	var all []segment
	for range n {
		at := r.p
		x := segment{active: true}
		switch flags := r.u32(); flags {
		case passive:
			x.active = false
		case 2:
			if r.u32() != 0 {
				r.proposal(at, "multi-memory")
			}
			fallthrough
		case 0:
			if c.memories == 0 {
				r.failAt(at, "no memory 0, the module has 0")
			}
			expr = c.constExpr(r, expr[:0])
			x.at, x.fixed = number(expr)
		default:
			r.failAt(at, "unknown kind of data segment %d", flags)
		}
		x.bytes = r.skip(r.u32())
		if m.o.Image > 0 {
			all = append(all, x)
		}
	}
	if m.mod.Image = m.image(all); m.mod.Image == nil {
		m.out = append(m.out, r.b[start:r.p]...)
		return
	}
	// Instructions name segments only where the module has counted them before: an active
	// one is to them as an empty one. An engine reads where each goes, and a Go program has thousands.
	if c.datas < 0 {
		all = slices.DeleteFunc(all, func(x segment) bool { return x.active })
	}
	m.out = putU(m.out, uint32(len(all)))
	for _, x := range all {
		if x.active {
			x.bytes = nil
		}
		m.out = append(putU(append(m.out, passive), uint32(len(x.bytes))), x.bytes...)
	}
}

// passive is the kind of a data segment that goes nowhere by itself.
const passive = 1

// code rewrites the function bodies and adds the entry helper.
func (m *meter) code(r *reader) {
	c := &m.ctx
	at := r.p
	n := r.count("function bodies", 2, m.o.MaxFunctions)
	if own := len(c.funcs) - c.imported; n != own {
		r.failAt(at, "%d function bodies for %d functions", n, own)
	}
	m.out = putU(m.out, uint32(n+1))
	for i := range n {
		index := c.imported + i
		body := *r
		body.fn = index
		if index < len(m.names) {
			body.name = m.names[index]
		}
		at := body.p
		size := body.u32()
		start := body.p
		body.skip(size)
		if int64(size) > int64(m.o.MaxBody) {
			body.failAt(at, "the function has %d bytes of code, at most %d are allowed", size, m.o.MaxBody)
		}
		r.p = body.p
		body.p, body.end = start, body.p
		m.out = m.fn.rewrite(&body, c.funcs[index], m.out)
		if len(m.out) > m.o.MaxOutput {
			body.fail("the metered module is larger than %d bytes", m.o.MaxOutput)
		}
	}
	helper := m.entryHelper()
	m.out = append(putU(m.out, uint32(len(helper))), helper...)
}
