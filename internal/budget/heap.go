package budget

import "runtime/metrics"

// Heap is how many bytes Go's runtime has from the system: the heap with its garbage,
// stacks, and its own tables, without what it has given back.
func Heap() int64 {
	s := [...]metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	metrics.Read(s[:])
	return int64(s[0].Value.Uint64() - s[1].Value.Uint64())
}
