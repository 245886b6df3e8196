package wasm

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A function that is called as one of another type is no abort of the program's: the
// linker has warned, and put a trap in its place.
func TestMismatchedFunctionIsNamed(t *testing.T) {
	dir := t.TempDir()
	args := []string{"--target=wasm32-wasi", "-O2", "-o", filepath.Join(dir, "out.wasm")}
	for name, text := range map[string]string{
		"main.c":   "int answer(int);\nint main(void) { return answer(1); }\n",
		"answer.c": "int answer(int a, int b) { return a + b; }\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, file)
	}
	if text, err := exec.Command("clang", args...).CombinedOutput(); err != nil {
		t.Fatalf("clang %v: %v\n%s", args, err, text)
	}
	b, err := os.ReadFile(filepath.Join(dir, "out.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	r := newRig(t, nil, program{name: "p", prog: compile(t, engine(t), b)})
	r.run(t)
	x := r.exits["p"]
	if x.Op != "trap" || x.N != 128+sigABRT || !strings.Contains(x.Text, "the linker joined two functions answer of different types") {
		t.Errorf("got %s %d %q, want a trap that names the function", x.Op, x.N, x.Text)
	}
}
