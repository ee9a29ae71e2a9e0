package modbus

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/simonvetter/modbus"

	"sluice/device-service/internal/driver"
)

// withFake adds a device on a fake line and calls test.
func withFake(t *testing.T, properties map[string]any, test func(*testing.T, *Driver, *fakeLine)) {
	synctest.Test(t, func(t *testing.T) {
		f := &fakeLine{}
		d := New(slog.New(slog.DiscardHandler), Options{})
		d.open = f.open
		properties["Timeout"] = "150ms"
		if err := d.Add(tcpDevice("unit1", "plc:502", properties), []driver.Resource{word(0)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		f.take()
		test(t, d, f)
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
}

// A read that was not answered is tried again as often as the device says.
func TestRetries(t *testing.T) {
	for _, c := range []struct {
		retries, lost int
		answered      bool
	}{{0, 1, false}, {2, 2, true}, {2, 3, false}} {
		withFake(t, map[string]any{"Retries": c.retries}, func(t *testing.T, d *Driver, f *fakeLine) {
			lost := c.lost
			f.set(func() {
				f.fail = func(request) error {
					if lost == 0 {
						return nil
					}
					lost--
					return modbus.ErrRequestTimedOut
				}
			})
			if err := read(d, 1, 5); (err == nil) != c.answered {
				t.Errorf("%+v: %v", c, err)
			}
		})
	}
}

// A write is never made twice: it may have been done.
func TestWritesAreNotRetried(t *testing.T) {
	withFake(t, map[string]any{"Retries": 5}, func(t *testing.T, d *Driver, f *fakeLine) {
		f.set(func() {
			f.fail = func(r request) error {
				if r.write {
					return modbus.ErrRequestTimedOut
				}
				return nil
			}
		})
		if err := d.Write(context.Background(), "unit1", []driver.Write{write(word(5), uint16(1))}); err == nil {
			t.Error("written")
		}
		f.set(func() {
			if n := len(slices.DeleteFunc(slices.Clone(f.requests), func(s string) bool { return !strings.HasPrefix(s, "write") })); n != 1 {
				t.Errorf("%q", f.requests)
			}
		})
	})
}

func TestPauses(t *testing.T) {
	withFake(t, map[string]any{"FrameDelay": "500ms", "ConnectDelay": "3s", "IdleTimeout": 0}, func(t *testing.T, d *Driver, f *fakeLine) {
		time.Sleep(10 * time.Second)
		start := time.Now()
		for range 3 {
			if err := read(d, 1, 5); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took < 3*3*time.Second {
			t.Errorf("three connections took %v", took)
		}
	})
	withFake(t, map[string]any{"FrameDelay": "500ms", "IdleTimeout": -1}, func(t *testing.T, d *Driver, f *fakeLine) {
		start := time.Now()
		for range 3 {
			if err := read(d, 1, 5); err != nil {
				t.Error(err)
			}
		}
		if took := time.Since(start); took < time.Second || took > 2*time.Second {
			t.Errorf("three requests took %v", took)
		}
	})
}

// Each device says how far its reads may reach over what nobody wants.
func TestGapOfDevice(t *testing.T) {
	for gap, want := range map[int]int{0: 2, 10: 1} {
		d, s := onSimulator(t, Options{}, map[string]any{"MaxRegisterGap": gap})
		readWords(t, d, []driver.Resource{word(10), word(20)})
		if got := s.requests(); len(got) != want {
			t.Errorf("gap %d: %q", gap, got)
		}
	}
}

func TestOneBasedDevice(t *testing.T) {
	for offset, want := range map[int]uint16{0: 9, 100: 109, -9: 0} {
		d, _ := onSimulator(t, Options{}, map[string]any{"AddressBase": 1, "AddressOffset": offset})
		readings, err := d.Read(t.Context(), "dev", []driver.Resource{word(10)})
		if err != nil || readings[0].Value != want {
			t.Errorf("offset %d: %+v, %v", offset, readings, err)
		}
	}
	d, _ := onSimulator(t, Options{}, map[string]any{"AddressOffset": -20})
	readings, err := d.Read(t.Context(), "dev", []driver.Resource{word(10), word(30)})
	if err != nil || readings[0].Err == nil || readings[1].Value != uint16(10) {
		t.Errorf("%+v, %v", readings, err)
	}
}

// SingleWrites sets neighbours, and the registers of one value, one by one.
func TestSingleWrites(t *testing.T) {
	d, s := onSimulator(t, Options{}, map[string]any{"SingleWrites": true})
	err := d.Write(t.Context(), "dev", []driver.Write{
		write(word(10), uint16(1)), write(word(11), uint16(2)),
		write(resource("f", "Float32", "HOLDING_REGISTERS", 12), float32(1)),
		write(resource("c", "BoolArray", "COILS", 3, arraySize, 2), []bool{true, false}),
	})
	want := []string{"write holding registers 10", "write holding registers 11", "write holding registers 12", "write holding registers 13", "write coils 3", "write coils 4"}
	if got := s.requests(); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

// awaitRead waits until the device answers.
func awaitRead(t *testing.T, d *Driver) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		_, err := d.Read(t.Context(), "dev", []driver.Resource{word(1)})
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// forgetful takes writes to register 10 and keeps what it had.
type forgetful struct{ *simulator }

func (f forgetful) HandleHoldingRegisters(r *modbus.HoldingRegistersRequest) ([]uint16, error) {
	res, err := f.simulator.HandleHoldingRegisters(r)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.registers[1][10] = 10
	return res, err
}

// A write that has no effect is told, and what was written beside it is not.
func TestVerifyWrites(t *testing.T) {
	s := &simulator{addr: freeAddr(t), missing: map[span]bool{}}
	s.reset()
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp://" + s.addr, Timeout: time.Minute, MaxClients: 5, Logger: log.New(io.Discard, "", 0)}, forgetful{s})
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	d := newTestDriver(t, Options{})
	if err := d.Add(tcpDevice("dev", s.addr, map[string]any{"VerifyWrites": true}), nil); err != nil {
		t.Fatal(err)
	}
	awaitRead(t, d)
	err = d.Write(t.Context(), "dev", []driver.Write{write(word(9), uint16(1)), write(word(10), uint16(2)), write(word(11), uint16(3)), write(word(20), uint16(4))})
	failed := driver.NotWritten(err)
	if len(failed) != 1 || failed[0].Resource != "w10" || !strings.Contains(err.Error(), "register 10 reads back otherwise: 0x000a where 0x0002 was written") {
		t.Fatal(err)
	}
	for n, want := range map[int]uint16{9: 1, 11: 3, 20: 4} {
		s.mu.Lock()
		if got := s.registers[1][n]; got != want {
			t.Errorf("register %d has %d, want %d", n, got, want)
		}
		s.mu.Unlock()
	}
}

// Bits of one register that are set together are one write of it.
func TestBitsOfOneRegister(t *testing.T) {
	d, s := onSimulator(t, Options{}, nil)
	err := d.Write(t.Context(), "dev", []driver.Write{
		write(resource("a", "Bool", "HOLDING_REGISTERS", "256.0"), true),
		write(resource("b", "Bool", "HOLDING_REGISTERS", "256.8"), false),
		write(resource("c", "Uint8", "HOLDING_REGISTERS", "256.4-7"), uint8(5)),
	})
	want := []string{"read holding registers 256", "write holding registers 256"}
	if got := s.requests(); err != nil || !slices.Equal(got, want) || s.registers[1][256] != 0x51 {
		t.Errorf("%q, %v, %04x", got, err, s.registers[1][256])
	}
}

// TLS with certificates of both sides; a server that the authority does not
// vouch for is not talked to.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	authority := newCertificate(t, nil, "authority")
	serverCert, clientCert := newCertificate(t, authority, "server"), newCertificate(t, authority, "client")
	stranger := newCertificate(t, nil, "stranger")
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool := x509.NewCertPool()
	pool.AddCert(authority.Leaf)
	s := &simulator{addr: freeAddr(t), missing: map[span]bool{}}
	s.reset()
	server, err := modbus.NewServer(&modbus.ServerConfiguration{URL: "tcp+tls://" + s.addr, Timeout: time.Minute, MaxClients: 5,
		TLSServerCert: serverCert, TLSClientCAs: pool, Logger: log.New(io.Discard, "", 0)}, s)
	if err == nil {
		err = server.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	key, err := x509.MarshalECPrivateKey(clientCert.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	properties := map[string]any{"TLS": "true", "CertFile": file("client.pem", "CERTIFICATE", clientCert.Certificate[0]),
		"KeyFile": file("client.key", "EC PRIVATE KEY", key), "CAFile": file("ca.pem", "CERTIFICATE", authority.Certificate[0])}
	d := newTestDriver(t, Options{})
	if err := d.Add(tcpDevice("dev", s.addr, properties), nil); err != nil {
		t.Fatal(err)
	}
	awaitRead(t, d)
	readWords(t, d, words(10, 1))

	properties["CAFile"] = file("other.pem", "CERTIFICATE", stranger.Certificate[0])
	distrustful := newTestDriver(t, Options{})
	if err := distrustful.Add(tcpDevice("dev", s.addr, properties), nil); err != nil {
		t.Fatal(err)
	}
	if _, err := distrustful.Read(t.Context(), "dev", []driver.Resource{word(1)}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("with a server that nobody vouches for: %v", err)
	}
}

// newCertificate makes a certificate for loopback, signed by another or itself.
func newCertificate(t *testing.T, by *tls.Certificate, name string) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: by == nil, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	parent, signer := template, any(key)
	if by != nil {
		parent, signer = by.Leaf, by.PrivateKey
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}
