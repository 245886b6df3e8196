// Package labapi is what is asked of labs and what is answered, where a server and a page without
// one do the same: one says it by HTTP, the other from its worker.
package labapi

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"unicode"
)

// MaxUpload is how many bytes a program may have. The page knows it, too.
const MaxUpload = 32 << 20

// maxName is how many bytes of a file's name are shown.
const maxName = 128

// A Scenario is one that is offered.
type Scenario struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Course   int    `json:"course,omitempty"`   // its position in the course, from 1; 0 where it is not part of it
	Goal     string `json:"goal,omitempty"`     // a sentence
	Exercise bool   `json:"exercise,omitempty"` // its programs are the visitor's to write: there is a starter, and a lab of it may begin empty
	Solved   bool   `json:"solved,omitempty"`   // a lab of it may begin with a solution
	Checked  bool   `json:"checked,omitempty"`  // it has checks that a visitor may see
	Opens    bool   `json:"opens,omitempty"`    // the page begins with it, and not with the list
}

// A Lab is one that there is.
type Lab struct {
	ID       string `json:"id"`
	Scenario string `json:"scenario"`
}

// A Program is one that was uploaded.
type Program struct {
	Program string `json:"program"` // its SHA-256
	Size    int    `json:"size"`
	Name    string `json:"name"`
}

// A Slot is where an upload goes, and what its file is called.
type Slot struct{ Node, Proc, File string }

// ReadSlot reads what the address of an upload says, which can be read in one way only.
func ReadSlot(query string) (Slot, error) {
	q, err := url.ParseQuery(query)
	if err != nil {
		return Slot{}, errors.New("what stands behind the ? of the address cannot be read")
	}
	for _, k := range slices.Sorted(maps.Keys(q)) {
		switch {
		case k != "node" && k != "proc" && k != "name":
			return Slot{}, fmt.Errorf("the address has %.40q, which no upload has", k)
		case len(q[k]) > 1:
			return Slot{}, fmt.Errorf("the address has %s twice", k)
		}
	}
	return Slot{Node: q.Get("node"), Proc: q.Get("proc"), File: FileName(q.Get("name"))}, nil
}

// FileName is what of a name that a stranger gave a file is shown.
func FileName(s string) string {
	s = path.Base(strings.ReplaceAll(strings.ToValidUTF8(s, ""), `\`, "/"))
	s = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return -1
	}, s)
	if len(s) > maxName {
		s = strings.ToValidUTF8(s[:maxName], "")
	}
	if s == "" || s == "." || s == "/" {
		return "program.wasm"
	}
	return s
}
