package httpclient

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// TokenRequest is a request that fetches a token. Its texts may be templates
// over the fields of the grant before.
type TokenRequest struct {
	Name, URL, Method, Body string
	Headers                 map[string]string
}

// NewTokenRequest is a request; it takes what tells of one elsewhere.
func NewTokenRequest(name, url, method, body string, headers map[string]string) TokenRequest {
	return TokenRequest{name, url, method, body, headers}
}

// check says what is wrong with the request.
func (r TokenRequest) check() error {
	if !strings.Contains(r.URL, "{{") {
		if err := CheckURL(r.URL); err != nil {
			return fmt.Errorf(`property "oauth.%s.url": %w`, r.Name, err)
		}
	}
	if m := strings.ToUpper(r.Method); m != "" && m != http.MethodPost && m != http.MethodGet {
		return fmt.Errorf(`property "oauth.%s.method": there are POST and GET, not %q`, r.Name, r.Method)
	}
	texts := map[string]string{"url": r.URL, "body": r.Body}
	for name, text := range r.Headers {
		texts["headers."+name] = text
	}
	for name, text := range texts {
		if _, err := parseGrantTemplate(r.Name+"."+name, text); err != nil {
			return err
		}
	}
	return nil
}

const grantRead = 1 << 20 // of an answer, at most

// fetch makes the request and reads the fields of the answer.
func (r TokenRequest) fetch(ctx context.Context, client *http.Client, known Grant) (map[string]any, error) {
	req, err := r.request(ctx, known)
	if err != nil {
		return nil, err
	}
	a, err := Exchange(client, req, grantRead)
	if err != nil {
		return nil, fmt.Errorf("oauth %s: %w", r.Name, err)
	}
	if !a.OK() {
		return nil, fmt.Errorf("oauth %s: %w", r.Name, a.FailureOf("")) // its text may repeat the password
	}
	fields, err := parseGrant(a.Body)
	if err != nil {
		return nil, fmt.Errorf("oauth %s: %s: %w", r.Name, a.name, err)
	}
	return fields, nil
}

func (r TokenRequest) request(ctx context.Context, known Grant) (*http.Request, error) {
	address, err := known.evaluate(r.Name+".url", r.URL)
	if err != nil {
		return nil, err
	}
	body, err := known.evaluate(r.Name+".body", r.Body)
	if err != nil {
		return nil, err
	}
	method := strings.ToUpper(r.Method)
	var payload io.Reader
	if method == "" {
		method = http.MethodPost
	}
	if method == http.MethodPost {
		payload = strings.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, address, payload)
	if err != nil {
		return nil, fmt.Errorf("oauth %s: the url is no address", r.Name)
	}
	req.Header.Set("Accept", "application/json")
	if payload != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, text := range r.Headers {
		v, err := known.evaluate(r.Name+".headers."+name, text)
		if err != nil {
			return nil, err
		}
		req.Header.Set(name, v)
	}
	return req, nil
}
