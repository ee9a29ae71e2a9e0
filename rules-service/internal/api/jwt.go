package api

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// jwtAudience is what a token must be meant for.
const jwtAudience = "eKuiper"

// PublicKeys accepts JSON web tokens that are signed with RS256: the issuer is
// the name of a file in a folder, which has the public key.
type PublicKeys struct {
	dir *os.Root
	now func() time.Time
}

// OpenPublicKeys takes the keys of a folder. Keys may be added and removed
// while the service runs.
func OpenPublicKeys(dir string) (*PublicKeys, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("folder of public keys: %w", err)
	}
	return &PublicKeys{root, time.Now}, nil
}

// claims are what the service reads of a token.
type claims struct {
	Issuer    string   `json:"iss"`
	Audience  audience `json:"aud"`
	Expires   *float64 `json:"exp"`
	NotBefore *float64 `json:"nbf"`
}

// audience is one text or a list of them.
type audience []string

// UnmarshalJSON reads both forms.
func (a *audience) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*a = audience{one}
		return nil
	}
	return json.Unmarshal(raw, (*[]string)(a))
}

// Check says why a token is not to be accepted. Errors have nothing of it.
func (k *PublicKeys) Check(token string) error {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return errors.New("it is no JSON web token")
	}
	var head struct {
		Algorithm string   `json:"alg"`
		Critical  []string `json:"crit"`
	}
	var c claims
	if err := errors.Join(decodePart(parts[0], &head), decodePart(parts[1], &c)); err != nil {
		return errors.New("it is no JSON web token")
	}
	if head.Algorithm != "RS256" || len(head.Critical) > 0 {
		return errors.New("it must be signed with RS256")
	}
	if err := k.verify(c.Issuer, parts); err != nil {
		return err
	}
	return c.check(k.now())
}

func decodePart(part string, into any) error {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}

func (k *PublicKeys) verify(issuer string, parts []string) error {
	key, err := k.key(issuer)
	if err != nil {
		return err
	}
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		return errors.New("it is no JSON web token")
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	if rsa.VerifyPKCS1v15(key, crypto.SHA256, sum[:], signature) != nil {
		return errors.New("the signature is not that of its issuer")
	}
	return nil
}

func (k *PublicKeys) key(issuer string) (*rsa.PublicKey, error) {
	if issuer == "" || filepath.Base(issuer) != issuer {
		return nil, errors.New("its issuer is not known")
	}
	text, err := k.dir.ReadFile(issuer)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("its issuer is not known")
	}
	if err != nil {
		return nil, fmt.Errorf("key of the issuer: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("the file of the key %s is no PEM", issuer)
	}
	if key, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
		return key, nil
	}
	any, err := x509.ParsePKIXPublicKey(block.Bytes)
	if key, ok := any.(*rsa.PublicKey); ok && err == nil {
		return key, nil
	}
	return nil, fmt.Errorf("the file of the key %s has no public key of RSA", issuer)
}

func (c *claims) check(now time.Time) error {
	at := float64(now.UnixNano()) / 1e9
	switch {
	case !slices.Contains(c.Audience, jwtAudience):
		return fmt.Errorf("its audience is not %s", jwtAudience)
	case c.Expires != nil && at >= *c.Expires:
		return errors.New("it has expired")
	case c.NotBefore != nil && at < *c.NotBefore:
		return errors.New("it is not valid yet")
	}
	return nil
}
