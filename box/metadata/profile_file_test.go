package metadata

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// upload sends a text as the file of a form.
func (s *site) upload(field, text string) (status int, answer string) {
	s.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w, err := form.CreateFormFile(field, "profile.yaml")
	if err == nil {
		_, err = io.WriteString(w, text)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		s.t.Fatal(err)
	}
	res, err := http.Post(s.http.URL+"/api/v3/deviceprofile/uploadfile", form.FormDataContentType(), &body)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

func TestProfileFile(t *testing.T) {
	const tank = "name: Tank\ndeviceResources:\n  - name: Level\n    attributes: {startingAddress: 4}\n    properties: {valueType: uint16, readWrite: R}\n"
	s := newSite(t)
	for _, c := range []struct {
		field, text string
		status      int
		has         string
	}{
		{"file", tank, 201, `"id":"`},
		{"file", tank, 409, "Tank"},
		{"profile", tank, 400, "curl -F file=@profile.yaml"},
		{"file", "name: Tank\n\tx", 400, "tab"},
		{"file", "name: Other\ndeviceResources: [{name: Level, properties: {valueType: Word, readWrite: R}}]", 400, "ValueType"},
		{"file", "", 400, "no name"},
		{"file", strings.Repeat("#", maxBody), 413, "bytes"},
	} {
		status, answer := s.upload(c.field, c.text)
		if status != c.status || !strings.Contains(answer, c.has) {
			t.Errorf("%s=%.20q: %d %s, want %d with %s", c.field, c.text, status, answer, c.status, c.has)
		}
	}
	s.expect("GET", "deviceprofile/name/Tank", "", 200, `"valueType":"Uint16"`, `"startingAddress":4`)
	s.event("deviceprofile/add/core-metadata/Tank")
}
