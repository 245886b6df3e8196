package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"wireloom/internal/class"
	"wireloom/internal/httpapi"
	"wireloom/internal/keeper"
	"wireloom/internal/listing"
	"wireloom/internal/open"
	"wireloom/internal/product"
	"wireloom/internal/program"
	"wireloom/internal/scenario"
	"wireloom/internal/scenario/format"
	"wireloom/internal/session"
	"wireloom/internal/submission"
)

// An offer is the scenarios that a server has, read once, with the programs that
// fill their slots at first, and what their visitors begin with.
type offer struct {
	list     []httpapi.Scenario
	sources  map[string]*scenario.Scenario
	programs map[string]map[format.Slot]program.File
	starters map[string][]byte // zips
	shelf    *class.Shelf      // of classes; nil for none
}

// offers reads the built-in scenarios, and those that are named. The page opens on the
// first of these.
func offers(log *slog.Logger, named []string) (*offer, error) {
	o := &offer{sources: map[string]*scenario.Scenario{}, programs: map[string]map[format.Slot]program.File{}, starters: map[string][]byte{}}
	for _, name := range open.Builtin() {
		sc, err := open.BuiltinScenario(name)
		if err != nil {
			return nil, err
		}
		if err := o.add(log, sc); err != nil {
			return nil, err
		}
	}
	for i, arg := range named {
		src, err := open.Scenario(arg)
		if err != nil {
			return nil, err
		}
		switch has := o.sources[src.Name]; {
		case has == nil:
			err = o.add(log, src)
		case !bytes.Equal(has.Source, src.Source): // a built-in one may be named, to open on it
			err = fmt.Errorf("%s: the server has a scenario called %s already: give this one another name, in its scenario.yaml", arg, src.Name)
		case slices.Contains(named[:i], arg):
			err = fmt.Errorf("%s: it is named twice", arg)
		}
		if err != nil {
			return nil, err
		}
		if i == 0 {
			o.list[slices.IndexFunc(o.list, func(x httpapi.Scenario) bool { return x.Name == src.Name })].Opens = true
		}
	}
	return o, nil
}

func (o *offer) add(log *slog.Logger, src *scenario.Scenario) error {
	name, slots := src.Name, src.Slots()
	files := map[format.Slot]program.File{}
	for _, slot := range slots {
		ref, err := src.Reference(slot)
		if err != nil {
			log.Warn("a slot begins empty", "scenario", name, "slot", slot.String(), "why", err)
			continue
		}
		files[slot] = program.File{Name: slot.Proc + ".wasm", Module: ref}
	}
	starter, err := listing.Starter(src)
	if err != nil {
		return err
	}
	o.list = append(o.list, listing.Of(src, starter != nil, len(files) == len(slots)))
	o.sources[name], o.programs[name], o.starters[name] = src, files, starter
	return nil
}

// starter is what visitors of a scenario begin with.
func (o *offer) starter(name string) []byte { return o.starters[name] }

// build builds a lab. A slot without a program stays empty, and all do where it is to be
// empty: its visitor fills it. So is it with a bench whose programs are its student's to write.
func (o *offer) build(ctx context.Context, ask keeper.Ask, compile product.Compile) (b keeper.Built, err error) {
	src, to := o.sources[ask.Scenario], product.Options{Programs: o.programs[ask.Scenario], Empty: true, Bare: ask.Empty}
	if ask.Version != "" {
		to.Programs = nil
		if src, err = o.bench(ctx, ask.Version, ask.Person); err != nil {
			return b, err
		}
		starter, err := listing.Starter(src)
		if err != nil {
			return b, err
		}
		to.Bare = starter != nil
	}
	if src == nil {
		return b, fmt.Errorf("there is no scenario %q", ask.Scenario)
	}
	to.Module = func(m []byte) { b.Modules = append(b.Modules, m) }
	b.Lab, b.Setup, err = product.Build(ctx, src, compile, to)
	return b, err
}

// bench is a class's scenario with the values of a person.
func (o *offer) bench(ctx context.Context, version, person string) (*scenario.Scenario, error) {
	if o.shelf == nil {
		return nil, errors.New("this server has no classes")
	}
	src, err := o.shelf.Scenario(ctx, version)
	if err != nil {
		return nil, err
	}
	return src.For(person, nil)
}

// check grades what the slots of a lab have as labserver grade does for a student, and
// returns the report.
func (o *offer) check(ctx context.Context, engine *product.Engine, c httpapi.Checking) (any, error) {
	src := o.sources[c.Lab.Scenario]
	if c.Lab.Version != "" {
		var err error
		if src, err = o.bench(ctx, c.Lab.Version, c.Lab.Person); err != nil {
			return nil, err
		}
	}
	if src == nil {
		return nil, fmt.Errorf("there is no scenario %q", c.Lab.Scenario)
	}
	check := submission.Check{
		Scenario: src, Held: c.Programs, Began: o.programs[c.Lab.Scenario], Compile: engine.Compile, Version: version(),
		Options: session.Options{Scheduler: c.Scheduler, Owner: c.Owner, Claim: c.Claim, Spent: c.Spent},
	}
	r, err := check.Run(ctx)
	if err != nil {
		return nil, err // not r, which would be a report that is nil
	}
	return r, nil
}
