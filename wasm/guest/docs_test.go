package guest

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "put the examples into docs/c.md and docs/go.md anew")

var included = regexp.MustCompile("(?m)^<!-- file: ([^ ]+) -->\n+(```[a-z]+\n(?s:.*?)\n```\n)?")

// The pages show the files that TestExamples and TestExampleInCPlusPlus compile and run,
// letter by letter.
func TestPagesShowTheExamples(t *testing.T) {
	for page, want := range map[string]int{"../../docs/c.md": len(examples) + 1, "../../docs/go.md": len(examples)} {
		text := string(read(t, page))
		shown := 0
		made := included.ReplaceAllStringFunc(text, func(block string) string {
			shown++
			name := included.FindStringSubmatch(block)[1]
			return fmt.Sprintf("<!-- file: %s -->\n\n```%s\n%s```\n", name, strings.TrimPrefix(filepath.Ext(name), "."), read(t, filepath.Join("../..", name)))
		})
		if shown != want {
			t.Errorf("%s shows %d examples, want %d", page, shown, want)
		}
		if *update {
			if err := os.WriteFile(page, []byte(made), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if made != text {
			t.Errorf("%s does not show the examples as they are: go test ./wasm/guest -run TestPages -update", page)
		}
	}
}

// rows returns the cells of the tables of docs/syscalls.md.
func rows(t *testing.T) (all [][]string) {
	for line := range strings.Lines(string(read(t, "../../docs/syscalls.md"))) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) == 5 && !strings.HasPrefix(cells[0], "---") && strings.TrimSpace(cells[1]) != "C" {
			all = append(all, cells)
		}
	}
	if len(all) < 40 {
		t.Fatalf("docs/syscalls.md has %d rows, want more than 40", len(all))
	}
	return all
}

var quoted = regexp.MustCompile("`([^`]+)`")

// What docs/syscalls.md has in its column C is declared by the headers that it names,
// and defined.
func TestListedCallsAreThereInC(t *testing.T) {
	header := regexp.MustCompile(`<([^>]+)>`)
	var includes, uses strings.Builder
	for _, r := range rows(t) {
		for part := range strings.SplitSeq(r[1], ";") {
			names := quoted.FindAllStringSubmatch(part, -1)
			if len(names) > 0 && !header.MatchString(part) {
				t.Errorf("%s: no header is named for %s", r[0], part)
			}
			for _, h := range header.FindAllStringSubmatch(part, -1) {
				fmt.Fprintf(&includes, "#include <%s>\n", h[1])
			}
			for _, n := range names {
				if n[1] == "errno" { // a variable
					continue
				}
				fmt.Fprintf(&uses, "\t(void *)&%s,\n", n[1])
			}
		}
	}
	dir := t.TempDir()
	src := filepath.Join(dir, "listed.c")
	text := includes.String() + "#undef lseek\nvoid *volatile calls[] = {\n" + uses.String() + "};\nint main(void) { return calls[errno] == 0; }\n"
	if err := os.WriteFile(src, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	debianClang(t, src)
	nodeClang(t, dir)
}

// What it has in its column Go compiles.
func TestListedCallsAreThereInGo(t *testing.T) {
	var uses strings.Builder
	for _, r := range rows(t) {
		for _, n := range quoted.FindAllStringSubmatch(r[2], -1) {
			fmt.Fprintf(&uses, "\t%s,\n", n[1])
		}
	}
	dir := t.TempDir()
	text := "package main\n\nimport (\n\t\"crypto/rand\"\n\t\"net\"\n\t\"net/netip\"\n\t\"os\"\n\t\"runtime\"\n\t\"syscall\"\n\t\"time\"\n\n\t\"wireloom/wasm/guest/tuntap\"\n)\n\n" +
		"var calls = []any{\n" + uses.String() + "}\n\nfunc main() { println(len(calls)) }\n"
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "vet", filepath.Join(dir, "main.go"))
	cmd.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=-mod=readonly")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v: %v\n%s", cmd.Args, err, text)
	}
}
