// Package sap are the sink and the source for SAP systems over HTTP: OData,
// IDocs as XML, and function modules by SOAP. It needs no library of SAP.
package sap

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"sluice/rules-service/internal/connector"
	"sluice/rules-service/internal/httpclient"
)

// Connection are the properties that the sink and the source have in common.
type Connection struct {
	URL      string           `prop:"url,required" doc:"Address: for OData the root of the service, such as https://host/sap/opu/odata/sap/SERVICE; for IDocs and function modules the host, or the whole path where it is another one."`
	Client   string           `prop:"client" doc:"Client (sap-client), three digits; empty: that of the system."`
	Language string           `prop:"language" doc:"Language of texts and errors (sap-language), such as EN."`
	User     string           `prop:"user" doc:"User name."`
	Password connector.Secret `prop:"password" doc:"Password."`
	Bearer   connector.Secret `prop:"bearer" doc:"Token of the header Authorization, instead of user and password."`
	connector.Web
}

var clientNumber = regexp.MustCompile(`^[0-9]{3}$`)

func (c *Connection) check() error {
	if err := httpclient.CheckURL(c.URL); err != nil {
		return fmt.Errorf(`property "url": %w`, err)
	}
	switch {
	case c.Client != "" && !clientNumber.MatchString(c.Client):
		return errors.New(`property "client" has three digits, such as 100`)
	case c.Bearer != "" && c.User != "":
		return errors.New(`give user and password, or bearer`)
	case c.Password != "" && c.User == "":
		return errors.New(`property "user" is missing: a password goes with it`)
	}
	return c.Check()
}

// address is that of a path below the url, with client and language.
func (c *Connection) address(path, query string) string {
	root, own, _ := strings.Cut(c.URL, "?")
	address := strings.TrimRight(root, "/") + path
	params := url.Values{}
	if c.Client != "" {
		params.Set("sap-client", c.Client)
	}
	if c.Language != "" {
		params.Set("sap-language", c.Language)
	}
	var parts []string
	for _, q := range []string{own, query, params.Encode()} {
		if q != "" {
			parts = append(parts, q)
		}
	}
	if len(parts) > 0 {
		address += "?" + strings.Join(parts, "&")
	}
	return address
}

// pathOr is the address with a path of its own, or with that one.
func (c *Connection) pathOr(path string) string {
	if u, err := url.Parse(c.URL); err == nil && strings.Trim(u.Path, "/") != "" {
		path = ""
	}
	return c.address(path, "")
}

func (c *Connection) request(ctx context.Context, method, address string, body string) (*http.Request, error) {
	req, err := http.NewRequestWithContext(ctx, method, address, strings.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("request to %s: %w", httpclient.Redact(address), httpclient.Cause(err))
	}
	switch {
	case c.Bearer != "":
		req.Header.Set("Authorization", "Bearer "+c.Bearer.Reveal())
	case c.User != "":
		req.SetBasicAuth(c.User, c.Password.Reveal())
	}
	return req, nil
}

// secrets never appear in an error.
func (c *Connection) secrets() []string { return []string{c.Password.Reveal(), c.Bearer.Reveal()} }

// failure classes an answer that is none of success. A user that may not do
// something is a mistake of the configuration: messages wait until it is mended.
func (c *Connection) failure(a *httpclient.Answer, text string) error {
	err := classed(a.Status, a.Passing(), a.FailureOf(text, c.secrets()...))
	var permanent *connector.Permanent
	if after := a.RetryAfter(); after > 0 && !errors.As(err, &permanent) {
		return &connector.RetryAfter{Err: err, After: after}
	}
	return err
}

// classed is an error by the status that it came with.
func classed(status int, passing bool, err error) error {
	switch {
	case status == http.StatusUnauthorized:
		return fmt.Errorf("%w; check user, password and client", err)
	case status == http.StatusForbidden:
		return fmt.Errorf("%w; check the roles of the user", err)
	case !passing:
		return &connector.Permanent{Err: err}
	}
	return err
}
