package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"wireloom/internal/mutant"
)

const (
	clangDir    = "wasm/guest" // package.json pins the compiler, build.mjs runs it
	clangScript = clangDir + "/build.mjs"
	clangLock   = clangDir + "/package-lock.json"
	includeDir  = clangDir + "/include" // the C SDK's headers
)

// clangJob is one program that build.mjs compiles; it reads a list of them.
type clangJob struct {
	Name    string `json:"name"`
	Dir     string `json:"dir"`     // with the .c and .h files
	Include string `json:"include"` // may not exist
	Out     string `json:"out"`
}

// hashC fills in the keys of the C programs: the lock file names the compiler,
// build.mjs its flags, and a program may include any header of the SDK.
func hashC(root string, programs []*program) error {
	for _, p := range programs {
		k := newKey("c")
		for _, name := range []string{clangLock, clangScript} {
			if err := k.file(name, filepath.Join(root, name)); err != nil {
				return fmt.Errorf("%s is a C program and needs the compiler's files: %w", p.dir, err)
			}
		}
		for _, dir := range []string{includeDir, p.dir} {
			if err := k.tree(root, dir); err != nil {
				return err
			}
		}
		if p.diff != "" {
			if err := k.file(p.diff, filepath.Join(root, filepath.FromSlash(p.diff))); err != nil {
				return err
			}
		}
		p.key = k.sum()
	}
	return nil
}

// tree adds the C files below root/dir, in the order of their names.
func (k *key) tree(root, dir string) error {
	base := filepath.Join(root, filepath.FromSlash(dir))
	if _, err := os.Stat(base); os.IsNotExist(err) {
		return nil
	}
	return filepath.WalkDir(base, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := path.Ext(name); ext != ".c" && ext != ".h" {
			return nil
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return k.file(filepath.ToSlash(rel), name)
	})
}

// buildC leaves the programs' modules in dir.
func buildC(ctx context.Context, root, dir string, programs []*program) error {
	if err := installClang(ctx, root); err != nil {
		return err
	}
	jobs := make([]clangJob, len(programs))
	for i, p := range programs {
		source := filepath.Join(root, filepath.FromSlash(p.dir))
		if p.diff != "" {
			source = filepath.Join(dir, p.name)
			if err := patch(root, p, source); err != nil {
				return err
			}
		}
		jobs[i] = clangJob{
			Name:    p.where(),
			Dir:     source,
			Include: filepath.Join(root, filepath.FromSlash(includeDir)),
			Out:     filepath.Join(dir, p.name+".wasm"),
		}
	}
	list, err := json.Marshal(jobs)
	if err != nil {
		return err
	}
	return nodeCommand(ctx, filepath.Join(root, clangDir), list, "node", "build.mjs")
}

// patch leaves a mutant's source in the folder to, which it makes.
func patch(root string, p *program, to string) error {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(p.diff)))
	if err != nil {
		return err
	}
	m, err := mutant.ParsePatch(p.diff, string(text))
	if err != nil {
		return err
	}
	if err := os.CopyFS(to, os.DirFS(filepath.Join(root, filepath.FromSlash(p.dir)))); err != nil {
		return err
	}
	file := filepath.Join(to, path.Base(m.File))
	right, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	wrong, err := m.Apply(string(right))
	if err != nil {
		return fmt.Errorf("%s: %w", path.Dir(p.diff), err)
	}
	return os.WriteFile(file, []byte(wrong), 0o600)
}

// installClang makes node_modules agree with the lock file. A copy of the lock
// file in there tells for which one that was last done.
func installClang(ctx context.Context, root string) error {
	lock, err := os.ReadFile(filepath.Join(root, clangLock))
	if err != nil {
		return err
	}
	stamp := filepath.Join(root, clangDir, "node_modules", ".installed-lock.json")
	if done, err := os.ReadFile(stamp); err == nil && bytes.Equal(done, lock) {
		return nil
	}
	err = nodeCommand(ctx, filepath.Join(root, clangDir), nil, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
	if err != nil {
		return err
	}
	return os.WriteFile(stamp, lock, 0o644)
}

// nodeCommand runs node or npm. Its output is shown only when it fails.
func nodeCommand(ctx context.Context, dir string, stdin []byte, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir, cmd.Stdin = dir, bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, bytes.TrimSpace(out))
	}
	return nil
}
