package wasm

import (
	"reflect"

	"github.com/tetratelabs/wazero/api"
)

// A callStack is where wazero keeps the nested calls of one of the guest's functions. It
// lets it grow to some hundred megabytes, in Go's heap, and tells nobody: how large it is
// stands in a field of its own alone, which this reads. TestCallStack fails where a
// version of wazero has none.
type callStack struct {
	slice *[]byte // whatever its elements are: its capacity alone is looked at
	elem  int64   // bytes of one; 0 where there is none
}

func stackOf(f api.Function) callStack {
	v := reflect.Indirect(reflect.ValueOf(f))
	if v.Kind() != reflect.Struct {
		return callStack{}
	}
	field := v.FieldByName("stack")
	if field.Kind() != reflect.Slice || !field.CanAddr() {
		return callStack{}
	}
	// Not by way of reflect: each call of the guest's looks at it.
	return callStack{(*[]byte)(field.Addr().UnsafePointer()), int64(field.Type().Elem().Size())}
}

// size is how many bytes it takes; 0 where that is not known.
func (s callStack) size() int64 {
	if s.elem == 0 {
		return 0
	}
	return int64(cap(*s.slice)) * s.elem
}

// weighStacks tells the lab how much the nested calls of the guest take, where that has
// changed: what they begin with is part of the instance.
func (g *guest) weighStacks() {
	n := g.calls.size() + g.handlerCalls.size()
	if n != g.stacked {
		g.stacked = n
		g.p.SetStack(n)
	}
}
