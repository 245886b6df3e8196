package budget

import "runtime/metrics"

// Heap is how many bytes Go's runtime has from the system: the heap with its garbage,
// stacks, and its own tables, without what it has given back. Of these, garbage are free,
// or were made since the last collection.
func Heap() (all, garbage int64) {
	s := [...]metrics.Sample{
		{Name: "/memory/classes/total:bytes"},
		{Name: "/memory/classes/heap/released:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/gc/heap/live:bytes"},
	}
	metrics.Read(s[:])
	n := func(i int) int64 { return int64(s[i].Value.Uint64()) }
	return n(0) - n(1), n(2) + max(n(3)-n(4), 0)
}
