package servers

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"testing"
)

func TestMosquittoSpeaksTLS(t *testing.T) {
	s := MosquittoTLS(t)
	pem, err := os.ReadFile(s.CA)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	for _, port := range []int{s.Port, s.MutualPort} {
		c, err := tls.Dial("tcp", addr(port), &tls.Config{RootCAs: roots})
		if err != nil {
			t.Fatal(err)
		}
		_ = c.Close()
	}
	if _, err := tls.LoadX509KeyPair(s.ClientCert, s.ClientKey); err != nil {
		t.Error(err)
	}
}
