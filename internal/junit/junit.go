// Package junit has the elements of JUnit's format, which has no schema of its own: these
// and their attributes are what Jenkins' xUnit plugin takes (its junit-10.xsd), which others
// take, too. There a testcase has no properties: points are properties of the suite. What
// is empty and optional is left out.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
)

// A Suite is a testsuite.
type Suite struct {
	Name       string     `xml:"name,attr"`
	Tests      int        `xml:"tests,attr"`
	Failures   int        `xml:"failures,attr"`
	Errors     int        `xml:"errors,attr"`
	Skipped    int        `xml:"skipped,attr"`
	Time       string     `xml:"time,attr,omitempty"` // seconds
	Properties []Property `xml:"properties>property"`
	Cases      []Case     `xml:"testcase"`
	Out        string     `xml:"system-out,omitempty"`
	Err        string     `xml:"system-err,omitempty"`
}

// A Property is a named value of a suite.
type Property struct {
	Name  string `xml:"name,attr"`
	Value string `xml:"value,attr"`
}

// A Case is a testcase; one without any outcome has passed.
type Case struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr,omitempty"` // seconds
	Failure *Outcome `xml:"failure"`
	Error   *Outcome `xml:"error"`
	Skipped *Outcome `xml:"skipped"`
	Out     string   `xml:"system-out,omitempty"`
	Err     string   `xml:"system-err,omitempty"`
}

// An Outcome says why a case has not passed.
type Outcome struct {
	Type    string `xml:"type,attr,omitempty"`
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// Write writes a file whose root is a testsuites element.
func Write(w io.Writer, testsuites any) error {
	b, err := xml.MarshalIndent(testsuites, "", "  ")
	if err != nil {
		return fmt.Errorf("JUnit: %w", err)
	}
	_, err = w.Write(append(append([]byte(xml.Header), b...), '\n'))
	return err
}
