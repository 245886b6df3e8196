package door

import (
	"context"
	"sync"
)

// A queue holds copies of frames on their way through a door: at most maxQueue, of
// maxQueueBytes. One puts and one takes.
type queue struct {
	some chan struct{} // holds one: there are frames

	mu     sync.Mutex
	frames [][]byte
	taken  int      // frames that were taken and are not done
	bytes  int      // of both
	spare  [][]byte // buffers to be used again
}

func newQueue() *queue { return &queue{some: make(chan struct{}, 1)} }

// put copies a frame into the queue, or reports that there is no room.
func (q *queue) put(frame []byte) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.frames)+q.taken >= maxQueue || q.bytes+len(frame) > maxQueueBytes {
		return false
	}
	var b []byte
	if n := len(q.spare); n > 0 {
		b, q.spare = q.spare[n-1][:0], q.spare[:n-1]
	}
	q.frames = append(q.frames, append(b, frame...))
	q.bytes += len(frame)
	q.tell()
	return true
}

// tell says that there are frames.
func (q *queue) tell() {
	select {
	case q.some <- struct{}{}:
	default: // it was said already
	}
}

// take waits for frames and takes at most maxBatch of them; nil if ctx ended first. They
// count until done.
func (q *queue) take(ctx context.Context) [][]byte {
	for {
		select {
		case <-q.some:
		case <-ctx.Done():
			return nil
		}
		q.mu.Lock()
		n := min(len(q.frames), maxBatch)
		batch := append([][]byte(nil), q.frames[:n]...)
		q.frames = append(q.frames[:0], q.frames[n:]...)
		q.taken += n
		if len(q.frames) > 0 {
			q.tell()
		}
		q.mu.Unlock()
		if n > 0 {
			return batch
		}
	}
}

// done gives back what take took.
func (q *queue) done(batch [][]byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.taken -= len(batch)
	for _, b := range batch {
		q.bytes -= len(b)
		if cap(b) <= 4096 && len(q.spare) < maxQueue {
			q.spare = append(q.spare, b)
		}
	}
}
