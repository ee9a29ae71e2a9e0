package sap

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"sluice/rules-service/internal/connector"
)

// operation is a change of one entity.
type operation struct {
	path string // below the root of the service
	body string // "" when something is deleted
}

func (s *sink) sendEntity(ctx context.Context, m *connector.Outbound) error {
	op, err := s.operation(m)
	if err != nil {
		return &connector.Permanent{Err: err}
	}
	a, err := s.session.change(ctx, s.config.Method, s.config.address("/"+op.path, ""), op.body, s.header())
	switch {
	case err != nil:
		return err
	case a.OK():
		return nil
	}
	return s.config.failure(a, errorText(a))
}

func (s *sink) operation(m *connector.Outbound) (operation, error) {
	set := m.Value("entitySet", string(s.config.Set))
	key := m.Value("entityKey", string(s.config.Key))
	op := operation{path: pathOf(set, key)}
	if set == "" || s.config.Key != "" && key == "" {
		return op, errors.New("entitySet or entityKey is empty for this message")
	}
	if s.config.Method == http.MethodDelete {
		return op, nil
	}
	entity, err := connector.JSONObject(m.Payload)
	if err != nil {
		return op, err
	}
	if err := typed(entity, s.config.Types, s.config.Protocol == odata2); err != nil {
		return op, err
	}
	body, err := json.Marshal(entity)
	op.body = string(body)
	return op, err
}

// pathOf is Set or Set(key); signs of the key that have a meaning in an address
// are written so that they have none.
func pathOf(set, key string) string {
	set = strings.Trim(set, "/")
	if key == "" {
		return (&url.URL{Path: set}).EscapedPath()
	}
	escaped := strings.ReplaceAll((&url.URL{Path: key}).EscapedPath(), "/", "%2F")
	return (&url.URL{Path: set}).EscapedPath() + "(" + strings.TrimPrefix(escaped, ".%2F") + ")"
}

func (s *sink) header() http.Header {
	h := http.Header{"Accept": {"application/json"}}
	if s.config.Method != http.MethodDelete {
		h.Set("Content-Type", "application/json")
	}
	if s.config.Protocol == odata4 {
		h.Set("OData-Version", "4.0")
	} else {
		h.Set("DataServiceVersion", "2.0")
	}
	if s.config.Method != http.MethodPost && s.config.IfMatch != "" {
		h.Set("If-Match", s.config.IfMatch)
	}
	return h
}
