package servers

import (
	"bufio"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"embed"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// OPCUA is a node-opcua server with every security policy; the head of its
// program says what it has.
type OPCUA struct {
	Port        int
	Certificate []byte // DER
	// Shifted gives its namespaces other indexes at the next start.
	Shifted bool
	// Counters is how many variables C0, C1 … it has from its next start on.
	Counters int

	folder  string
	modules string
	cmd     *exec.Cmd
	env     []string // of the program
	in      io.Writer
	answers chan string // to commands
}

//go:embed nodeopcua/package.json nodeopcua/package-lock.json nodeopcua/*.js
var nodeOPCUA embed.FS

// NodeOPCUA starts the server and waits until it is ready.
func NodeOPCUA(t testing.TB) *OPCUA {
	t.Helper()
	return nodeOPCUAWith(t, nil)
}

func nodeOPCUAWith(t testing.TB, env []string) *OPCUA {
	t.Helper()
	need(t, "node")
	need(t, "npm")
	s := &OPCUA{Port: FreePort(t), folder: t.TempDir(), modules: installNode(t), env: env}
	s.writeProgram(t)
	s.Certificate = s.identity(t)
	s.Start(t)
	return s
}

// Endpoint is the address that clients connect to.
func (s *OPCUA) Endpoint() string { return fmt.Sprintf("opc.tcp://127.0.0.1:%d", s.Port) }

// Start starts the server, again if it was killed.
func (s *OPCUA) Start(t testing.TB) {
	t.Helper()
	// Newer releases of node refuse the padding of Basic128Rsa15.
	s.cmd = exec.Command("node", "--security-revert=CVE-2023-46809", "server.js", strconv.Itoa(s.Port), s.folder)
	s.cmd.Dir = filepath.Join(s.folder, "program")
	s.cmd.Env = append(os.Environ(), "NODE_PATH="+filepath.Join(s.modules, "node_modules"))
	s.cmd.Env = append(s.cmd.Env, s.env...)
	s.cmd.Env = append(s.cmd.Env, fmt.Sprint("COUNTERS=", s.Counters))
	if s.Shifted {
		s.cmd.Env = append(s.cmd.Env, "SHIFTED=1")
	}
	out, err := s.cmd.StdoutPipe()
	if err == nil {
		s.in, err = s.cmd.StdinPipe()
	}
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	s.cmd.Stderr = &complaints
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	cmd := s.cmd
	t.Cleanup(func() { kill(cmd) })
	ready := make(chan bool, 1)
	answers := make(chan string, 1)
	s.answers = answers
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			switch word, _, _ := strings.Cut(lines.Text(), " "); word {
			case "ready":
				ready <- true
			case "done", "failed":
				answers <- lines.Text()
			}
		}
		close(ready)
		close(answers)
	}()
	select {
	case ok := <-ready:
		if !ok {
			_ = cmd.Wait()
			t.Fatalf("node-opcua has ended:\n%s", complaints.String())
		}
	case <-time.After(2 * time.Minute):
		t.Fatal("node-opcua is not ready")
	}
}

// Tell makes the server do one of the commands of control.js, and gives what it
// says.
func (s *OPCUA) Tell(t testing.TB, command string) string {
	t.Helper()
	if _, err := fmt.Fprintln(s.in, command); err != nil {
		t.Fatalf("node-opcua: %s: %v", command, err)
	}
	select {
	case answer := <-s.answers:
		word, rest, _ := strings.Cut(answer, " ")
		if word != "done" {
			t.Fatalf("node-opcua: %s: %s", command, rest)
		}
		return rest
	case <-time.After(2 * time.Minute):
		t.Fatalf("node-opcua: %s: no answer", command)
	}
	return ""
}

// writeProgram writes the program, apart from its modules.
func (s *OPCUA) writeProgram(t testing.TB) {
	t.Helper()
	entries, err := nodeOPCUA.ReadDir("nodeopcua")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(s.folder, "program")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b, err := nodeOPCUA.ReadFile("nodeopcua/" + e.Name())
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, e.Name()), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Kill ends the server as a power failure does.
func (s *OPCUA) Kill() { kill(s.cmd) }

// installNode installs the server's modules once on a machine.
func installNode(t testing.TB) string {
	t.Helper()
	lock, err := nodeOPCUA.ReadFile("nodeopcua/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(lock)
	dir := filepath.Join(cache, "sluice-node-opcua-"+hex.EncodeToString(sum[:6]))
	if _, err := os.Stat(dir); err == nil {
		return dir
	}
	if err := os.MkdirAll(cache, 0o755); err != nil {
		t.Fatal(err)
	}
	work, err := os.MkdirTemp(cache, "sluice-node-opcua-")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(work) }()
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := nodeOPCUA.ReadFile("nodeopcua/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(work, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("npm", "ci", "--omit=dev", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("npm ci: %v\n%s", err, out)
	}
	if err := os.Rename(work, dir); err != nil && !errors.Is(err, os.ErrExist) {
		if _, e := os.Stat(dir); e != nil { // another test was faster otherwise
			t.Fatal(err)
		}
	}
	return dir
}

// identity writes the server's certificate and key: it would take long to make
// its own.
func (s *OPCUA) identity(t testing.TB) []byte {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "peer"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		URIs: []*url.URL{{Scheme: "urn", Opaque: "peer"}}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment | x509.KeyUsageKeyEncipherment | x509.KeyUsageDataEncipherment | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"certificate.pem":                 {Type: "CERTIFICATE", Bytes: der},
		"pki/own/private/private_key.pem": {Type: "PRIVATE KEY", Bytes: pkcs8},
	} {
		path := filepath.Join(s.folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return der
}
