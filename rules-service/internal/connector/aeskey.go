package connector

// Key is the key of encryption and decryption; nil: there is none.
func (e *Env) Key() ([]byte, error) {
	if e.AESKey == nil {
		return nil, nil
	}
	return e.AESKey()
}

// IsReference tells whether a text stands for a secret: secret://NAME/KEY.
func IsReference(text string) bool {
	_, _, ok := reference(text)
	return ok
}

// Resolve returns the secret that a text stands for, or the text.
func (e Env) Resolve(text string) (string, error) {
	name, key, ok := reference(text)
	if !ok {
		return text, nil
	}
	return e.secret(name, key)
}
