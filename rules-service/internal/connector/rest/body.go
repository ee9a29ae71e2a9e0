package rest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
	"sluice/sqlengine/value"
)

// sendsBody tells whether requests have a body.
func (c *Config) sendsBody() bool {
	return c.BodyType != "none" && c.Method != http.MethodGet && c.Method != http.MethodHead
}

// body is that of the request, with its content type.
func (s *sink) body(m *connector.Outbound, t httpclient.Grant) (body []byte, contentType string, err error) {
	contentType = contentTypes[s.config.BodyType]
	body = m.Payload
	if s.config.OAuth.Wanted() && bytes.Contains(body, []byte(openMark)) {
		text, err := fill(t, string(body))
		if err != nil {
			return nil, "", err
		}
		body = []byte(text)
	}
	switch s.config.BodyType {
	case "form":
		body, err = formOf(body)
	case "formdata":
		body, contentType, err = s.parts(body, m, t)
	}
	if err == nil && s.packer != nil {
		body, err = s.packer(body)
	}
	return body, contentType, err
}

// formOf writes the columns of one row as a form. What is no JSON is one
// already: a form begins neither with { nor with [.
func formOf(payload []byte) ([]byte, error) {
	if text := bytes.TrimSpace(payload); len(text) > 0 && text[0] != '{' && text[0] != '[' {
		return payload, nil
	}
	v, err := codec.ParseJSON(payload)
	if err != nil {
		return nil, fmt.Errorf("bodyType form: %w", err)
	}
	if v.Kind() == value.List && len(v.List()) == 1 {
		v = v.List()[0]
	}
	if v.Kind() != value.Object {
		return nil, errors.New("bodyType form wants one row; set sendSingle")
	}
	form := url.Values{}
	for i, name := range v.Object().Names {
		form.Set(name, connector.Spelled(v.Object().Values[i]))
	}
	return []byte(form.Encode()), nil
}

// parts writes a multipart body: the payload as a file, and formData.
func (s *sink) parts(payload []byte, m *connector.Outbound, t httpclient.Grant) (body []byte, contentType string, err error) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	header := textproto.MIMEHeader{}
	header.Set("Content-Disposition", multipart.FileContentDisposition(s.config.FileField, "payload"))
	header.Set("Content-Type", contentTypes["binary"])
	file, err := w.CreatePart(header)
	if err != nil {
		return nil, "", err
	}
	if _, err := file.Write(payload); err != nil {
		return nil, "", err
	}
	for _, name := range slices.Sorted(maps.Keys(s.config.FormData)) {
		v, err := fill(t, m.Value("formData."+name, string(s.config.FormData[name])))
		if err != nil {
			return nil, "", err
		}
		if err := w.WriteField(name, v); err != nil {
			return nil, "", err
		}
	}
	if err := w.Close(); err != nil {
		return nil, "", err
	}
	return b.Bytes(), w.FormDataContentType(), nil
}
