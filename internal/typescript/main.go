// Command typescript makes the page's side of a protocol from the Go source of its structs:
// types.ts, what is said, and guards.ts, which takes nothing else. The lab's is that of
// internal/protocol, in web/src/protocol, and the classroom's that of internal/protocol/class,
// in web/src/protocol/class. With -check it writes nothing, and fails if they are not what
// it would write.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

// A side is one protocol: where it is declared, and where the page has it.
type side struct {
	packages map[string]string // folders whose structs are read, by the name of the package; "" its own
	out      string
	read     string // the module with what guards are made of, as seen from there
	unions   []union
}

var sides = []side{
	{
		packages: map[string]string{"": "internal/protocol", "decode": "internal/decode"},
		out:      "web/src/protocol",
		read:     "./read",
		unions:   []union{{"Messages", "Message", "type"}, {"Events", "Event", "k"}},
	},
	{
		packages: map[string]string{"": "internal/protocol/class"},
		out:      "web/src/protocol/class",
		read:     "../read",
		unions:   []union{{"Messages", "WallMessage", "type"}},
	},
}

// head says above a file what it was made from.
func (s *side) head() string {
	return "// Made from " + s.packages[""] + " by internal/typescript. Change that, then run make protocol.\n"
}

func main() {
	check := flag.Bool("check", false, "only look whether the files are what would be written")
	root := flag.String("root", ".", "the folder of the module")
	flag.Parse()
	if err := run(*root, *check); err != nil {
		fmt.Fprintln(os.Stderr, "typescript:", err)
		os.Exit(1)
	}
}

func run(root string, check bool) error {
	for i := range sides {
		if err := sides[i].write(root, check); err != nil {
			return err
		}
	}
	return nil
}

func (s *side) write(root string, check bool) error {
	src, err := s.source(root)
	if err != nil {
		return err
	}
	files, err := src.typescript()
	if err != nil {
		return err
	}
	for _, f := range files {
		name := filepath.Join(root, s.out, f.name)
		if !check {
			if err := os.WriteFile(name, f.text, 0o666); err != nil {
				return err
			}
			continue
		}
		// A file that can't be read is not what it should be, either.
		if had, _ := os.ReadFile(name); !bytes.Equal(had, f.text) {
			return fmt.Errorf("%s is not what %s says: run make protocol", name, s.packages[""])
		}
	}
	return nil
}
