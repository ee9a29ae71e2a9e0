package api

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
)

// ServeTLS is Serve over HTTPS, with a certificate and its key in PEM files.
func ServeTLS(addr, certFile, keyFile string, h http.Handler, log *slog.Logger) (*Server, error) {
	pair, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("rules API: certificate: %w", err)
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("rules API: %w", err)
	}
	return serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), h, log), nil
}
