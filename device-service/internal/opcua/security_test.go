package opcua

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"sluice/device-service/internal/driver"
	"sluice/tests/servers"
)

// newCertificate makes an RSA certificate, signed by another or by itself.
func newCertificate(t *testing.T, name string, change func(*x509.Certificate), by *x509.Certificate, byKey *rsa.PrivateKey) ([]byte, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: time.Now().Add(time.Hour),
		URIs: []*url.URL{{Scheme: "urn", Opaque: "test:" + name}}, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	if by == nil {
		by, byKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, by, &key.PublicKey, byKey)
	if err != nil {
		t.Fatal(err)
	}
	return der, key
}

func guardedDevice(endpoint, policy, mode string) driver.Device {
	d := deviceAt("dev", endpoint)
	d.Protocols[Protocol][policyProperty], d.Protocols[Protocol][modeProperty] = policy, mode
	return d
}

// newPKI is a folder that trusts the certificates given.
func newPKI(t *testing.T, trusted ...[]byte) *PKI {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "trusted"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i, der := range trusted {
		if err := os.WriteFile(filepath.Join(dir, "trusted", strconv.Itoa(i)+".der"), der, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return NewPKI(dir, ApplicationURI)
}

var pressure = driver.Resource{Name: "Pressure", Type: "Float64", Attributes: map[string]any{nodeIDAttribute: "nsu=urn:peer;s=Pressure"}, Readable: true}

// readPressure reads until the server answers or refuses for good.
func readPressure(t *testing.T, d *Driver) ([]driver.Reading, error) {
	t.Helper()
	return d.Read(t.Context(), "dev", []driver.Resource{pressure})
}

func everyPolicyAndMode(t *testing.T, peer *servers.OPCUA) {
	pki := newPKI(t, peer.Certificate)
	for _, policy := range policies {
		for mode := range modes {
			if (policy == noSecurity) != (mode == noSecurity) {
				continue
			}
			t.Run(policy+" "+mode, func(t *testing.T) {
				o := brisk
				o.PKI = pki
				d := newDriver(t, o)
				if err := d.Add(guardedDevice(peer.Endpoint(), policy, mode), []driver.Resource{pressure}); err != nil {
					t.Fatal(err)
				}
				readings, err := readPressure(t, d)
				if err != nil || readings[0].Err != nil || readings[0].Value != 4.25 {
					t.Errorf("%+v, %v", readings, err)
				}
			})
		}
	}
}

// A server that is not listed is refused, shown, and taken once it is trusted.
func untrustedServer(t *testing.T, peer *servers.OPCUA) {
	o := brisk
	o.PKI = newPKI(t)
	d := newDriver(t, o)
	if err := d.Add(guardedDevice(peer.Endpoint(), "Basic256Sha256", "SignAndEncrypt"), []driver.Resource{pressure}); err != nil {
		t.Fatal(err)
	}
	_, err := readPressure(t, d)
	var untrusted *UntrustedError
	if !errors.As(err, &untrusted) || untrusted.Thumbprint != thumbprint(peer.Certificate) || !strings.Contains(err.Error(), "move "+untrusted.File+" to the folder trusted beside it") {
		t.Fatalf("%v", err)
	}
	if err := os.Rename(untrusted.File, filepath.Join(o.PKI.dir, "trusted", "plc.der")); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if _, err = readPressure(t, d); err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// Users log in with a password from the secret store, with and without an
// encrypted channel; a wrong one is an error that does not show it.
func users(t *testing.T, peer *servers.OPCUA) {
	pki := newPKI(t, peer.Certificate)
	for _, c := range []struct{ policy, mode, password, want string }{
		{"Basic256Sha256", "SignAndEncrypt", "hush", ""},
		{"None", "None", "hush", ""},
		{"Aes256_Sha256_RsaPss", "SignAndEncrypt", "w-r-o-n-g", "BadUserAccessDenied"},
	} {
		o := brisk
		o.PKI = pki
		o.Secret = func(_, key string) (string, error) {
			return map[string]string{"username": "joe", "password": c.password}[key], nil
		}
		d := newDriver(t, o)
		dev := guardedDevice(peer.Endpoint(), c.policy, c.mode)
		dev.Protocols[Protocol][authProperty], dev.Protocols[Protocol][secretProperty] = byName, "plc"
		if err := d.Add(dev, []driver.Resource{pressure}); err != nil {
			t.Fatal(err)
		}
		readings, err := readPressure(t, d)
		switch {
		case c.want == "" && (err != nil || readings[0].Value != 4.25):
			t.Errorf("%+v: %+v, %v", c, readings, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), c.password)):
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestTrust(t *testing.T) {
	authority, authorityKey := newCertificate(t, "authority", func(c *x509.Certificate) { c.IsCA = true }, nil, nil)
	ca, err := x509.ParseCertificate(authority)
	if err != nil {
		t.Fatal(err)
	}
	vouched, _ := newCertificate(t, "vouched", nil, ca, authorityKey)
	listed, _ := newCertificate(t, "listed", nil, nil, nil)
	stranger, _ := newCertificate(t, "stranger", nil, nil, nil)
	old, _ := newCertificate(t, "old", func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Hour) }, nil, nil)
	pki := newPKI(t, authority, listed, old, []byte("no certificate"))
	for name, c := range map[string]struct {
		der  []byte
		want string
	}{
		"vouched":  {vouched, ""},
		"listed":   {listed, ""},
		"stranger": {stranger, "neither it nor an authority that vouches for it is in the folder trusted"},
		"old":      {old, "it was valid until"},
		"garbage":  {[]byte("x"), "the server's certificate cannot be read"},
	} {
		err := pki.check(c.der)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// The certificate of the service is made once and kept, with a key that nobody
// else may read.
func TestOwnCertificateIsKept(t *testing.T) {
	pki := newPKI(t)
	first, key, err := pki.own()
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(first)
	if err != nil || len(cert.URIs) != 1 || cert.URIs[0].String() != ApplicationURI {
		t.Errorf("%+v, %v", cert, err)
	}
	again, sameKey, err := NewPKI(pki.dir, ApplicationURI).own()
	if err != nil || string(again) != string(first) || !sameKey.Equal(key) {
		t.Error("another certificate after a restart", err)
	}
	if info, err := os.Stat(filepath.Join(pki.dir, "own", "key.pem")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
}

// What a server does not offer is said, with what it has.
func TestPolicyThatIsNotOffered(t *testing.T) {
	p := newPlant(t, 0, answerOf{"Pressure": 1.0})
	d := newDriver(t, brisk)
	if err := d.Add(guardedDevice(p.endpoint(), "Basic256Sha256", "Sign"), nil); err != nil {
		t.Fatal(err)
	}
	_, err := d.Read(t.Context(), "dev", []driver.Resource{p.resource("Pressure", "Float64")})
	if err == nil || !strings.Contains(err.Error(), "the server does not offer Basic256Sha256 Sign") {
		t.Errorf("%v", err)
	}
}

// Secrets are asked for by name; they are never in an error.
func TestUser(t *testing.T) {
	cert, key := newCertificate(t, "user", nil, nil, nil)
	good := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})
	keyText := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	secrets := map[string]map[string]string{
		"plc":   {"username": "joe", "password": "hush"},
		"half":  {"username": "joe"},
		"cert":  {"cert": string(good), "key": string(keyText)},
		"wrong": {"cert": string(good), "key": "hush"},
	}
	get := func(name, key string) (string, error) {
		if secrets[name] == nil {
			return "", errors.New("there is no such secret")
		}
		return secrets[name][key], nil
	}
	for _, c := range []struct{ auth, secret, want string }{
		{byName, "plc", ""}, {byCert, "cert", ""}, {anonymous, "", ""},
		{byName, "none", "secret none, key username: there is no such secret"},
		{byName, "half", "secret half, key password: is empty"},
		{byCert, "plc", "secret plc, key cert: is empty"},
		{byCert, "wrong", "secret wrong, key key: no key in PEM"},
	} {
		options, err := target{security: security{auth: c.auth, secret: c.secret}}.user(get)
		if c.want == "" && (err != nil || len(options) == 0) || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("%+v: %v", c, err)
		}
	}
	if _, err := (target{security: security{auth: byName, secret: "plc"}}).user(nil); err == nil {
		t.Error("without a secret store")
	}
}
