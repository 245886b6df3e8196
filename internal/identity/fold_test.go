package identity

import (
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"wireloom/internal/visitor"
)

func TestFold(t *testing.T) {
	for _, tc := range []struct{ name, want string }{
		{"Ada Lovelace", "ada lovelace"},
		{"  LOVELACE,   Ada ", "ada lovelace"},
		{"Lovelace, Ada, Dr.", "lovelace ada dr"},
		{"José Núñez", "jose nunez"},
		{"Jose\u0301 Nu\u0301n\u0303ez", "jose nunez"},
		{"Søren Ærø", "soren aero"},
		{"Jürgen Weiß", "jurgen weiss"},
		{"JÜRGEN WEISS", "jurgen weiss"},
		{"Łukasz Żółć", "lukasz zolc"},
		{"İbrahim IŞIK", "ibrahim isik"},
		{"O'Brien-Smith", "obrien smith"},
		{"O’Brien Smith", "obrien smith"},
		{"Anne-Marie  du Pont", "anne marie du pont"},
		{"李 明", "李 明"},
		{"Ｋｉｍ\u00a0Ｌｅｅ", "kim lee"},
		{"Kim\u200bLee", "kimlee"},
		{"J. R. Tolkien", "j r tolkien"},
		{"kim_lee", "kim lee"},
		{"Kim Lee 12345", "kim lee 12345"},
		{" .,-' ", ""},
		{"", ""},
	} {
		if got := Fold(tc.name); got != tc.want {
			t.Errorf("Fold(%q): got %q, want %q", tc.name, got, tc.want)
		}
	}
	if !sameWords("kim lee", "lee kim") || sameWords("kim lee", "kim lee lee") {
		t.Error("words in another order")
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"Lovelace, Ada", "İIıi", "ẞß", "\u0301,\u0301", "ﷺ", "ǅ", "\xff,\xfe"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		got := Fold(name)
		switch {
		case Fold(got) != got && len(got) <= maxName:
			t.Errorf("Fold(%q) = %q folds to %q", name, got, Fold(got))
		case !utf8.ValidString(got):
			t.Errorf("Fold(%q) = %q is no UTF-8", name, got)
		case strings.HasPrefix(got, " ") || strings.HasSuffix(got, " ") || strings.Contains(got, "  ") || strings.ContainsAny(got, ",\x00\n"):
			t.Errorf("Fold(%q) = %q", name, got)
		}
	})
}

func FuzzFoldCode(f *testing.F) {
	for _, s := range []string{"7KQ2-M9XA", " o o o o i l 1 1 ", "UUUUUUUU", "7KQ2M9XA7"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := FoldCode(text)
		if got == "" {
			return
		}
		if len(got) != codeLength || strings.Trim(got, codeLetters) != "" || FoldCode(ShowCode(got)) != got || FoldCode(strings.ToLower(got)) != got {
			t.Errorf("FoldCode(%q) = %q", text, got)
		}
	})
}

func TestCodesAreWhatTheyLookLike(t *testing.T) {
	seen := map[string]bool{}
	for range 1000 {
		c := NewCode()
		if f := FoldCode(c); f == "" || seen[f] || ShowCode(f) != c {
			t.Fatalf("NewCode() = %q, folded %q", c, f)
		}
		seen[FoldCode(c)] = true
	}
	w := newWord(wordParts)
	if h := wordHash(w); !sameWord(" "+strings.ToUpper(w)+".", h) || sameWord(w+"a", h) || sameWord("", h) || sameWord(w, "") || wordHash(w) == h {
		t.Errorf("the word %q and its hash %q", w, h)
	}
}

// Whatever is in cookies and keys, a token is one that can have been ours, of the cookie that the
// key chooses.
func FuzzCookies(f *testing.F) {
	token := strings.Repeat("A", tokenLength)
	f.Add("wireloom="+token, "", "")
	f.Add("wireloom="+token+"; wireloom="+token, "", "")
	f.Add("__Host-wireloom+0123456789ab="+token, "0123456789ab", "")
	f.Add("__Host-wireloom+0123456789ab="+token, "", "session=0123456789ab")
	f.Add("wireloom=\""+token+"\"", "../", "session=%00")
	f.Fuzz(func(t *testing.T, cookies, header, query string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		r.URL.RawQuery = query
		r.Header["Cookie"] = []string{cookies}
		r.Header[KeyHeader] = []string{header}
		token, key := jar{&visitor.Site{}}.token(r)
		if token != "" && (!isToken(token) || !strings.Contains(cookies, token)) || key != "" && !isKey(key) {
			t.Errorf("got token %q and key %q", token, key)
		}
	})
}

func TestALongWordIsNoToken(t *testing.T) {
	w := newWord(longParts)
	for text, want := range map[string]string{
		w: foldWord(w), " " + strings.ToUpper(strings.ReplaceAll(w, "-", " ")) + "\n": foldWord(w),
		newWord(wordParts): "", "A2BCDEFGHIJKLMNOPQRSTUVWX3": "", strings.Repeat("ab", 12): "", w + "ba": "", "": "",
	} {
		if got := longWord(text); got != want {
			t.Errorf("longWord(%q): got %q, want %q", text, got, want)
		}
	}
	for range 2000 {
		if token := rand.Text(); longWord(token) != "" || FoldCode(token) != "" {
			t.Fatalf("the token %s is taken for a word or a code", token)
		}
	}
}
