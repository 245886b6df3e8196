package look

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"time"

	"wireloom/internal/scenario/format"
	"wireloom/internal/scenario/run"
	"wireloom/internal/scenario/verb"
	"wireloom/vnet/errno"
	"wireloom/vnet/fs"
)

func init() { verb.Register(verb.States, 11, file{}) }

// file looks at what a program has written into a file.
type file struct{}

func (file) Name() string { return "file" }
func (file) Doc() string  { return "A file that a program has written, below /tmp." }

var (
	hashForm = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)
	tmpForm  = regexp.MustCompile(`^/tmp(/[^/]+)+$`)
	ownForm  = regexp.MustCompile(`^(files|expected)/[A-Za-z0-9_./-]{1,200}$`)
)

func (file) Shape() *format.Shape {
	return format.Many(format.Object(append([]format.Field{
		{Name: "node", Shape: format.Name, Required: true, Doc: "The node."},
		{Name: "path", Shape: format.Late(format.Word("a path below /tmp, where programs can write", tmpForm, fs.MaxPath)), Required: true, Doc: "The file, such as /tmp/out."},
		{Name: "exists", Shape: format.Boolean, Doc: "Whether it must be there; true where it is not given."},
		{Name: "sha256", Shape: format.Word("a SHA-256 in hexadecimal", hashForm, 64), Doc: "The hash of what is in it."},
		{Name: "same_as", Shape: format.Word("a file of the folder, such as expected/answer.txt or files/letter.txt", ownForm, 256), Doc: "A file of the scenario's folder that holds the same."},
		{Name: "size", Shape: verb.Counted, Doc: "How many bytes it has, a number or a range."},
		{Name: "within", Shape: format.Duration(verb.MaxWithin), Doc: "How long to wait for it; it is looked at at once where it is not given."},
	}, verb.TextKeys()...)...), 16)
}

func (file) Parse(v *format.Value, s *verb.Scope) verb.Step {
	x := &filed{
		node: s.Node(v.Get("node")), path: s.LateText(v.Get("path")), gone: !format.Or(v.Get("exists"), true), within: format.Read[time.Duration](v.Get("within")),
		hash: strings.ToLower(v.Get("sha256").String()), size: s.Count(v.Get("size")),
	}
	x.of = x.node + ":" + verb.PlainText(x.path)
	x.texts = verb.TextsOf(v, x.of, "it holds")
	if f := v.Get("same_as"); f != nil {
		b, err := s.File(f.Text, fs.MaxFileBytes)
		if err != nil {
			s.Mistakes.At(f, "%s", err)
		}
		sum := sha256.Sum256(b)
		x.like, x.likeHash = f.Text, hex.EncodeToString(sum[:])
	}
	if x.gone && (x.hash+x.like != "" || x.size != nil || !x.texts.None()) {
		s.Mistakes.At(v.Get("exists"), "a file that must not be there holds nothing that could be looked at")
	}
	return x
}

// filed is what a file must hold.
type filed struct {
	verb.State
	node, path     string
	of             string // the file, in words
	gone           bool   // it must not be there
	texts          verb.Texts
	hash           string // "": any
	like, likeHash string // a file of the folder, and its hash
	size           *verb.Count
	within         time.Duration
}

func (x *filed) Proof() verb.Proof {
	if x.gone {
		return verb.NothingIs
	}
	return verb.Strong
}

// Parts are the texts, and what else is looked at.
func (x *filed) Parts() int {
	n := 0
	if !x.texts.Negative() {
		n = x.texts.Parts()
	}
	for _, more := range []bool{x.hash != "", x.like != "", x.size != nil} {
		if more {
			n++
		}
	}
	return max(n, 1)
}

func (x *filed) Run(r *run.Run) error {
	path, err := r.Tell(x.path)
	if err != nil {
		r.Fail(err)
		return nil
	}
	var f run.Finding
	look := func() bool {
		f = x.finding(r.Lab.Node(x.node).Peek(path))
		return f.OK
	}
	if x.within > 0 {
		if err := r.Until(r.Lab.Now()+x.within, look); err != nil {
			return err
		}
	}
	look()
	r.Find(f)
	return nil
}

// finding compares what is at the path with what is to be there.
func (x *filed) finding(kind fs.Kind, data []byte, e errno.Errno) run.Finding {
	f := run.Finding{Absent: x.gone}
	switch {
	case x.gone:
		f.Expected, f.OK, f.Actual = "there is no "+x.of, e != errno.OK, "there is none"
		if !f.OK {
			f.Actual = fmt.Sprintf("it is there, with %d bytes", len(data))
		}
		return f
	case e != errno.OK:
		f.Expected, f.Actual = x.of+" is there", "there is none: "+e.String()
		return f
	case kind != fs.Regular:
		f.Expected, f.Actual = x.of+" is a file", "it is no file: "+kind.String()
		return f
	}
	sum := sha256.Sum256(data)
	hash := hex.EncodeToString(sum[:])
	var want, wrong []string
	look := func(ok bool, wanted, got string) {
		want = append(want, wanted)
		if ok {
			f.Met++
		} else {
			wrong = append(wrong, got)
		}
	}
	if !x.texts.None() {
		t := x.texts.Finding(string(data))
		want, f.Met = append(want, strings.TrimPrefix(t.Expected, x.of+" ")), f.Met+t.Met
		if !t.OK {
			wrong = append(wrong, t.Actual)
		}
	}
	if x.hash != "" {
		look(hash == x.hash, "has the SHA-256 "+x.hash, "its SHA-256 is "+hash)
	}
	if x.like != "" {
		look(hash == x.likeHash, "holds the same as "+x.like, "it holds something else than "+x.like)
	}
	if x.size != nil {
		look(x.size.Has(uint64(len(data))), "has "+x.size.String()+" bytes", fmt.Sprintf("it has %d bytes", len(data)))
	}
	if want == nil {
		want = []string{"is there"}
	}
	f.OK, f.Expected, f.Actual = len(wrong) == 0, x.of+" "+strings.Join(want, " and "), fmt.Sprintf("it has %d bytes", len(data))
	if !f.OK {
		f.Actual = strings.Join(append(wrong, f.Actual), "; ")
	}
	return f
}
