// Package listing is what a scenario is to who may choose it: what the list says of it, and what one
// begins with.
package listing

import (
	"slices"

	"wireloom/internal/labapi"
	"wireloom/internal/scenario"
)

// Of is what the list says of a scenario. starter says that there is something to begin with, and
// solved that there is a program for each of its slots.
func Of(sc *scenario.Scenario, starter, solved bool) labapi.Scenario {
	slots := len(sc.Slots()) > 0
	return labapi.Scenario{
		Name: sc.Name, Title: sc.Title, Course: sc.Course, Goal: sc.Goal, Exercise: starter, Solved: slots && solved,
		Checked: slots && slices.ContainsFunc(sc.Steps, func(s scenario.Step) bool { return s.Checks() && scenario.Student.Sees(&s) }),
	}
}
