package batch

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/goccy/go-yaml"
)

// metadataFile is where Gradescope's export says whose each submission is.
const metadataFile = "submission_metadata.yml"

// Limits of it. It also has each submission's results and history, which are left out.
const (
	maxMetadata     = 256 << 20 // bytes
	maxMetadataLine = 4 << 20
	maxSubmitters   = 64 << 10 // bytes of those of one submission
)

// A person is who handed a submission in, or several.
type person struct {
	id    string // the first one's mail address, as docs/gradescope/run_autograder takes it
	names string
}

// readMetadata reads whose each submission is, by its folder's name.
//
//	submission_123456789:
//	  :submitters:
//	  - :name: Anna Meier
//	    :sid: '4711'
//	    :email: anna@example.com
//	  :created_at: ...
func readMetadata(t *tree) (map[string]person, error) {
	f, err := t.open(metadataFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataFile, plainly(err))
	}
	defer f.Close()
	people, err := parseMetadata(io.LimitReader(f, maxMetadata))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", metadataFile, err)
	}
	return people, nil
}

func parseMetadata(r io.Reader) (map[string]person, error) {
	people := map[string]person{}
	var id string
	var block strings.Builder
	inside := false // a list of submitters
	finish := func() error {
		if !inside {
			return nil
		}
		inside = false
		p, err := parseSubmitters(block.String())
		if err != nil {
			return fmt.Errorf("the submitters of %.80q: %w", id, err)
		}
		people[id] = p
		return nil
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxMetadataLine)
	for lines.Scan() {
		line := strings.TrimSuffix(lines.Text(), "\r")
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if inside && (indent > 2 || strings.HasPrefix(line, "  - ")) {
			if block.Len()+len(line) > maxSubmitters {
				return nil, fmt.Errorf("the submitters of %.80q take more than %d bytes", id, maxSubmitters)
			}
			block.WriteString(line[2:] + "\n")
			continue
		}
		if err := finish(); err != nil {
			return nil, err
		}
		switch {
		case indent == 0 && strings.HasSuffix(line, ":"):
			id = strings.TrimSuffix(line, ":")
		case id != "" && line == "  :submitters:":
			inside = true
			block.Reset()
		}
	}
	if err := errors.Join(lines.Err(), finish()); err != nil {
		return nil, err
	}
	return people, nil
}

func parseSubmitters(text string) (person, error) {
	var list []map[string]any
	if err := yaml.Unmarshal([]byte(text), &list); err != nil {
		return person{}, errors.New(yaml.FormatError(err, false, false))
	}
	var p person
	var names []string
	for i, s := range list {
		get := func(key string) string {
			if s[key] == nil {
				return ""
			}
			return fmt.Sprint(s[key])
		}
		name, mail, sid := get(":name"), get(":email"), get(":sid")
		for _, id := range []string{mail, sid, name} {
			if i == 0 && p.id == "" {
				p.id = id
			}
		}
		for _, n := range []string{name, mail, sid} {
			if n != "" {
				names = append(names, n)
				break
			}
		}
	}
	p.names = strings.Join(names, ", ")
	return p, nil
}
