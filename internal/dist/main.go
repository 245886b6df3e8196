// Command dist makes what labserver is distributed as: for each architecture the program
// itself and a Debian package, and an OCI image of all. The same commit gives the same
// bytes. It is make dist's.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// A program is labserver for an architecture, by Go's name of it, which is Debian's too.
type program struct {
	arch string
	body []byte
}

// texts are what a package has beside the program.
type texts struct {
	manual     []byte
	completion map[string][]byte // by shell
	license    string
	docs       map[string][]byte // by name
}

func main() {
	out := flag.String("out", "dist", "write to this `folder`")
	version := flag.String("version", "", "the `version` of the programs")
	epoch := flag.Int64("epoch", 0, "the `time` of the commit, in seconds since 1970")
	flag.Parse()
	if err := dist(*out, *version, time.Unix(*epoch, 0).UTC(), flag.Args()); err != nil {
		fmt.Fprintf(os.Stderr, "dist: %v\n", err)
		os.Exit(1)
	}
}

// dist makes everything of programs that are named as ARCH=FILE.
func dist(out, version string, at time.Time, named []string) error {
	if version == "" || len(named) == 0 || at.Unix() == 0 {
		return errors.New("usage: dist -version VERSION -epoch SECONDS [-out DIR] ARCH=FILE...")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	var programs []program
	files := map[string]string{}
	for _, n := range named {
		arch, file, ok := strings.Cut(n, "=")
		if !ok {
			return fmt.Errorf("%q is not ARCH=FILE", n)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		programs, files[arch] = append(programs, program{arch, b}), file
	}
	own, ok := files[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("there is no program for this machine's %s: the manual page is asked of it", runtime.GOARCH)
	}
	texts, err := readTexts(own)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range programs {
		name := fmt.Sprintf("labserver-%s-linux-%s", version, p.arch)
		if err := os.WriteFile(filepath.Join(out, name), p.body, 0o755); err != nil {
			return err
		}
		packed, err := deb(out, p, texts, version, at)
		if err != nil {
			return err
		}
		names = append(names, name, packed)
	}
	image, err := oci(programs, version, at)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("wireloom-%s-oci.tar", version)
	if err := os.WriteFile(filepath.Join(out, name), image, 0o644); err != nil {
		return err
	}
	return sums(out, append(names, name))
}

// readTexts asks a program for what it says of itself, and reads the documents here.
func readTexts(program string) (texts, error) {
	t := texts{completion: map[string][]byte{}, docs: map[string][]byte{}}
	ask := func(args ...string) ([]byte, error) {
		b, err := exec.Command(program, args...).Output()
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", program, strings.Join(args, " "), err)
		}
		return b, nil
	}
	var err error
	if t.manual, err = ask("manual-page"); err != nil {
		return t, err
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if t.completion[shell], err = ask("completion", shell); err != nil {
			return t, err
		}
	}
	license, err := os.ReadFile("LICENSE")
	if err != nil {
		return t, err
	}
	_, t.license, _ = strings.Cut(string(license), "authors\n\n") // behind who has the copyright
	docs, err := filepath.Glob("docs/*.[my]*")                    // .md, and .yml
	if err != nil || len(docs) == 0 {
		return t, fmt.Errorf("there is no docs folder here: run it at the root of the tree (%w)", err)
	}
	for _, name := range docs {
		if t.docs[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			return t, err
		}
	}
	return t, nil
}

// sums writes SHA256SUMS, for sha256sum -c.
func sums(dir string, names []string) error {
	slices.Sort(names)
	var b strings.Builder
	for _, name := range names {
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), name)
	}
	return os.WriteFile(filepath.Join(dir, "SHA256SUMS"), []byte(b.String()), 0o644)
}
