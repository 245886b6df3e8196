package report

import (
	"bytes"
	"strings"

	"wireloom/internal/sign"
)

// purpose is what the signature of a report is for.
const purpose = "report 1"

// A seal is where a format keeps a signature: in the file's last bytes, whose length
// and form are fixed, so that each byte of the file is either signed or the signature's
// only form.
type seal struct{ before, between, after, end string }

// seals are those of the formats that have a place for it. Of others the signature lies
// beside the report, in a file of its own.
var seals = map[Format]seal{
	JSON: {",\n  \"signature\": {\n    \"key\": \"", "\",\n    \"value\": \"", "\"\n  }", "\n}\n"},
	HTML: {`<script type="application/json" id="wireloom-signature">{"key":"`, `","value":"`, `"}</script>` + "\n", "</body>\n</html>\n"},
}

// Signs reports whether a report in the format holds its signature.
func (f Format) Signs() bool { return seals[f].end != "" }

// SignatureSuffix is what the name of a file with a signature ends with, which lies
// beside the report.
const SignatureSuffix = ".sig"

// Sign signs a report's file, which Report.Write has written. file is the report; where
// the format has no place for a signature it is as it was, and detached is for the
// file beside it. A page must have been written with SignedBy.
func Sign(f Format, b []byte, k *sign.Key) (file, detached []byte) {
	s := k.Sign(purpose, b)
	l, ok := seals[f]
	if !ok {
		return b, []byte(s.String() + "\n")
	}
	head, ok := bytes.CutSuffix(b, []byte(l.end))
	if !ok {
		panic("report: a report in " + string(f) + " does not end as it must")
	}
	return join(head, l.before, s.Key.String(), l.between, s.Value(), l.after, l.end), nil
}

// unseal takes the signature out of a report. Where there is none, or none in its one
// form, it is nil.
func unseal(f Format, b []byte) (unsigned []byte, s *sign.Signature) {
	l, ok := seals[f]
	if !ok {
		return b, nil
	}
	tail := len(l.before) + sign.PublicLen + len(l.between) + sign.ValueLen + len(l.after) + len(l.end)
	if len(b) < tail {
		return b, nil
	}
	head, rest := b[:len(b)-tail], string(b[len(b)-tail:])
	rest, ok = strings.CutPrefix(rest, l.before)
	if !ok {
		return b, nil
	}
	key, rest := rest[:sign.PublicLen], rest[sign.PublicLen:]
	if rest, ok = strings.CutPrefix(rest, l.between); !ok {
		return b, nil
	}
	value, rest := rest[:sign.ValueLen], rest[sign.ValueLen:]
	if rest != l.after+l.end {
		return b, nil
	}
	found, err := sign.Parse(key, value)
	if err != nil {
		return b, nil
	}
	return join(head, l.end), &found
}

// join puts bytes and texts together, in memory of their own.
func join(head []byte, texts ...string) []byte {
	return append(bytes.Clone(head), strings.Join(texts, "")...)
}

// ParseSignature reads the file of a signature that lies beside a report.
func ParseSignature(b []byte) (*sign.Signature, error) {
	text, ok := strings.CutSuffix(string(b), "\n")
	key, value, two := strings.Cut(text, " ")
	if !ok || !two {
		return nil, altered("the file of the signature is no line with a key and a value")
	}
	s, err := sign.Parse(key, value)
	if err != nil {
		return nil, altered("the file of the signature: %v", err)
	}
	return &s, nil
}

// Fits reports whether a signature is that of its key under this report.
func (f *File) Fits(s *sign.Signature) bool { return s.Fits(purpose, f.Unsigned) }
