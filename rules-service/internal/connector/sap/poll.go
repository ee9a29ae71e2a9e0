package sap

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// pollSet reads one page of what is there or has changed.
func (s *source) pollSet(ctx context.Context) ([]connector.Inbound, error) {
	address := s.next
	if address == "" {
		s.skip = s.config.SkipFirst && s.delta == ""
		if address = s.delta; address == "" {
			address = s.config.address("/"+pathOf(s.config.Datasource, ""), s.query())
		}
	}
	h := http.Header{"Accept": {"application/json"}}
	if s.config.Delta && s.config.Protocol == odata4 {
		h.Set("Prefer", "odata.track-changes")
	}
	a, err := s.session.do(ctx, http.MethodGet, address, "", h)
	switch {
	case err != nil:
		return nil, err
	case a.Status == http.StatusGone && s.delta != "": // the system has forgotten since when
		s.delta, s.next = "", ""
		return s.pollSet(ctx)
	case !a.OK():
		return nil, s.config.failure(a, errorText(a))
	}
	p, err := readPage(a.Body)
	if err != nil {
		return nil, a.FailureOf(err.Error(), s.config.secrets()...)
	}
	rows, err := s.turn(p)
	if err == nil && s.next == address {
		err = a.FailureOf("the answer names itself as its next page", s.config.secrets()...)
	}
	return rows, err
}

func (s *source) query() string {
	q := url.Values{}
	for name, v := range map[string]string{"$filter": s.config.Filter, "$select": s.config.Select, "$expand": s.config.Expand, "$orderby": s.config.OrderBy} {
		if v != "" {
			q.Set(name, v)
		}
	}
	if s.config.Protocol == odata2 {
		q.Set("$format", "json")
	}
	return strings.ReplaceAll(q.Encode(), "+", "%20")
}

// turn takes the rows of a page and notes where to go on.
func (s *source) turn(p page) ([]connector.Inbound, error) {
	next, err := s.link(p.next)
	if err != nil {
		return nil, err
	}
	s.next = next
	if s.config.Delta && p.delta != "" {
		if s.delta, err = s.link(p.delta); err != nil {
			return nil, err
		}
	}
	if s.skip {
		return nil, nil
	}
	return inbound(p.rows)
}

// link is a link of an answer: below the service, and nowhere else, since the
// credentials go with the request.
func (s *source) link(to string) (string, error) {
	if to == "" {
		return "", nil
	}
	root, err := url.Parse(strings.TrimRight(s.config.URL, "/") + "/")
	if err != nil {
		return "", err
	}
	u, err := root.Parse(to)
	if err != nil {
		return "", errors.New("the answer has a link that is no address")
	}
	if u.Scheme != root.Scheme || u.Host != root.Host {
		return "", fmt.Errorf("the answer has a link to another server, %s; it is not followed", httpclient.Redact(u.String()))
	}
	if s.config.Client != "" && u.Query().Get("sap-client") == "" {
		if u.RawQuery != "" {
			u.RawQuery += "&"
		}
		u.RawQuery += "sap-client=" + s.config.Client
	}
	return u.String(), nil
}

// page is one answer.
type page struct {
	rows        []any
	next, delta string
}

// readPage reads an answer of version 2 (d.results, d.__next, d.__delta) or 4
// (value, @odata.nextLink, @odata.deltaLink).
func readPage(body []byte) (page, error) {
	var answer map[string]any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return page{}, errors.New("the answer is no JSON object; is this the address of an OData service?")
	}
	var p page
	rows, ok := answer["value"].([]any)
	p.next, _ = answer["@odata.nextLink"].(string)
	p.delta, _ = answer["@odata.deltaLink"].(string)
	switch inner := answer["d"].(type) {
	case map[string]any:
		rows, ok = inner["results"].([]any)
		p.next, _ = inner["__next"].(string)
		p.delta, _ = inner["__delta"].(string)
	case []any:
		rows, ok = inner, true
	}
	if !ok {
		return page{}, errors.New("the answer has neither d.results nor value")
	}
	for _, row := range rows {
		o, ok := row.(map[string]any)
		if !ok {
			return page{}, errors.New("an entity of the answer is no object")
		}
		p.rows = append(p.rows, plain(o))
	}
	return p, nil
}

// plain is an entity without what OData says about it, and with times of
// version 2 as milliseconds.
func plain(o map[string]any) map[string]any {
	out := make(map[string]any, len(o))
	for name, v := range o {
		switch {
		case name == "@removed" || name == "@odata.removed" || strings.HasSuffix(name, "/$deletedEntity") && name[0] == '@':
			out["@removed"] = true
		case name == "__metadata" || strings.HasPrefix(name, "@odata.") || strings.Contains(name, "@odata."):
		default:
			out[name] = plainValue(v)
		}
	}
	if context, _ := o["@odata.context"].(string); strings.HasSuffix(context, "/$deletedEntity") {
		out["@removed"] = true
	}
	return out
}

func plainValue(v any) any {
	switch v := v.(type) {
	case string:
		if ms, ok := readDate(v); ok {
			return ms
		}
	case []any:
		for i := range v {
			v[i] = plainValue(v[i])
		}
	case map[string]any:
		if list, ok := v["results"].([]any); ok && len(v) <= 2 { // an expanded set of version 2
			return plainValue(list)
		}
		if _, deferred := v["__deferred"]; deferred {
			return nil
		}
		return plain(v)
	}
	return v
}
