package budget

// A Usage is what a process uses of its machine's memory, in bytes.
type Usage struct {
	Resident int64 // as the system counts it; 0 where it doesn't tell
	Heap     int64 // of Go's runtime: the heap with its garbage, stacks and tables
	Garbage  int64 // of that, what a collection would surely give back
	Guests   int64 // guests' memory outside of the heap, in use
	Idle     int64 // and kept for the next ones
	Code     int64 // machine code of programs, outside of the heap
	Children int64 // processes that compile
	InHeap   bool  // guests' memory is in the heap on this system
}

// rest is all of it but guests' memory in use. Where the system counts more than we do,
// that is right: it knows of the program itself and of threads. Of guests' memory it
// counts what was touched, and so here too little rather than too much.
func (u Usage) rest() int64 {
	return max(u.Heap+u.Idle+u.Code, u.Resident-u.Guests) + u.Children
}

// Stats are what a budget tells of itself.
type Stats struct {
	Usage
	Limit    int64  // bytes
	Used     int64  // what was granted, and what is used besides
	Labs     int64  // of that, what was granted to labs
	Clients  int    // who have labs
	Share    int64  // what each may use when there is no more
	Greatest int64  // what the one uses who uses the most
	Waiting  int    // labs that wait for memory
	Closed   uint64 // labs that were closed for want of memory
	Refused  uint64 // labs, uploads and compilations that were refused for want of it
}

// Stats returns what the last look found and what is claimed now.
func (b *Budget) Stats() Stats {
	if b == nil {
		return Stats{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Stats{Usage: b.last, Limit: b.limit, Used: b.used(), Share: b.share(), Closed: b.closed, Refused: b.refused}
	uses := map[string]int64{}
	for _, c := range b.claims {
		if c.close != nil {
			s.Labs += c.guests + c.others
		}
		if c.client != "" {
			uses[c.client] += c.guests + c.others
			s.Greatest = max(s.Greatest, uses[c.client])
		}
		if c.wants > 0 {
			s.Waiting++
		}
	}
	s.Clients = len(uses)
	return s
}
