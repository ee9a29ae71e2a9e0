package api

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"
)

// fragments describe the API: each has the paths of some routes and the schemas
// of their bodies; document.yaml has the rest.
//
//go:embed openapi/*.yaml
var fragments embed.FS

func (a *API) routeOpenAPI(mux *routes) {
	mux.Handle("GET /openapi.yaml", handle(codeUndefined, func(w http.ResponseWriter, _ *http.Request) error {
		return a.describe(w, "application/yaml", yaml.Marshal)
	}))
	mux.Handle("GET /openapi.json", handle(codeUndefined, func(w http.ResponseWriter, _ *http.Request) error {
		return a.describe(w, "application/json", json.Marshal)
	}))
}

func (a *API) describe(w http.ResponseWriter, contentType string, encode func(any) ([]byte, error)) error {
	document, err := openAPI(a.Version)
	if err != nil {
		return err
	}
	text, err := encode(document)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", contentType)
	_, _ = w.Write(text) // the client has gone
	return nil
}

// openAPI merges the fragments into one document.
func openAPI(version string) (map[string]any, error) {
	document := map[string]any{}
	files, err := fs.Glob(fragments, "openapi/*.yaml")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		data, err := fragments.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var fragment map[string]any
		if err := yaml.Unmarshal(data, &fragment); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(file), err)
		}
		if err := merge(document, fragment, ""); err != nil {
			return nil, fmt.Errorf("%s: %w", path.Base(file), err)
		}
	}
	if info, ok := document["info"].(map[string]any); ok {
		info["version"] = version
	}
	return document, complete(document)
}

// merge adds what is in from; a value that both have must be an object.
func merge(into, from map[string]any, where string) error {
	for _, name := range slices.Sorted(maps.Keys(from)) {
		old, there := into[name]
		if !there {
			into[name] = from[name]
			continue
		}
		a, isA := old.(map[string]any)
		b, isB := from[name].(map[string]any)
		if !isA || !isB {
			return fmt.Errorf("%s/%s is described twice", where, name)
		}
		if err := merge(a, b, where+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// complete adds what holds for all operations: the parameters of their paths,
// and that they may answer with an error.
func complete(document map[string]any) error {
	paths, _ := document["paths"].(map[string]any)
	for path, item := range paths {
		operations, ok := item.(map[string]any)
		if !ok {
			return fmt.Errorf("%s has no operations", path)
		}
		for method, o := range operations {
			operation, ok := o.(map[string]any)
			if !ok {
				return fmt.Errorf("%s %s is no operation", method, path)
			}
			responses, ok := operation["responses"].(map[string]any)
			if !ok {
				return fmt.Errorf("%s %s has no responses", method, path)
			}
			if _, ok := responses["default"]; !ok {
				responses["default"] = map[string]any{"$ref": "#/components/responses/Error"}
			}
			addParameters(path, operation)
		}
	}
	return nil
}

var parameter = regexp.MustCompile(`\{(\w+)\}`)

// addParameters declares the parameters in a path that the operation does not
// declare itself.
func addParameters(path string, operation map[string]any) {
	list, _ := operation["parameters"].([]any)
	for _, found := range parameter.FindAllStringSubmatch(path, -1) {
		declared := slices.ContainsFunc(list, func(p any) bool {
			m, ok := p.(map[string]any)
			return ok && m["name"] == found[1] && m["in"] == "path"
		})
		if !declared {
			list = append(list, map[string]any{"name": found[1], "in": "path", "required": true, "schema": map[string]any{"type": "string"}})
		}
	}
	if len(list) > 0 {
		operation["parameters"] = list
	}
}
