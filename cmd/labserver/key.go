package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"

	"wireloom/internal/sign"
	"wireloom/internal/terminal"
)

func runKey(_ context.Context, args []string, io stdio) int {
	f := newFlags(io, "key", "new FILE | public FILE", `new makes a key to sign reports with: FILE, which is for its owner alone, and FILE.pub, its
public half, which is for everybody who verifies. public prints the public half of a key
in a file.`)
	rest, code, ok := parse(f, args)
	if !ok {
		return code
	}
	if len(rest) != 2 || rest[0] != "new" && rest[0] != "public" {
		return wants(io, f, "new FILE or public FILE", rest)
	}
	name := rest[1]
	if rest[0] == "public" {
		p, err := publicOf(io, name)
		if err != nil {
			return fail(io, err)
		}
		fmt.Fprintln(io.out, p)
		return exitOK
	}
	k, err := sign.New(nil)
	if err == nil {
		err = k.Save(name)
	}
	if err != nil {
		return fail(io, err)
	}
	fmt.Fprintf(io.out, "private key  %s: keep it to yourself, and keep a copy\npublic key   %s.pub: give it to everybody who verifies. It is\n%s\n", terminal.Line(name), terminal.Line(name), k.Public())
	return exitOK
}

// publicOf is the public half of the key in a file, which may be either half.
func publicOf(io stdio, name string) (sign.Public, error) {
	if p, err := sign.LoadPublic(name); err == nil {
		return p, nil
	}
	k, warning, err := sign.Load(name)
	if err != nil {
		return sign.Public{}, err
	}
	warn(io, warning)
	return k.Public(), nil
}

// warn says what does not keep a command from going on.
func warn(io stdio, what string) {
	if what != "" {
		fmt.Fprintf(io.err, "labserver: warning: %s\n", terminal.Line(what))
	}
}

// A signer is the key file of --sign.
type signer struct{ file *string }

func signFlag(f *flag.FlagSet) *signer {
	return &signer{f.String("sign", "", "sign reports with the private key in this `file` (labserver key new makes one)")}
}

// load reads the key; nil where none was given. Where no report can be signed that is
// an error: somebody would send one that proves nothing.
func (s *signer) load(io stdio, outputs []output) (*sign.Key, error) {
	if *s.file == "" {
		return nil, nil
	}
	if !slices.ContainsFunc(outputs, output.signable) {
		var forms []string
		for _, o := range outputs {
			forms = append(forms, string(o.format))
		}
		return nil, fmt.Errorf("--sign: %s that is printed has no place for a signature: write it to a file with --output, or write --format json or html", strings.Join(forms, ", "))
	}
	k, warning, err := sign.Load(*s.file)
	if err != nil {
		return nil, err
	}
	warn(io, warning)
	return k, nil
}
