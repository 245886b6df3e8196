package hoststack

import (
	"math/rand/v2"
	"runtime"
	"sync"

	"gvisor.dev/gvisor/pkg/tcpip/stack"
	"gvisor.dev/gvisor/pkg/tcpip/transport/tcp"
)

// A chance is everything that is random in a stack: a stream of its own, seeded
// by the lab, with a lock because the TCP processor draws from it too.
type chance struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

func newChance(random func([]byte)) *chance {
	var seed [32]byte
	random(seed[:])
	return &chance{src: rand.NewChaCha8(seed)}
}

// Read implements io.Reader, for stack.Options.SecureRNG.
func (c *chance) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.src.Read(p)
}

// Int63 implements rand.Source, for stack.Options.RandSource.
func (c *chance) Int63() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int64(c.src.Uint64() >> 1)
}

// Seed implements rand.Source; the seed is the lab's and stays.
func (c *chance) Seed(int64) {}

// processors guards the one process-wide setting that a stack depends on.
var processors sync.Mutex

// newTCP makes the TCP of a stack with one processor goroutine. netstack starts
// one for each of GOMAXPROCS at that moment and has no other way to say how many;
// with several, which of them handles an endpoint's second segment is a race that
// the barrier does not close. The setting is changed under a lock for the few
// microseconds that this takes, and not at all where it is one already.
func newTCP(s *stack.Stack) stack.TransportProtocol {
	processors.Lock()
	defer processors.Unlock()
	if old := runtime.GOMAXPROCS(0); old > 1 {
		runtime.GOMAXPROCS(1)
		defer runtime.GOMAXPROCS(old)
	}
	return tcp.NewProtocol(s)
}
