package kubeedge

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// schemas are the official ones of KubeEdge's releases, which are not part of
// this repository: a folder beside it, or where KUBEEDGE_CRDS says.
func schemas(t *testing.T) map[string]*jsonschema.Schema {
	t.Helper()
	folder := os.Getenv("KUBEEDGE_CRDS")
	if folder == "" {
		folder = filepath.Join("..", "..", "..", "shared", "kubeedge-crds")
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 && os.Getenv("CI") != "true" {
		t.Skip("the schemas of KubeEdge do not lie beside the repository; KUBEEDGE_CRDS names their folder")
	}
	if len(paths) == 0 {
		t.Fatalf("the schemas of KubeEdge must lie in %s, or where KUBEEDGE_CRDS says", folder)
	}
	all := map[string]*jsonschema.Schema{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, doc := range documents(t, text) {
			addSchemas(t, all, strings.SplitN(filepath.Base(path), "-", 2)[0], doc)
		}
	}
	return all
}

// documents are the objects of a YAML file.
func documents(t *testing.T, text []byte) []map[string]any {
	t.Helper()
	list, err := nodes(text)
	if err != nil {
		t.Fatal(err)
	}
	var docs []map[string]any
	for _, n := range list {
		v, err := plain(n)
		if err != nil {
			t.Fatal(err)
		}
		if m, ok := v.(map[string]any); ok {
			docs = append(docs, m)
		}
	}
	return docs
}

// addSchemas adds the schemas of a definition as "release version kind".
func addSchemas(t *testing.T, all map[string]*jsonschema.Schema, release string, crd map[string]any) {
	t.Helper()
	spec, _ := crd["spec"].(map[string]any)
	names, _ := spec["names"].(map[string]any)
	versions, _ := spec["versions"].([]any)
	if versions == nil {
		versions = []any{map[string]any{"name": spec["version"], "schema": spec["validation"]}}
	}
	for _, v := range versions {
		version, _ := v.(map[string]any)
		holder, _ := version["schema"].(map[string]any)
		key := fmt.Sprintf("%s %v %v", release, version["name"], names["kind"])
		c := jsonschema.NewCompiler()
		if err := c.AddResource(key, jsonSchema(holder["openAPIV3Schema"])); err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile(key)
		if err != nil {
			t.Fatal(err)
		}
		all[key] = schema
	}
}

// jsonSchema is a schema of OpenAPI 3.0 without what JSON schema has not: its
// formats of numbers, and extensions.
func jsonSchema(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, in := range v {
			if s, isText := in.(string); key == "format" && isText && s != "" || strings.HasPrefix(key, "x-kubernetes-") {
				continue
			}
			out[key] = jsonSchema(in)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, in := range v {
			out[i] = jsonSchema(in)
		}
		return out
	case int64:
		return float64(v)
	}
	return v
}

// validate checks an object against all schemas of its version and kind, from
// a release on.
func validate(all map[string]*jsonschema.Schema, doc map[string]any, since string) (checked int, err error) {
	_, version, _ := strings.Cut(text(doc["apiVersion"]), "/")
	for key, schema := range all {
		release, kind, _ := strings.Cut(key, " ")
		if kind != version+" "+text(doc["kind"]) || older(release, since) {
			continue
		}
		checked++
		if e := schema.Validate(jsonSchema(doc)); e != nil {
			err = fmt.Errorf("%s: %w", key, e)
		}
	}
	return checked, err
}

// older compares releases such as v1.6.0 and v1.12.0.
func older(a, b string) bool {
	parse := func(s string) []int {
		var x, y, z int
		_, _ = fmt.Sscanf(s, "v%d.%d.%d", &x, &y, &z)
		return []int{x, y, z}
	}
	return slices.Compare(parse(a), parse(b)) < 0
}

// What the golden files read are objects that KubeEdge would take.
func TestInputsMatchSchemas(t *testing.T) {
	all, checked := schemas(t), 0
	for _, g := range goldens(t) {
		if strings.HasPrefix(filepath.Base(g.path), "wrong_") {
			continue
		}
		for _, f := range g.files {
			for _, doc := range documents(t, f.Data) {
				for _, object := range objectsIn(doc) {
					n, err := validate(all, object, since(object))
					if err != nil || n == 0 {
						t.Errorf("%s: %s %v: %d schemas: %v", g.path, f.Name, object["metadata"], n, err)
					}
					checked += n
				}
			}
		}
	}
	if checked == 0 {
		t.Error("nothing was checked")
	}
}

// objectsIn are those of KubeEdge's device API in a document.
func objectsIn(doc map[string]any) []map[string]any {
	if items, ok := doc["items"].([]any); ok {
		var list []map[string]any
		for _, one := range items {
			if m, ok := one.(map[string]any); ok {
				list = append(list, objectsIn(m)...)
			}
		}
		return list
	}
	if !strings.HasPrefix(text(doc["apiVersion"]), group) || text(doc["kind"]) == kindStatus {
		return nil
	}
	return []map[string]any{doc}
}

// since is the first release whose schema has all that an object may say:
// schemas before 1.12 want what later ones do not.
func since(doc map[string]any) string {
	switch {
	case text(doc["apiVersion"]) == group+"/"+V1Alpha1:
		return "v1.3.0"
	case strings.Contains(fmt.Sprint(doc), "STREAM"):
		return "v1.17.0"
	}
	return "v1.12.0"
}

// What is exported are objects that KubeEdge takes, v1alpha2 since 1.6.
func TestExportsMatchSchemas(t *testing.T) {
	all, checked := schemas(t), 0
	for _, g := range goldens(t) {
		_, result, findings := g.convert()
		if findings.Errors() != nil {
			continue
		}
		for _, format := range []string{V1Alpha2, V1Beta1} {
			objects, more := Export(format, result.profiles(), result.devices())
			if more.Errors() != nil {
				t.Errorf("%s: %v", g.path, more.Errors())
			}
			for _, doc := range documents(t, Text(objects)) {
				first := "v1.6.0"
				if format == V1Beta1 {
					first = since(doc)
				}
				n, err := validate(all, doc, first)
				if err != nil || n == 0 {
					t.Errorf("%s as %s: %v: %d schemas: %v", g.path, format, doc["metadata"], n, err)
				}
				checked += n
			}
		}
	}
	if checked == 0 {
		t.Error("nothing was checked")
	}
}

// A schema that takes everything would prove nothing.
func TestSchemasRefuse(t *testing.T) {
	all := schemas(t)
	for _, wrong := range []string{
		`{apiVersion: devices.kubeedge.io/v1alpha2, kind: Device, spec: {propertyVisitors: [{modbus: {register: Coils}}]}}`,
		`{apiVersion: devices.kubeedge.io/v1beta1, kind: Device, spec: {properties: [{collectCycle: often}]}}`,
		`{apiVersion: devices.kubeedge.io/v1beta1, kind: DeviceModel, spec: {properties: [{type: int}]}}`,
	} {
		var doc map[string]any
		if err := yaml.Unmarshal([]byte(wrong), &doc); err != nil {
			t.Fatal(err)
		}
		if n, err := validate(all, doc, "v1.12.0"); err == nil || n == 0 {
			t.Errorf("%s: %d schemas take it", wrong, n)
		}
	}
}
