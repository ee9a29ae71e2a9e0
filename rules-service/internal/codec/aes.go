package codec

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
)

// AES are the settings of the encryption, by their names in eKuiper's encProps.
type AES struct {
	Key     []byte
	Mode    string // cfb or gcm; "" is cfb
	IV      string // base64; "": another one for each payload, which is safer
	AAD     string // base64, of gcm: authenticated beside the payload
	TagSize int    // of gcm with AAD: its tag is filled up with zeros to so many bytes
}

// gcmTag is the size of the tag itself.
const gcmTag = 16

// aesCipher encrypts and decrypts payloads. The IV stands in front; with AAD
// the tag does, behind an IV that is not constant. It is safe for concurrent
// use.
type aesCipher struct {
	block cipher.Block
	gcm   cipher.AEAD // nil: cfb
	iv    []byte      // nil: random
	aad   []byte
	tag   int // with AAD
}

func newAES(o AES) (*aesCipher, error) {
	if len(o.Key) == 0 {
		return nil, errors.New("encryption wants a key: set Rules.AESKey of the service (KUIPER__BASIC__AESKEY), or encProps.secretKey")
	}
	block, err := aes.NewCipher(o.Key)
	if err != nil {
		return nil, fmt.Errorf("the key of the encryption has %d bytes; 16, 24 or 32 are wanted", len(o.Key))
	}
	c := &aesCipher{block: block}
	size := aes.BlockSize
	switch o.Mode {
	case "", "cfb":
		if o.AAD != "" || o.TagSize != 0 {
			return nil, errors.New(`encProps: aad and tagsize belong to mode "gcm"`)
		}
	case "gcm":
		if c.gcm, err = cipher.NewGCM(block); err != nil {
			return nil, err
		}
		size = c.gcm.NonceSize()
	default:
		return nil, fmt.Errorf("encProps.mode: there are cfb and gcm, not %q", o.Mode)
	}
	if c.iv, err = fromBase64("iv", o.IV); err != nil {
		return nil, err
	}
	if c.iv != nil && len(c.iv) != size {
		return nil, fmt.Errorf("encProps.iv: %d bytes are wanted, not %d", size, len(c.iv))
	}
	if c.aad, err = fromBase64("aad", o.AAD); err != nil {
		return nil, err
	}
	if o.TagSize < 0 || o.TagSize > 1024 {
		return nil, errors.New("encProps.tagsize must lie between 0 and 1024")
	}
	c.tag = max(gcmTag, o.TagSize)
	return c, nil
}

// fromBase64 is nil for an empty text.
func fromBase64(name, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	b, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("encProps.%s must be base64", name)
	}
	return b, nil
}

func (c *aesCipher) ivSize() int {
	if c.gcm != nil {
		return c.gcm.NonceSize()
	}
	return aes.BlockSize
}

func (c *aesCipher) encrypt(b []byte) []byte {
	iv := c.iv
	if iv == nil {
		iv = make([]byte, c.ivSize())
		_, _ = rand.Read(iv) // never fails
	}
	out := make([]byte, 0, len(iv)+len(b)+c.tag)
	switch {
	case c.gcm == nil:
		out = append(append(out, iv...), b...)
		cipher.NewCFBEncrypter(c.block, iv).XORKeyStream(out[len(iv):], b) //nolint:staticcheck // what receivers decrypt
		return out
	case c.aad == nil:
		return c.gcm.Seal(append(out, iv...), iv, b, nil)
	}
	if c.iv == nil {
		out = append(out, iv...)
	}
	sealed := c.gcm.Seal(nil, iv, b, c.aad)
	body := sealed[:len(sealed)-gcmTag]
	out = append(out, sealed[len(body):]...)
	out = append(out, make([]byte, c.tag-gcmTag)...)
	return append(out, body...)
}

var errNotOurs = errors.New("the payload was not encrypted with this key and these encProps")

func (c *aesCipher) decrypt(b []byte) ([]byte, error) {
	iv := c.iv
	if c.iv == nil || c.aad == nil { // it stands in front
		if len(b) < c.ivSize() {
			return nil, errNotOurs
		}
		iv, b = b[:c.ivSize()], b[c.ivSize():]
	}
	if c.gcm == nil {
		out := make([]byte, len(b))
		cipher.NewCFBDecrypter(c.block, iv).XORKeyStream(out, b) //nolint:staticcheck // what senders encrypt
		return out, nil
	}
	if c.aad != nil {
		if len(b) < c.tag || len(bytes.Trim(b[gcmTag:c.tag], "\x00")) > 0 {
			return nil, errNotOurs
		}
		sealed := make([]byte, 0, len(b))
		sealed = append(sealed, b[c.tag:]...)
		b = append(sealed, b[:gcmTag]...)
	}
	out, err := c.gcm.Open(nil, iv, b, c.aad)
	if err != nil {
		return nil, errNotOurs
	}
	return out, nil
}
