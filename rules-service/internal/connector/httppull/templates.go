package httppull

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/template"
)

// templates are the parts of a request that may be evaluated each time.
type templates struct {
	url, body *text
	headers   map[string]*text
}

// text is a part of a request; without a template it is as it is.
type text struct {
	plain    string
	template *template.Template // nil: there is none
}

var functions = template.FuncMap{"json": func(v any) (string, error) {
	b, err := json.Marshal(v)
	return string(b), err
}}

func newText(property, content string) (*text, error) {
	if !strings.Contains(content, "{{") {
		return &text{plain: content}, nil
	}
	t, err := template.New(property).Option("missingkey=error").Funcs(functions).Parse(content)
	if err != nil {
		return nil, fmt.Errorf("property %q: %s", property, strings.TrimPrefix(err.Error(), "template: "))
	}
	return &text{template: t}, nil
}

func newTemplates(r *Request) (*templates, error) {
	t := &templates{headers: make(map[string]*text, len(r.Headers))}
	var err error
	if t.url, err = newText("url", r.address()); err != nil {
		return nil, err
	}
	if t.body, err = newText("body", string(r.Body)); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(r.Headers)) {
		if t.headers[name], err = newText("headers."+name, string(r.Headers[name])); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// evaluated tells whether a part of the request is a template.
func (t *templates) evaluated() bool {
	for _, h := range t.headers {
		if h.template != nil {
			return true
		}
	}
	return t.url.template != nil || t.body.template != nil
}

func (t *text) evaluate(data map[string]any) (string, error) {
	if t.template == nil {
		return t.plain, nil
	}
	var b strings.Builder
	if err := t.template.Execute(&b, data); err != nil {
		return "", fmt.Errorf("property %q: %s", t.template.Name(), strings.TrimPrefix(err.Error(), "template: "))
	}
	if strings.Contains(b.String(), "<no value>") {
		return "", fmt.Errorf("property %q: a field of the template is null", t.template.Name())
	}
	return b.String(), nil
}
