package httppull

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"sluice/rules-service/internal/codec"
	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// build makes the request with the token and the data of templates.
func (c *client) build(ctx context.Context, q question, g httpclient.Grant) (*http.Request, error) {
	data := join(g.Fields, q.data)
	inURL := data
	if q.url != nil {
		inURL = join(g.Fields, q.url)
	}
	address, err := c.templates.url.evaluate(inURL)
	if err != nil {
		return nil, err
	}
	if err := httpclient.CheckURL(address); err != nil {
		return nil, fmt.Errorf(`property "url": %w`, err)
	}
	body, contentType, err := c.body(data)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, c.request.Method, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", httpclient.Redact(address), httpclient.Cause(err))
	}
	if body != "" {
		req.Header.Set("Content-Type", contentType)
	}
	maps.Copy(req.Header, q.news)
	return req, c.header(req, data)
}

// join are the fields of both; the second ones count.
func join(a, b map[string]any) map[string]any {
	if len(a) == 0 {
		return b
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func (c *client) header(req *http.Request, data map[string]any) error {
	if c.request.Bearer != "" {
		req.Header.Set("Authorization", "Bearer "+c.request.Bearer.Reveal())
	}
	for name, t := range c.templates.headers {
		v, err := t.evaluate(data)
		if err != nil {
			return err
		}
		if strings.EqualFold(name, "Host") {
			req.Host = v
			continue
		}
		req.Header.Set(name, v)
	}
	return nil
}

func (c *client) body(data map[string]any) (body, contentType string, err error) {
	if c.request.BodyType == "none" {
		return "", "", nil
	}
	if body, err = c.templates.body.evaluate(data); err == nil && c.request.BodyType == "form" {
		body, err = formOf(body)
	}
	return body, contentTypes[c.request.BodyType], err
}

// formOf makes a form of a JSON object. What is none is a form already.
func formOf(body string) (string, error) {
	if !strings.HasPrefix(strings.TrimSpace(body), "{") {
		return body, nil
	}
	v, err := codec.ParseJSON([]byte(body))
	if err != nil {
		return "", fmt.Errorf(`property "body": a form that begins with { must be a JSON object: %w`, err)
	}
	form := url.Values{}
	for i, name := range v.Object().Names {
		form.Set(name, connector.Spelled(v.Object().Values[i]))
	}
	return form.Encode(), nil
}
