package codec

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

// in64 is hexadecimal text as base64.
func in64(t testing.TB, s string) string {
	return base64.StdEncoding.EncodeToString([]byte(unhex(t, s)))
}

// The vectors are those of NIST SP 800-38A F.3.13 (CFB128), and the third and
// fourth of McGrew and Viega's on GCM.
func TestAESVectors(t *testing.T) {
	const (
		gcmKey = "feffe9928665731c6d6a8f9467308308"
		gcmIV  = "cafebabefacedbaddecaf888"
		plain  = "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
		secret = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
		aad    = "feedfacedeadbeeffeedfacedeadbeefabaddad2"
		tag    = "5bc94fbc3221a5db94fae95ae7121a47"
	)
	for _, c := range []struct {
		name       string
		aes        AES
		key        string
		plain, out string
	}{
		{"cfb: the iv stands in front", AES{IV: in64(t, "000102030405060708090a0b0c0d0e0f")}, "2b7e151628aed2a6abf7158809cf4f3c",
			"6bc1bee22e409f96e93d7e117393172a", "000102030405060708090a0b0c0d0e0f 3b3fd92eb72dad20333449f8e83cfb4a"},
		{"gcm: so it does, and the tag behind", AES{Mode: "gcm", IV: in64(t, gcmIV)}, gcmKey, plain + "1aafd255", gcmIV + secret + "473f5985 4d5c2af327cd64a62cf35abd2ba6fab4"},
		{"gcm with aad: the tag in front, and no iv", AES{Mode: "gcm", IV: in64(t, gcmIV), AAD: in64(t, aad)}, gcmKey, plain, tag + secret},
		{"tag filled up", AES{Mode: "gcm", IV: in64(t, gcmIV), AAD: in64(t, aad), TagSize: 20}, gcmKey, plain, tag + "00000000" + secret},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.aes.Key = []byte(unhex(t, c.key))
			a, err := newAES(c.aes)
			if err != nil {
				t.Fatal(err)
			}
			if got, want := string(a.encrypt([]byte(unhex(t, c.plain)))), unhex(t, c.out); got != want {
				t.Errorf("\n got %x\nwant %x", got, want)
			}
			if back, err := a.decrypt([]byte(unhex(t, c.out))); err != nil || string(back) != unhex(t, c.plain) {
				t.Errorf("decrypted %x, %v", back, err)
			}
		})
	}
}

// What eKuiper 2.4 has encrypted with this key and these encProps is read.
func TestWhatEKuiperEncrypts(t *testing.T) {
	const plain = `{"a":1,"b":"hello"}`
	for _, c := range []struct {
		aes     AES
		payload string
	}{
		{AES{}, "a80370ee96775548dc5a96684bbea0a3bd9034b63bd349a60eb4973c485c1c6f059a3f"},
		{AES{Mode: "cfb", IV: in64(t, "00000000000000000000000000000000")}, "0000000000000000000000000000000070b974f871758cd7773ff5e6a87a59b997136d"},
		{AES{Mode: "gcm"}, "2ad4bca8c7935c9c031a88efdf33adfeaf745cbac08564fd67de7599f1c26907d63e42218186ea634f73c6299fd5f5"},
		{AES{Mode: "gcm", IV: in64(t, "000000000000000000000000"), AAD: "AAEC"}, "2ac3c8cedd0ca8ce5ac3837393fbf8bc39c04b67c3bba0e1ed74ab92cdc954eed1cbc3"},
		{AES{Mode: "gcm", IV: in64(t, "000000000000000000000000"), AAD: "AAEC", TagSize: 32},
			"2ac3c8cedd0ca8ce5ac3837393fbf8bc0000000000000000000000000000000039c04b67c3bba0e1ed74ab92cdc954eed1cbc3"},
	} {
		c.aes.Key = []byte("0123456789abcdef")
		a, err := newAES(c.aes)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := a.decrypt([]byte(unhex(t, c.payload))); err != nil || string(got) != plain {
			t.Errorf("%+v: %q, %v", c.aes, got, err)
		}
		if got := string(a.encrypt([]byte(plain))); c.aes.IV != "" && got != unhex(t, c.payload) {
			t.Errorf("%+v: %x", c.aes, got)
		}
	}
}

// Without an iv each payload gets one of its own, and whatever comes back is the
// payload or an error.
func FuzzAES(f *testing.F) {
	f.Add([]byte("hello"), []byte{1, 2, 3})
	f.Add([]byte{}, bytes.Repeat([]byte{7}, 60))
	f.Fuzz(func(t *testing.T, payload, noise []byte) {
		for _, o := range []AES{{}, {Mode: "gcm"}, {Mode: "gcm", AAD: "AAEC"}, {Mode: "gcm", AAD: "AAEC", TagSize: 40}} {
			o.Key = []byte("0123456789abcdef0123456789abcdef")
			a, err := newAES(o)
			if err != nil {
				t.Fatal(err)
			}
			one := a.encrypt(payload)
			if back, err := a.decrypt(one); err != nil || !bytes.Equal(back, payload) {
				t.Fatalf("%+v: %x, %v", o.Mode, back, err)
			}
			if bytes.Equal(one, a.encrypt(payload)) {
				t.Fatalf("%s: two payloads look the same", o.Mode)
			}
			if back, err := a.decrypt(noise); o.Mode == "gcm" && err == nil {
				t.Fatalf("%x is taken for %x", noise, back)
			}
			if o.Mode == "gcm" {
				one[len(one)-1] ^= 1
				if _, err := a.decrypt(one); err == nil {
					t.Fatal("a changed payload is taken")
				}
			}
		}
	})
}

func TestAESRefused(t *testing.T) {
	key := []byte("0123456789abcdef")
	for want, o := range map[string]AES{
		"encryption wants a key":                          {},
		"the key of the encryption has 5 bytes":           {Key: []byte("short")},
		`encProps.mode: there are cfb and gcm, not "cbc"`: {Key: key, Mode: "cbc"},
		"encProps.iv must be base64":                      {Key: key, IV: "?"},
		"encProps.iv: 12 bytes are wanted, not 16":        {Key: key, Mode: "gcm", IV: "AAAAAAAAAAAAAAAAAAAAAA=="},
		"encProps.aad must be base64":                     {Key: key, Mode: "gcm", AAD: "?"},
		`encProps: aad and tagsize belong to mode "gcm"`:  {Key: key, TagSize: 16},
		"encProps.tagsize must lie between 0 and 1024":    {Key: key, Mode: "gcm", AAD: "AAAA", TagSize: -1},
	} {
		if _, err := newAES(o); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "short") {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
