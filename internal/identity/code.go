package identity

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"strings"
)

// codeLetters are Crockford's 32: no letter that reads like a digit.
const codeLetters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength letters are 40 bits.
const codeLength = 8

// NewCode makes a code for people to type, of 40 bits: a class's join code, or one for
// one sign-in. FoldCode is what is stored of it.
func NewCode() string {
	b := make([]byte, codeLength)
	_, _ = rand.Read(b) // never fails
	for i, c := range b {
		b[i] = codeLetters[c%32]
	}
	return ShowCode(string(b))
}

// ShowCode writes a stored code as people read it, in two halves.
func ShowCode(code string) string {
	if len(code) != codeLength {
		return code
	}
	return code[:codeLength/2] + "-" + code[codeLength/2:]
}

// FoldCode is the code that somebody typed: without blanks and hyphens, with what reads
// alike as one. It is "" for what is no code.
func FoldCode(text string) string {
	if len(text) > 4*codeLength {
		return ""
	}
	b := make([]byte, 0, codeLength)
	for _, c := range []byte(strings.ToUpper(text)) {
		switch c {
		case ' ', '-', '\t', '\n', '\r':
			continue
		case 'O':
			c = '0'
		case 'I', 'L':
			c = '1'
		}
		if strings.IndexByte(codeLetters, c) < 0 || len(b) == codeLength {
			return ""
		}
		b = append(b, c)
	}
	if len(b) != codeLength {
		return ""
	}
	return string(b)
}

// hashed is what the store has of a secret that nobody can guess.
func hashed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

const (
	consonants = "bdfghjklmnprstvz" // 16: nothing that sounds alike in most languages
	vowels     = "aeiou"
	wordParts  = 2     // of the return word of a name in a class,
	longParts  = 4     // and of one that is good for everything that its person may:
	partLength = 3     // syllables each; 6 of 80 are 37 bits, 12 are 75
	wordRounds = 10000 // of PBKDF2: 3 ms, so that a stolen store is no list of words
)

// newWord makes a return word of so many parts, which its person has to write down and type again.
func newWord(parts int) string {
	var b strings.Builder
	for part := range parts {
		if part > 0 {
			b.WriteByte('-')
		}
		for range partLength {
			b.WriteByte(consonants[pick(len(consonants))])
			b.WriteByte(vowels[pick(len(vowels))])
		}
	}
	return b.String()
}

// pick is a number below n, each as likely.
func pick(n int) int {
	var b [1]byte
	for {
		_, _ = rand.Read(b[:])
		if int(b[0]) < 256-256%n {
			return int(b[0]) % n
		}
	}
}

// foldWord is a return word as it was typed, without what people add to it.
func foldWord(text string) string {
	if len(text) > maxName {
		return ""
	}
	return strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' {
			return r
		}
		return -1
	}, strings.ToLower(text))
}

// longWord is a long return word as it was typed, folded; "" for what is none. An operator's
// token may have as many letters: it is told apart by what no word has.
func longWord(text string) string {
	w := foldWord(text)
	if len(w) != 2*partLength*longParts || strings.ContainsAny(text, "234567") {
		return ""
	}
	for i := range len(w) {
		if strings.IndexByte([...]string{consonants, vowels}[i%2], w[i]) < 0 {
			return ""
		}
	}
	return w
}

// wordHash is what the store has of a return word: a salt and what it makes of the word.
func wordHash(word string) string {
	salt := rand.Text()
	return salt + ":" + derive(word, salt)
}

func derive(word, salt string) string {
	key, err := pbkdf2.Key(sha256.New, foldWord(word), []byte(salt), wordRounds, sha256.Size)
	if err != nil {
		panic("identity: pbkdf2: " + err.Error()) // only for key sizes that are none
	}
	return hex.EncodeToString(key)
}

// sameWord compares a typed word with the stored hash.
func sameWord(word, hash string) bool {
	salt, want, ok := strings.Cut(hash, ":")
	got := derive(word, salt)
	return ok && subtle.ConstantTimeCompare([]byte(got), []byte(want)) == 1
}
