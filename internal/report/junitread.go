package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strconv"
	"strings"

	"wireloom/internal/scenario"
	"wireloom/internal/terminal"
)

// parseJUnit reads what a JUnit report is of from its properties. All else in it is
// compared as bytes.
func (f *File) parseJUnit(b []byte) error {
	d := xml.NewDecoder(bytes.NewReader(b))
	props := map[string]string{}
	var names []string
properties:
	for {
		tok, err := d.Token()
		if errors.Is(err, io.EOF) {
			return altered("it ends in the middle")
		}
		if err != nil {
			return altered("it is damaged: %s", line(err.Error()))
		}
		if e, ok := tok.(xml.EndElement); ok && e.Name.Local == "properties" {
			break
		}
		e, ok := tok.(xml.StartElement)
		if !ok || e.Name.Local != "property" {
			continue
		}
		name, value := "", ""
		for _, a := range e.Attr {
			switch a.Name.Local {
			case "name":
				name = a.Value
			case "value":
				value = a.Value
			}
		}
		if name == propTotal || name == propScore {
			if f.Head.Hidden = name == propTotal; f.Head.Hidden {
				value = "the total " + value
			} else {
				value += " points"
			}
			f.Verdict = value
			break properties // what follows is of the checks
		}
		if _, twice := props[name]; twice {
			return altered("the property %s is there twice", terminal.Fit(line(name), 60))
		}
		props[name] = value
		names = append(names, name)
	}
	h := &f.Head
	h.Scenario, h.Source, h.Inputs.Scenario = props[propScenario], props[propSource], props[propFile]
	h.Student, h.Stage, h.Version, h.Hash = props[propStudent], props[propStage], props[propVersion], props[propHash]
	h.Inputs.Submission = props[propSubmission]
	var err error
	if n, given := props[propAttempt]; given {
		if h.Attempt, err = strconv.Atoi(n); err != nil {
			return altered("the property %s is no number", propAttempt)
		}
	}
	if asked, given := props[propHints]; given {
		if err := h.Hints.Set(asked); err != nil {
			return altered("the property %s: %s", propHints, line(err.Error()))
		}
	}
	if h.Audience, err = scenario.ParseAudience(props[propAudience]); err != nil {
		return altered("the property %s: %s", propAudience, line(err.Error()))
	}
	if h.Seed, err = strconv.ParseUint(props[propSeed], 10, 64); err != nil {
		return altered("the property %s is no seed", propSeed)
	}
	for _, name := range names {
		if slot, ok := strings.CutPrefix(name, propModule); ok {
			h.Programs = append(h.Programs, ProgramHash{slot, props[name]})
		}
		if slot, ok := strings.CutPrefix(name, propProgram); ok {
			if h.Inputs.Programs == nil {
				h.Inputs.Programs = map[string]string{}
			}
			h.Inputs.Programs[slot] = props[name]
		}
	}
	return h.check()
}
