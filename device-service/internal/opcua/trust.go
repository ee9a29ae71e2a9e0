package opcua

import (
	"cmp"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

var (
	errNoCertificate = errors.New("there is no certificate with the thumbprint")
	errNoThumbprint  = errors.New("is no thumbprint: that has 40 digits from 0 to f")
)

// mostRejected bounds the refused certificates that are kept: a server could
// show another one each time.
const mostRejected = 100

// Certificate is one of a server, or of an authority, as the trust list has it.
type Certificate struct {
	Thumbprint string    `json:"thumbprint"`
	State      string    `json:"state"` // trusted or rejected
	Subject    string    `json:"subject"`
	Issuer     string    `json:"issuer"`
	URI        string    `json:"uri,omitempty"` // of the application
	NotBefore  time.Time `json:"notBefore"`
	NotAfter   time.Time `json:"notAfter"`
	Authority  bool      `json:"authority,omitempty"`
	Seen       time.Time `json:"seen"` // when it was refused, or put into the folder

	file string
}

// The states of certificates, and their folders.
const (
	stateTrusted  = "trusted"
	stateRejected = "rejected"
)

// Certificates are those that are trusted and those that were refused, the
// newest first.
func (p *PKI) Certificates() []Certificate {
	list := append(p.folder(stateTrusted), p.folder(stateRejected)...)
	slices.SortFunc(list, func(a, b Certificate) int {
		return cmp.Or(strings.Compare(a.State, b.State), b.Seen.Compare(a.Seen), strings.Compare(a.Thumbprint, b.Thumbprint))
	})
	return list
}

// folder lists the certificates of a folder. Files that are none are passed over.
func (p *PKI) folder(state string) []Certificate {
	dir := filepath.Join(p.dir, state)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	var list []Certificate
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		file := filepath.Join(dir, e.Name())
		der, err := readCertificate(file)
		if err != nil {
			continue
		}
		if cert, err := x509.ParseCertificate(der); err == nil {
			list = append(list, certificateOf(cert, state, file, info.ModTime()))
		}
	}
	return list
}

func certificateOf(cert *x509.Certificate, state, file string, seen time.Time) Certificate {
	c := Certificate{
		Thumbprint: thumbprint(cert.Raw), State: state, Subject: cert.Subject.String(), Issuer: cert.Issuer.String(),
		NotBefore: cert.NotBefore, NotAfter: cert.NotAfter, Authority: cert.IsCA, Seen: seen.UTC().Truncate(time.Second), file: file,
	}
	if len(cert.URIs) > 0 {
		c.URI = cert.URIs[0].String()
	}
	return c
}

// Trust moves a certificate that was refused to those that are trusted.
func (p *PKI) Trust(thumbprint string) error {
	return p.change(thumbprint, func(c Certificate) error {
		if c.State == stateTrusted {
			return nil
		}
		to := filepath.Join(p.dir, stateTrusted, c.Thumbprint+".der")
		if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
			return err
		}
		return os.Rename(c.file, to)
	})
}

// Remove forgets a certificate, wherever it is. One that was trusted is refused
// from now on.
func (p *PKI) Remove(thumbprint string) error {
	return p.change(thumbprint, func(c Certificate) error { return os.Remove(c.file) })
}

// change does something with every file of a certificate.
func (p *PKI) change(thumbprint string, do func(Certificate) error) error {
	thumbprint = strings.ToLower(strings.TrimSpace(thumbprint))
	if b, err := hex.DecodeString(thumbprint); err != nil || len(b) != 20 {
		return fmt.Errorf("%q %w", thumbprint, errNoThumbprint)
	}
	p.list.Lock()
	defer p.list.Unlock()
	found := false
	for _, c := range p.Certificates() {
		if c.Thumbprint != thumbprint {
			continue
		}
		found = true
		if err := do(c); err != nil {
			return fmt.Errorf("certificate %s: %w", thumbprint, err)
		}
	}
	if !found {
		return fmt.Errorf("%w %s", errNoCertificate, thumbprint)
	}
	return nil
}

// reject keeps a refused certificate to be looked at and trusted, and gives its
// file; "": it could not be written.
func (p *PKI) reject(der []byte) string {
	p.list.Lock()
	defer p.list.Unlock()
	file := filepath.Join(p.dir, stateRejected, thumbprint(der)+".der")
	if os.MkdirAll(filepath.Dir(file), 0o700) != nil || os.WriteFile(file, der, 0o644) != nil {
		return ""
	}
	list := p.folder(stateRejected)
	slices.SortFunc(list, func(a, b Certificate) int { return b.Seen.Compare(a.Seen) })
	for _, c := range list[min(mostRejected, len(list)):] {
		_ = os.Remove(c.file) // the next one tries again
	}
	return file
}

// errRecheck is why connections with a policy end when the list has changed.
var errRecheck = errors.New("the list of trusted certificates has changed")

// recheck makes secured connections anew, so that their servers' certificates
// are looked at with the list as it is now.
func (d *Driver) recheck() {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for t, l := range d.links {
		if t.policy != noSecurity {
			l.reconnect(errRecheck)
		}
	}
}

// reconnect ends the session that there is; another one follows.
func (l *link) reconnect(reason error) {
	l.mu.Lock()
	s := l.current
	l.mu.Unlock()
	if s == nil {
		return
	}
	select {
	case s.cut <- reason:
	default: // it ends already
	}
}
