package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Limits of a scenario file. They are checked on the bytes, before the YAML parser
// sees them: its time is quadratic in the depth of nesting.
const (
	MaxFile   = 256 << 10 // bytes of scenario.yaml
	MaxDepth  = 16        // nesting, by indentation or brackets
	MaxErrors = 50        // mistakes that are reported
	maxKeys   = 4096      // of one mapping
)

// A value is a YAML value with its place in the file, whatever the parser calls it.
type value struct {
	kind   valueKind
	line   int
	col    int
	text   string // of a scalar
	quoted bool   // the scalar is a string in quotes or a block
	filled bool   // a value was put into it where ${...} stood
	late   bool   // it holds a ${step.field}, which only the run tells
	keys   []*entry
	items  []*value

	first, last int // its extent, where it was measured
}

type entry struct {
	key *value
	val *value
}

type valueKind uint8

const (
	kindNull valueKind = iota
	kindScalar
	kindMap
	kindList
)

func (k valueKind) String() string {
	return [...]string{"nothing", "a single value", "a mapping", "a list"}[k]
}

// get returns the value of a key, nil if it is not there.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	for _, e := range v.keys {
		if e.key.text == key {
			return e.val
		}
	}
	return nil
}

// parseTree reads YAML into values. Mistakes of syntax, aliases, merges and
// duplicate keys go to p.
func parseTree(src []byte, p *problems) *value {
	if len(src) > MaxFile {
		p.add(1, 1, "the file has %d bytes, at most %d are allowed", len(src), MaxFile)
		return nil
	}
	if line, col, why := precheck(src); why != "" {
		p.add(line, col, "%s", why)
		return nil
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		var syn *yaml.SyntaxError
		if errors.As(err, &syn) && syn.Token != nil {
			at := syn.Token.Position
			p.add(at.Line, at.Column, "%s", advise(syn.Message, p.lines, at.Line))
		} else {
			first, _, _ := strings.Cut(err.Error(), "\n")
			p.add(1, 1, "not valid YAML: %s", first)
		}
		return nil
	}
	if len(f.Docs) == 0 || len(f.Docs) == 1 && f.Docs[0].Body == nil {
		p.add(1, 1, "the file is empty, want one with a mapping in it")
		return nil
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		p.add(1, 1, "the file holds %d YAML documents, want one with a mapping in it", len(f.Docs))
		return nil
	}
	return convert(f.Docs[0].Body, p, 0)
}

// precheck refuses what would make the parser slow: nesting beyond MaxDepth, and
// bytes that no text file has.
func precheck(src []byte) (line, col int, why string) {
	depth, documents := 0, 0
	for i, text := range bytes.Split(src, []byte("\n")) {
		line = i + 1
		body := bytes.TrimLeft(text, " ")
		indent := len(text) - len(body)
		if bytes.HasPrefix(text, []byte("---")) || bytes.HasPrefix(text, []byte("...")) {
			if documents++; documents > 3 {
				return line, 1, "the file holds several YAML documents, want one"
			}
		}
		if indent > 4*MaxDepth && len(body) > 0 && body[0] != '#' {
			return line, indent + 1, fmt.Sprintf("indented by %d columns, at most %d are allowed", indent, 4*MaxDepth)
		}
		for dashes := 0; len(body) > 1 && body[0] == '-' && body[1] == ' '; dashes++ {
			body = bytes.TrimLeft(body[1:], " ")
			if dashes >= 4 {
				return line, indent + 1, "lists nested in one line"
			}
		}
		explicit := 0
		for c, b := range text {
			switch {
			case b == '[' || b == '{':
				depth++
			case b == ']' || b == '}':
				depth = max(depth-1, 0)
			case b == ':' && c+1 < len(text) && text[c+1] != ' ':
				// inside a word, as in a MAC address
			case b == '?' || b == ':' || b == '!' || b == '&' || b == '*':
				explicit++
			case b < 0x20 && b != '\t' && b != '\r' || b == 0x7f:
				return line, c + 1, fmt.Sprintf("byte %#02x is not text", b)
			}
			if depth > MaxDepth {
				return line, c + 1, fmt.Sprintf("nested deeper than %d brackets", MaxDepth)
			}
			if explicit > 1000 {
				return line, c + 1, "too many punctuation marks in one line"
			}
		}
	}
	return 0, 0, ""
}

func pos(t *token.Token) (line, col int) {
	if t == nil || t.Position == nil {
		return 1, 1
	}
	return t.Position.Line, t.Position.Column
}

func convert(n ast.Node, p *problems, depth int) *value {
	v := &value{}
	if n == nil {
		return v
	}
	v.line, v.col = pos(n.GetToken())
	if depth > MaxDepth {
		p.add(v.line, v.col, "nested deeper than %d levels", MaxDepth)
		return v
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		v.kind = kindMap
		for _, kv := range n.Values {
			v.add(kv, p, depth)
		}
		v.place()
	case *ast.MappingValueNode:
		v.kind = kindMap
		v.add(n, p, depth)
		v.place()
	case *ast.SequenceNode:
		v.kind = kindList
		for _, item := range n.Values {
			v.items = append(v.items, convert(item, p, depth+1))
		}
	case *ast.StringNode:
		v.kind, v.text = kindScalar, n.Value
		v.quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		v.kind, v.text, v.quoted = kindScalar, n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.kind, v.text = kindScalar, n.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		p.add(v.line, v.col, "anchors, aliases and merges are not allowed in a scenario: write it out")
	case *ast.TagNode:
		p.add(v.line, v.col, "tags such as !!str are not allowed in a scenario")
	default:
		p.add(v.line, v.col, "this kind of YAML is not allowed in a scenario")
	}
	return v
}

// place puts a mapping where its first key is.
func (v *value) place() {
	if len(v.keys) > 0 {
		v.line, v.col = v.keys[0].key.line, v.keys[0].key.col
	}
}

func (v *value) add(kv *ast.MappingValueNode, p *problems, depth int) {
	key := &value{kind: kindScalar}
	key.line, key.col = pos(kv.Key.GetToken())
	switch k := kv.Key.(type) {
	case *ast.StringNode:
		key.text = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		key.text = kv.Key.GetToken().Value
	default:
		p.add(key.line, key.col, "a key must be a plain word; anchors, aliases and merges are not allowed in a scenario")
		return
	}
	if len(v.keys) >= maxKeys {
		if len(v.keys) == maxKeys {
			p.add(key.line, key.col, "a mapping has more than %d keys", maxKeys)
			v.keys = append(v.keys, &entry{key, &value{}})
		}
		return
	}
	if old := v.get(key.text); old != nil {
		p.add(key.line, key.col, "key %q is there twice; the first is in line %d", key.text, old.line)
		return
	}
	val := convert(kv.Value, p, depth+1)
	if val.line == 0 || val.kind == kindNull {
		val.line, val.col = key.line, key.col
	}
	v.keys = append(v.keys, &entry{key, val})
}
