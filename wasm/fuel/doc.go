// Package fuel rewrites a WebAssembly module so that what it does is bounded
// and the same on every machine. It reads and writes bytes and runs nothing.
//
// # The contract with the host
//
// A rewritten module imports two host functions, both of type () -> (), under
// Options.Module (default "wireloom"):
//
//	refuel    called when the fuel is used up
//	overflow  called when a call is nested too deep; must not return
//	          (should it return, the guest traps with "unreachable")
//
// and exports two mutable i64 globals:
//
//	__fuel    units left, starting at Options.InitialFuel
//	__depth   call depth left, in frame units, starting at Options.MaxDepth
//
// The guest subtracts the cost of what it is about to run from __fuel, and calls
// refuel when the result is below zero. The value says how far below: the host
// adds what it grants to it (it sets the global itself; refuel has neither
// parameters nor results) and returns, or it ends the process by panicking. If
// refuel returns with __fuel still below zero the guest goes on until its next
// charge. The charge has been made when refuel runs, so fuel used is always what
// was granted minus __fuel. A start function runs before the host has seen the
// instance: InitialFuel is its grant, and refuel may find the global through the
// calling module.
//
// __depth is restored on every return, but not by a trap. A host that goes on
// using an instance after a trap sets it back to Options.MaxDepth first.
//
// # What is charged
//
// An instruction costs one unit. block, loop, else, end and nop, for which an
// engine runs nothing, cost none. Charges are made ahead: code is cut into
// regions of at most 64 units, each charged in full where it begins. A region
// begins at a function's entry, at a loop's head, behind a loop, after 64 units,
// at each target of a br_table, and at every label that is reached from another
// region. So no path runs an instruction nobody paid for, whatever its shape,
// and a path that leaves a region early has paid for at most 63 too many.
//
// Instructions whose work depends on an operand cost, besides their one unit:
//
//	memory.copy, memory.fill, memory.init   1 unit per 8 bytes, before
//	table.copy, table.fill, table.init      1 unit per element, before
//	memory.grow that succeeds               1024 units per page, after
//	table.grow that succeeds                1 unit per element, after
//
// The length counts as the guest gave it, up to 4 GiB, even if the instruction
// then traps. Growing is charged afterwards because a large request that is
// refused costs the host nothing, and allocators make such requests.
//
// # Call depth
//
// A call takes one frame unit, and one more for each 1024 values (instructions,
// locals, parameters, results) that the function may keep in its frame, from
// __depth. Functions that make no calls and take one unit aren't counted. The
// default limit is what both of wazero's engines hold: its interpreter has room
// for 2000 frames of any size, host functions included, and its compiler for 50
// MB of stack, in which a value takes at most 16 bytes. (What loops merge isn't
// counted as values: a function made for it can still have frames so large that
// the compiled form hits wazero's own limit first. That is a trap as well.)
//
// # NaNs
//
// The bits of a NaN that arithmetic yields are the processor's choice. The
// rewriter makes them canonical (positive, quiet, no payload), for f32, f64 and
// the lanes of v128, wherever a program could see them: a result that goes
// straight into another arithmetic instruction or a comparison is left alone.
// neg, abs, copysign, pmin, pmax, loads, reinterpretations and moves keep the
// bits they were given, as the specification says.
//
// # What is kept and dropped
//
// Function indexes at or above the number of imported functions shift by two.
// The name section is rebuilt with the new indexes and the function names alone;
// every other custom section, DWARF included, is dropped. Everything else the
// guest can see is as it was, except that a table's maximum may be lowered to
// Options.MaxTable.
//
// Accepted is WebAssembly 2.0: the MVP with sign extension, saturating
// conversions, multiple values, bulk memory, reference types and 128-bit SIMD.
// The engine must be given the rewritten bytes alone: in those of the guest a name
// section of a few bytes can make wazero allocate gigabytes, and a function of ten
// kilobytes can keep its compiler busy for minutes. Rewrite refuses or drops such.
//
// Rewrite checks all that the meter's safety rests on (the binary format, every
// index, the nesting of blocks) but not operand types: the engine that compiles
// the result validates it, and an invalid module stays invalid.
package fuel
