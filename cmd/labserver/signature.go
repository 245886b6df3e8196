package main

import (
	"errors"
	"fmt"
	"io/fs"

	"wireloom/internal/diskfile"
	"wireloom/internal/report"
	"wireloom/internal/sign"
)

// keyFlag collects the public keys of --key.
type keyFlag []trusted

// A trusted key, and what the command line calls it.
type trusted struct {
	name string
	key  sign.Public
}

func (k *keyFlag) String() string { return "" }

func (k *keyFlag) Set(s string) error {
	p, err := sign.LoadPublic(s)
	if err != nil {
		return err
	}
	*k = append(*k, trusted{s, p})
	return nil
}

// name is what the command line calls a key; "" if it is not one of these.
func (k keyFlag) name(p sign.Public) string {
	for _, t := range k {
		if t.key == p {
			return t.name
		}
	}
	return ""
}

// A sigState is what a report's signature says.
type sigState uint8

const (
	sigNone    sigState = iota // there is none, and none is needed
	sigMissing                 // there is none, and one is needed
	sigUnknown                 // it fits; whose key it is of, nobody has said
	sigOther                   // it fits, and is not of a key that is trusted
	sigGood                    // it fits, and is of a key that is trusted
	sigBroken                  // it does not fit
)

// maxSignature is how many bytes the file of a signature may have.
const maxSignature = 1024

// signature looks at a report's signature and says what it finds.
func (v *verifyFlags) signature(io stdio, file *report.File) (sigState, error) {
	s := file.Signature
	if s == nil && !file.Format.Signs() {
		b, err := diskfile.Read(v.name+report.SignatureSuffix, maxSignature)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return sigNone, fmt.Errorf("signature: %w", err)
		default:
			if s, err = report.ParseSignature(b); err != nil {
				return sigNone, err
			}
		}
	}
	if s == nil {
		return v.keys.judge(io, "report", nil, false), nil
	}
	return v.keys.judge(io, "report", s, file.Fits(s)), nil
}

// judge says what the signature of something is, nil for none; fits says whether it is that
// of its key under it.
func (k keyFlag) judge(io stdio, what string, s *sign.Signature, fits bool) sigState {
	say := func(format string, args ...any) {
		fmt.Fprintf(io.out, "%-24s "+format+"\n", append([]any{"signature"}, args...)...)
	}
	switch {
	case s == nil && len(k) == 0:
		return sigNone
	case s == nil:
		say("MISSING: the %s is not signed, and --key says that it must be", what)
		return sigMissing
	case !fits:
		say("DOES NOT FIT: the %s was changed after it was signed with %s", what, s.Key)
		return sigBroken
	case len(k) == 0:
		say("fits: not changed since it was signed with %s; whose key that is, --key must say", s.Key)
		return sigUnknown
	}
	name := k.name(s.Key)
	if name == "" {
		say("BY ANOTHER KEY: it is of %s, which --key does not name", s.Key)
		return sigOther
	}
	as := ""
	if name != s.Key.String() {
		as = " (" + report.Line(name) + ")"
	}
	say("by %s%s, not changed since", s.Key, as)
	return sigGood
}

// verdict ends a command that looks at the signature alone, or at none that would do.
func (s sigState) verdict(io stdio, file *report.File) int {
	if s != sigGood {
		fmt.Fprintln(io.out, "not confirmed")
		return exitDiffers
	}
	fmt.Fprintf(io.out, "signed, and not changed since; it was not graded again. It says:\n")
	if file.Verdict != "" {
		fmt.Fprintf(io.out, "  %s\n", report.Line(file.Verdict))
	}
	if file.Format != report.Text {
		fmt.Fprintf(io.out, "  %s\n  version %s\n", of(file), report.Line(file.Head.Version))
	}
	return exitOK
}
