package api_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

const twoBrokers = `{"id":"r","sql":"SELECT * FROM plant","actions":[%s]}`

func broker(port int, topic, password string) string {
	return fmt.Sprintf(`{"mqtt":{"server":"tcp://127.0.0.1:%d","topic":%q,"password":%q}}`, port, topic, password)
}

// passwords are those of the actions of a rule, by their servers.
func (b *bench) passwords(rule string) map[string]string {
	b.t.Helper()
	var r struct {
		Actions []struct {
			MQTT struct{ Server, Password string }
		}
	}
	b.get("/rules/"+rule+"?secrets=true", &r)
	found := map[string]string{}
	for _, a := range r.Actions {
		found[a.MQTT.Server] = a.MQTT.Password
	}
	return found
}

// A secret that was hidden goes back to its own target, never to another one.
func TestMovedActionsKeepTheirSecrets(t *testing.T) {
	const hidden = "<secret>"
	for _, c := range []struct {
		name, sent string
		want       map[string]string // by server; nil: it is refused
	}{
		{"exchanged", broker(2, "x", hidden) + "," + broker(1, "x", hidden), map[string]string{"1": "one", "2": "two"}},
		{"the first is gone", broker(2, "x", hidden), map[string]string{"2": "two"}},
		{"one is new before them", broker(3, "x", "three") + "," + broker(1, "x", hidden) + "," + broker(2, "x", hidden), map[string]string{"1": "one", "2": "two", "3": "three"}},
		{"one is changed", broker(1, "y", hidden) + "," + broker(2, "x", hidden), map[string]string{"1": "one", "2": "two"}},
		{"both are changed", broker(1, "y", hidden) + "," + broker(2, "y", hidden), map[string]string{"1": "one", "2": "two"}},
		{"one has moved, the other is changed", broker(2, "x", hidden) + "," + broker(1, "y", hidden), map[string]string{"1": "one", "2": "two"}},
		{"the first is gone, the other is changed", broker(2, "y", hidden), nil},
		{"one is twice", broker(1, "x", hidden) + "," + broker(2, "x", hidden) + "," + broker(1, "x", hidden), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := real(t)
			b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
			b.want("POST", "/rules", fmt.Sprintf(twoBrokers, broker(1, "x", "one")+","+broker(2, "x", "two")), 201, "Rule r was created successfully.")
			sent := fmt.Sprintf(twoBrokers, c.sent)
			if c.want == nil {
				b.refused("PUT", "/rules/r", sent, 400, 1000, `"password" holds the placeholder of a secret; give the secret itself`)
				return
			}
			b.want("PUT", "/rules/r", sent, 200, "Rule r was updated successfully.")
			got := b.passwords("r")
			for port, password := range c.want {
				if got["tcp://127.0.0.1:"+port] != password {
					t.Errorf("the password of %s is %q, want %q", port, got["tcp://127.0.0.1:"+port], password)
				}
			}
			if len(got) != len(c.want) {
				t.Error(got)
			}
		})
	}
}

// A form sends an object as a text.
func TestSecretsInObjectsThatAreTexts(t *testing.T) {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
	rule := `{"id":"r","sql":"SELECT * FROM plant","actions":[{"rest":{"url":"http://127.0.0.1:1","headers":"{\"Authorization\":\"hush\",\"A\":\"b\"}"}}]}`
	b.want("POST", "/rules", rule, 201, "Rule r was created successfully.")
	_, shown, _ := b.Call(t, "GET", "/rules/r", "")
	if !strings.Contains(shown, `{\"A\":\"b\",\"Authorization\":\"<secret>\"}`) {
		t.Error(shown)
	}
	b.want("PUT", "/rules/r", strings.Replace(shown, "127.0.0.1:1", "127.0.0.1:2", 1), 200, "Rule r was updated successfully.")
	var is struct {
		Actions []struct{ Rest struct{ URL, Headers string } }
	}
	_, text, _ := b.Call(t, "GET", "/rules/r?secrets=true", "")
	if err := json.Unmarshal([]byte(text), &is); err != nil || is.Actions[0].Rest.Headers != `{"Authorization":"hush","A":"b"}` || is.Actions[0].Rest.URL != "http://127.0.0.1:2" {
		t.Errorf("%s, %v", text, err)
	}
}

// Keys that differ in their case are one to the service.
func TestSecretsBelowKeysInAnyCase(t *testing.T) {
	b := real(t)
	b.want("POST", "/streams", sql(`CREATE STREAM plant () WITH (DATASOURCE="p", TYPE="test", FORMAT="json")`), 201, "Stream plant is created.")
	b.want("POST", "/rules", `{"id":"r","sql":"SELECT * FROM plant","ACTIONS":[`+broker(1, "x", "hush")+`],"Actions":[`+broker(1, "x", "hush")+`]}`, 201, "Rule r was created successfully.")
	for range 20 { // maps have no order
		if _, shown, _ := b.Call(t, "GET", "/rules/r", ""); strings.Contains(shown, "hush") || strings.Count(shown, "<secret>") != 2 {
			t.Fatal(shown)
		}
	}
}
