package main

import (
	"archive/zip"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/crypto/x509roots/fallback/bundle"

	"sluice/docker/image"
)

// User and group of EdgeX's own images. Volumes of existing stacks belong to
// them.
const (
	user  = 2002
	group = 2001
)

// baseLayer is what all images share: accounts, root certificates and time
// zones. All of it comes from versions that go.mod and Go pin, nothing from
// this machine.
func baseLayer(created time.Time) (*image.Layer, error) {
	zones, err := timeZones()
	if err != nil {
		return nil, fmt.Errorf("time zones: %w", err)
	}
	return image.NewLayer(append(zones,
		image.File{Path: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Data: rootCertificates()},
		image.File{Path: "etc/passwd", Mode: 0o644, Data: fmt.Appendf(nil, "root:x:0:0::/:/\nsluice:x:%d:%d::/:/\n", user, group)},
		image.File{Path: "etc/group", Mode: 0o644, Data: fmt.Appendf(nil, "root:x:0:\nsluice:x:%d:\n", group)},
		image.Folder("tmp", 0o777, 0, 0),
	), created)
}

// rootCertificates are Mozilla's roots as PEM. Those that it trusts only for
// certificates up to some day are left out: a file cannot say that.
func rootCertificates() []byte {
	var text bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint == nil {
			text.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}))
		}
	}
	return text.Bytes()
}

// timeZones are the files that Go ships as an archive. The variable TZ and Go's
// LoadLocation find them where systems have theirs.
func timeZones() ([]image.File, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return nil, err
	}
	archive, err := zip.OpenReader(filepath.Join(strings.TrimSpace(string(root)), "lib", "time", "zoneinfo.zip"))
	if err != nil {
		return nil, err
	}
	defer func() { _ = archive.Close() }() // it was only read
	var files []image.File
	for _, f := range archive.File {
		if f.FileInfo().IsDir() {
			continue
		}
		data, err := unzip(f)
		if err != nil {
			return nil, err
		}
		files = append(files, image.File{Path: path.Join("usr/share/zoneinfo", f.Name), Mode: 0o644, Data: data})
	}
	return files, nil
}

func unzip(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
