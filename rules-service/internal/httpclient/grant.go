package httpclient

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// Grant is what the requests of an OAuth have answered: the token, with what
// else the server says of it.
type Grant struct {
	Fields map[string]any // numbers are json.Number
	Number int            // counts the answers; 0: there is none

	renewal time.Time // zero: when the server refuses it
}

// Text is a field as a text.
func (g Grant) Text(name string) (text string, ok bool) {
	switch v := g.Fields[name].(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// shortestHidden keeps short fields, such as a number of seconds, from being
// taken for secrets wherever their digits stand.
const shortestHidden = 8

// Hide takes the grant out of what a server has answered.
func (g Grant) Hide(text string) string { return hideAll(text, g.Fields) }

func hideAll(text string, v any) string {
	switch v := v.(type) {
	case string:
		if len(v) >= shortestHidden {
			return strings.ReplaceAll(text, v, hidden)
		}
	case json.Number:
		return hideAll(text, v.String())
	case []any:
		for _, e := range v {
			text = hideAll(text, e)
		}
	case map[string]any:
		for _, e := range v {
			text = hideAll(text, e)
		}
	}
	return text
}

// parseGrantTemplate reads a template over the fields of a grant. Its error does
// not repeat the text, which may hold secrets.
func parseGrantTemplate(property, text string) (*template.Template, error) {
	t, err := template.New(property).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("property \"oauth.%s\" is no template", property)
	}
	return t, nil
}

// evaluate fills a template with the grant.
func (g Grant) evaluate(property, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := parseGrantTemplate(property, text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, g.Fields); err != nil || strings.Contains(b.String(), "<no value>") {
		return "", fmt.Errorf(`property "oauth.%s" names what the token has not`, property)
	}
	return b.String(), nil
}

// parseGrant reads an answer: an object, or an array whose first element is one.
func parseGrant(body []byte) (map[string]any, error) {
	var v any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&v); err != nil {
		return nil, errors.New("the answer is no JSON")
	}
	if list, ok := v.([]any); ok && len(list) > 0 {
		v = list[0]
	}
	object, ok := v.(map[string]any)
	if !ok {
		return nil, errors.New("the answer is no JSON object")
	}
	return object, nil
}
