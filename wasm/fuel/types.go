package fuel

import "strings"

// A ValType is a value type's byte in the binary format.
type ValType byte

// The value types of WebAssembly 2.0.
const (
	I32       ValType = 0x7f
	I64       ValType = 0x7e
	F32       ValType = 0x7d
	F64       ValType = 0x7c
	V128      ValType = 0x7b
	FuncRef   ValType = 0x70
	ExternRef ValType = 0x6f
)

func (t ValType) String() string {
	switch t {
	case I32:
		return "i32"
	case I64:
		return "i64"
	case F32:
		return "f32"
	case F64:
		return "f64"
	case V128:
		return "v128"
	case FuncRef:
		return "funcref"
	case ExternRef:
		return "externref"
	default:
		return "?"
	}
}

// A FuncType is a function's signature.
type FuncType struct{ Params, Results []ValType }

// String writes the type as "(i32, i64) -> (i32)".
func (t FuncType) String() string { return tuple(t.Params) + " -> " + tuple(t.Results) }

func tuple(ts []ValType) string {
	names := make([]string, len(ts))
	for i, t := range ts {
		names[i] = t.String()
	}
	return "(" + strings.Join(names, ", ") + ")"
}

// A Kind is what an import or export is.
type Kind byte

// The kinds, with their bytes in the binary format.
const (
	KindFunc Kind = iota
	KindTable
	KindMemory
	KindGlobal
)

func (k Kind) String() string {
	switch k {
	case KindFunc:
		return "function"
	case KindTable:
		return "table"
	case KindMemory:
		return "memory"
	case KindGlobal:
		return "global"
	default:
		return "?"
	}
}

// An Import is one thing the guest asks of the host. Those that the rewriter
// adds aren't listed.
type Import struct {
	Module, Name string
	Kind         Kind
	Func         FuncType // signature, for KindFunc
}

// An Export is one thing the guest offers. Those that the rewriter adds aren't
// listed.
type Export struct {
	Name  string
	Kind  Kind
	Index uint32   // in the rewritten module
	Func  FuncType // signature, for KindFunc
}

// Memory describes the guest's linear memory, in pages of 64 KiB.
type Memory struct {
	Min, Max uint32
	HasMax   bool
	Imported bool
}

// valType reads a value type.
func (r *reader) valType() ValType {
	at := r.p
	switch t := ValType(r.u8()); t {
	case I32, I64, F32, F64, V128, FuncRef, ExternRef:
		return t
	default:
		r.badType(at, byte(t))
		return 0
	}
}

// refType reads a reference type, as tables and element segments have.
func (r *reader) refType() ValType {
	at := r.p
	t := r.valType()
	if t != FuncRef && t != ExternRef {
		r.failAt(at, "%v is not a reference type", t)
	}
	return t
}

func (r *reader) badType(at int, c byte) {
	switch c {
	case 0x63, 0x64:
		r.proposal(at, "typed function references")
	case 0x69, 0x74:
		r.proposal(at, "exception handling")
	case 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x71, 0x72, 0x73, 0x77, 0x78:
		r.proposal(at, "garbage collection")
	}
	r.failAt(at, "unknown value type %#x", c)
}

// funcType reads an entry of the type section.
func (r *reader) funcType() FuncType {
	at := r.p
	switch form := r.u8(); form {
	case 0x60:
	case 0x4e, 0x4f, 0x50, 0x5e, 0x5f:
		r.proposal(at, "garbage collection")
	default:
		r.failAt(at, "unknown type form %#x", form)
	}
	return FuncType{Params: r.valTypes("parameters"), Results: r.valTypes("results")}
}

func (r *reader) valTypes(what string) []ValType {
	ts := make([]ValType, r.count(what, 1, maxArity))
	for i := range ts {
		ts[i] = r.valType()
	}
	return ts
}

// limits reads the size of a table or memory.
func (r *reader) limits() (lo, hi uint32, hasMax bool) {
	at := r.p
	switch flag := r.u8(); {
	case flag <= 1:
		hasMax = flag == 1
	case flag <= 3:
		r.proposal(at, "threads")
	case flag <= 7:
		r.proposal(at, "memory64")
	case flag <= 15:
		r.proposal(at, "custom page sizes")
	default:
		r.failAt(at, "unknown limits flag %#x", flag)
	}
	lo = r.u32()
	if hasMax {
		hi = r.u32()
		if hi < lo {
			r.failAt(at, "minimum size %d is above the maximum %d", lo, hi)
		}
	}
	return lo, hi, hasMax
}
