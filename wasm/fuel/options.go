package fuel

import "fmt"

// Names of the globals that a rewritten module exports to its host.
const (
	FuelGlobal  = "__fuel"
	DepthGlobal = "__depth"
)

// DefaultMaxDepth is the call depth that both of wazero's engines hold: the
// interpreter stops at 2000 frames, and besides the counted ones there may be a
// function that makes no calls, the meter's helper and a host function.
const DefaultMaxDepth = 1990

// Options says how a module is metered and what it may be. The zero value is
// usable: each zero limit means the default named with it. A module has as many sides that
// must be bounded.
type Options struct {
	Module   string // module that refuel and overflow are imported from; "wireloom"
	Refuel   string // host function called when fuel is used up; "refuel"
	Overflow string // host function called when calls nest too deep; "overflow"

	// Rename gives an import another name in the rewritten module: for functions of a
	// host that differ in their signatures alone. Module.Imports keeps the guest's.
	Rename func(Import) string

	// Image is how many bytes of data make an Image worth while; 0: there is none.
	Image int

	InitialFuel int64 // __fuel at instantiation, in units
	MaxDepth    int   // frame units of nested calls; DefaultMaxDepth

	MaxSize      int // bytes of the module; 32 MiB
	MaxOutput    int // bytes of the rewritten module; 4 times MaxSize
	MaxFunctions int // functions, imported ones included; 100,000
	MaxBody      int // bytes of a function's body; 4 MiB
	MaxLocals    int // locals of a function, parameters included; 5,000
	MaxAllLocals int // of all functions together; 4,000,000
	MaxSignature int // parameters and results of all types together; 1,000,000
	MaxNesting   int // blocks within blocks; 20,000
	MaxBranches  int // targets of a br_table; 65,536
	MaxImports   int // imports; 10,000
	MaxExports   int // exports; 100,000
	MaxGlobals   int // globals; 10,000
	MaxSegments  int // data and element segments, each; 100,000
	MaxTable     int // entries of all tables together; 1,048,576
	MaxElements  int // elements of all segments together; 1,048,576
	MaxPages     int // pages of 64 KiB of memory at start; 65,536
	MaxWork      int // estimated work of compiling, in units of 10 ns, an eighth for one function; 4 billion
}

// Limits that no caller has had a reason to change.
const (
	maxTypes  = 1 << 16
	maxArity  = 1000 // parameters or results of a type, as in browsers
	maxTables = 64
	maxName   = 512 // bytes of a function's name that are kept

	frameUnit = 1024 // values in a frame that make one unit of depth
)

func (o Options) withDefaults() (Options, error) {
	str := func(p *string, def string) {
		if *p == "" {
			*p = def
		}
	}
	str(&o.Module, "wireloom")
	str(&o.Refuel, "refuel")
	str(&o.Overflow, "overflow")
	var err error
	num := func(p *int, name string, def, limit int) {
		if *p == 0 {
			*p = def
		}
		if *p < 0 || *p > limit {
			err = fmt.Errorf("fuel: Options.%s is %d, must be 1 to %d", name, *p, limit)
		}
	}
	const limit = 1 << 30
	num(&o.MaxDepth, "MaxDepth", DefaultMaxDepth, limit)
	num(&o.MaxSize, "MaxSize", 32<<20, 1<<28) // section sizes must fit 32 bits after growing
	num(&o.MaxOutput, "MaxOutput", 4*o.MaxSize, limit)
	num(&o.MaxFunctions, "MaxFunctions", 100_000, 1<<24)
	num(&o.MaxBody, "MaxBody", 4<<20, limit)
	num(&o.MaxLocals, "MaxLocals", 5_000, 50_000)
	num(&o.MaxAllLocals, "MaxAllLocals", 4_000_000, limit)
	num(&o.MaxSignature, "MaxSignature", 1_000_000, limit)
	num(&o.MaxNesting, "MaxNesting", 20_000, limit)
	num(&o.MaxBranches, "MaxBranches", 1<<16, limit)
	num(&o.MaxImports, "MaxImports", 10_000, limit)
	num(&o.MaxExports, "MaxExports", 100_000, limit)
	num(&o.MaxGlobals, "MaxGlobals", 10_000, limit)
	num(&o.MaxSegments, "MaxSegments", 100_000, limit)
	num(&o.MaxTable, "MaxTable", 1<<20, 1<<27)
	num(&o.MaxElements, "MaxElements", 1<<20, 1<<27)
	num(&o.MaxPages, "MaxPages", 1<<16, 1<<16)
	num(&o.MaxWork, "MaxWork", 4_000_000_000, 1<<40)
	return o, err
}
