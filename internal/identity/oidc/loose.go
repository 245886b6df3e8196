package oidc

import "encoding/json"

// A looseBool is a truth as logins write it: some as a text.
type looseBool bool

// UnmarshalJSON takes true and "true"; everything else is false.
func (b *looseBool) UnmarshalJSON(text []byte) error {
	*b = string(text) == "true" || string(text) == `"true"`
	return nil
}

// A looseList is a list of texts, or one text; what else it may be is none.
type looseList []string

// UnmarshalJSON never fails: who has groups of another shape has none.
func (l *looseList) UnmarshalJSON(text []byte) error {
	var many []string
	var one string
	switch {
	case json.Unmarshal(text, &many) == nil:
		*l = many
	case json.Unmarshal(text, &one) == nil && one != "":
		*l = []string{one}
	}
	return nil
}
