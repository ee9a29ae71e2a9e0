package api

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"sluice/rules-service/internal/named"
)

// take takes what is right of a bundle, and returns what is wrong. Once it has
// begun, it goes through with it: nothing is left half done when ctx ends.
func (a *API) take(ctx context.Context, b *bundle, o importOptions) (*bundle, error) {
	a.imports.turn.Lock()
	defer a.imports.turn.Unlock()
	wrong := newBundle()
	if err := ctx.Err(); err != nil {
		return wrong, fmt.Errorf("import: %w", err)
	}
	a.takeFiles(b, wrong, !o.partial)
	for _, e := range b.sets(wrong) {
		if err := a.putSet(e.id, e.props); err != nil {
			e.fail(err)
		}
	}
	_, more, err := a.takeDefinitions(b, !o.partial)
	if err != nil {
		return wrong, err
	}
	wrong.Streams, wrong.Tables, wrong.Rules = more.Streams, more.Tables, more.Rules
	refusePlugins(b, wrong)
	if !o.partial {
		a.deleteOthers(b, wrong)
	}
	a.imports.done(wrong)
	return wrong, nil
}

// refusePlugins notes what this service has no use for.
func refusePlugins(b, wrong *bundle) {
	for _, part := range []struct{ in, errs texts }{
		{b.NativePlugins, wrong.NativePlugins}, {b.PortablePlugins, wrong.PortablePlugins}, {b.Service, wrong.Service}, {b.Scripts, wrong.Scripts},
	} {
		for name := range part.in {
			part.errs[name] = "plugins, services and scripts are not possible: connectors and functions of this service are compiled in"
		}
	}
}

// takeFiles takes uploads and schemas; with replace, versions do not count.
func (a *API) takeFiles(b, wrong *bundle, replace bool) {
	for name, text := range b.Uploads {
		if err := a.takeUpload(name, text); err != nil {
			wrong.Uploads[name] = err.Error()
		}
	}
	a.takeSchemas(b.Schema, wrong.Schema, replace)
}

// takeUpload takes an upload such as {"name": "a.txt", "content": "…"}.
func (a *API) takeUpload(name, text string) error {
	if err := checkName(name); err != nil {
		return err
	}
	var in content
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return fmt.Errorf(`it must be JSON such as {"name": "a.txt", "content": "…"}: %w`, err)
	}
	inside, err := a.contentOf(in)
	if err != nil {
		return err
	}
	return a.uploads().write(name, strings.NewReader(inside))
}

// deleteOthers deletes the sets of properties, schemas and uploads that the
// bundle has not.
func (a *API) deleteOthers(b, wrong *bundle) {
	keep := map[named.ID]bool{}
	for _, e := range b.sets(newBundle()) {
		keep[folded(e.id)] = true
	}
	for _, kind := range []named.Kind{named.Sources, named.Sinks, named.Connections} { // connections last: keys select them
		for _, id := range a.Named.Stored(kind) {
			if keep[folded(id)] {
				continue
			}
			if err := a.deleteSet(id); err != nil {
				part := map[named.Kind]texts{named.Sources: wrong.SourceConfig, named.Sinks: wrong.SinkConfig, named.Connections: wrong.ConnectionConfig}[kind]
				entry{id, nil, part}.fail(err)
			}
		}
	}
	a.deleteOtherFiles(b, wrong)
}

// folded is an id with its type in lower case: bundles may spell it as they
// like.
func folded(id named.ID) named.ID {
	id.Type = strings.ToLower(id.Type)
	return id
}

func (a *API) deleteOtherFiles(b, wrong *bundle) {
	names, err := a.uploads().list()
	if err != nil {
		wrong.Uploads["*"] = err.Error()
	}
	for _, name := range names {
		if _, ok := b.Uploads[name]; ok {
			continue
		}
		if err := a.uploads().remove(name); err != nil {
			wrong.Uploads[name] = err.Error()
		}
	}
	for typ, end := range schemaTypes {
		files, err := a.schemaFolders(typ)[0].list()
		if err != nil {
			wrong.Schema["*"] = err.Error()
		}
		for _, file := range files {
			name, ok := strings.CutSuffix(file, end)
			if _, stays := b.Schema[typ+"_"+name]; !ok || end == "" || stays {
				continue
			}
			if err := a.removeSchema(typ, name); err != nil {
				wrong.Schema[typ+"_"+name] = err.Error()
			}
		}
	}
}
