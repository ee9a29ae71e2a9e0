package api

import (
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
)

func (a *API) routeUploads(mux *routes) {
	mux.Handle("GET /config/uploads", handle(codeUndefined, a.listUploads))
	mux.Handle("POST /config/uploads", handle(codeUndefined, a.upload))
	mux.Handle("DELETE /config/uploads/{name}", handle(codeUndefined, a.deleteUpload))
}

// uploads are files for connectors and imports.
func (a *API) uploads() folder { return folder{filepath.Join(a.DataDir, "uploads")} }

func (a *API) listUploads(w http.ResponseWriter, _ *http.Request) error {
	names, err := a.uploads().list()
	if err != nil {
		return fmt.Errorf("list uploads: %w", err)
	}
	for i, name := range names {
		names[i] = a.uploads().absolute(name)
	}
	writeJSON(w, http.StatusOK, names)
	return nil
}

// upload takes a file as the part uploadFile of a form, or as JSON.
func (a *API) upload(w http.ResponseWriter, r *http.Request) error {
	name, err := a.receive(r)
	if err != nil {
		return err
	}
	writeText(w, http.StatusCreated, a.uploads().absolute(name))
	return nil
}

func (a *API) receive(r *http.Request) (name string, err error) {
	if isForm(r) {
		file, head, err := r.FormFile("uploadFile")
		if err != nil {
			return "", fmt.Errorf("the form must have a file as part uploadFile: %w", err)
		}
		defer file.Close()
		return head.Filename, a.uploads().write(head.Filename, file)
	}
	var in content
	if err := decode(r, &in, `{"name": "a.txt", "content": "…"}`); err != nil {
		return "", err
	}
	text, err := a.contentOf(in)
	if err != nil {
		return "", err
	}
	return in.Name, a.uploads().write(in.Name, strings.NewReader(text))
}

func isForm(r *http.Request) bool {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && kind == "multipart/form-data"
}

func (a *API) deleteUpload(w http.ResponseWriter, r *http.Request) error {
	name := r.PathValue("name")
	err := a.uploads().remove(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("upload %s is not found", name)
	}
	if err != nil {
		return fmt.Errorf("delete upload: %w", err)
	}
	writeText(w, http.StatusOK, "ok")
	return nil
}

// content is a text that comes in the body, or lies in a file.
type content struct {
	Name    string  `json:"name"`
	Content *string `json:"content"`
	File    string  `json:"file"`
}

// contentOf reads a content. A file must be one of the uploads: the API shows
// no other file of this machine, and fetches nothing from elsewhere.
func (a *API) contentOf(c content) (string, error) {
	given := c.Content != nil && *c.Content != ""
	switch {
	case given && c.File != "":
		return "", errors.New(`the body has both "content" and "file"; give one of them`)
	case c.File != "":
		return a.uploaded(c.File)
	case c.Content == nil || !given && c.Name == "":
		return "", errors.New(`the body has neither "content" nor "file"`)
	}
	return *c.Content, nil
}

// uploaded reads an upload by its name, its path or its file:// address.
func (a *API) uploaded(address string) (string, error) {
	path := address
	if rest, ok := strings.CutPrefix(address, "file://"); ok {
		var err error
		if path, err = url.PathUnescape(rest); err != nil {
			return "", fmt.Errorf("file %q: %w", address, err)
		}
	}
	name := path
	if filepath.IsAbs(path) {
		name = filepath.Base(path)
		if filepath.Clean(path) != a.uploads().absolute(name) {
			return "", fmt.Errorf("file %q is no upload; send it to /config/uploads first", address)
		}
	}
	data, err := a.uploads().read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("file %q is no upload; send it to /config/uploads first", address)
	}
	if err != nil {
		return "", fmt.Errorf("read upload: %w", err)
	}
	return string(data), nil
}
