package api

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// signed is a token with these claims.
func signed(t testing.TB, key *rsa.PrivateKey, head, claims string) string {
	t.Helper()
	part := func(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
	text := part([]byte(head)) + "." + part([]byte(claims))
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return text + "." + part(signature)
}

const rs256 = `{"alg":"RS256","typ":"JWT"}`

func publicKeys(t testing.TB) (*PublicKeys, *rsa.PrivateKey, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	pkix, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"plant.pub": {Type: "PUBLIC KEY", Bytes: pkix}, "old.pub": {Type: "RSA PUBLIC KEY", Bytes: x509.MarshalPKCS1PublicKey(&key.PublicKey)},
		"bad.pub": {Type: "PUBLIC KEY", Bytes: []byte("x")},
	} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "text.pub"), []byte("no PEM"), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := OpenPublicKeys(dir)
	if err != nil {
		t.Fatal(err)
	}
	k.now = func() time.Time { return time.Unix(1000, 0) }
	return k, key, dir
}

func TestJSONWebTokens(t *testing.T) {
	keys, key, _ := publicKeys(t)
	stranger, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	good := `{"iss":"plant.pub","aud":"eKuiper"}`
	for _, c := range []struct {
		name, token, want string
	}{
		{"good", signed(t, key, rs256, good), ""},
		{"several audiences, in time", signed(t, key, rs256, `{"iss":"old.pub","aud":["x","eKuiper"],"exp":1000.5,"nbf":1000}`), ""},
		{"other audience", signed(t, key, rs256, `{"iss":"plant.pub","aud":"x"}`), "its audience is not eKuiper"},
		{"no audience", signed(t, key, rs256, `{"iss":"plant.pub"}`), "its audience is not eKuiper"},
		{"expired", signed(t, key, rs256, `{"iss":"plant.pub","aud":"eKuiper","exp":1000}`), "it has expired"},
		{"too early", signed(t, key, rs256, `{"iss":"plant.pub","aud":"eKuiper","nbf":1001}`), "it is not valid yet"},
		{"stranger", signed(t, stranger, rs256, good), "the signature is not that of its issuer"},
		{"unknown issuer", signed(t, key, rs256, `{"iss":"x.pub","aud":"eKuiper"}`), "its issuer is not known"},
		{"no issuer", signed(t, key, rs256, `{"aud":"eKuiper"}`), "its issuer is not known"},
		{"issuer outside", signed(t, key, rs256, `{"iss":"../plant.pub","aud":"eKuiper"}`), "its issuer is not known"},
		{"bad key", signed(t, key, rs256, `{"iss":"bad.pub","aud":"eKuiper"}`), "the file of the key bad.pub has no public key of RSA"},
		{"no key", signed(t, key, rs256, `{"iss":"text.pub","aud":"eKuiper"}`), "the file of the key text.pub is no PEM"},
		{"unsigned", signed(t, key, `{"alg":"none"}`, good), "it must be signed with RS256"},
		{"with the key as password", signed(t, key, `{"alg":"HS256"}`, good), "it must be signed with RS256"},
		{"critical", signed(t, key, `{"alg":"RS256","crit":["b64"]}`, good), "it must be signed with RS256"},
		{"changed", strings.Replace(signed(t, key, rs256, good), ".", ".e30", 1), "it is no JSON web token"},
		{"two parts", "a.b", "it is no JSON web token"},
		{"nothing", "", "it is no JSON web token"},
	} {
		got := ""
		if err := keys.Check(c.token); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestKeysComeAndGo(t *testing.T) {
	keys, key, dir := publicKeys(t)
	token := signed(t, key, rs256, `{"iss":"plant.pub","aud":"eKuiper"}`)
	if err := os.Remove(filepath.Join(dir, "plant.pub")); err != nil {
		t.Fatal(err)
	}
	if keys.Check(token) == nil {
		t.Error("a token counts though its key is gone")
	}
	if _, err := OpenPublicKeys(filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a folder that is not there was taken")
	}
}

// Whatever the token: nothing panics, and none is taken that was not signed.
func FuzzJSONWebToken(f *testing.F) {
	keys, key, _ := publicKeys(f)
	good := signed(f, key, rs256, `{"iss":"plant.pub","aud":"eKuiper"}`)
	f.Add(good)
	f.Add("e30.e30.")
	f.Add(fmt.Sprintf("%s.%s.x", base64.RawURLEncoding.EncodeToString([]byte(rs256)), "e30"))
	text := good[:strings.LastIndexByte(good, '.')]
	f.Fuzz(func(t *testing.T, token string) {
		if keys.Check(token) == nil && !strings.HasPrefix(token, text+".") {
			t.Errorf("taken: %s", token)
		}
		var a audience
		_ = json.Unmarshal([]byte(token), &a)
	})
}
