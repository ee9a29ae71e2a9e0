package containers

import (
	"fmt"
	"strings"
	"testing"

	"sluice/tests/stack"
)

// edgexRules is what EdgeX's compose file without security says of eKuiper.
const edgexRules = `services:
  device-modbus: {image: edgex}
  rules-engine:
    image: ekuiper
    user: kuiper:kuiper
    environment: {KUIPER__BASIC__CONSOLELOG: "true", KUIPER__BASIC__RESTPORT: "59720"}
`

// TestOwnStack lays the file that the README shows over EdgeX's: eKuiper's user,
// whom our image does not know, is gone, and no secret store is waited for.
func TestOwnStack(t *testing.T) {
	dir := t.TempDir()
	base := stack.WriteFile(t, dir, "docker-compose.yml", edgexRules)
	_, shown, ok := strings.Cut(readme(t), "```yaml own.yml\n")
	if !ok {
		t.Fatal("the README shows no own.yml")
	}
	shown, _, _ = strings.Cut(shown, "```")
	content := resolved(t, nil, "-f", base, "-f", stack.WriteFile(t, dir, "own.yml", shown))
	for service, image := range map[string]string{"device-modbus": "sluice/device-modbus:latest", "rules-engine": "sluice/rules-service:latest"} {
		s := content["services"].(tree)[service].(tree)
		if s["image"] != image || !strings.Contains(fmt.Sprint(s["volumes"]), ":/data") {
			t.Errorf("%s is %v", service, s)
		}
	}
	if user := content["services"].(tree)["rules-engine"].(tree)["user"]; user != "2002:2001" {
		t.Errorf("the rules service runs as %v", user)
	}
	if env := environment(content, "rules-engine"); env["EDGEX_SECURITY_SECRET_STORE"] != "false" {
		t.Errorf("the rules service waits for a secret store: %v", env)
	}
}
