package httpclient

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// jsonAnswer is how much of the answer to a JSON call is read.
const jsonAnswer = 64 << 10

// PostJSON posts a value as JSON. Signs such as < are written as they are:
// messengers count the bytes.
func PostJSON(ctx context.Context, client *http.Client, address string, v any) (*Answer, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(bytes.TrimRight(body.Bytes(), "\n")))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", Redact(address), Cause(err))
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	return Exchange(client, req, jsonAnswer)
}

// GetJSON asks an address.
func GetJSON(ctx context.Context, client *http.Client, address string) (*Answer, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", Redact(address), Cause(err))
	}
	return Exchange(client, req, jsonAnswer)
}

// CheckURL says what is wrong with the address of a server, without its keys.
func CheckURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return fmt.Errorf("%q is no address such as https://host/path", Redact(raw))
	}
	return nil
}

// Join puts a path and a query behind the address of a server.
func Join(server, path string, query url.Values) string {
	address := strings.TrimRight(server, "/") + path
	if len(query) > 0 {
		address += "?" + query.Encode()
	}
	return address
}
