// Package look is the verbs that check something, a file each: frames, what programs print
// and how they end, and what holds at the end of a step. A verb is a file here, its part of
// docs/scenarios.md, and its test.
package look
