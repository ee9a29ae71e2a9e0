package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"sluice/rules-service/internal/connector"
)

// connectorKeys are what connectors may do on this machine.
var connectorKeys = []key{
	{"Files.AllowExternal", []string{"BASIC__ALLOWEXTERNALFILEACCESS"}, false, func(s *settings) any { return &s.ExternalFiles },
		"Whether sources and sinks of type file may touch files outside of DataDir/files and DataDir/uploads. The other files in DataDir are never theirs."},
	{"HTTPServer.Host", []string{"SOURCE__HTTPSERVERIP"}, false, func(s *settings) any { return &s.Push.Host }, "Address of the server for streams of type httppush, which listens while rules read them."},
	{"HTTPServer.Port", []string{"SOURCE__HTTPSERVERPORT"}, false, func(s *settings) any { return &s.Push.Port }, "Its port."},
	{"HTTPServer.CertFile", []string{"SOURCE__HTTPSERVERTLS__CERTFILE"}, false, func(s *settings) any { return &s.Push.CertFile }, "Its certificate, as PEM; with it the server speaks HTTPS alone."},
	{"HTTPServer.KeyFile", []string{"SOURCE__HTTPSERVERTLS__KEYFILE"}, false, func(s *settings) any { return &s.Push.KeyFile }, "Key of the certificate, as PEM."},
}

// defaultPush is the server of httppush, as eKuiper has it.
var defaultPush = connector.Listen{Host: "0.0.0.0", Port: 10081}

// checkConnectors checks what concerns more than one of these keys.
func (s *settings) checkConnectors() error {
	switch {
	case s.Push.Port < 0 || s.Push.Port > 65535:
		return fmt.Errorf("Rules.HTTPServer.Port: %d is no port", s.Push.Port)
	case (s.Push.CertFile == "") != (s.Push.KeyFile == ""):
		return errors.New("Rules.HTTPServer: CertFile and KeyFile belong together; give both or none")
	}
	return nil
}

// files are those that connectors may touch.
func (s *settings) files() connector.Files {
	return connector.Files{Dir: filepath.Join(s.DataDir, "files"), Also: []string{filepath.Join(s.DataDir, "uploads")}, External: s.ExternalFiles, Own: s.DataDir}
}
