package vnet

// Calls whose work grows with what they are asked for: a program that chooses how
// long a call takes pays for it. Work is counted in steps, of about the time of one
// name of a path; that of an ordinary call costs nothing, as other work of the kernel.
const (
	ordinarySteps = 64 // of one call: names of a path, entries of a directory or of poll's list, changes of a kqueue
	notesAStep    = 16 // registrations of a kqueue that are looked through in the time of a step
)

// Work returns, and forgets, how many steps more than ordinary ones the calls since the
// last Work took.
func (p *Proc) Work() int64 {
	n := p.work
	p.work = 0
	return n
}

// Worked counts the steps of a call.
func (p *Proc) Worked(steps int) {
	p.work += int64(max(steps-ordinarySteps, 0))
}
