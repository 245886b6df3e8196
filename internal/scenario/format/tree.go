package format

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

// parseTree reads YAML into values. Mistakes of syntax, aliases, merges and
// duplicate keys go to p.
func parseTree(src []byte, p *Mistakes) *Value {
	if len(src) > MaxFile {
		p.Add(1, 1, "the file has %d bytes, at most %d are allowed", len(src), MaxFile)
		return nil
	}
	if line, col, why := precheck(src); why != "" {
		p.Add(line, col, "%s", why)
		return nil
	}
	f, err := parser.ParseBytes(src, 0)
	if err != nil {
		var syn *yaml.SyntaxError
		if errors.As(err, &syn) && syn.Token != nil {
			at := syn.Token.Position
			p.Add(at.Line, at.Column, "%s", advise(syn.Message, p.lines, at.Line))
		} else {
			first, _, _ := strings.Cut(err.Error(), "\n")
			p.Add(1, 1, "not valid YAML: %s", first)
		}
		return nil
	}
	if len(f.Docs) == 0 || len(f.Docs) == 1 && f.Docs[0].Body == nil {
		p.Add(1, 1, "the file is empty, want one with a mapping in it")
		return nil
	}
	if len(f.Docs) != 1 || f.Docs[0].Body == nil {
		p.Add(1, 1, "the file holds %d YAML documents, want one with a mapping in it", len(f.Docs))
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
			if explicit > 1100 { // a mapping of all of a lab's nodes passes
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

func convert(n ast.Node, p *Mistakes, depth int) *Value {
	v := &Value{}
	if n == nil {
		return v
	}
	v.Line, v.Col = pos(n.GetToken())
	if depth > MaxDepth {
		p.Add(v.Line, v.Col, "nested deeper than %d levels", MaxDepth)
		return v
	}
	switch n := n.(type) {
	case *ast.NullNode:
	case *ast.MappingNode:
		v.Kind = Map
		for _, kv := range n.Values {
			v.add(kv, p, depth)
		}
		v.place()
	case *ast.MappingValueNode:
		v.Kind = Map
		v.add(n, p, depth)
		v.place()
	case *ast.SequenceNode:
		v.Kind = List
		for _, item := range n.Values {
			v.Items = append(v.Items, convert(item, p, depth+1))
		}
	case *ast.StringNode:
		v.Kind, v.Text = Scalar, n.Value
		v.Quoted = n.Token.Type == token.SingleQuoteType || n.Token.Type == token.DoubleQuoteType
	case *ast.LiteralNode:
		v.Kind, v.Text, v.Quoted = Scalar, n.Value.Value, true
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		v.Kind, v.Text = Scalar, n.GetToken().Value
	case *ast.AnchorNode, *ast.AliasNode, *ast.MergeKeyNode:
		p.Add(v.Line, v.Col, "anchors, aliases and merges are not allowed here: write it out")
	case *ast.TagNode:
		p.Add(v.Line, v.Col, "tags such as !!str are not allowed here")
	default:
		p.Add(v.Line, v.Col, "this kind of YAML is not allowed here")
	}
	return v
}

// place puts a mapping where its first key is.
func (v *Value) place() {
	if len(v.Keys) > 0 {
		v.Line, v.Col = v.Keys[0].Key.Line, v.Keys[0].Key.Col
	}
}

func (v *Value) add(kv *ast.MappingValueNode, p *Mistakes, depth int) {
	key := &Value{Kind: Scalar}
	key.Line, key.Col = pos(kv.Key.GetToken())
	switch k := kv.Key.(type) {
	case *ast.StringNode:
		key.Text = k.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode:
		key.Text = kv.Key.GetToken().Value
	default:
		p.Add(key.Line, key.Col, "a key must be a plain word; anchors, aliases and merges are not allowed here")
		return
	}
	if len(v.Keys) >= maxKeys {
		if len(v.Keys) == maxKeys {
			p.Add(key.Line, key.Col, "a mapping has more than %d keys", maxKeys)
			v.Keys = append(v.Keys, &Entry{key, &Value{}})
		}
		return
	}
	if old := v.Get(key.Text); old != nil {
		p.Add(key.Line, key.Col, "key %q is there twice; the first is in line %d", key.Text, old.Line)
		return
	}
	val := convert(kv.Value, p, depth+1)
	if val.Line == 0 || val.Kind == Null {
		val.Line, val.Col = key.Line, key.Col
	}
	v.Keys = append(v.Keys, &Entry{key, val})
}
