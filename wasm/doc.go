// Package wasm runs WebAssembly programs as the processes of a lab.
//
// An [Engine] compiles modules, off the loop and from any goroutine; a [Program]
// is a compiled module, and as a sys.Program runs on the coroutine of a process.
// A program sees WASI preview 1 over its node, implemented here, and the module
// "tuntap" for what WASI lacks: ioctl, poll with the bits of a BSD, kqueues, signals,
// pipes and processes.
//
// # Time
//
// Each module is rewritten (package fuel) so that it counts what it executes.
// Every call of a host function first hands what was used to Proc.Charge, which
// moves the process to the virtual time at which it makes the call; what follows
// takes effect then. Nothing here reads a real clock or keeps the memory of a
// guest across a call that may park: the guest may have grown it meanwhile.
//
// # What is where
//
// Descriptors are those of the process, the same numbers in WASI and in a trace:
// 0 to 2 are the console, 3 is the directory "/". Errors that WASI has no number
// for, EHOSTDOWN for one, are 0x100 plus the BSD's number.
//
// # Signals
//
// A signal that the guest catches is given to its exported function tuntap_signal,
// if it has one, just before a call of its returns (hostFunc.Call): a second call
// into the guest, which may itself call, sleep, trap or let the memory grow. It is
// never nested. A trap or an exit in it ends what it interrupted too.
//
// The Engine, in engine.go, is used from many goroutines and has locks. All else
// runs within the loop of a lab and has none.
package wasm
