package opcua

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/gopcua/opcua"
	"github.com/gopcua/opcua/ua"
)

// security is how a connection is protected, and as whom.
type security struct {
	policy string // the name behind the # of its URI; "None" for none
	mode   string // None, Sign or SignAndEncrypt
	auth   string // anonymous, username or certificate
	secret string // its name in the secret store
}

// plain tells that nothing about the connection needs to be asked beforehand.
func (s security) plain() bool { return s.policy == noSecurity && s.auth == anonymous }

const (
	noSecurity  = "None"
	anonymous   = "anonymous"
	byName      = "username"
	byCert      = "certificate"
	policyStart = "http://opcfoundation.org/UA/SecurityPolicy#"
)

// policies are those of the library, the weak ones for old servers included.
var policies = []string{noSecurity, "Basic128Rsa15", "Basic256", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"}

var modes = map[string]ua.MessageSecurityMode{
	noSecurity: ua.MessageSecurityModeNone, "Sign": ua.MessageSecurityModeSign, "SignAndEncrypt": ua.MessageSecurityModeSignAndEncrypt,
}

var tokens = map[string]ua.UserTokenType{
	anonymous: ua.UserTokenTypeAnonymous, byName: ua.UserTokenTypeUserName, byCert: ua.UserTokenTypeCertificate,
}

// parseSecurity reads the properties of a device. A policy without a mode signs
// and encrypts, and a mode without a policy takes Basic256Sha256.
func parseSecurity(given map[string]any, report func(property string, err error)) security {
	s := security{policy: noSecurity, mode: noSecurity, auth: anonymous}
	policy, mode := plainText(given[policyProperty]), plainText(given[modeProperty])
	if policy != "" {
		s.policy = one(policyProperty, policy, policies, report)
	}
	if mode != "" {
		s.mode = one(modeProperty, mode, []string{noSecurity, "Sign", "SignAndEncrypt"}, report)
	}
	switch {
	case mode == "" && s.policy != noSecurity:
		s.mode = "SignAndEncrypt"
	case policy == "" && s.mode != noSecurity:
		s.policy = "Basic256Sha256"
	case (s.policy == noSecurity) != (s.mode == noSecurity):
		report(modeProperty, fmt.Errorf("%s does not go with the policy %s", s.mode, s.policy))
	}
	if auth := plainText(given[authProperty]); auth != "" {
		s.auth = one(authProperty, strings.ToLower(auth), []string{anonymous, byName, byCert}, report)
	}
	s.secret = plainText(given[secretProperty])
	if s.auth != anonymous && s.secret == "" {
		report(secretProperty, fmt.Errorf("missing; Authentication %s takes its secret by this name from the secret store", s.auth))
	}
	return s
}

func plainText(v any) string {
	text, _ := v.(string)
	return strings.TrimSpace(text)
}

func one(property, value string, known []string, report func(string, error)) string {
	if !slices.Contains(known, value) {
		report(property, fmt.Errorf("%q is unknown; there are %s", value, strings.Join(known, ", ")))
	}
	return value
}

// protect finds the endpoint of a server with the security of the target, makes
// sure that its certificate is trusted, and returns what the library needs. It
// does not check certificates by itself.
func (t target) protect(ctx context.Context, pki *PKI, secret Secret) ([]opcua.Option, error) {
	if t.plain() {
		return []opcua.Option{opcua.SecurityPolicy(noSecurity), opcua.SecurityMode(ua.MessageSecurityModeNone)}, nil
	}
	endpoints, err := opcua.GetEndpoints(ctx, t.url, opcua.DialTimeout(t.timeout), opcua.RequestTimeout(t.timeout))
	if err != nil {
		return nil, fmt.Errorf("ask for endpoints: %w", named(err))
	}
	ep, err := t.choose(endpoints)
	if err != nil {
		return nil, err
	}
	var options []opcua.Option
	if t.policy != noSecurity {
		if err := pki.check(ep.ServerCertificate); err != nil {
			return nil, err
		}
		cert, key, err := pki.own()
		if err != nil {
			return nil, err
		}
		options = append(options, opcua.Certificate(cert), opcua.PrivateKey(key))
	}
	user, err := t.user(secret)
	if err != nil {
		return nil, err
	}
	return append(append(options, user...), opcua.SecurityFromEndpoint(ep, tokens[t.auth])), nil
}

// choose finds the endpoint; an error says what the server has instead.
func (t target) choose(endpoints []*ua.EndpointDescription) (*ua.EndpointDescription, error) {
	var offers []string
	for _, ep := range endpoints {
		policy := strings.TrimPrefix(ep.SecurityPolicyURI, policyStart)
		if policy == t.policy && ep.SecurityMode == modes[t.mode] {
			if slices.ContainsFunc(ep.UserIdentityTokens, func(u *ua.UserTokenPolicy) bool { return u.TokenType == tokens[t.auth] }) {
				return ep, nil
			}
			return nil, fmt.Errorf("the server takes no %s with %s, %s", t.auth, t.policy, t.mode)
		}
		offer := policy + " " + strings.TrimPrefix(ep.SecurityMode.String(), "MessageSecurityMode")
		if !slices.Contains(offers, offer) {
			offers = append(offers, offer)
		}
	}
	if len(offers) == 0 {
		return nil, fmt.Errorf("the server does not offer %s %s; it has no endpoint for this address", t.policy, t.mode)
	}
	return nil, fmt.Errorf("the server does not offer %s %s; it has %s", t.policy, t.mode, strings.Join(offers, ", "))
}

// Secret returns a value of the secret store.
type Secret func(name, key string) (string, error)

// user is as whom to log in.
func (t target) user(secret Secret) ([]opcua.Option, error) {
	if t.auth == anonymous {
		return []opcua.Option{opcua.AuthAnonymous()}, nil
	}
	if secret == nil {
		return nil, errors.New("there is no secret store")
	}
	get := func(key string) (string, error) {
		v, err := secret(t.secret, key)
		if err == nil && v == "" {
			err = errors.New("is empty")
		}
		if err != nil {
			return "", fmt.Errorf("secret %s, key %s: %w", t.secret, key, err)
		}
		return v, nil
	}
	if t.auth == byName {
		name, err := get("username")
		if err != nil {
			return nil, err
		}
		password, err := get("password")
		return []opcua.Option{opcua.AuthUsername(name, password)}, err
	}
	cert, err := get("cert")
	if err != nil {
		return nil, err
	}
	text, err := get("key")
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(cert))
	if block == nil {
		return nil, fmt.Errorf("secret %s, key cert: no certificate in PEM", t.secret)
	}
	key, err := parseKey([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("secret %s, key key: %w", t.secret, err)
	}
	return []opcua.Option{opcua.AuthCertificate(block.Bytes), opcua.AuthPrivateKey(key)}, nil
}
