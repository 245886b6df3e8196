package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// A source is what the Go packages declare: by its name, with that of its package
// before it if it is another than the protocol's.
type source struct {
	side    *side
	structs map[string]*structure
	enums   map[string]*enum
	hexes   map[string]bool    // types whose values are hex digits
	tables  map[string][]entry // in their order
	order   []string           // of structs and enums, as declared
	version string             // of the protocol
}

// A structure is a Go struct, its embedded ones taken in.
type structure struct {
	name    string
	doc     string
	members []member
}

// A member is a field of a struct.
type member struct {
	wire, name string // in JSON, and in the page
	doc        string
	optional   bool // what is absent is zero
	of         goType
}

// A goType is the type of a member.
type goType struct {
	pointer, list, dict bool   // *T, []T, map[string]T
	name                string // of what it is of: "string", "Node"
}

// An enum is a type of some constants.
type enum struct {
	name, doc string
	values    []string // as literals, in their order
}

// An entry is a line of a table: a kind, and the struct that it has.
type entry struct{ kind, of string }

// source reads what a side declares.
func (of *side) source(root string) (*source, error) {
	packages := of.packages
	s := &source{side: of, structs: map[string]*structure{}, enums: map[string]*enum{}, hexes: map[string]bool{}, tables: map[string][]entry{}}
	for _, prefix := range slices.Sorted(maps.Keys(packages)) {
		p := &reader{source: s, prefix: prefix, embeds: map[string]*ast.StructType{}}
		fset := token.NewFileSet()
		//nolint:staticcheck // no build tags, and the type checker is not asked
		pkgs, err := parser.ParseDir(fset, filepath.Join(root, packages[prefix]), func(f fs.FileInfo) bool {
			return !strings.HasSuffix(f.Name(), "_test.go")
		}, parser.ParseComments)
		if err != nil {
			return nil, err
		}
		for _, pkg := range pkgs {
			var files []*ast.File
			for _, name := range slices.Sorted(maps.Keys(pkg.Files)) {
				files = append(files, pkg.Files[name])
			}
			if err := p.files(files); err != nil {
				return nil, fmt.Errorf("%s: %w", packages[prefix], err)
			}
		}
	}
	return s, nil
}

// A reader reads one package.
type reader struct {
	*source
	prefix string
	embeds map[string]*ast.StructType
}

func (p *reader) full(name string) string {
	if p.prefix == "" || !ast.IsExported(name) {
		return name
	}
	return p.prefix + "." + name
}

func (p *reader) files(files []*ast.File) error {
	specs := func(f func(*ast.GenDecl, ast.Spec) error) error {
		for _, file := range files {
			for _, d := range file.Decls {
				g, ok := d.(*ast.GenDecl)
				if !ok {
					continue
				}
				for _, s := range g.Specs {
					if err := f(g, s); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	_ = specs(func(_ *ast.GenDecl, s ast.Spec) error {
		if t, ok := s.(*ast.TypeSpec); ok {
			if st, ok := t.Type.(*ast.StructType); ok {
				p.embeds[t.Name.Name] = st
			}
		}
		return nil
	})
	return specs(func(g *ast.GenDecl, s ast.Spec) error {
		switch s := s.(type) {
		case *ast.TypeSpec:
			return p.typeOf(g, s)
		case *ast.ValueSpec:
			return p.value(g, s)
		}
		return nil
	})
}

func (p *reader) typeOf(g *ast.GenDecl, t *ast.TypeSpec) error {
	name := p.full(t.Name.Name)
	switch of := t.Type.(type) {
	case *ast.StructType:
		if p.prefix != "" && !tagged(of) {
			return nil // it is no message
		}
		st := &structure{name: name, doc: sentence(g.Doc)}
		if err := p.members(st, of); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		p.structs[name] = st
		p.order = append(p.order, name)
	case *ast.Ident:
		switch {
		case t.Name.Name == "Hex":
			p.hexes[name] = true
		case of.Name == "string" || of.Name == "int":
			p.enums[name] = &enum{name: name, doc: sentence(g.Doc)}
			p.order = append(p.order, name)
		}
	}
	return nil
}

// tagged reports whether a struct is for JSON.
func tagged(st *ast.StructType) bool {
	return len(st.Fields.List) > 0 && st.Fields.List[0].Tag != nil
}

func (p *reader) members(into *structure, st *ast.StructType) error {
	for _, f := range st.Fields.List {
		if len(f.Names) == 0 {
			id, ok := f.Type.(*ast.Ident)
			if !ok || p.embeds[id.Name] == nil {
				return fmt.Errorf("%v is embedded, and is no struct of this package", f.Type)
			}
			if err := p.members(into, p.embeds[id.Name]); err != nil {
				return err
			}
			continue
		}
		if f.Tag == nil {
			return fmt.Errorf("%s has no json tag", f.Names[0])
		}
		raw, err := strconv.Unquote(f.Tag.Value)
		if err != nil {
			return err
		}
		tag := reflect.StructTag(raw)
		wire, options, _ := strings.Cut(tag.Get("json"), ",")
		m := member{wire: wire, name: wire, doc: sentence(f.Comment), optional: options == "omitempty"}
		if alias := tag.Get("ts"); alias != "" {
			m.name = alias
		}
		if m.of, err = p.goType(f.Type); err != nil {
			return fmt.Errorf("%s: %w", f.Names[0], err)
		}
		into.members = append(into.members, m)
	}
	return nil
}

func (p *reader) goType(e ast.Expr) (goType, error) {
	switch e := e.(type) {
	case *ast.Ident:
		return goType{name: p.full(e.Name)}, nil
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok {
			return goType{name: x.Name + "." + e.Sel.Name}, nil
		}
	case *ast.StarExpr:
		t, err := p.goType(e.X)
		t.pointer = true
		return t, err
	case *ast.ArrayType:
		t, err := p.goType(e.Elt)
		t.list = true
		return t, err
	case *ast.MapType:
		t, err := p.goType(e.Value)
		t.dict = true
		return t, err
	}
	return goType{}, fmt.Errorf("a type of its form is not known here: %T", e)
}

// value reads a table of kinds, or the constants of an enum.
func (p *reader) value(g *ast.GenDecl, v *ast.ValueSpec) error {
	if g.Tok == token.CONST {
		if len(v.Values) == 0 {
			return nil
		}
		if lit, ok := v.Values[0].(*ast.BasicLit); ok && p.prefix == "" && v.Names[0].Name == "Version" {
			p.version = lit.Value
		}
		id, ok := v.Type.(*ast.Ident)
		if !ok || p.enums[p.full(id.Name)] == nil {
			return nil
		}
		for _, x := range v.Values {
			lit, ok := x.(*ast.BasicLit)
			if !ok {
				return fmt.Errorf("%s is no literal", v.Names[0])
			}
			e := p.enums[p.full(id.Name)]
			e.values = append(e.values, lit.Value)
		}
		return nil
	}
	if p.prefix != "" || len(v.Values) != 1 {
		return nil
	}
	lit, ok := v.Values[0].(*ast.CompositeLit)
	if !ok {
		return nil
	}
	name := v.Names[0].Name
	for _, x := range lit.Elts {
		e := entry{}
		if kv, ok := x.(*ast.KeyValueExpr); ok {
			key, ok := kv.Key.(*ast.BasicLit)
			if !ok {
				return fmt.Errorf("a key of %s is no literal", name)
			}
			e.kind, _ = strconv.Unquote(key.Value)
			x = kv.Value
		}
		of, ok := x.(*ast.CompositeLit)
		if !ok {
			return fmt.Errorf("a value of %s is no struct", name)
		}
		t, err := p.goType(of.Type)
		if err != nil {
			return err
		}
		e.of = t.name
		p.tables[name] = append(p.tables[name], e)
	}
	return nil
}

// sentence is a comment in one line.
func sentence(c *ast.CommentGroup) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(c.Text()), " "), "*/", "*\u200b/")
}
