package stack

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// EndsWithoutSecretStore tells a service that waits for its secret store to
// end. The service is the test's own program, with a variable that makes it so.
func EndsWithoutSecretStore(t *testing.T, role string) {
	t.Helper()
	self, err := os.Executable() // other tests change os.Args
	if err != nil {
		t.Fatal(err)
	}
	p := Start(t, []string{role, "EDGEX_SECURITY_SECRET_STORE=true", "SECRETSTORE_TOKENFILE=/nonexistent"}, self, "-cd", t.TempDir())
	Eventually(t, func(context.Context) error {
		if !strings.Contains(p.Output(), "Retryable failure while creating SecretClient") {
			return errors.New("the service does not wait")
		}
		return nil
	})
	if !p.Stop(30*time.Second) || !p.Cmd.ProcessState.Success() { // half of what the SDK waits by itself
		t.Errorf("the service does not end well: %v\n%s", p.Cmd.ProcessState, p.Output())
	}
}
