package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// opcuaTrustCmd keeps the list of servers that are trusted.
type opcuaTrustCmd struct {
	Thumbprints []string `arg:"" optional:"" name:"thumbprint" help:"The certificates; the first digits do. Without, all are listed."`
	Remove      bool     `help:"Take them off the list, or forget that they were refused. Connections to their servers end."`
}

// Help says what it is about.
func (*opcuaTrustCmd) Help() string {
	return `A device with a security policy talks only to servers whose certificate is trusted. A server that was refused is listed here;
compare its thumbprint with the one that the server shows, and trust it.

  sluice opcua trust                     who was refused, who is trusted
  sluice opcua trust 3f2a97              trust a server
  sluice opcua trust --remove 3f2a97     and not any more`
}

// serverCertificate is one of the list.
type serverCertificate struct {
	Thumbprint string    `json:"thumbprint"`
	State      string    `json:"state"`
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	URI        string    `json:"uri,omitempty"`
	NotBefore  time.Time `json:"notBefore"`
	NotAfter   time.Time `json:"notAfter"`
	Authority  bool      `json:"authority,omitempty"`
	Seen       time.Time `json:"seen"`
}

// Run lists, trusts or removes.
func (c *opcuaTrustCmd) Run(s *session, d *deviceService) error {
	var list struct{ Certificates []serverCertificate }
	if _, err := d.exchange(s.ctx, http.MethodGet, "opcua/certificates", nil, &list); err != nil {
		return err
	}
	if len(c.Thumbprints) == 0 {
		return c.show(s, list.Certificates)
	}
	var chosen []serverCertificate
	for _, digits := range c.Thumbprints {
		one, err := pick(list.Certificates, digits)
		if err != nil {
			return err
		}
		chosen = append(chosen, one)
	}
	for _, one := range chosen {
		if err := c.change(s, d, one); err != nil {
			return err
		}
	}
	return nil
}

func (c *opcuaTrustCmd) show(s *session, list []serverCertificate) error {
	if !s.tables() {
		return s.show(list)
	}
	rows := [][]string{{"STATE", "THUMBPRINT", "SUBJECT", "VALID", "APPLICATION", "SEEN"}}
	for _, one := range list {
		subject := one.Subject
		if one.Authority {
			subject += " (authority)"
		}
		rows = append(rows, []string{one.State, one.Thumbprint, subject, one.NotBefore.Format(time.DateOnly) + " to " + one.NotAfter.Format(time.DateOnly),
			one.URI, one.Seen.Local().Format(time.DateTime)})
	}
	return s.table(rows)
}

// pick finds the certificate whose thumbprint begins with these digits.
func pick(list []serverCertificate, digits string) (serverCertificate, error) {
	plain := strings.ToLower(strings.NewReplacer(":", "", " ", "").Replace(digits))
	var hits []serverCertificate
	for _, one := range list {
		if plain != "" && strings.HasPrefix(one.Thumbprint, plain) {
			hits = append(hits, one)
		}
	}
	another := func(one serverCertificate) bool { return one.Thumbprint != hits[0].Thumbprint }
	switch {
	case len(hits) == 0:
		return serverCertificate{}, &refusal{status: http.StatusNotFound, message: fmt.Sprintf("no certificate has a thumbprint that begins with %q; sluice opcua trust lists them", digits)}
	case slices.ContainsFunc(hits, another):
		return serverCertificate{}, &refusal{status: http.StatusConflict, message: fmt.Sprintf("%d certificates have a thumbprint that begins with %q; give more of it", len(hits), digits)}
	}
	return hits[0], nil
}

func (c *opcuaTrustCmd) change(s *session, d *deviceService, one serverCertificate) error {
	method, path, done := http.MethodPost, "opcua/certificates/"+one.Thumbprint+"/trust", "trusted"
	if c.Remove {
		method, path, done = http.MethodDelete, "opcua/certificates/"+one.Thumbprint, "removed"
	}
	if _, err := d.call(s.ctx, method, path, ""); err != nil {
		return err
	}
	if s.tables() {
		s.printf("%s: %s %s\n", done, one.Thumbprint, one.Subject)
		return nil
	}
	return s.show(map[string]string{"thumbprint": one.Thumbprint, "done": done})
}
