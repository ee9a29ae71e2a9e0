package api

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Every route is described, and everything that is described is a route.
func TestDocumentHasEveryRoute(t *testing.T) {
	document, err := openAPI("1")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	ids := map[string]string{}
	paths, ok := document["paths"].(map[string]any)
	if !ok {
		t.Fatal("the document has no paths")
	}
	for path, item := range paths {
		for method, o := range item.(map[string]any) {
			name := strings.ToUpper(method) + " " + path
			described[name] = true
			operation := o.(map[string]any)
			id, _ := operation["operationId"].(string)
			if other := ids[id]; id == "" || other != "" {
				t.Errorf("%s: operationId %q is empty or that of %q", name, id, other)
			}
			ids[id] = name
			if operation["summary"] == nil || operation["tags"] == nil {
				t.Errorf("%s has no summary or no tags", name)
			}
		}
	}
	for _, pattern := range new(API).routes().patterns {
		name := strings.Replace(pattern, "{$}", "", 1)
		if !described[name] {
			t.Errorf("%s is in no fragment in api/openapi", name)
		}
		delete(described, name)
	}
	for _, name := range slices.Sorted(maps.Keys(described)) {
		t.Errorf("%s is described, and there is no such route", name)
	}
}

func TestFragmentsMustNotContradictEachOther(t *testing.T) {
	into := map[string]any{"paths": map[string]any{"/a": map[string]any{"get": 1}}}
	if err := merge(into, map[string]any{"paths": map[string]any{"/a": map[string]any{"post": 2}}}, ""); err != nil {
		t.Error(err)
	}
	err := merge(into, map[string]any{"paths": map[string]any{"/a": map[string]any{"get": 3}}}, "")
	if err == nil || err.Error() != "/paths//a/get is described twice" {
		t.Error(err)
	}
	if err := complete(map[string]any{"paths": map[string]any{"/a": map[string]any{"get": 1}}}); err == nil {
		t.Error("an operation that is none passes")
	}
}
