package netem

import (
	"container/heap"
	"time"

	"wireloom/vnet/fabric"
)

// A queue is netem's tfifo: frames by the time at which they may leave, and of one time in
// their order. Of a frame that is already on its way only its time is here, for as long as
// it counts as waiting.
type queue struct {
	items []waiting
	seq   uint64
}

type waiting struct {
	at    time.Duration
	seq   uint64
	in    time.Duration // when it entered the pipe
	frame *fabric.Frame
}

func (q *queue) Len() int { return len(q.items) }

func (q *queue) Less(i, j int) bool {
	a, b := &q.items[i], &q.items[j]
	return a.at < b.at || a.at == b.at && a.seq < b.seq
}

func (q *queue) Swap(i, j int) { q.items[i], q.items[j] = q.items[j], q.items[i] }

// Push and Pop are the heap's.
func (q *queue) Push(x any) { q.items = append(q.items, x.(waiting)) }

// Pop takes the last one away.
func (q *queue) Pop() any {
	n := len(q.items) - 1
	x := q.items[n]
	q.items[n] = waiting{}
	q.items = q.items[:n]
	return x
}

func (q *queue) push(at, in time.Duration, f *fabric.Frame) {
	q.seq++
	heap.Push(q, waiting{at, q.seq, in, f})
}

func (q *queue) pop() waiting { return heap.Pop(q).(waiting) }

// forget takes away those that have left by now.
func (q *queue) forget(now time.Duration) {
	for len(q.items) > 0 && q.items[0].frame == nil && q.items[0].at <= now {
		q.pop()
	}
}
