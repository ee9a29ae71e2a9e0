package rest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"text/template"
	"time"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// OAuth are the requests that fetch a token.
type OAuth struct {
	Access  Access  `prop:"access" doc:"The request that fetches the first token, and each one where there is no refresh."`
	Refresh Refresh `prop:"refresh" doc:"The request that fetches the next ones."`
}

// Access is the request that fetches a token.
type Access struct {
	URL     connector.Secret              `prop:"url" doc:"Address; no token is fetched without it."`
	Method  string                        `prop:"method" doc:"POST if empty, or GET."`
	Body    connector.Secret              `prop:"body" doc:"Body, JSON unless the headers say otherwise."`
	Headers map[string]connector.Template `prop:"headers" doc:"Headers."`
	Expire  connector.Template            `prop:"expire" doc:"Seconds that a token lives, such as 3600 or {{.expires_in}}; empty: until the server refuses it."`
}

// Refresh is the request that fetches the next token.
type Refresh struct {
	URL     connector.Secret              `prop:"url" doc:"Address; tokens are fetched as the first one without it."`
	Method  string                        `prop:"method" doc:"POST if empty, or GET."`
	Body    connector.Secret              `prop:"body" doc:"Body, JSON unless the headers say otherwise."`
	Headers map[string]connector.Template `prop:"headers" doc:"Headers."`
}

// wanted tells whether tokens are to be fetched; forms send empty objects.
func (o *OAuth) wanted() bool { return o.Access.URL != "" }

func (o *OAuth) access() tokenRequest {
	return tokenRequest{"access", o.Access.URL.Reveal(), o.Access.Method, o.Access.Body.Reveal(), o.Access.Headers}
}

func (o *OAuth) refresh() tokenRequest {
	return tokenRequest{"refresh", o.Refresh.URL.Reveal(), o.Refresh.Method, o.Refresh.Body.Reveal(), o.Refresh.Headers}
}

func (o *OAuth) validate() error {
	if !o.wanted() {
		if o.Refresh.URL != "" {
			return errors.New(`property "oauth": refresh wants access, which fetches the first token`)
		}
		return nil
	}
	if _, err := parseTemplate("access.expire", string(o.Access.Expire)); err != nil {
		return err
	}
	if err := o.access().validate(); err != nil || o.Refresh.URL == "" {
		return err
	}
	return o.refresh().validate()
}

// tokenRequest is either of the two.
type tokenRequest struct {
	name, url, method, body string
	headers                 map[string]connector.Template
}

func (r tokenRequest) validate() error {
	if !strings.Contains(r.url, "{{") {
		if err := checkURL(r.url); err != nil {
			return fmt.Errorf("oauth.%s: %w", r.name, err)
		}
	}
	if m := strings.ToUpper(r.method); m != "" && m != http.MethodPost && m != http.MethodGet {
		return fmt.Errorf(`property "oauth.%s.method": there are POST and GET, not %q`, r.name, r.method)
	}
	texts := map[string]string{"url": r.url, "body": r.body}
	for name, text := range r.headers {
		texts["headers."+name] = string(text)
	}
	for name, text := range texts {
		if _, err := parseTemplate(r.name+"."+name, text); err != nil {
			return err
		}
	}
	return nil
}

// parseTemplate reads a template over the fields of a token. Its error does not
// repeat the text, which may hold secrets.
func parseTemplate(property, text string) (*template.Template, error) {
	t, err := template.New(property).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, fmt.Errorf("property \"oauth.%s\" is no template", property)
	}
	return t, nil
}

// token is what the requests have answered.
type token struct {
	fields  map[string]string
	number  int       // of the answer
	renewal time.Time // zero: when the server refuses it
}

// evaluate fills a template with the token.
func (t token) evaluate(property, text string) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	tmpl, err := parseTemplate(property, text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := tmpl.Execute(&b, t.fields); err != nil {
		return "", fmt.Errorf(`property "oauth.%s" names what the token has not`, property)
	}
	return b.String(), nil
}

const tokenRead = 1 << 20 // of an answer, at most

// fetch makes the request and reads the fields of the answer.
func (r tokenRequest) fetch(ctx context.Context, client *http.Client, known token) (map[string]string, error) {
	req, err := r.request(ctx, known)
	if err != nil {
		return nil, err
	}
	name := "oauth " + r.name + ": " + req.Method + " " + httpclient.Redact(req.URL.String())
	res, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, httpclient.Cause(err))
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, tokenRead))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: read the answer: %w", name, err)
	case res.StatusCode/100 != 2:
		return nil, fmt.Errorf("%s: %s", name, res.Status)
	}
	fields, err := fieldsOf(body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return fields, nil
}

func (r tokenRequest) request(ctx context.Context, known token) (*http.Request, error) {
	address, err := known.evaluate(r.name+".url", r.url)
	if err != nil {
		return nil, err
	}
	body, err := known.evaluate(r.name+".body", r.body)
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(r.method)
	var payload io.Reader
	if method == "" {
		method = http.MethodPost
	}
	if method == http.MethodPost {
		payload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return nil, fmt.Errorf("oauth %s: the url is no address", r.name)
	}
	req.Header.Set("Accept", "application/json")
	if payload != nil {
		req.Header.Set("Content-Type", contentTypes["json"])
	}
	for name, text := range r.headers {
		v, err := known.evaluate(r.name+".headers."+name, string(text))
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, v)
	}
	return req, nil
}

// fieldsOf reads the answer: an object, or an array whose first element is one.
func fieldsOf(body []byte) (map[string]string, error) {
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
	fields := make(map[string]string, len(object))
	for name, v := range object {
		switch v := v.(type) {
		case string:
			fields[name] = v
		case json.Number:
			fields[name] = v.String()
		case bool:
			fields[name] = strconv.FormatBool(v)
		}
	}
	return fields, nil
}
