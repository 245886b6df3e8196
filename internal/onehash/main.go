// Command onehash grades every built-in scenario's reference solution, compiled and
// interpreted, and prints a line for each run: scenario, engine, points and hash. The
// test builds it for another architecture too, and the lines must be the same there.
//
//	go run ./internal/onehash [SCENARIO]...
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/scenario/grade"
	"wireloom/vnet/sys"
	"wireloom/wasm"
)

func main() {
	names := os.Args[1:]
	if len(names) == 0 {
		names = open.Builtin()
	}
	if err := hashes(context.Background(), os.Stdout, names); err != nil {
		fmt.Fprintln(os.Stderr, "onehash:", err)
		os.Exit(1)
	}
}

// hashes grades the scenarios that have a reference solution by both engines.
func hashes(ctx context.Context, w io.Writer, names []string) error {
	for _, interpreter := range []bool{false, true} {
		e, err := wasm.NewEngine(ctx, wasm.Options{Interpreter: interpreter})
		if err != nil {
			return err
		}
		for _, name := range names {
			if err := hash(ctx, w, e, name, interpreter); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		if err := e.Close(); err != nil {
			return err
		}
	}
	return nil
}

func hash(ctx context.Context, w io.Writer, e *wasm.Engine, name string, interpreter bool) error {
	sc, err := open.BuiltinScenario(name)
	if err != nil {
		return err
	}
	compile := func(ctx context.Context, name string, module []byte) (sys.Program, error) {
		return e.CompileOwn(ctx, name, module)
	}
	lab, _, err := product.Build(ctx, sc, compile, product.Options{Window: -1, Empty: true})
	if err != nil {
		return err
	}
	defer lab.Close()
	res, err := grade.Grade(lab, sc, grade.Options{})
	if err != nil {
		return err
	}
	engine := "compiled"
	if interpreter {
		engine = "interpreted"
	}
	_, err = fmt.Fprintf(w, "%s %s %d/%d %s\n", name, engine, res.Score, res.MaxScore, res.Hash)
	return err
}
