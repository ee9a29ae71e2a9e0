package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
)

func (a *API) routeSchemas(mux *routes) {
	for pattern, h := range map[string]handler{
		"GET /schemas/{type}":               a.listSchemas,
		"POST /schemas/{type}":              a.createSchema,
		"GET /schemas/{type}/{name}":        a.getSchema,
		"PUT /schemas/{type}/{name}":        a.putSchema,
		"DELETE /schemas/{type}/{name}":     a.deleteSchema,
		"PUT /schemas/{type}/{name}/upload": a.uploadSchema,
	} {
		mux.Handle(pattern, handle(codeUndefined, h))
	}
}

// schemaTypes are the types of schemas with the ends of their files. There are
// no schemas of the type custom: its formats would be plugins.
var schemaTypes = map[string]string{protobuf: ".proto", "custom": ""}

const protobuf = "protobuf"

// schema is an entry of the registry. Its text is a file of its name; what
// else there is of it stands in a file beside that.
type schema struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Content string `json:"content,omitempty"`
	File    string `json:"file,omitempty"`
	Version string `json:"version,omitempty"`
}

const versionEnd = ".version"

func (a *API) schemaFolders(typ string) []folder { return schemaFolders(a.DataDir, a.EtcDir, typ) }

// schemaFolders are where schemas of a type lie: the first is ours, the others
// are only read.
func schemaFolders(dataDir, etcDir, typ string) []folder {
	folders := []folder{{filepath.Join(dataDir, "schemas", typ)}}
	if etcDir != "" {
		folders = append(folders, folder{filepath.Join(etcDir, "schemas", typ)})
	}
	return folders
}

func schemaEnd(typ string) (string, error) {
	end, ok := schemaTypes[typ]
	if !ok {
		return "", fmt.Errorf("schema type %s not found; there are protobuf and custom", typ)
	}
	return end, nil
}

func (a *API) schemaNames(typ string) ([]string, error) {
	end, err := schemaEnd(typ)
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, f := range a.schemaFolders(typ) {
		files, err := f.list()
		if err != nil {
			return nil, fmt.Errorf("list schemas: %w", err)
		}
		for _, file := range files {
			if name, ok := strings.CutSuffix(file, end); ok && end != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return names, nil
}

func (a *API) schema(typ, name string) (schema, error) {
	end, err := schemaEnd(typ)
	if err != nil {
		return schema{}, err
	}
	for _, f := range a.schemaFolders(typ) {
		data, err := f.read(name + end)
		if errors.Is(err, fs.ErrNotExist) || end == "" {
			continue
		}
		if err != nil {
			return schema{}, fmt.Errorf("read schema: %w", err)
		}
		s := schema{Type: typ, Name: name, Content: string(data), File: f.absolute(name + end)}
		if version, err := f.read(name + versionEnd); err == nil {
			s.Version = string(version)
		}
		return s, nil
	}
	return schema{}, fmt.Errorf("schema type %s id %s not found in registry", typ, name)
}

// keepSchema adds or replaces a schema; streams and actions that use it go over
// to it.
func (a *API) keepSchema(s schema) error {
	end, err := schemaEnd(s.Type)
	switch {
	case err != nil:
		return err
	case end == "":
		return fmt.Errorf("schemas of type %s are plugins, which this service has not; formats are compiled in", s.Type)
	case !plainName.MatchString(s.Name):
		return fmt.Errorf("%q is no name of a schema", s.Name)
	case strings.TrimSpace(s.Content) == "":
		return errors.New(`the schema is empty; give its text as "content"`)
	}
	if err := a.Schemas.With(s.Name, s.Content).Compile(s.Name); err != nil {
		return err
	}
	defer a.Schemas.Changed()
	own := a.schemaFolders(s.Type)[0]
	if err := own.write(s.Name+end, strings.NewReader(s.Content)); err != nil {
		return fmt.Errorf("write schema: %w", err)
	}
	if s.Version == "" {
		if err := own.remove(s.Name + versionEnd); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return own.write(s.Name+versionEnd, strings.NewReader(s.Version))
}

// checkSchemaVersion refuses to go back behind the present version.
func (a *API) checkSchemaVersion(s schema) error {
	old, err := a.schema(s.Type, s.Name)
	if err == nil && s.Version < old.Version {
		return fmt.Errorf("schema %s.%s already registered with a newer version %s", s.Type, s.Name, old.Version)
	}
	return nil
}

func (a *API) removeSchema(typ, name string) error {
	end, err := schemaEnd(typ)
	if err != nil {
		return err
	}
	defer a.Schemas.Changed()
	own := a.schemaFolders(typ)[0]
	err = own.remove(name + end)
	if errors.Is(err, fs.ErrNotExist) || end == "" {
		return fmt.Errorf("schema %s.%s not found", typ, name)
	}
	if err != nil {
		return err
	}
	if err := own.remove(name + versionEnd); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (a *API) listSchemas(w http.ResponseWriter, r *http.Request) error {
	names, err := a.schemaNames(r.PathValue("type"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, names)
	return nil
}

func (a *API) getSchema(w http.ResponseWriter, r *http.Request) error {
	s, err := a.schema(r.PathValue("type"), r.PathValue("name"))
	if err != nil {
		return err
	}
	writeJSON(w, http.StatusOK, s)
	return nil
}

// readSchema reads a body such as {"name": "s1", "content": "message …"}.
func (a *API) readSchema(r *http.Request) (schema, error) {
	text, err := body(r)
	if err != nil {
		return schema{}, err
	}
	var in struct {
		content
		SOFile  string `json:"soFile"`
		Version string `json:"version"`
	}
	if err := json.Unmarshal([]byte(text), &in); err != nil {
		return schema{}, fmt.Errorf(`the body must be JSON such as {"name": "s1", "content": "message …"}: %w`, err)
	}
	if in.SOFile != "" {
		return schema{}, errors.New("soFile is a compiled plugin, which this service has not; leave it out")
	}
	proto, err := a.contentOf(in.content)
	return schema{Type: r.PathValue("type"), Name: in.Name, Content: proto, Version: in.Version}, err
}

func (a *API) createSchema(w http.ResponseWriter, r *http.Request) error {
	s, err := a.readSchema(r)
	if err != nil {
		return err
	}
	a.sets.Lock()
	defer a.sets.Unlock()
	if _, err := a.schema(s.Type, s.Name); err == nil {
		return fmt.Errorf("schema %s.%s already registered; change it with PUT", s.Type, s.Name)
	}
	if err := a.keepSchema(s); err != nil {
		return err
	}
	writeText(w, http.StatusCreated, fmt.Sprintf("%s schema %s is created", s.Type, s.Name))
	return nil
}

func (a *API) putSchema(w http.ResponseWriter, r *http.Request) error {
	s, err := a.readSchema(r)
	if err != nil {
		return err
	}
	name := r.PathValue("name")
	if s.Name != "" && s.Name != name {
		return fmt.Errorf("name %q in the body is not the name %q in the path", s.Name, name)
	}
	s.Name = name
	if _, err := a.replaceSchema(s, isForced(r)); err != nil {
		return err
	}
	writeText(w, http.StatusOK, fmt.Sprintf("%s schema %s is updated", s.Type, s.Name))
	return nil
}

// replaceSchema adds or replaces a schema, unless its version is an older one or
// it would leave somebody without a message. It tells whether it is a new one.
func (a *API) replaceSchema(s schema, forced bool) (created bool, err error) {
	a.sets.Lock()
	defer a.sets.Unlock()
	_, absent := a.schema(s.Type, s.Name)
	if err := a.checkSchemaVersion(s); err != nil {
		return false, err
	}
	if !forced && s.Type == protobuf {
		next := a.Schemas.With(s.Name, s.Content)
		if next.Compile(s.Name) == nil { // or keepSchema says what is wrong
			err = a.breaks(next)
		}
	}
	if err == nil {
		err = a.keepSchema(s)
	}
	return absent != nil, err
}

func (a *API) deleteSchema(w http.ResponseWriter, r *http.Request) error {
	typ, name := r.PathValue("type"), r.PathValue("name")
	a.sets.Lock()
	defer a.sets.Unlock()
	var err error
	if !isForced(r) && typ == protobuf {
		err = a.breaks(a.Schemas.Without(name))
	}
	if err == nil {
		err = a.removeSchema(typ, name)
	}
	if err != nil {
		return fmt.Errorf("delete %s schema %s error: %w", typ, name, err)
	}
	writeText(w, http.StatusOK, fmt.Sprintf("%s schema %s is deleted", typ, name))
	return nil
}

// uploadSchema takes a schema as the part file of a form.
func (a *API) uploadSchema(w http.ResponseWriter, r *http.Request) error {
	file, _, err := r.FormFile("file")
	if err != nil {
		return fmt.Errorf("the form must have the schema as part file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(file)
	if err != nil {
		return err
	}
	s := schema{Type: r.PathValue("type"), Name: r.PathValue("name"), Content: string(text), Version: r.FormValue("version")}
	created, err := a.replaceSchema(s, isForced(r))
	if err != nil {
		return err
	}
	status := http.StatusOK
	if created {
		status = http.StatusCreated
	}
	w.Header().Set("Location", "/schemas/"+s.Type+"/"+s.Name)
	writeJSON(w, status, schema{Type: s.Type, Name: s.Name})
	return nil
}
