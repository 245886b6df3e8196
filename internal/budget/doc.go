// Package budget holds what the labs of a server take of its memory to what the server
// may use. A lab may only grow by what it was granted: where there is no more, whole labs
// are closed, and who asked waits until what they had is back. So the process stays
// within its budget however fast labs grow, and nothing of it is seen in a run.
//
// Whose labs go first is in policy.go: those of who uses the most, beyond their share.
// Who keeps within their share loses nothing because somebody else does not.
package budget
