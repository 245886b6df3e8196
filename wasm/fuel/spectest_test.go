package fuel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

// The core test suite, as wazero's module carries it: every module that is valid
// is rewritten, and its assertions must hold for the rewritten form.

type (
	script struct {
		Commands []command `json:"commands"`
	}
	command struct {
		Type, Name, Filename, As, Text string
		Line                           int
		ModuleType                     string `json:"module_type"`
		Action                         action
		Expected                       []value
	}
	action struct {
		Type, Field, Module string
		Args                []value
	}
	value struct {
		Type     string
		LaneType string `json:"lane_type"`
		Value    any
	}
)

// trapText is what wazero calls the traps of the suite.
var trapText = map[string]string{
	"out of bounds memory access":   "out of bounds memory access",
	"indirect call type mismatch":   "indirect call type mismatch",
	"indirect call":                 "indirect call type mismatch",
	"undefined element":             "invalid table access",
	"undefined":                     "invalid table access",
	"out of bounds table access":    "invalid table access",
	"integer overflow":              "integer overflow",
	"invalid conversion to integer": "invalid conversion to integer",
	"integer divide by zero":        "integer divide by zero",
	"unreachable":                   "unreachable",
	"uninitialized element":         "invalid table access",
	"uninitialized":                 "invalid table access",
	"uninitialized element 2":       "invalid table access",
}

// refusedModules are the valid modules of the suite that Rewrite refuses, with
// the words it must say.
var refusedModules = map[string]string{}

// wazeroDir is where the go command keeps wazero's source.
func wazeroDir(tb testing.TB) string {
	tb.Helper()
	out, err := exec.CommandContext(tb.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/tetratelabs/wazero").Output()
	if err != nil {
		tb.Fatalf("go list -m github.com/tetratelabs/wazero: %v (the go command and the module's source are needed)", err)
	}
	dir := strings.TrimSpace(string(out))
	if dir == "" {
		tb.Fatal("wazero's source isn't in the module cache: run go mod download github.com/tetratelabs/wazero")
	}
	return dir
}

type engine struct {
	name   string
	config wazero.RuntimeConfig
}

func engines() []engine {
	return []engine{
		{"compiler", wazero.NewRuntimeConfigCompiler()},
		{"interpreter", wazero.NewRuntimeConfigInterpreter()},
	}
}

func TestCoreSuite(t *testing.T) {
	root := filepath.Join(wazeroDir(t), "internal", "integration_test", "spectest")
	spectest, err := os.ReadFile(filepath.Join(root, "testdata", "spectest.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range engines() {
		for _, version := range []string{"v1", "v2"} {
			t.Run(e.name+"/"+version, func(t *testing.T) {
				features := api.CoreFeaturesV1
				if version == "v2" {
					features = api.CoreFeaturesV2
				}
				files, err := filepath.Glob(filepath.Join(root, version, "testdata", "*.json"))
				if err != nil || len(files) < 50 {
					t.Fatalf("%d test scripts found (%v), want at least 50", len(files), err)
				}
				var total tally
				for _, file := range files {
					t.Run(strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
						s := &suite{dir: filepath.Dir(file), modules: map[string]api.Module{}}
						s.runtime = wazero.NewRuntimeWithConfig(t.Context(), e.config.WithCoreFeatures(features))
						defer s.runtime.Close(context.Background()) //nolint:errcheck // nothing is left to save
						s.host(t, spectest)
						s.run(t, file)
						total.add(s.tally)
					})
				}
				t.Logf("%d modules rewritten, %d refused, %d assertions held", total.modules, total.refused, total.assertions)
				if total.modules < 200 || total.assertions < 10_000 {
					t.Error("too few for the core suite")
				}
			})
		}
	}
}

type tally struct{ modules, refused, assertions int }

func (t *tally) add(o tally) {
	t.modules += o.modules
	t.refused += o.refused
	t.assertions += o.assertions
}

// A suite runs one script.
type suite struct {
	dir     string
	runtime wazero.Runtime
	modules map[string]api.Module
	last    api.Module
	tally
}

func (s *suite) host(t *testing.T, spectest []byte) {
	if _, err := s.runtime.InstantiateWithConfig(t.Context(), spectest, wazero.NewModuleConfig()); err != nil {
		t.Fatal(err)
	}
	provideMeter(t, s.runtime, func(m api.Module) { setFuel(m, 1<<40) })
}

var errOverflow = errors.New("call depth")

// provideMeter instantiates the host's side of the contract.
func provideMeter(tb testing.TB, r wazero.Runtime, refuel func(api.Module)) {
	tb.Helper()
	_, err := r.NewHostModuleBuilder("wireloom").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(_ context.Context, m api.Module, _ []uint64) {
		refuel(m)
	}), nil, nil).Export("refuel").
		NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(func(context.Context, api.Module, []uint64) {
		panic(errOverflow)
	}), nil, nil).Export("overflow").
		Instantiate(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
}

func setFuel(m api.Module, units int64) { setGlobal(m, FuelGlobal, units) }

func setGlobal(m api.Module, name string, v int64) {
	m.ExportedGlobal(name).(api.MutableGlobal).Set(uint64(v))
}

func fuelLeft(m api.Module) int64 { return int64(m.ExportedGlobal(FuelGlobal).Get()) }

func (s *suite) run(t *testing.T, file string) {
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var sc script
	if err := json.Unmarshal(raw, &sc); err != nil {
		t.Fatal(err)
	}
	for i, c := range sc.Commands {
		at := fmt.Sprintf("line %d: %s %s", c.Line, c.Type, c.Action.Field)
		switch c.Type {
		case "module":
			name := ""
			if i+1 < len(sc.Commands) && sc.Commands[i+1].Type == "register" {
				name = sc.Commands[i+1].As
			}
			m, err := s.instantiate(t, c.Filename, name)
			if want, ok := refusedModules[filepath.Base(s.dir)+"/"+c.Filename]; ok && err != nil && strings.Contains(err.Error(), want) {
				s.refused++
				continue
			}
			if err != nil {
				t.Fatalf("%s: %s: %v", at, c.Filename, err)
			}
			s.tally.modules++
			if c.Name != "" {
				s.modules[c.Name] = m
			}
			s.last = m
		case "register":
		case "assert_return", "action":
			s.assertReturn(t, at, c)
		case "assert_trap", "assert_exhaustion":
			_, err := s.invoke(t, at, c)
			want, ok := trapText[c.Text]
			if !ok && strings.HasPrefix(c.Text, "uninitialized") {
				want = trapText["uninitialized"]
			}
			if c.Type == "assert_exhaustion" {
				want = errOverflow.Error()
			}
			if err == nil || want == "" || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got error %v, want %q (%s)", at, err, want, c.Text)
			}
			s.assertions++
		case "assert_malformed", "assert_invalid", "assert_unlinkable", "assert_uninstantiable":
			if c.ModuleType == "text" {
				continue
			}
			_, err := s.instantiate(t, c.Filename, "")
			// wazero keeps an instance whose active element segment was out of
			// bounds, because its functions may be in another's table by then.
			kept := c.Type == "assert_uninstantiable" && c.Text == "out of bounds table access"
			if (err == nil) != kept {
				t.Errorf("%s: %s: got error %v (%s)", at, c.Filename, err, c.Text)
			}
			s.assertions++
		default:
			t.Fatalf("%s: unknown command", at)
		}
	}
}

func (s *suite) instantiate(t *testing.T, file, name string) (api.Module, error) {
	in, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	out, err := Rewrite(in, Options{InitialFuel: 1 << 40})
	if err != nil {
		return nil, err
	}
	return s.runtime.InstantiateWithConfig(t.Context(), out.Bytes, wazero.NewModuleConfig().WithName(name))
}

func (s *suite) module(c command) api.Module {
	if c.Action.Module != "" {
		return s.modules[c.Action.Module]
	}
	return s.last
}

func (s *suite) invoke(t *testing.T, at string, c command) ([]uint64, error) {
	m := s.module(c)
	if g := m.ExportedGlobal(DepthGlobal); g != nil {
		setGlobal(m, DepthGlobal, DefaultMaxDepth) // a trap doesn't put it back
	}
	fn := m.ExportedFunction(c.Action.Field)
	if fn == nil {
		t.Fatalf("%s: no such export", at)
	}
	var args []uint64
	for _, a := range c.Action.Args {
		args = append(args, a.bits()...)
	}
	return fn.Call(t.Context(), args...)
}

func (s *suite) assertReturn(t *testing.T, at string, c command) {
	var got []uint64
	if c.Action.Type == "get" {
		got = []uint64{s.module(c).ExportedGlobal(c.Action.Field).Get()}
	} else {
		var err error
		if got, err = s.invoke(t, at, c); err != nil {
			t.Errorf("%s: %v", at, err)
			return
		}
	}
	if c.Type == "action" {
		return
	}
	s.assertions++
	i := 0
	for _, want := range c.Expected {
		n := 1
		if want.Type == "v128" {
			n = 2
		}
		if i+n > len(got) {
			t.Errorf("%s: got %d values, want more", at, len(got))
			return
		}
		if !want.matches(got[i : i+n]) {
			t.Errorf("%s: got %#x, want %v", at, got[i:i+n], want)
		}
		i += n
	}
	if i != len(got) {
		t.Errorf("%s: got %d values, want %d", at, len(got), i)
	}
}

// bits are the words in which wazero passes a value.
func (v value) bits() []uint64 {
	if v.Type != "v128" {
		s, _ := v.Value.(string)
		return []uint64{parseBits(v.Type, s)}
	}
	words := make([]uint64, 2)
	width := v.laneWidth()
	for i, lane := range v.lanes() {
		words[i*width/64] |= parseBits(v.LaneType, lane) << (i * width % 64)
	}
	return words
}

func (v value) lanes() []string {
	var lanes []string
	for _, l := range v.Value.([]any) {
		lanes = append(lanes, l.(string))
	}
	return lanes
}

func (v value) laneWidth() int {
	n, err := strconv.Atoi(v.LaneType[1:])
	if err != nil {
		panic(err)
	}
	return n
}

func parseBits(typ, s string) uint64 {
	switch {
	case s == "" || s == "null":
		return 0
	case typ == "externref":
		n, _ := strconv.ParseUint(s, 10, 64)
		return n + 1 // 0 is null
	}
	width := 64
	switch typ {
	case "i32", "f32":
		width = 32
	case "i16":
		width = 16
	case "i8":
		width = 8
	}
	if strings.HasPrefix(s, "-") {
		n, err := strconv.ParseInt(s, 10, width)
		if err != nil {
			panic(err)
		}
		return uint64(n) & (math.MaxUint64 >> (64 - width))
	}
	n, err := strconv.ParseUint(s, 10, width)
	if err != nil {
		panic(err)
	}
	return n
}

func (v value) matches(got []uint64) bool {
	if v.Type != "v128" {
		s, _ := v.Value.(string)
		if v.Value == nil && strings.HasSuffix(v.Type, "ref") {
			return true // any reference
		}
		return sameBits(v.Type, s, got[0])
	}
	width := v.laneWidth()
	for i, lane := range v.lanes() {
		if !sameBits(v.LaneType, lane, got[i*width/64]>>(i*width%64)&(math.MaxUint64>>(64-width))) {
			return false
		}
	}
	return true
}

// sameBits compares a value. Where the suite allows a NaN of the processor's
// choice, only the canonical one passes: that is the rewriter's promise. The sign
// is free in what the suite calls canonical, since neg and copysign yield it too.
func sameBits(typ, want string, got uint64) bool {
	switch {
	case want == "nan:canonical" && typ == "f32":
		return uint32(got)&^(1<<31) == 0x7fc00000
	case want == "nan:canonical":
		return got&^(1<<63) == 0x7ff8000000000000
	case want == "nan:arithmetic" && typ == "f32":
		return uint32(got) == 0x7fc00000
	case want == "nan:arithmetic":
		return got == 0x7ff8000000000000
	case typ == "i32" || typ == "f32":
		got &= math.MaxUint32
	}
	return got == parseBits(typ, want)
}
