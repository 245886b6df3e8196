package settings

import (
	"errors"
	"flag"
	"slices"
	"strings"
)

// A List is the value of a flag that may be given several times. In the environment its
// items have blanks between them, in a file it is a list.
type List []string

// String implements flag.Value.
func (l *List) String() string { return strings.Join(*l, ", ") }

// Set implements flag.Value.
func (l *List) Set(v string) error {
	if v == "" {
		return errors.New("it is empty")
	}
	*l = append(*l, v)
	return nil
}

// Items implements Several.
func (l *List) Items() []string { return *l }

// Several is the value of a flag that may be given several times: each Set adds to it.
type Several interface {
	flag.Value
	Items() []string
}

// A Choice is the value of a flag that is one of a few words, or some of them with commas
// between.
type Choice struct {
	Words []string
	Now   string // as it was given, or would be

	set func(string) error
}

// ChoiceFlag adds a flag that is one of words, or is not given. set is told what somebody
// wrote, and says what is wrong with it; without it that is for later.
func ChoiceFlag[S ~string](f *flag.FlagSet, name, or string, words []S, usage string, set func(string) error) *Choice {
	c := &Choice{Now: or, set: set}
	for _, w := range words {
		c.Words = append(c.Words, string(w))
	}
	f.Var(c, name, usage)
	return c
}

// String implements flag.Value.
func (c *Choice) String() string { return c.Now }

// Set implements flag.Value.
func (c *Choice) Set(s string) error {
	c.Now = s
	if c.set == nil {
		return nil
	}
	return c.set(s)
}

// OneOf is what a Choice may be told as its set: nothing but one of words.
func OneOf(words ...string) func(string) error {
	return func(s string) error {
		if slices.Contains(words, s) {
			return nil
		}
		return errors.New("want " + strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1])
	}
}
