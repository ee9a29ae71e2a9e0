package opcua

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"sluice/tests/servers"
)

func certificates(t *testing.T, base string) []Certificate {
	t.Helper()
	var list struct{ Certificates []Certificate }
	if code := ask(t, http.MethodGet, base+"opcua/certificates", "", &list); code != http.StatusOK {
		t.Fatal(code)
	}
	return list.Certificates
}

// A server that is not listed is refused, shown and trusted over the routes; one
// that is taken off the list is refused again, although it is connected.
func trustOverRoutes(t *testing.T, peer *servers.OPCUA) {
	o := patient
	o.PKI = newPKI(t)
	d := newDriver(t, o)
	base := routesOf(t, d)
	if list := certificates(t, base); len(list) != 0 {
		t.Errorf("%+v", list)
	}
	add(t, d, guardedDevice(peer.Endpoint(), "Basic256Sha256", "SignAndEncrypt"), pressure)
	_, err := readPressure(t, d)
	print := thumbprint(peer.Certificate)
	if err == nil || !strings.Contains(err.Error(), print) || !strings.Contains(err.Error(), "sluice opcua trust "+print) {
		t.Fatal(err)
	}
	list := certificates(t, base)
	if len(list) != 1 || list[0].State != stateRejected || list[0].Thumbprint != print || list[0].Subject != "CN=peer" || list[0].URI != "urn:peer" ||
		list[0].NotAfter.Before(time.Now()) || list[0].Seen.IsZero() {
		t.Fatalf("%+v", list)
	}
	if code := ask(t, http.MethodPost, base+"opcua/certificates/"+strings.ToUpper(print)+"/trust", "", nil); code != http.StatusNoContent {
		t.Fatal(code)
	}
	await(t, "the connection", func() bool { _, err := readPressure(t, d); return err == nil })
	if list = certificates(t, base); len(list) != 1 || list[0].State != stateTrusted {
		t.Errorf("%+v", list)
	}
	if code := ask(t, http.MethodPost, base+"opcua/certificates/"+print+"/trust", "", nil); code != http.StatusNoContent {
		t.Errorf("trusted a second time: %d", code)
	}
	if code := ask(t, http.MethodDelete, base+"opcua/certificates/"+print, "", nil); code != http.StatusNoContent {
		t.Fatal(code)
	}
	await(t, "the refusal", func() bool {
		_, err := readPressure(t, d)
		return err != nil && strings.Contains(err.Error(), "is not trusted")
	})
}

func TestTrustSaysWhatIsWrong(t *testing.T) {
	d := New(Options{PKI: newPKI(t)})
	t.Cleanup(func() { _ = d.Close() })
	base := routesOf(t, d)
	unknown := strings.Repeat("ab", 20)
	for _, c := range []struct {
		method, path string
		code         int
		want         string
	}{
		{http.MethodPost, unknown + "/trust", 404, "there is no certificate with the thumbprint " + unknown},
		{http.MethodDelete, unknown, 404, "there is no certificate with the thumbprint " + unknown},
		{http.MethodPost, "..%2F..%2Fown/trust", 400, "is no thumbprint: that has 40 digits from 0 to f"},
		{http.MethodDelete, "abc", 400, `"abc" is no thumbprint`},
	} {
		var refusal struct{ Message string }
		if code := ask(t, c.method, base+"opcua/certificates/"+c.path, "", &refusal); code != c.code || !strings.Contains(refusal.Message, c.want) {
			t.Errorf("%s %s: %d %s", c.method, c.path, code, refusal.Message)
		}
	}
}

// A server with another certificate each time does not fill the disk.
func TestRejectedCertificatesAreBounded(t *testing.T) {
	der, _ := newCertificate(t, "stranger", nil, nil, nil)
	pki := newPKI(t)
	dir := filepath.Join(pki.dir, stateRejected)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	long := time.Now().Add(-time.Hour)
	for i := range mostRejected + 5 {
		file := filepath.Join(dir, fmt.Sprintf("%d.der", i))
		if err := os.WriteFile(file, der, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, long, long.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	file := pki.reject(der)
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != mostRejected {
		t.Errorf("%d files, %v", len(entries), err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "0.der")); err == nil {
		t.Error("the oldest one is still there")
	}
}
