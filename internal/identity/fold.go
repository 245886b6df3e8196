package identity

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxName is how many bytes of a name are looked at. No roster has longer ones.
const maxName = 256

// plainLetters are letters that Unicode does not take apart into one and its mark, and
// that people write differently on other keyboards.
var plainLetters = map[rune]string{
	'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ð': "d", 'þ': "th", 'æ': "ae", 'œ': "oe", 'ı': "i", 'ħ': "h", 'ŋ': "ng",
}

// Fold is a name as it is compared: without case, accents, more than one blank, and with
// the first name first where it is written "Last, First". It is "" for what has no letter
// or digit.
func Fold(name string) string {
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "")
	}
	if last, first, ok := strings.Cut(name, ","); ok && !strings.Contains(first, ",") {
		name = first + " " + last
	}
	var b strings.Builder
	blank := false
	// Small letters twice: a mark may be taken off a capital (İ), and compatibility
	// characters may hide capitals.
	for _, r := range strings.ToLower(norm.NFKD.String(strings.ToLower(name))) {
		switch {
		case unicode.Is(unicode.Mn, r), r == '\'', r == '’', r == 'ʼ', r == '`', r == '.', unicode.Is(unicode.Cf, r):
			// O'Brien is OBrien, and J. is J.
		case unicode.IsLetter(r), unicode.IsDigit(r):
			if blank && b.Len() > 0 {
				b.WriteByte(' ')
			}
			blank = false
			if plain, ok := plainLetters[r]; ok {
				b.WriteString(plain)
			} else {
				b.WriteRune(r)
			}
		default: // blanks, hyphens, underscores
			blank = true
		}
	}
	return b.String()
}

// SameWords reports whether two folded names have the same words in another order, as
// "kim lee" and "lee kim" do.
func sameWords(a, b string) bool {
	x, y := strings.Fields(a), strings.Fields(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}
