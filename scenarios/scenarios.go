// Package scenarios is the labs that are part of the program: a folder each, with what
// docs/course.md says stands in one. It is data; package open reads it.
package scenarios

import "embed"

// FS has the files of every folder, .md, .gz and .yaml, and those of the folders in it. A
// folder that is empty is no mistake then.
//
//go:embed */*.[mgy]* */*/*
var FS embed.FS
