package kern

// An Ifqueue is a bounded FIFO of packets: ifqueue(9). The zero value holds
// nothing and has room for nothing.
type Ifqueue struct {
	Max   int
	Drops uint64 // packets refused because it was full (ifq_drops)

	head, tail *Mbuf
	n          int
}

// Len is how many packets wait.
func (q *Ifqueue) Len() int { return q.n }

// Full says whether the next Put fails.
func (q *Ifqueue) Full() bool { return q.n >= q.Max }

// Put queues a packet. It returns false, takes nothing and counts nothing,
// when the queue is full.
func (q *Ifqueue) Put(m *Mbuf) bool {
	if q.n >= q.Max {
		return false
	}
	m.next = nil
	if q.tail == nil {
		q.head = m
	} else {
		q.tail.next = m
	}
	q.tail = m
	q.n++
	return true
}

// Get takes the oldest packet, or nil.
func (q *Ifqueue) Get() *Mbuf {
	m := q.head
	if m == nil {
		return nil
	}
	q.head = m.next
	if q.head == nil {
		q.tail = nil
	}
	m.next = nil
	q.n--
	return m
}

// Peek is the oldest packet, left where it is, or nil (IFQ_POLL).
func (q *Ifqueue) Peek() *Mbuf { return q.head }

// drain frees every packet and says how many there were.
func (q *Ifqueue) drain(ifp *Ifnet) int {
	n := 0
	for m := q.Get(); m != nil; m = q.Get() {
		ifp.Drop(DropPurged, m)
		n++
	}
	return n
}
