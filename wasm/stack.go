package wasm

import (
	"reflect"

	"github.com/tetratelabs/wazero/api"
)

// A callStack is where wazero keeps the nested calls of one of the guest's functions. It
// lets it grow to some hundred megabytes, in Go's heap, and tells nobody: how large it is
// stands in a field of its own alone, which this reads. TestCallStack fails where a
// version of wazero has none.
type callStack struct{ field reflect.Value }

func stackOf(f api.Function) callStack {
	v := reflect.Indirect(reflect.ValueOf(f))
	if v.Kind() != reflect.Struct {
		return callStack{}
	}
	field := v.FieldByName("stack")
	if field.Kind() != reflect.Slice {
		return callStack{}
	}
	return callStack{field}
}

// size is how many bytes it takes; 0 where that is not known.
func (s callStack) size() int64 {
	if !s.field.IsValid() {
		return 0
	}
	return int64(s.field.Cap()) * int64(s.field.Type().Elem().Size())
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
