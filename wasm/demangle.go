package wasm

import (
	"regexp"
	"strconv"
	"strings"
)

// demangle is a function's name as its author wrote it, without the types: of C++ (Itanium
// C++ ABI, 5.1) and of Rust's former scheme, which is made of it. rustc keeps wasm-ld from
// doing so. What is none of these, or has more to it, stays as it is.
func demangle(name string) string {
	s, nested := strings.CutPrefix(name, "_ZN")
	if !nested {
		var ok bool
		if s, ok = strings.CutPrefix(name, "_Z"); !ok {
			return name
		}
	}
	s = strings.TrimLeft(s, "rVK")
	var parts []string
	if rest, ok := strings.CutPrefix(s, "St"); ok {
		parts, s = append(parts, "std"), rest
	}
	for {
		switch {
		case s == "":
			return name
		case s[0] >= '0' && s[0] <= '9':
			part, rest, ok := sourceName(s)
			if !ok {
				return name
			}
			parts, s = append(parts, part), rest
		case s[0] == 'I' && len(parts) > 0:
			rest, ok := behindArguments(s)
			if !ok {
				return name
			}
			s = rest
		case nested && len(parts) > 0 && (s[0] == 'C' || s[0] == 'D') && len(s) > 1 && s[1] >= '0' && s[1] <= '3':
			last := parts[len(parts)-1]
			if s[0] == 'D' {
				last = "~" + last
			}
			parts, s = append(parts, last), s[2:]
		case nested && s[0] != 'E', len(parts) == 0: // an operator, a substitution
			return name
		default:
			return plain(parts)
		}
		if !nested && len(parts) > 0 && parts[len(parts)-1] != "std" && (s == "" || s[0] != 'I') {
			return plain(parts)
		}
	}
}

// sourceName reads a length and as many bytes.
func sourceName(s string) (part, rest string, ok bool) {
	digits := 0
	for digits < len(s) && s[digits] >= '0' && s[digits] <= '9' {
		digits++
	}
	n, err := strconv.Atoi(s[:digits])
	if err != nil || n == 0 || n > len(s)-digits {
		return "", "", false
	}
	return s[digits : digits+n], s[digits+n:], true
}

// behindArguments is what follows the template arguments that s begins with.
func behindArguments(s string) (rest string, ok bool) {
	for open := 0; s != ""; {
		switch c := s[0]; {
		case c >= '0' && c <= '9':
			var named bool
			if _, s, named = sourceName(s); !named {
				return "", false
			}
			continue
		case c == 'I' || c == 'N' || c == 'X' || c == 'L' || c == 'J':
			open++
		case c == 'E':
			open--
		}
		if s = s[1:]; open == 0 {
			return s, true
		}
	}
	return "", false
}

// rustHash is the last part of a name of Rust's.
var rustHash = regexp.MustCompile(`^h[0-9a-f]{16}$`)

var rustEscapes = strings.NewReplacer("$SP$", "@", "$BP$", "*", "$RF$", "&", "$LT$", "<", "$GT$", ">", "$LP$", "(", "$RP$", ")", "$C$", ",",
	"$u20$", " ", "$u27$", "'", "$u5b$", "[", "$u5d$", "]", "$u7b$", "{", "$u7d$", "}", "$u3b$", ";", "$u2b$", "+", "..", "::")

func plain(parts []string) string {
	if n := len(parts); n > 1 && rustHash.MatchString(parts[n-1]) {
		parts = parts[:n-1]
	}
	for i, p := range parts {
		if strings.HasPrefix(p, "_$") { // no name may begin with "$"
			p = p[1:]
		}
		parts[i] = rustEscapes.Replace(p)
	}
	return strings.Join(parts, "::")
}
